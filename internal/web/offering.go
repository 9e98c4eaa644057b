package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// funnelPage is a course or classroom: its funnel, and the people of one tab.
type funnelPage struct {
	Frame
	offeringHead
	Strip  offeringStrip
	People offeringPeople
	Aside  offeringAside
	Exits  *exitsView // withdrawn only

	Fragment bool // the answer is the tab and what belongs to it
}

// offeringHead is what stands above everything.
type offeringHead struct {
	funnel.View
	Kind         hostadapter.TargetType
	List         string // the list it is in
	CategoryURL  string // the list of its category; empty: it has none
	HostPage     string // its page at the host; empty: none
	Developable  int64
	Losing       *figureLink
	Potential    string // the audience of those who could be won
	Expected     int64
	Sample       int64 // on which Expected rests; 0: there is none
	Alarming     bool
	OtherMoney   bool   // the price is in another currency than the site's
	ComposeURL   string // to write to the tab's people; empty: staff may not, or there are none
	ComposeTab   funnel.Tab
	PriceIn      string
	LastCategory string
}

// figureLink is a number with the audience of its people.
type figureLink struct {
	N   int64
	URL string // empty: no rule names them
}

// offeringState is what the address of the page says.
type offeringState struct {
	kind   hostadapter.TargetType
	id     funnel.OfferingID
	period funnel.Period
	tab    funnel.Tab
	filter funnel.Filter
	all    bool // every result is ticked
	after  string
}

// usualPeriod is what the strip shows when nobody chose.
const usualPeriod funnel.Period = 30

// readOffering reads the address. What makes no sense narrows nothing.
func (w *Web) readOffering(q *request, kind hostadapter.TargetType, v url.Values) (offeringState, error) {
	n, err := q.id64()
	if err != nil {
		return offeringState{}, err
	}
	s := offeringState{kind: kind, id: funnel.OfferingID(n), period: usualPeriod, tab: funnel.Tabs()[0], all: v.Get("all") == "1", after: v.Get("after")}
	for _, p := range funnel.Periods() {
		if v.Get("days") == periodWord(p) {
			s.period = p
		}
	}
	for _, t := range funnel.Tabs() {
		if v.Get("tab") == string(t) {
			s.tab = t
		}
	}
	s.filter = readFilter(s.tab, v)
	return s, nil
}

// periodWord names a period in an address and in messages.
func periodWord(p funnel.Period) string {
	if p == 0 {
		return "all"
	}
	return strconv.Itoa(int(p))
}

// params are the state as parameters; what is usual is left out.
func (s offeringState) params() url.Values {
	v := values("tab", tabParams(s.tab).Get("tab"), "behaviour", string(s.filter.Behaviour), "level", string(s.filter.Level), "study", string(s.filter.Study))
	if s.period != usualPeriod {
		v.Set("days", periodWord(s.period))
	}
	if s.filter.Recency > 0 {
		v.Set("seen", strconv.Itoa(s.filter.Recency))
	}
	if s.filter.Rested > 0 {
		v.Set("x", strconv.Itoa(s.filter.Rested))
	}
	return v
}

// url is the page with some parameters set; an empty value takes one out.
func (w *Web) funnelURL(s offeringState, set ...string) string {
	v := s.params()
	for i := 0; i+1 < len(set); i += 2 {
		if v.Del(set[i]); set[i+1] != "" {
			v.Set(set[i], set[i+1])
		}
	}
	return w.paths.Offering(s.kind, s.id, "", v)
}

// tabURL is a tab with nothing that narrows it.
func (w *Web) tabURL(s offeringState, t funnel.Tab) string {
	s.tab, s.filter = t, funnel.Filter{}
	return w.funnelURL(s)
}

// offering shows the page, or the part of it that htmx asks for.
func (w *Web) offering(kind hostadapter.TargetType) func(*request) error {
	return func(q *request) error {
		s, err := w.readOffering(q, kind, q.r.URL.Query())
		if err != nil {
			return err
		}
		if q.target() == "aud-table" {
			people, err := w.offeringPeople(q, s)
			if err != nil {
				return err
			}
			return w.render(q, http.StatusOK, "offering#aud-list", people)
		}
		view, err := w.Funnels.View(q.ctx(), s.id, s.period)
		if err != nil {
			return err
		}
		if view.Target.Type != kind { // a course's number below /classrooms
			s.kind = view.Target.Type
			return q.redirect(w.funnelURL(s))
		}
		if q.target() == "strip" {
			return w.render(q, http.StatusOK, "offering#offering-strip", w.offeringStrip(q, s, view))
		}
		p := funnelPage{offeringHead: w.offeringHead(q, s, view)}
		if err := w.offeringTab(q, s, &p); err != nil {
			return err
		}
		if q.target() == "offering-tab" {
			p.Fragment = true
			return w.render(q, http.StatusOK, "offering#offering-tab-update", p)
		}
		p.Strip = w.offeringStrip(q, s, view)
		p.Frame = w.frame(q, "offerings.title."+string(kind), offeringNav(kind))
		p.Frame.Title = view.Title
		return w.render(q, http.StatusOK, "offering", p)
	}
}

// offeringTab reads the people of a tab and what stands beside them.
func (w *Web) offeringTab(q *request, s offeringState, p *funnelPage) error {
	var err error
	if p.People, err = w.offeringPeople(q, s); err != nil {
		return err
	}
	p.Aside = w.offeringAside(q, s, p.View)
	if s.tab == funnel.TabWithdrawn {
		p.Exits, err = w.exitsView(q, s)
	}
	return err
}

func (w *Web) offeringHead(q *request, s offeringState, v funnel.View) offeringHead {
	h := offeringHead{View: v, Kind: s.kind, List: w.paths.OfferingList(s.kind, nil), Developable: v.Developable(v.Figures, w.Currency), ComposeTab: s.tab,
		PriceIn: currencyOr(v.Currency, w.Currency), OtherMoney: v.Currency != "" && v.Currency != w.Currency}
	if n := len(v.Categories); n > 0 {
		h.LastCategory = v.Categories[n-1]
		h.CategoryURL = w.paths.OfferingList(s.kind, values("category", h.LastCategory, "status", allOfferings))
	}
	if w.Links != nil {
		h.HostPage = w.Links.OfferingURL(v.Target)
	}
	line := funnel.Line{Row: funnel.Row{Offering: v.Offering, Figures: v.Figures}, Developable: h.Developable}
	h.Alarming = line.Alarming()
	h.Losing = &figureLink{N: v.Losing(), URL: w.audienceOf(losingRule(v.ID))}
	h.Potential = w.tabAudience(v.ID, funnel.TabPotential, funnel.Filter{})
	if !h.OtherMoney {
		for _, l := range v.Levels {
			if sum, known := l.Expected(v.Price); known {
				h.Expected += sum
				h.Sample += l.Sample
			}
		}
	}
	if rule, err := funnel.Rule(v.ID, s.tab, funnel.Filter{}); err == nil && w.maySend(q) && v.Figures.People(s.tab) > 0 {
		h.ComposeURL = w.paths.ComposeFor(values("q", canonical(rule)))
	}
	return h
}

// losingRule selects those whose money is about to be lost.
func losingRule(id funnel.OfferingID) segment.Rule {
	open := segment.Condition("stage", segment.OpAnyOf, []funnel.Stage{funnel.Pending}, "")
	open.Of = &segment.Of{Offerings: []int64{int64(id)}}
	return segment.Group("any", open, segment.Condition("refund_asked", segment.OpAnyOf, []funnel.OfferingID{id}, ""))
}

// tabAudience is where the people of a tab are listed as an audience.
func (w *Web) tabAudience(id funnel.OfferingID, t funnel.Tab, f funnel.Filter) string {
	rested := f.Rested
	f.Rested = 0
	rule, err := funnel.Rule(id, t, f)
	if err != nil {
		return ""
	}
	if rested == 0 {
		return w.audienceOf(rule)
	}
	return w.paths.Audience(values("q", canonical(rule), "x", strconv.Itoa(rested)))
}

// offeringLearner reads the number of the address and the learner of a form.
func (q *request) offeringLearner(v url.Values) (funnel.OfferingID, segment.PersonID, error) {
	n, err := q.id64()
	if err != nil {
		return 0, 0, err
	}
	who, err := parseID(v.Get("learner"))
	if err != nil || who == 0 {
		return 0, 0, fault.Fields{"learner": {Key: "problem.missing"}}
	}
	return funnel.OfferingID(n), segment.PersonID(who), nil
}

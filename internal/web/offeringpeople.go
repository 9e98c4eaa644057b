package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// offeringPeople is a page of the people of a tab.
type offeringPeople struct {
	Tab        funnel.Tab
	Rows       []pairRow
	Narrowed   bool
	Whole      string // the tab without what narrows it
	Audience   string // the same people as an audience
	Behaviours []option
	Levels     []option
	Seen       []option
	Studies    []option
	Rested     bool
	Days       string // of the strip, to be kept
	Action     string
	Bulk       tableView // the bar above the list, as on the audience page
	Pager      pager
}

// Total is how many people the list has.
func (p offeringPeople) Total() int64 { return p.Bulk.Total }

// restDays is what the box leaves out, in days.
const restDays = 7

// recencies are the days among which one can choose.
func recencies() []int { return []int{7, 14, 30} }

// readFilter reads what narrows a tab; what makes no sense, or is of another tab, narrows nothing.
func readFilter(t funnel.Tab, v url.Values) funnel.Filter {
	var f funnel.Filter
	if v.Get("x") == strconv.Itoa(restDays) {
		f.Rested = restDays
	}
	switch t {
	case funnel.TabPotential:
		if b := hostadapter.ActivityType(v.Get("behaviour")); slices.Contains(funnel.Behaviours(), b) {
			f.Behaviour = b
		}
		if n, err := strconv.Atoi(v.Get("seen")); err == nil && slices.Contains(recencies(), n) {
			f.Recency = n
		}
		f.Level = readLevel(v)
	case funnel.TabPending:
		f.Level = readLevel(v)
	case funnel.TabEnrolled:
		if s := funnel.Study(v.Get("study")); slices.Contains(funnel.Studies(), s) {
			f.Study = s
		}
	case funnel.TabPast, funnel.TabWithdrawn:
	}
	return f
}

func readLevel(v url.Values) funnel.Level {
	if l := funnel.Level(v.Get("level")); slices.Contains(funnel.Levels(), l) {
		return l
	}
	return ""
}

// offeringPeople reads a page of a tab.
func (w *Web) offeringPeople(q *request, s offeringState) (offeringPeople, error) {
	activities := w.knowsActivities(q)
	if !activities {
		s.filter.Behaviour, s.filter.Recency = "", 0
	}
	page, err := w.Funnels.People(q.ctx(), funnel.Ask{Offering: s.id, Tab: s.tab, Filter: s.filter, After: s.after, Limit: sizes[0]})
	if err != nil {
		return offeringPeople{}, err
	}
	l, f := w.locale(q), s.filter
	p := offeringPeople{Tab: s.tab, Narrowed: f != funnel.Filter{}, Whole: w.tabURL(s, s.tab), Audience: w.tabAudience(s.id, s.tab, f), Rested: f.Rested > 0,
		Action: w.paths.Offering(s.kind, s.id, "", nil), Days: s.params().Get("days")}
	w.filterMenus(l, &p, f, activities)
	for _, pair := range page.Pairs {
		p.Rows = append(p.Rows, w.pairRow(q, s, pair))
	}
	f.Rested = 0
	rule, err := funnel.Rule(s.id, s.tab, f)
	if err != nil {
		return p, err
	}
	all := ""
	if s.all {
		all = "1"
	}
	p.Bulk = tableView{Total: page.Total, MaySend: w.maySend(q), MayFollow: q.may(hostadapter.PermFollowup), MayLabel: q.may(hostadapter.PermSegmentEdit), MayExport: q.may(hostadapter.PermExport),
		Channels: w.Campaigns.Channels(), All: s.all, AllURL: w.funnelURL(s, "all", "1"), NoneURL: w.funnelURL(s), Address: ruleFields{Q: canonical(rule)}}
	if p.Rested {
		p.Bulk.Address.Rest = strconv.Itoa(restDays)
	}
	p.Pager = newPager(s.after, page.Next, w.funnelURL(s, "all", all), w.funnelURL(s, "after", page.Next, "all", all), "aud-table")
	return p, nil
}

// filterMenus fills in what a tab can be narrowed by.
func (w *Web) filterMenus(l *locale, p *offeringPeople, f funnel.Filter, activities bool) {
	if p.Tab == funnel.TabPotential && activities {
		p.Behaviours = []option{{"", l.T("offering.all_behaviours"), f.Behaviour == ""}}
		for _, b := range funnel.Behaviours() {
			p.Behaviours = append(p.Behaviours, option{string(b), l.TK("offering.behaviour", b), b == f.Behaviour})
		}
		p.Seen = []option{{"", l.T("offering.any_time"), f.Recency == 0}}
		for _, n := range recencies() {
			p.Seen = append(p.Seen, option{strconv.Itoa(n), l.T("offering.seen", n), n == f.Recency})
		}
	}
	if p.Tab == funnel.TabPotential || p.Tab == funnel.TabPending {
		p.Levels = []option{{"", l.T("offering.all_levels"), f.Level == ""}}
		for _, level := range funnel.Levels() {
			p.Levels = append(p.Levels, option{string(level), l.TK("offering.level", level), level == f.Level})
		}
	}
	if p.Tab == funnel.TabEnrolled {
		p.Studies = []option{{"", l.T("offering.all_studies"), f.Study == ""}}
		for _, s := range funnel.Studies() {
			p.Studies = append(p.Studies, option{string(s), l.TK("offering.study", s), s == f.Study})
		}
	}
}

// pairRow is a person of a tab. Contacts are masked before they come here.
type pairRow struct {
	personRow
	At         time.Time
	Behaviours []funnel.Behaviour
	Orders     []openOrderView
	Place      funnel.Place
	Marks      []string // offering.mark.<word>
	Exit       funnel.Exit
	Level      levelCell
	Category   categoryCell
}

// Share is how much of what is required is done.
func (r pairRow) Share() float64 { return share(int64(r.Place.Done), int64(r.Place.Units)) }

// ExitShare is the same as of when they left.
func (r pairRow) ExitShare() float64 { return share(int64(r.Exit.Done), int64(r.Exit.Units)) }

// Reason is why they left, as the host says.
func (r pairRow) Reason() string { return exitWord(r.Exit.Reason) }

// exitWord names a reason in messages.
func exitWord(r hostadapter.ExitReason) string {
	if r == "" {
		return "unknown"
	}
	return string(r)
}

// openOrderView is an open order.
type openOrderView struct {
	funnel.OpenOrder
	Left time.Duration // until it closes by itself; 0: never, or at any moment
}

// Soon reports whether it closes within a day.
func (o openOrderView) Soon() bool { return !o.ClosesAt.IsZero() && o.Left < 24*time.Hour }

func (w *Web) pairRow(q *request, s offeringState, p funnel.Pair) pairRow {
	now := w.Now()
	row := pairRow{personRow: w.personRow(p.Person), At: p.At, Behaviours: p.Behaviours, Place: p.Place, Exit: p.Exit}
	if w.maySend(q) {
		row.Message = w.paths.PersonMessage(p.ID)
	}
	for _, o := range p.Orders {
		row.Orders = append(row.Orders, openOrderView{o, max(0, o.ClosesAt.Sub(now))})
	}
	row.Level = w.levelCell(q, s, p)
	row.Category = w.categoryCell(q, s, p)
	if s.tab == funnel.TabEnrolled {
		row.Marks = marks(p.Place, now)
	}
	return row
}

// marks says what is to be known about a place.
func marks(p funnel.Place, now time.Time) []string {
	const day = 24 * time.Hour
	var out []string
	last := p.LastLearnAt
	if last.IsZero() {
		last = p.JoinedAt
	}
	if !p.CompletedAt.IsZero() {
		out = append(out, string(funnel.Completed))
	} else if now.Sub(last) > funnel.StalledAfter*day {
		out = append(out, string(funnel.Stalled))
	}
	if !p.ExpiresAt.IsZero() && p.ExpiresAt.Sub(now) <= funnel.ExpiringWithin*day {
		out = append(out, string(funnel.Expiring))
	}
	if p.ViaClassroom {
		out = append(out, "classroom")
	}
	return out
}

// levelWhy says what an automatic level comes from.
func (l *locale) levelWhy(p funnel.Pair) string {
	var parts []string
	for _, b := range p.Behaviours {
		parts = append(parts, l.T("offering.did", l.TK("offering.behaviour", b.Type), b.Times))
	}
	score := strconv.FormatFloat(p.Score, 'f', 1, 64)
	if len(parts) == 0 {
		return l.T("offering.score", score)
	}
	return l.T("offering.score_of", score, strings.Join(parts, l.T("list.comma")))
}

package api

import (
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) offeringOperations() []operation {
	return under("Courses and classrooms",
		get("list-offerings", "/offerings", "Courses or classrooms with what they earn and may earn.", a.offeringList),
		a.offeringExport(),
		get("get-offering", "/offerings/{id}", "A course or classroom: its figures, its funnel over a period, and its potential learners by intent.", a.offeringGet),
		get("get-offering-exits", "/offerings/{id}/exits", "Why, when and how far along people left.", a.offeringExits),
		get("list-offering-people", "/offerings/{id}/people", "The people of a tab, the latest first, with their contacts masked.", a.offeringPeople),
		get("get-offering-person", "/offerings/{id}/people/{person}", "Where a person stands, and what staff said about their intent.", a.offeringPerson),
		put("set-offering-intent", "/offerings/{id}/people/{person}/intent", follow, "Says how keen a person is; it holds until somebody says otherwise.", a.offeringIntent),
		put("set-offering-reason", "/offerings/{id}/people/{person}/reason", follow, "Says why a person left.", a.offeringReason),
	)
}

// offeringView is a course or classroom.
type offeringView struct {
	ID         funnel.OfferingID          `json:"id"`
	Kind       hostadapter.TargetType     `json:"kind" enum:"course,classroom"`
	HostID     string                     `json:"host_id"`
	Title      string                     `json:"title"`
	Status     hostadapter.OfferingStatus `json:"status"`
	Price      int64                      `json:"price"`
	Currency   string                     `json:"currency,omitempty" doc:"Absent: it is free."`
	Categories []string                   `json:"categories" doc:"The path, the widest first."`
	Units      int                        `json:"units" doc:"Required ones; 0: not known."`
	Figures    figuresView                `json:"figures"`
}

// figuresView are the learners and the money of an offering.
type figuresView struct {
	Potential   int64    `json:"potential"`
	Pending     int64    `json:"pending"`
	Enrolled    int64    `json:"enrolled"`
	Past        int64    `json:"past" doc:"Had a place that ran out, and have none."`
	Withdrawn   int64    `json:"withdrawn"`
	Gross       int64    `json:"gross"`
	Refunded    int64    `json:"refunded"`
	Revenue     int64    `json:"revenue"`
	Developable int64    `json:"developable" doc:"What the potential learners would bring at today's price."`
	Losing      int64    `json:"losing" doc:"Owed by open orders, or paid and wanted back."`
	Conversion  *float64 `json:"conversion,omitempty" doc:"Of those interested within 30 days, the share who paid; absent: nobody was."`
}

func figuresOf(f funnel.Figures, developable int64) figuresView {
	v := figuresView{f.Potential, f.Pending, f.Enrolled, f.Past, f.Withdrawn, f.Gross, f.Refunded, f.Revenue(), developable, f.Losing(), nil}
	if share, known := f.Conversion(); known {
		v.Conversion = &share
	}
	return v
}

func (a *API) offeringOf(o funnel.Offering, f funnel.Figures) offeringView {
	return offeringView{o.ID, o.Target.Type, o.Target.ID, o.Title, o.Status, o.Price, o.Currency, filled(o.Categories), o.Units, figuresOf(f, o.Developable(f, a.Currency))}
}

// OfferingsAsked narrows and orders the list.
type OfferingsAsked struct {
	Kind     string      `query:"kind" enum:"course,classroom" default:"course"`
	Search   string      `query:"search" maxLength:"100" doc:"A part of the title."`
	Category string      `query:"category" maxLength:"400" doc:"A part of the category path."`
	Status   string      `query:"status" enum:"published,closed,draft,all" default:"published"`
	OnlyOpen bool        `query:"open" doc:"Only where somebody has an open order."`
	Sort     funnel.Sort `query:"sort" default:"developable"`
	Order    string      `query:"order" enum:"asc,desc" default:"desc"`
}

func (in OfferingsAsked) query() funnel.Query {
	q := funnel.Query{Kind: hostadapter.TargetType(in.Kind), Search: in.Search, Category: in.Category, Status: hostadapter.OfferingStatus(in.Status), OnlyOpen: in.OnlyOpen,
		Sort: in.Sort, Desc: in.Order == "desc"}
	if in.Status == "all" {
		q.Status = ""
	}
	return q
}

// offeringsView is the list with what it adds up to.
type offeringsView struct {
	Items  []lineView `json:"items"`
	Totals totalsView `json:"totals" doc:"Of all offerings of the kind."`
	Ready  bool       `json:"ready" doc:"False: the first computation is under way, figures grow."`
}

// lineView is an offering of the list.
type lineView struct {
	Offering offeringView `json:"offering"`
	Joined   []int64      `json:"joined" doc:"People who joined in each of the last eight weeks of seven days, the oldest first, the last with today."`
	Alarming bool         `json:"alarming" doc:"More than 30 % of what could be won is about to be lost."`
}

type totalsView struct {
	Offerings   int   `json:"offerings"`
	OnSale      int   `json:"on_sale"`
	Revenue     int64 `json:"revenue"`
	Developable int64 `json:"developable"`
	Losing      int64 `json:"losing"`
	Potential   int64 `json:"potential"`
	Recent      int64 `json:"recent" doc:"Came in within the last 30 days."`
	Closing     int64 `json:"closing" doc:"Owed by orders that close by themselves within 48 hours."`
}

func (a *API) offeringList(c *call, in *OfferingsAsked) (offeringsView, error) {
	t, err := a.Funnels.List(c, in.query())
	return offeringsView{each(t.Lines, func(l funnel.Line) lineView {
		return lineView{a.offeringOf(l.Offering, l.Figures), l.Joined[:], l.Alarming()}
	}), totalsView(t.Totals), t.Ready}, err
}

// offeringDetail is what stands above the lists of an offering.
type offeringDetail struct {
	Offering   offeringView    `json:"offering"`
	Strip      stripView       `json:"strip"`
	Levels     []levelView     `json:"levels" doc:"The highest first."`
	Behaviours []behaviourView `json:"behaviours" doc:"How many potential learners did something within the window."`
	Ready      bool            `json:"ready"`
}

// stripView counts people, each once, over the period.
type stripView struct {
	Viewed   int64 `json:"viewed"`
	Intended int64 `json:"intended"`
	Ordered  int64 `json:"ordered"`
	Paid     int64 `json:"paid"`
	Started  int64 `json:"started"`
	Before   int64 `json:"before" doc:"Viewed in the period of the same length before."`
}

type levelView struct {
	Level     funnel.Level `json:"level"`
	People    int64        `json:"people"`
	Sample    int64        `json:"sample"`
	Converted int64        `json:"converted" doc:"Of the sample."`
	Expected  *int64       `json:"expected,omitempty" doc:"What they are expected to bring; absent: nobody was observed."`
}

type behaviourView struct {
	Type   hostadapter.ActivityType `json:"type"`
	People int64                    `json:"people"`
}

type offeringInput struct {
	ByID[funnel.OfferingID]
	Days string `query:"days" enum:"7,30,all" default:"30" doc:"Of the strip."`
}

func (a *API) offeringGet(c *call, in *offeringInput) (offeringDetail, error) {
	days, err := strconv.Atoi(in.Days)
	if err != nil {
		days = 0 // all; the document allows nothing else
	}
	v, err := a.Funnels.View(c, in.ID, funnel.Period(days))
	return offeringDetail{a.offeringOf(v.Offering, v.Figures), stripView(v.Strip), each(v.Levels, func(l funnel.LevelFigures) levelView {
		out := levelView{Level: l.Level, People: l.People, Sample: l.Sample, Converted: l.Converted}
		if n, known := l.Expected(v.Price); known {
			out.Expected = &n
		}
		return out
	}), each(v.Behaviours, func(b funnel.BehaviourFigure) behaviourView { return behaviourView(b) }), v.Ready}, err
}

// exitsView is why, when and how far along people left.
type exitsView struct {
	People     int64       `json:"people"`
	Reasons    []shareView `json:"reasons"`
	ByProgress []shareView `json:"by_progress" doc:"Percent done."`
	ByDays     []shareView `json:"by_days" doc:"Days since joining."`
	ByMonth    []shareView `json:"by_month"`
	Words      []shareView `json:"words" doc:"The most frequent words of learners."`
}

type shareView struct {
	Key    string `json:"key"`
	People int64  `json:"people"`
}

func shareOf(s funnel.Share) shareView { return shareView(s) }

func (a *API) offeringExits(c *call, in *ByID[funnel.OfferingID]) (exitsView, error) {
	x, err := a.Funnels.Exits(c, in.ID)
	return exitsView{x.People, each(x.Reasons, shareOf), each(x.ByProgress, shareOf), each(x.ByDays, shareOf), each(x.ByMonth, shareOf), each(x.Words, shareOf)}, err
}

// PairAsked names a person of an offering.
type PairAsked struct {
	ByID[funnel.OfferingID]
	Person segment.PersonID `path:"person" minimum:"1"`
}

type intentInput struct {
	PairAsked
	Body struct {
		Level  funnel.Level `json:"level,omitempty" doc:"Absent: by the score again."`
		Reason string       `json:"reason,omitempty"`
	}
}

func (a *API) offeringIntent(c *call, in *intentInput) (opinionView, error) {
	o := funnel.Opinion{Learner: in.Person, Offering: in.ID, Level: in.Body.Level, Reason: in.Body.Reason}
	if err := o.Check(); err != nil {
		return opinionView{}, err
	}
	if err := c.record(audit.LevelSet, object("person", o.Learner), map[string]any{"offering": o.Offering, "level": o.Level}); err != nil {
		return opinionView{}, err
	}
	done, err := a.Funnels.SetLevel(c, c.staff, o)
	return opinionView(done), err
}

// opinionView is what staff said about a person's intent.
type opinionView struct {
	Level  funnel.Level `json:"level,omitempty" doc:"Absent: by the score again."`
	Before funnel.Level `json:"before,omitempty"`
	Reason string       `json:"reason,omitempty"`
	By     string       `json:"by,omitempty"`
	At     time.Time    `json:"at"`
}

type reasonInput struct {
	PairAsked
	Body struct {
		Category funnel.Category `json:"category,omitempty" doc:"Absent: takes it back."`
	}
}

func (a *API) offeringReason(c *call, in *reasonInput) (nothing, error) {
	if err := c.record(audit.ReasonSet, object("person", in.Person), map[string]any{"offering": in.ID, "category": in.Body.Category}); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Funnels.SetCategory(c, c.staff, in.Person, in.ID, in.Body.Category)
}

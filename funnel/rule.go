package funnel

import (
	"slices"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Tab is a list of an offering's people: those of a stage, or the past learners.
type Tab string

// Lists of an offering's people.
const (
	TabPotential Tab = "potential"
	TabPending   Tab = "pending"
	TabEnrolled  Tab = "enrolled"
	TabPast      Tab = "past"
	TabWithdrawn Tab = "withdrawn"
)

// Tabs lists them in the order of the screen.
func Tabs() []Tab { return []Tab{TabPotential, TabPending, TabEnrolled, TabPast, TabWithdrawn} }

// People is how many there are on a tab.
func (f Figures) People(t Tab) int64 {
	switch t {
	case TabPotential:
		return f.Potential
	case TabPending:
		return f.Pending
	case TabEnrolled:
		return f.Enrolled
	case TabPast:
		return f.Past
	case TabWithdrawn:
		return f.Withdrawn
	}
	return 0
}

// Study is how far a learner's study of an offering has come, as far as something can be done about it.
type Study string

// States of study.
const (
	Stalled   Study = "stalled"   // has not learned for [StalledAfter] days, and is not done
	Expiring  Study = "expiring"  // the place ends within [ExpiringWithin] days
	Completed Study = "completed" // did everything that is required
)

// Studies lists them.
func Studies() []Study { return []Study{Stalled, Expiring, Completed} }

// Bounds of the states of study, in days.
const (
	StalledAfter   = 14
	ExpiringWithin = 30
)

// Filter narrows a tab; the zero value narrows nothing. What a tab cannot be narrowed by is
// refused: Behaviour and Recency are of potential learners, Level of those and of the pending,
// Study of the enrolled.
type Filter struct {
	Behaviour h.ActivityType // did this within the window
	Level     Level
	Recency   int // showed intent within the last so many days; 0: whenever
	Study     Study
	Rested    int // was not contacted within the last so many days; 0: whether or not
}

// MaxDays is the largest number of days in a filter.
const MaxDays = 365

// Behaviours lists the activities that show intent, the heaviest first.
func Behaviours() []h.ActivityType {
	return []h.ActivityType{h.ActivityQuestion, h.ActivityTrial, h.ActivityFavorite, h.ActivityCoupon, h.ActivityView}
}

// check reports what does not fit.
func (f Filter) check(t Tab) error {
	problems := fault.Fields{}
	wrong := func(field string, bad bool) {
		if bad {
			problems.Add(field, "problem.choice")
		}
	}
	wrong("tab", !slices.Contains(Tabs(), t))
	wrong("behaviour", f.Behaviour != "" && (t != TabPotential || Weight(f.Behaviour) == 0))
	wrong("level", f.Level != "" && (t != TabPotential && t != TabPending || !slices.Contains(Levels(), f.Level)))
	wrong("study", f.Study != "" && (t != TabEnrolled || !slices.Contains(Studies(), f.Study)))
	if f.Recency != 0 && t != TabPotential {
		problems.Add("recency", "problem.choice")
	} else if f.Recency < 0 || f.Recency > MaxDays {
		problems.Add("recency", "problem.range", 0, MaxDays)
	}
	if f.Rested < 0 || f.Rested > MaxDays {
		problems.Add("rested", "problem.range", 0, MaxDays)
	}
	return problems.Err()
}

// Rule selects the people of a tab, as a filter narrows it: the same people that [Service.People]
// lists, in an audience of their own.
//
// Errors: fault.Fields for what does not fit.
func Rule(id OfferingID, t Tab, f Filter) (segment.Rule, error) {
	if err := f.check(t); err != nil {
		return segment.Rule{}, err
	}
	rested := f.Rested
	f.Rested = 0
	r := segment.Group("all", append([]segment.Rule{whole(id, t)}, f.conditions(id)...)...)
	if rested > 0 {
		r = segment.Rested(r, rested)
	}
	return r, nil
}

// whole selects everybody of a tab.
func whole(id OfferingID, t Tab) segment.Rule {
	if t == TabPast {
		return segment.Condition("past_offering", segment.OpAnyOf, []OfferingID{id}, "")
	}
	r := segment.Condition("stage", segment.OpAnyOf, []Tab{t}, "") // tabs of stages are called like them
	r.Of = of(id)
	return r
}

// Step is a step of [Strip] that pairs tell about.
type Step string

// Steps that pairs tell about. The field that asks about each is called like it.
const (
	StepOrdered Step = "ordered"
	StepPaid    Step = "paid_for"
	StepStarted Step = "started"
)

// StepRule selects the people that a strip counts at a step: those of the period, or, with 0, all.
func StepRule(id OfferingID, s Step, p Period) segment.Rule {
	r := segment.Condition(string(s), segment.OpNotEmpty, nil, "")
	if p > 0 {
		r = segment.Condition(string(s), segment.OpInLast, int(p), segment.Day)
	}
	r.Of = of(id)
	return segment.Group("all", r)
}

func of(id OfferingID) *segment.Of { return &segment.Of{Offerings: []int64{int64(id)}} }

// conditions narrow a tab.
func (f Filter) conditions(id OfferingID) []segment.Rule {
	var out []segment.Rule
	add := func(r segment.Rule, of *segment.Of) {
		r.Of = of
		out = append(out, r)
	}
	if f.Behaviour != "" {
		o := of(id)
		o.Types, o.Within = []string{string(f.Behaviour)}, &segment.Within{Last: int64(Window.Hours() / 24), Unit: segment.Day}
		add(segment.Condition("activity", segment.OpGe, 1, ""), o)
	}
	if f.Level != "" {
		add(segment.Condition("intent", segment.OpAnyOf, []Level{f.Level}, ""), of(id))
	}
	if f.Recency > 0 {
		o := of(id)
		for _, b := range Behaviours() {
			o.Types = append(o.Types, string(b))
		}
		add(segment.Condition("last_activity", segment.OpInLast, f.Recency, segment.Day), o)
	}
	switch f.Study {
	case Stalled:
		add(segment.Condition("stalled", segment.OpOlder, StalledAfter, segment.Day), of(id))
	case Expiring:
		add(segment.Condition("place_expires", segment.OpInNext, ExpiringWithin, segment.Day), of(id))
	case Completed:
		add(segment.Condition("completed", segment.OpGe, 1, ""), of(id))
	}
	if f.Rested > 0 {
		out = append(out, segment.Condition("contacted", segment.OpNotInLast, f.Rested, segment.Day))
	}
	return out
}

package web

import (
	"fmt"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// offeringStrip is the funnel over a period.
type offeringStrip struct {
	Period  string
	Periods []choiceLink
	Steps   []offeringStep
	Change  *float64 // of those who viewed, against the period before; nil: not known
	Pending int64
}

// Up reports whether more people looked than in the period before.
func (s offeringStrip) Up() bool { return s.Change != nil && *s.Change >= 0 }

// Size is the change without its sign.
func (s offeringStrip) Size() float64 { return max(*s.Change, -*s.Change) }

// offeringStep is a step of the funnel.
type offeringStep struct {
	Key        string
	N          int64
	URL        string  // the audience; empty: no rule names them
	Share      float64 // of the step before
	Area, Line string  // as in [funnelStep]
}

func (w *Web) offeringStrip(q *request, s offeringState, v funnel.View) offeringStrip {
	t := v.Strip
	out := offeringStrip{Period: periodWord(s.period), Pending: v.Pending}
	for _, p := range funnel.Periods() {
		days := periodWord(p)
		if p == usualPeriod {
			days = ""
		}
		out.Periods = append(out.Periods, choiceLink{periodWord(p), w.funnelURL(s, "days", days), p == s.period})
	}
	if s.period > 0 && t.Before > 0 {
		change := float64(t.Viewed-t.Before) / float64(t.Before)
		out.Change = &change
	}
	out.Steps = []offeringStep{{Key: "viewed", N: t.Viewed}, {Key: "intended", N: t.Intended}, {Key: "ordered", N: t.Ordered}, {Key: "paid", N: t.Paid}, {Key: "started", N: t.Started}}
	for i, step := range []funnel.Step{funnel.StepOrdered, funnel.StepPaid, funnel.StepStarted} {
		out.Steps[2+i].URL = w.audienceOf(funnel.StepRule(s.id, step, s.period))
	}
	if w.knowsActivities(q) {
		out.Steps[0].URL = w.audienceOf(didWithin(s, hostadapter.ActivityView))
		out.Steps[1].URL = w.audienceOf(didWithin(s, hostadapter.ActivityCoupon, hostadapter.ActivityTrial, hostadapter.ActivityFavorite, hostadapter.ActivityQuestion))
	}
	drawSteps(out.Steps)
	return out
}

// knowsActivities reports whether the host tells what people do, so that rules can ask about it.
func (w *Web) knowsActivities(q *request) bool {
	env, err := w.env(q)
	if err != nil {
		return false
	}
	f, known := env.Catalog["activity"]
	return known && !f.Lacking
}

// didWithin selects who did something within the strip's period.
func didWithin(s offeringState, types ...hostadapter.ActivityType) segment.Rule {
	r := segment.Condition("activity", segment.OpGe, 1, "")
	r.Of = &segment.Of{Offerings: []int64{int64(s.id)}}
	for _, t := range types {
		r.Of.Types = append(r.Of.Types, string(t))
	}
	if s.period > 0 {
		r.Of.Within = &segment.Within{Last: int64(s.period), Unit: segment.Day}
	}
	return segment.Group("all", r)
}

// drawSteps gives the steps their heights, linear in the number, and their share of the step before.
func drawSteps(steps []offeringStep) {
	var most int64
	for _, s := range steps {
		most = max(most, s.N)
	}
	height := func(n int64) float64 {
		if most == 0 || n == 0 {
			return funnelFloor
		}
		return min(funnelFloor-(funnelFloor-funnelTop)*float64(n)/float64(most), funnelFloor-2) // a few of very many are to be seen
	}
	for i := range steps {
		y := height(steps[i].N)
		next := y
		if i+1 < len(steps) {
			next = height(steps[i+1].N)
		}
		if i > 0 {
			steps[i].Share = share(steps[i].N, steps[i-1].N)
		}
		steps[i].Line = fmt.Sprintf("0,%.1f 62,%.1f 100,%.1f", y, y, next)
		steps[i].Area = "0,72 " + steps[i].Line + " 100,72"
	}
}

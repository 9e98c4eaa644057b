package web

import (
	"fmt"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// offeringAside is what stands beside the potential learners.
type offeringAside struct {
	Show       bool
	Tabs       []offeringTab
	Levels     []levelRow
	Behaviours []behaviourRow
	OOB        bool
}

// offeringTab is the head of a tab.
type offeringTab struct {
	Tab     funnel.Tab
	N       int64
	URL     string
	Current bool
}

// levelRow is a level of intent with its people.
type levelRow struct {
	funnel.LevelFigures
	Share    float64
	Key      string // of its colour
	X, Width string // in the bar, in percent
	URL      string // its list
	Audience string
	Money    int64
	Known    bool // Money is
}

// behaviourRow is an activity with how many of the potential learners did it.
type behaviourRow struct {
	funnel.BehaviourFigure
	Share    float64
	URL      string
	Audience string
}

// offeringAside fills in the heads of the tabs and the cards.
func (w *Web) offeringAside(q *request, s offeringState, v funnel.View) offeringAside {
	a := offeringAside{Show: s.tab == funnel.TabPotential}
	for _, t := range funnel.Tabs() {
		a.Tabs = append(a.Tabs, offeringTab{t, v.Figures.People(t), w.tabURL(s, t), t == s.tab})
	}
	if !a.Show {
		return a
	}
	s.filter = funnel.Filter{}
	var total, before int64
	for _, l := range v.Levels {
		total += l.People
	}
	colours := map[funnel.Level]string{funnel.High: "r5", funnel.Medium: "r4", funnel.Low: "r2", funnel.None: "r1"}
	for _, l := range v.Levels {
		r := levelRow{LevelFigures: l, Share: share(l.People, total), Key: colours[l.Level], X: percent(share(before, total)), Width: percent(share(l.People, total)),
			URL: w.funnelURL(s, "level", string(l.Level)), Audience: w.tabAudience(s.id, s.tab, funnel.Filter{Level: l.Level})}
		if v.Currency == "" || v.Currency == w.Currency {
			r.Money, r.Known = l.Expected(v.Price)
		}
		before += l.People
		a.Levels = append(a.Levels, r)
	}
	if !w.knowsActivities(q) {
		return a
	}
	for _, b := range v.Behaviours {
		f := funnel.Filter{Behaviour: b.Type}
		a.Behaviours = append(a.Behaviours, behaviourRow{b, share(b.People, v.Potential), w.funnelURL(s, "behaviour", string(b.Type)), w.tabAudience(s.id, s.tab, f)})
	}
	return a
}

func percent(share float64) string { return fmt.Sprintf("%.2f%%", 100*share) }

// exitsView analyses those who left.
type exitsView struct {
	People int64
	Tables []exitTable
	Words  []exitRow
	OOB    bool
}

// exitTable is a way to group them.
type exitTable struct {
	Key  string // offering.exits.<key>
	Rows []exitRow
}

type exitRow struct {
	Label  string
	People int64
	Share  float64
}

func (w *Web) exitsView(q *request, s offeringState) (*exitsView, error) {
	e, err := w.Funnels.Exits(q.ctx(), s.id)
	if err != nil {
		return nil, err
	}
	l := w.locale(q)
	v := &exitsView{People: e.People}
	rows := func(list []funnel.Share, label func(string) string) []exitRow {
		out := make([]exitRow, len(list))
		for i, x := range list {
			out[i] = exitRow{label(x.Key), x.People, share(x.People, e.People)}
		}
		return out
	}
	v.Tables = []exitTable{
		{"reasons", rows(e.Reasons, l.exitReason)},
		{"progress", rows(e.ByProgress, func(k string) string { return l.TK("offering.progress", bandWord(k)) })},
		{"days", rows(e.ByDays, func(k string) string { return l.TK("offering.since", bandWord(k)) })},
		{"months", rows(e.ByMonth, func(k string) string { return k })},
	}
	v.Words = rows(e.Words, func(k string) string { return k })
	return v, nil
}

// bandWord names a band in messages; the empty one is of what is not known.
func bandWord(key string) string {
	if key == "" {
		return "unknown"
	}
	return key
}

// exitReason names a category of ours or a reason of the host's.
func (l *locale) exitReason(key string) string {
	const ofHost = "host:"
	if len(key) >= len(ofHost) && key[:len(ofHost)] == ofHost {
		return l.TK("offering.exit", exitWord(hostadapter.ExitReason(key[len(ofHost):])))
	}
	return l.TK("offering.category", key)
}

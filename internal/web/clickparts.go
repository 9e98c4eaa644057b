package web

import (
	"time"

	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// periodRow is an hour or a day in which somebody clicked.
type periodRow struct {
	Name         string
	People, Hits int64
	Audience     string // who clicked in it; empty: no rule says it
}

// dayMarks is about how many days are named below the chart.
const dayMarks = 8

func hitsOf(list []shortlink.Period) int64 {
	var n int64
	for _, p := range list {
		n += p.Hits
	}
	return n
}

// addPeriods draws when people clicked.
func (w *Web) addPeriods(q *request, v *statsView, of shortlink.Scope) {
	l := w.locale(q)
	list, name, every, label, bar := v.Hours, l.hour, marksEvery, "stats.chart_hours", "stats.bar_hour"
	if v.ByDay {
		list, name, every, label, bar = v.Days, l.shortDay, (len(v.Days)+dayMarks-1)/dayMarks, "stats.chart_days", "stats.bar_day"
	}
	people, most := make([]int64, len(list)), 0
	for i, p := range list {
		people[i] = p.People
		if p.People > people[most] {
			most = i
		}
		if p.Hits == 0 {
			continue
		}
		row := periodRow{Name: name(p.From), People: p.People, Hits: p.Hits}
		if v.ByDay {
			row.Name, row.Audience = p.From.Format(time.DateOnly), w.clickersOn(v, of, p.From)
		}
		v.Periods = append(v.Periods, row)
	}
	say := l.T("stats.none")
	if len(v.Periods) > 0 {
		say = l.T(label, people[most], name(list[most].From))
	}
	v.Chart = l.newChart(people, say, func(i int) string { return name(list[i].From) },
		func(i int) string { return l.T(bar, list[i].People, name(list[i].From), l.Num(list[i].Hits)) },
		func(i int) string {
			if i%every != 0 {
				return ""
			}
			return name(list[i].From)
		})
}

// shortDay names a day of a year or so.
func (l *locale) shortDay(t time.Time) string {
	if l.lang == en {
		return t.Format("2 Jan")
	}
	return t.Format("01-02")
}

// clickersOn is the audience of a day's clickers.
func (w *Web) clickersOn(v *statsView, of shortlink.Scope, day time.Time) string {
	if v.Free() || v.Campaign.Direct {
		return ""
	}
	c := segment.Condition("clicks", segment.OpGe, 1, "")
	date := day.Format(time.DateOnly)
	c.Of = &segment.Of{Campaigns: []int64{of.Campaign}, Within: &segment.Within{From: date, To: date}}
	if of.Link != 0 {
		c.Of.Links = []int64{int64(of.Link)}
	}
	return w.audienceOf(segment.Group("all", c))
}

// partTable tells what people have in common.
type partTable struct {
	Key    string // stats.part.<key>
	Rows   []partRow
	Others int64 // how many more there are
	More   partRow
}

type partRow struct {
	Label        string
	People, Hits int64
	Share        float64 // of the people
	Audience     string  // empty: no rule says it
}

// maxParts is how many rows a table of parts has.
const maxParts = 15

func (w *Web) addParts(q *request, v *statsView, of shortlink.Scope) {
	l := w.locale(q)
	table := func(key string, list []shortlink.Part, label func(string) string, audience func(string) string) {
		t := partTable{Key: key}
		for i, p := range list {
			if i >= maxParts {
				t.Others++
				t.More.People += p.People
				t.More.Hits += p.Hits
				continue
			}
			t.Rows = append(t.Rows, partRow{label(p.Name), p.People, p.Hits, share(p.People, v.People), audience(p.Name)})
		}
		t.More.Share = share(t.More.People, v.People)
		if len(list) > 0 {
			v.Tables = append(v.Tables, t)
		}
	}
	nobody := func(string) string { return "" }
	table("device", v.Devices, func(s string) string { return l.named("stats.device", s) }, nobody)
	table("system", v.Systems, func(s string) string { return l.named("stats.system", s) }, nobody)
	table("app", v.Apps, func(s string) string { return l.named("stats.app", s) }, nobody)
	table("province", v.Provinces, func(s string) string {
		if s == "" {
			return l.T("none.unknown")
		}
		return s
	}, func(s string) string {
		if s == "" {
			return w.clickers(v, of.Link, segment.Condition("province", segment.OpEmpty, nil, ""))
		}
		return w.clickers(v, of.Link, segment.Condition("province", segment.OpIn, []string{s}, ""))
	})
	v.Delays = l.delayRows(v.Stats.Delays)
}

// named is the name of a word of another package, which may have learned a new one since.
func (l *locale) named(prefix, word string) string {
	if word == "" {
		word = "other"
	}
	if m, ok := l.messages[prefix+"."+word]; ok {
		return m.Other
	}
	return word
}

// delayRow is how many people clicked within a time.
type delayRow struct {
	Label string
	N     int64
	Share float64
}

func (l *locale) delayRows(d shortlink.Delays) []delayRow {
	var all int64
	for _, n := range d.People {
		all += n
	}
	var out []delayRow
	bounds := shortlink.DelayBounds()
	for i, n := range d.People {
		label := l.T("stats.delay_later", l.Duration(bounds[len(bounds)-1]))
		if i < len(bounds) {
			label = l.T("stats.delay_within", l.Duration(bounds[i]))
		}
		out = append(out, delayRow{label, n, share(n, all)})
	}
	return out
}

// linkRow is a link among those of the same campaign.
type linkRow struct {
	shortlink.LinkStats
	Share    float64 // of those who clicked any
	URL      string  // its clicks alone
	Audience string
}

// addLinks compares links where there is more than one.
func (w *Web) addLinks(v *statsView, of shortlink.Scope) {
	if of.Link != 0 {
		return
	}
	for _, link := range v.Stats.Links {
		row := linkRow{LinkStats: link, Share: share(link.People, v.People), URL: w.paths.ClickStats(shortlink.Scope{Campaign: of.Campaign, Link: link.ID}, "")}
		if link.People > 0 {
			row.Audience = w.clickers(v, link.ID)
		}
		v.Links = append(v.Links, row)
	}
}

// kindRow is what hits were taken for, with the reasons.
type kindRow struct {
	Kind    shortlink.Kind
	N       int64
	Share   float64
	Reasons []reasonRow
}

type reasonRow struct {
	Name, Why string
	N         int64
	Share     float64
}

// kindRows explains raw hits. People's and machines' are always there, the rest where there is any.
func (l *locale) kindRows(t shortlink.Totals) []kindRow {
	var out []kindRow
	for _, v := range shortlink.Verdicts() {
		i := len(out) - 1
		if i < 0 || out[i].Kind != v.Kind {
			n := t.Of(v.Kind)
			out = append(out, kindRow{Kind: v.Kind, N: n, Share: share(n, t.Hits)})
			i++
		}
		if n := t.ByVerdict[v]; n > 0 && v.Reason != shortlink.NoReason {
			out[i].Reasons = append(out[i].Reasons, reasonRow{l.TK("stats.reason", v.Reason), l.TK("stats.reason_why", v.Reason, boundOf(v.Reason)), n, share(n, t.Hits)})
		}
	}
	return out
}

// boundOf is the number by which a reason holds: seconds, or people.
func boundOf(r shortlink.Reason) int64 {
	switch r {
	case shortlink.ReasonTrap:
		return int64(shortlink.TrapWithin / time.Second)
	case shortlink.ReasonBurst:
		return shortlink.BurstPeople
	case shortlink.ReasonSweep:
		return int64(shortlink.SweepWithin / time.Second)
	case shortlink.ReasonSoon:
		return int64(shortlink.SoonWithin / time.Second)
	case shortlink.ReasonRepeat:
		return int64(shortlink.RepeatWithin / time.Second)
	}
	return 0
}

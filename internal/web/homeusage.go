package web

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// usageView is what was sent: a chart of stacked bars and the same as a table.
type usageView struct {
	Steps    []choiceLink
	Keys     []usageKey
	Chart    stackChart
	Rows     []usageRow
	Known    bool         // false: what was sent is being counted
	Balanced bool         // an SMS supplier can say what is left; asked for by itself, for it may be slow
	Balance  *balanceView // asked for with the page; else nil
	Ask      string       // the page with it, for who has no JavaScript
}

// usageKey is a channel with what went over it.
type usageKey struct {
	Channel hostadapter.Channel
	Class   string
	N       int64
}

type usageRow struct {
	Name string
	N    []int64 // by channel, in the order of the keys
}

// channelClasses are the colours of channels.
var channelClasses = map[hostadapter.Channel]string{
	hostadapter.ChannelSMS: "crm-k-sms", hostadapter.ChannelEmail: "crm-k-mail", hostadapter.ChannelMessage: "crm-k-pm",
}

func (w *Web) usageView(q *request) (usageView, error) {
	u, err := w.Home.Usage(q.ctx(), home.Step(q.r.URL.Query().Get("by")))
	if err != nil {
		return usageView{}, err
	}
	l := w.locale(q)
	v := usageView{Balanced: w.Balance != nil, Known: u.Known, Ask: w.paths.HomeBalance(u.By)}
	if q.r.URL.Query().Get("balance") == "1" {
		left, err := w.balanceView(q)
		if err != nil {
			return v, err
		}
		v.Balance = &left
	}
	for _, by := range home.Steps() {
		v.Steps = append(v.Steps, choiceLink{string(by), w.paths.HomeBy(by), by == u.By})
	}
	for _, ch := range u.Channels {
		v.Keys = append(v.Keys, usageKey{ch, channelClasses[ch], u.Of(ch)})
	}
	v.Chart = l.usageChart(u)
	for _, p := range u.Periods {
		row := usageRow{Name: l.usagePeriod(u.By, p.From)}
		for _, ch := range u.Channels {
			row.N = append(row.N, p.Accepted[ch])
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

// usagePeriod names a period: 2026-11-20, the week from 2026-11-16 on, 2026-11.
func (l *locale) usagePeriod(by home.Step, from time.Time) string {
	switch by {
	case home.ByWeek:
		return l.T("home.week_from", from.Format(time.DateOnly))
	case home.ByMonth:
		return from.Format("2006-01")
	case home.ByDay:
	}
	return from.Format(time.DateOnly)
}

// usageMarks is about how many periods are named below the chart.
const usageMarks = 6

func (l *locale) usageChart(u home.Usage) stackChart {
	best, all := 0, int64(0)
	for i, p := range u.Periods {
		if p.All() > u.Periods[best].All() {
			best = i
		}
		all += p.All()
	}
	label := l.T("home.usage_none")
	if !u.Known {
		label = l.T("home.counting")
	}
	if all > 0 {
		label = l.T("home.usage_chart", l.TK("home.by", string(u.By)), l.usagePeriod(u.By, u.Periods[best].From), l.Num(u.Periods[best].All()))
	}
	every := (len(u.Periods) + usageMarks - 1) / usageMarks
	columns := make([]stackColumn, len(u.Periods))
	for i, p := range u.Periods {
		c := &columns[i]
		c.Title = l.usagePeriod(u.By, p.From)
		for _, ch := range u.Channels {
			c.Title += fmt.Sprintf(" %s %s", l.TK("channel", string(ch)), l.Num(p.Accepted[ch]))
			c.Parts = append(c.Parts, stackPart{channelClasses[ch], p.Accepted[ch]})
		}
		if i%every == 0 {
			c.Mark = l.shortDay(p.From)
			if u.By == home.ByMonth {
				c.Mark = p.From.Format("2006-01")
			}
		}
	}
	return l.newStackChart(label, columns)
}

// HomeBy is the first page with a trend of some step.
func (p paths) HomeBy(by home.Step) string {
	if by == home.ByDay {
		return p.Home()
	}
	return p.to("/", values("by", string(by)))
}

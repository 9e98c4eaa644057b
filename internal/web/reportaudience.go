package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/coursecrm/coursecrm/crm/report"
)

// audienceReportPage tells how the audience grows.
type audienceReportPage struct {
	reportBase
	report.Audience
	Joined  chart // who registered
	Refused chart // who refused a channel
}

// Share is a part of those who are addressed at all.
func (p audienceReportPage) Share(n int64) float64 { return share(n, p.Today.Marketable) }

func growthColumns() []reportColumn[report.Growth] {
	type growth = report.Growth
	out := []reportColumn[growth]{
		countColumn("registered", func(g growth) int64 { return g.Registered }),
		countColumn("marketable", func(g growth) int64 { return g.Marketable }),
		countColumn("reach_sms", func(g growth) int64 { return g.SMS }),
		countColumn("reach_email", func(g growth) int64 { return g.Email }),
		countColumn("reach_message", func(g growth) int64 { return g.Message }),
		countColumn("refused_sms", func(g growth) int64 { return g.NoSMS }),
		countColumn("refused_email", func(g growth) int64 { return g.NoEmail }),
		countColumn("refused_message", func(g growth) int64 { return g.NoMessage })}
	for i := range out {
		out[i].sort = false // time has one order
	}
	return out
}

// readAudienceReport reads what an address or a form asks for; an empty unit is chosen by the length.
//
// Errors: fault.ErrNotFound.
func readAudienceReport(v url.Values) (report.Period, report.Unit, url.Values, error) {
	period, days, err := readPeriod(v)
	if err != nil {
		return 0, "", nil, err
	}
	unit, by, err := readWord(v, "by", append([]report.Unit{""}, report.Units()...))
	return period, unit, values("days", days, "by", by), err
}

// audienceReport tells how the audience grows.
func (w *Web) audienceReport(q *request) error {
	period, unit, params, err := readAudienceReport(q.r.URL.Query())
	if err != nil {
		return err
	}
	a, err := w.Reports.Audience(q.ctx(), period, unit)
	if err != nil {
		return err
	}
	p := audienceReportPage{reportBase: w.reportsPage(q, reportAudience, params), Audience: a}
	p.Counted = a.CountedAt
	p.Periods = w.periodLinks(reportAudience, period, params)
	for _, u := range report.Units() {
		p.Bys = append(p.Bys, choiceLink{string(u), w.paths.Report(reportAudience, withParam(params, "by", string(u), "")), u == a.Unit})
	}
	l := w.locale(q)
	p.Joined = l.growthChart(a, "report.joined_label", "report.joined_bar", func(g report.Growth) int64 { return g.Registered })
	p.Refused = l.growthChart(a, "report.refused_label", "report.refused_bar", report.Growth.Refusals)
	columns := growthColumns()
	p.Table = reportTable{Caption: l.T("report.title.audience"), First: l.TK("report.by", a.Unit), Heads: reportHeads(w, l, reportAudience, columns, params, "", "", false)}
	for i, cells := range reportCells(l, columns, a.Spans, a.Spans) {
		p.Table.Rows = append(p.Table.Rows, reportRow{Label: l.span(a.Unit, a.Spans[i].Day), Cells: cells})
	}
	p.Frame = w.frame(q, "report.title.audience", "reports")
	return w.render(q, http.StatusOK, "reportaudience", p)
}

// growthChart draws a number of each span.
func (l *locale) growthChart(a report.Audience, label, bar string, of func(report.Growth) int64) chart {
	numbers := make([]int64, len(a.Spans))
	most, sum := 0, int64(0)
	for i, g := range a.Spans {
		numbers[i] = of(g)
		sum += numbers[i]
		if numbers[i] > numbers[most] {
			most = i
		}
	}
	say := l.T("report.nobody")
	if sum > 0 {
		say = l.T(label, sum, l.span(a.Unit, a.Spans[most].Day), l.Num(numbers[most]))
	}
	every := (len(a.Spans) + dayMarks - 1) / dayMarks
	return l.newChart(numbers, say, func(i int) string { return l.span(a.Unit, a.Spans[i].Day) },
		func(i int) string { return l.T(bar, numbers[i], l.span(a.Unit, a.Spans[i].Day)) },
		func(i int) string {
			if i%every != 0 {
				return ""
			}
			return l.spanMark(a.Unit, a.Spans[i].Day)
		})
}

// span names a span of days: 2026-11-20, the week from 2026-11-16 on, 2026-11.
func (l *locale) span(u report.Unit, first time.Time) string {
	switch u {
	case report.Weekly:
		return l.T("report.week_from", first.Format(time.DateOnly))
	case report.Monthly:
		return first.Format("2006-01")
	case report.Daily:
	}
	return first.Format(time.DateOnly)
}

// spanMark names a span below a chart.
func (l *locale) spanMark(u report.Unit, first time.Time) string {
	if u == report.Monthly {
		return first.Format("2006-01")
	}
	return l.shortDay(first)
}

// audienceReportExport sends the spans as a table.
func (w *Web) audienceReportExport(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	period, unit, _, err := readAudienceReport(q.r.PostForm)
	if err != nil {
		return err
	}
	a, err := w.Reports.Audience(q.ctx(), period, unit)
	if err != nil {
		return err
	}
	l := w.locale(q)
	label := func(g report.Growth) string {
		if a.Unit == report.Monthly {
			return g.Day.Format("2006-01")
		}
		return g.Day.Format(time.DateOnly)
	}
	return sendReport(w, q, reportAudience, l.TK("report.by", a.Unit), label, growthColumns(), a.Spans)
}

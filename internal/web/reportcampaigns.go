package web

import (
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// campaignReportPage compares campaigns.
type campaignReportPage struct {
	reportBase
	report.Comparison
	By    report.By
	Chart *chart // of weekdays and hours
}

// Rate is the click rate of all of them; nil: nothing with a link was sent.
func (p campaignReportPage) Rate() *float64 {
	if rate, known := p.Total.ClickRate(); known {
		return &rate
	}
	return nil
}

// campaignColumns are the columns of the comparison; each campaign by itself shows its lift too.
func (w *Web) campaignColumns(by report.By) []reportColumn[report.Group] {
	type group = report.Group
	sent := countColumn(string(report.SortTaken), func(g group) int64 { return g.Taken })
	delivered := countColumn(string(report.SortDelivered), func(g group) int64 { return g.Delivered })
	silent := delivered.show
	delivered.show = func(l *locale, g group) reportCell {
		if g.Delivered == 0 && g.Taken > 0 && !w.Campaigns.Receipts(g.Latest.Channel) {
			return reportCell{Text: l.T("none.none"), Muted: true} // the channel does not say what arrived
		}
		return silent(l, g)
	}
	out := []reportColumn[group]{sent, delivered,
		countColumn(string(report.SortClickers), func(g group) int64 { return g.Clickers }),
		rateColumn(string(report.SortRate), group.ClickRate).barred(group.ClickRate),
		countColumn(string(report.SortOrders), func(g group) int64 { return g.Orders }),
		countColumn(string(report.SortBuyers), func(g group) int64 { return g.Buyers }),
		moneyColumn(string(report.SortRevenue), func(g group) int64 { return g.Revenue })}
	if by == report.ByCampaign {
		out = append(out, reportColumn[group]{key: string(report.SortLift), sort: true, show: showLift, cell: cellLift})
	} else {
		count := countColumn("campaigns", func(g group) int64 { return int64(g.Campaigns) })
		count.sort = false
		out = append([]reportColumn[group]{count}, out...)
	}
	return append(out, countColumn(string(report.SortUnsubscribes), func(g group) int64 { return g.Unsubscribes }))
}

// showLift tells the difference of the shares that paid, and what chance allows.
func showLift(l *locale, g report.Group) reportCell {
	lift, ok := g.Latest.Lift()
	switch {
	case !ok:
		return reportCell{Text: l.T("none.none"), Muted: true}
	case !lift.Enough:
		return reportCell{Text: l.T("lift.not_enough"), Muted: true}
	}
	return reportCell{Text: l.points(lift.Rate.Estimate), Note: l.T("lift.interval", l.decimal1(lift.Rate.Low*100), l.points(lift.Rate.High))}
}

func cellLift(l *locale, g report.Group) sheet.Cell {
	c := showLift(l, g)
	if c.Muted && c.Text == l.T("none.none") {
		return sheet.Text("")
	}
	return sheet.Text(strings.TrimSpace(c.Text + " " + c.Note))
}

// readCampaignReport reads what an address or a form asks for.
//
// Errors: fault.ErrNotFound.
func readCampaignReport(v url.Values) (report.Query, url.Values, error) {
	period, days, err := readPeriod(v)
	if err != nil {
		return report.Query{}, nil, err
	}
	by, byParam, err := readWord(v, "by", report.Bys())
	if err != nil {
		return report.Query{}, nil, err
	}
	sort, sortParam, err := readWord(v, "sort", report.Sorts())
	if err != nil {
		return report.Query{}, nil, err
	}
	if sort == report.SortLift && by != report.ByCampaign {
		sort, sortParam = report.SortNatural, "" // groups have none
	}
	dir := ""
	if v.Get("dir") == "asc" && sort != report.SortNatural {
		dir = "asc"
	}
	return report.Query{Period: period, By: by, Sort: sort, Asc: dir != ""}, values("days", days, "by", byParam, "sort", sortParam, "dir", dir), nil
}

// campaignReport compares campaigns.
func (w *Web) campaignReport(q *request) error {
	ask, params, err := readCampaignReport(q.r.URL.Query())
	if err != nil {
		return err
	}
	c, err := w.Reports.Campaigns(q.ctx(), ask)
	if err != nil {
		return err
	}
	p := campaignReportPage{reportBase: w.reportsPage(q, reportCampaigns, params), Comparison: c, By: ask.By}
	p.Counted = c.CountedAt
	p.Periods = w.periodLinks(reportCampaigns, ask.Period, params)
	for _, by := range report.Bys() {
		p.Bys = append(p.Bys, choiceLink{string(by), w.paths.Report(reportCampaigns, withParam(params, "by", string(by), string(report.Bys()[0]))), by == ask.By})
	}
	rows, pages, err := cutPage(w, reportCampaigns, params, q.r.URL.Query().Get("page"), c.Groups)
	if err != nil {
		return err
	}
	p.Pages = pages
	if p.Table, err = w.campaignTable(q, ask, params, rows, c.Groups); err != nil {
		return err
	}
	if ask.By == report.ByWeekday || ask.By == report.ByHour {
		p.Chart = w.clickChart(q, ask.By, c.Groups)
	}
	p.Frame = w.frame(q, "report.title.campaigns", "reports")
	return w.render(q, http.StatusOK, "report", p)
}

func (w *Web) campaignTable(q *request, ask report.Query, params url.Values, rows, all []report.Group) (reportTable, error) {
	l := w.locale(q)
	columns := w.campaignColumns(ask.By)
	t := reportTable{Caption: l.T("report.title.campaigns"), First: l.TK("report.by", ask.By),
		Heads: reportHeads(w, l, reportCampaigns, columns, params, string(ask.Sort), string(report.SortNatural), ask.Asc)}
	cells := reportCells(l, columns, rows, all)
	name, err := w.groupNames(q, ask.By)
	if err != nil {
		return t, err
	}
	for i, g := range rows {
		r := reportRow{Cells: cells[i]}
		if r.Label, r.URL, err = name(g); err != nil {
			return t, err
		}
		if ask.By == report.ByCampaign {
			if g.Latest.CountedAt.IsZero() { // nothing is not nought
				for j := range r.Cells {
					r.Cells[j] = reportCell{Head: r.Cells[j].Head, Text: l.T("none.figure"), Muted: true}
				}
			}
			r.Note = l.TK("channel", g.Latest.Channel) + " · " + l.stampText(g.Latest.At)
		}
		t.Rows = append(t.Rows, r)
	}
	return t, nil
}

// clickChart draws how many of a thousand recipients clicked, in the order of the week or the day,
// whatever the table is ordered by. It is nil where nothing with a link was sent.
func (w *Web) clickChart(q *request, by report.By, groups []report.Group) *chart {
	l := w.locale(q)
	best, found := report.Best(groups, 1)
	if !found {
		return nil
	}
	of := map[string]report.Group{}
	for _, g := range groups {
		of[g.Key] = g
	}
	order := report.Grouped(nil, by, w.Location)
	rates := make([]int64, len(order))
	for i, g := range order {
		rate, _ := of[g.Key].ClickRate()
		rates[i] = int64(math.Round(1000 * rate))
	}
	name := func(key string) string {
		if by == report.ByWeekday {
			return l.TK("weekday", key)
		}
		return hourSpan(key)
	}
	most, _ := best.ClickRate()
	c := l.newChart(rates, l.T("report.chart_label", name(best.Key), l.Pct(most)), func(i int) string { return name(order[i].Key) },
		func(i int) string {
			g := of[order[i].Key]
			rate, _ := g.ClickRate()
			return l.T("report.chart_bar", name(g.Key), l.Pct(rate), l.Num(g.Linked))
		},
		func(i int) string {
			if by == report.ByHour && i%3 != 0 {
				return ""
			}
			return hourMark(by, name(order[i].Key))
		})
	return &c
}

// hourMark shortens a span of an hour to its beginning, for the words below a chart.
func hourMark(by report.By, name string) string {
	if begin, _, found := strings.Cut(name, "–"); found && by == report.ByHour {
		return begin
	}
	return name
}

// campaignReportExport sends the comparison as a table.
func (w *Web) campaignReportExport(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	ask, _, err := readCampaignReport(q.r.PostForm)
	if err != nil {
		return err
	}
	c, err := w.Reports.Campaigns(q.ctx(), ask)
	if err != nil {
		return err
	}
	name, err := w.groupNames(q, ask.By)
	if err != nil {
		return err
	}
	labels := make(map[string]string, len(c.Groups))
	for _, g := range c.Groups {
		if labels[g.Key], _, err = name(g); err != nil {
			return err
		}
	}
	l := w.locale(q)
	columns := w.campaignColumns(ask.By)
	if ask.By == report.ByCampaign {
		for i, c := range columns {
			columns[i].cell = func(l *locale, g report.Group) sheet.Cell {
				if g.Latest.CountedAt.IsZero() { // nothing is not nought
					return sheet.Text("")
				}
				return c.cell(l, g)
			}
		}
		text := func(key string, of func(*locale, report.Group) string) reportColumn[report.Group] {
			return reportColumn[report.Group]{key: key, cell: func(l *locale, g report.Group) sheet.Cell { return sheet.Text(of(l, g)) }}
		}
		columns = append([]reportColumn[report.Group]{
			text("channel", func(l *locale, g report.Group) string { return l.TK("channel", g.Latest.Channel) }),
			text("at", func(l *locale, g report.Group) string { return l.stampText(g.Latest.At) }),
			text("staff", func(_ *locale, g report.Group) string { return g.Latest.ByName }),
			text("template", func(_ *locale, g report.Group) string { return g.Latest.TemplateName })}, columns...)
	}
	return sendReport(w, q, reportCampaigns, l.TK("report.by", ask.By), func(g report.Group) string { return labels[g.Key] }, columns, c.Groups)
}

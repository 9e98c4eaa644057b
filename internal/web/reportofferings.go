package web

import (
	"net/http"
	"net/url"

	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// offeringReportPage compares courses and classrooms.
type offeringReportPage struct {
	reportBase
	Total report.OfferingGroup
	Ready bool
}

// Refunds is the share of the money that was given back; nil: none came in.
func (p offeringReportPage) Refunds() *float64 {
	if rate, known := p.Total.RefundRate(); known {
		return &rate
	}
	return nil
}

// Rate is the conversion of the last 30 days; nil: nobody was interested.
func (p offeringReportPage) Rate() *float64 {
	if rate, known := p.Total.Conversion(); known {
		return &rate
	}
	return nil
}

// offeringAsk is what the comparison of offerings is asked for.
type offeringAsk struct {
	by   report.OfferingBy
	sort report.OfferingSort
	asc  bool
}

func offeringColumns(by report.OfferingBy) []reportColumn[report.OfferingGroup] {
	type group = report.OfferingGroup
	revenue := moneyColumn(string(report.OfferingRevenue), func(g group) int64 { return g.Revenue() }).
		barred(func(g group) (float64, bool) { return float64(g.Revenue()), true })
	out := []reportColumn[group]{revenue,
		moneyColumn(string(report.OfferingRefunded), func(g group) int64 { return g.Refunded }),
		rateColumn(string(report.OfferingRefundRate), group.RefundRate),
		rateColumn(string(report.OfferingConversion), func(g group) (float64, bool) { return g.Conversion() }),
		countColumn(string(report.OfferingJoined), func(g group) int64 { return g.Joined }),
		countColumn(string(report.OfferingPotential), func(g group) int64 { return g.Potential }),
		countColumn(string(report.OfferingPending), func(g group) int64 { return g.Pending }),
		countColumn(string(report.OfferingEnrolled), func(g group) int64 { return g.Enrolled }),
		countColumn(string(report.OfferingPast), func(g group) int64 { return g.Past }),
		countColumn(string(report.OfferingWithdrawn), func(g group) int64 { return g.Withdrawn })}
	if by != report.ByOffering {
		count := countColumn("offerings", func(g group) int64 { return int64(g.Offerings) })
		count.sort = false
		out = append([]reportColumn[group]{count}, out...)
	}
	return out
}

// readOfferingReport reads what an address or a form asks for.
//
// Errors: fault.ErrNotFound.
func readOfferingReport(v url.Values) (offeringAsk, url.Values, error) {
	var ask offeringAsk
	by, byParam, err := readWord(v, "by", report.OfferingBys())
	if err != nil {
		return ask, nil, err
	}
	sort, sortParam, err := readWord(v, "sort", report.OfferingSorts())
	if err != nil {
		return ask, nil, err
	}
	dir := ""
	if v.Get("dir") == "asc" {
		dir = "asc"
	}
	return offeringAsk{by, sort, dir != ""}, values("by", byParam, "sort", sortParam, "dir", dir), nil
}

// offeringLines lists all offerings of both kinds.
func (w *Web) offeringLines(q *request) (lines []funnel.Line, ready bool, err error) {
	ready = true
	for _, kind := range report.OfferingKinds() {
		t, err := w.Funnels.List(q.ctx(), funnel.Query{Kind: kind, Sort: funnel.SortTitle})
		if err != nil {
			return nil, false, err
		}
		lines, ready = append(lines, t.Lines...), ready && t.Ready
	}
	return lines, ready, nil
}

// offeringReport compares courses and classrooms.
func (w *Web) offeringReport(q *request) error {
	ask, params, err := readOfferingReport(q.r.URL.Query())
	if err != nil {
		return err
	}
	lines, ready, err := w.offeringLines(q)
	if err != nil {
		return err
	}
	p := offeringReportPage{reportBase: w.reportsPage(q, reportOfferings, params), Total: report.OfferingTotal(lines), Ready: ready}
	for _, by := range report.OfferingBys() {
		p.Bys = append(p.Bys, choiceLink{string(by), w.paths.Report(reportOfferings, withParam(params, "by", string(by), string(report.OfferingBys()[0]))), by == ask.by})
	}
	groups := report.GroupOfferings(lines, ask.by)
	report.OrderOfferings(groups, ask.sort, ask.asc)
	rows, pages, err := cutPage(w, reportOfferings, params, q.r.URL.Query().Get("page"), groups)
	if err != nil {
		return err
	}
	l, columns := w.locale(q), offeringColumns(ask.by)
	p.Pages = pages
	p.Table = reportTable{Caption: l.T("report.title.offerings"), First: l.TK("report.by", ask.by),
		Heads: reportHeads(w, l, reportOfferings, columns, params, string(ask.sort), string(report.OfferingSorts()[0]), ask.asc)}
	cells := reportCells(l, columns, rows, groups)
	for i, g := range rows {
		r := reportRow{Label: l.offeringGroup(ask.by, g), Cells: cells[i]}
		switch ask.by {
		case report.ByOffering:
			r.URL, r.Note = w.paths.Offering(g.First.Target.Type, g.First.ID, "", nil), l.TK("target", g.First.Target.Type)
		case report.ByCategory:
			if g.Key != "" {
				r.URL = w.paths.OfferingList(g.First.Target.Type, values("category", g.Key, "status", allOfferings))
			}
		case report.ByKind:
			r.URL = w.paths.OfferingList(hostadapter.TargetType(g.Key), values("status", allOfferings))
		}
		p.Table.Rows = append(p.Table.Rows, r)
	}
	p.Frame = w.frame(q, "report.title.offerings", "reports")
	return w.render(q, http.StatusOK, "reportofferings", p)
}

// offeringGroup names a group.
func (l *locale) offeringGroup(by report.OfferingBy, g report.OfferingGroup) string {
	switch by {
	case report.ByCategory:
		if g.Key == "" {
			return l.T("report.no_category")
		}
		return g.Key
	case report.ByKind:
		return l.TK("target", g.Key)
	case report.ByOffering:
	}
	return g.First.Title
}

// offeringReportExport sends the comparison as a table.
func (w *Web) offeringReportExport(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	ask, _, err := readOfferingReport(q.r.PostForm)
	if err != nil {
		return err
	}
	lines, _, err := w.offeringLines(q)
	if err != nil {
		return err
	}
	groups := report.GroupOfferings(lines, ask.by)
	report.OrderOfferings(groups, ask.sort, ask.asc)
	l, columns := w.locale(q), offeringColumns(ask.by)
	if ask.by == report.ByOffering {
		kind := reportColumn[report.OfferingGroup]{key: "kind", cell: func(l *locale, g report.OfferingGroup) sheet.Cell {
			return sheet.Text(l.TK("target", g.First.Target.Type))
		}}
		gross := moneyColumn("gross", func(g report.OfferingGroup) int64 { return g.Gross })
		columns = append([]reportColumn[report.OfferingGroup]{kind, gross}, columns...)
	}
	return sendReport(w, q, reportOfferings, l.TK("report.by", ask.by), func(g report.OfferingGroup) string { return l.offeringGroup(ask.by, g) }, columns, groups)
}

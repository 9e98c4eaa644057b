package web

import (
	"strings"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// offeringExporter is a column of the exported list.
type offeringExporter struct {
	key   string
	money bool // its head names the currency
	cell  func(l *locale, x funnel.Line) sheet.Cell
}

func offeringExporters() []offeringExporter {
	count := func(key string, of func(funnel.Line) int64) offeringExporter {
		return offeringExporter{key, false, func(_ *locale, x funnel.Line) sheet.Cell { return sheet.Int(of(x)) }}
	}
	money := func(key string, of func(funnel.Line) int64) offeringExporter {
		return offeringExporter{key, true, func(l *locale, x funnel.Line) sheet.Cell { return sheet.Money(of(x), minorDigits(l.currency)) }}
	}
	text := func(key string, of func(*locale, funnel.Line) string) offeringExporter {
		return offeringExporter{key, false, func(l *locale, x funnel.Line) sheet.Cell { return sheet.Text(of(l, x)) }}
	}
	return []offeringExporter{
		text("id", func(_ *locale, x funnel.Line) string { return x.Target.ID }),
		text("title", func(_ *locale, x funnel.Line) string { return x.Title }),
		text("category", func(_ *locale, x funnel.Line) string { return strings.Join(x.Categories, " / ") }),
		text("status", func(l *locale, x funnel.Line) string { return l.TK("offering.status", x.Status) }),
		text("price", func(l *locale, x funnel.Line) string { return l.MoneyIn(x.Price, currencyOr(x.Currency, l.currency)) }),
		count("potential", func(x funnel.Line) int64 { return x.Potential }),
		count("pending", func(x funnel.Line) int64 { return x.Pending }),
		count("enrolled", func(x funnel.Line) int64 { return x.Enrolled }),
		count("past", func(x funnel.Line) int64 { return x.Past }),
		count("withdrawn", func(x funnel.Line) int64 { return x.Withdrawn }),
		money("gross", func(x funnel.Line) int64 { return x.Gross }),
		money("refunded", func(x funnel.Line) int64 { return x.Refunded }),
		money("revenue", func(x funnel.Line) int64 { return x.Revenue() }),
		money("developable", func(x funnel.Line) int64 { return x.Developable }),
		money("losing", func(x funnel.Line) int64 { return x.Losing() }),
		text("conversion", func(l *locale, x funnel.Line) string {
			if share, known := x.Conversion(); known {
				return l.Pct(share)
			}
			return ""
		}),
		count("joined", func(x funnel.Line) (n int64) {
			for _, week := range x.Joined {
				n += week
			}
			return n
		}),
	}
}

// currencyOr is the currency of a price; a free offering names none.
func currencyOr(currency, site string) string {
	if currency == "" {
		return site
	}
	return currency
}

// offeringExport sends the list, as its address narrows it, as a table.
func (w *Web) offeringExport(kind hostadapter.TargetType) func(*request) error {
	return func(q *request) error {
		if err := q.parse(); err != nil {
			return err
		}
		format, err := exportFormatOf(q.r.PostForm.Get("format"))
		if err != nil {
			return err
		}
		ask, _ := readOfferings(kind, q.r.PostForm)
		t, err := w.Funnels.List(q.ctx(), ask)
		if err != nil {
			return err
		}
		name := offeringNav(kind)
		if err := w.record(q, audit.Exported, name, map[string]any{"format": format.name, "rows": len(t.Lines)}); err != nil {
			return err
		}
		l := w.locale(q)
		return w.sendFile(q, format, name, func(table sheet.Writer) (int, error) { return fillOfferings(l, table, t.Lines) })
	}
}

func fillOfferings(l *locale, table sheet.Writer, lines []funnel.Line) (rows int, err error) {
	columns := offeringExporters()
	cells := make([]sheet.Cell, len(columns))
	for i, c := range columns {
		head := l.TK("offering.column", c.key)
		if c.money {
			head = l.T("offerings.in_currency", head, l.currency)
		}
		cells[i] = sheet.Text(head)
	}
	if err := table.Row(cells...); err != nil {
		return 0, err
	}
	for _, x := range lines {
		for i, c := range columns {
			cells[i] = c.cell(l, x)
		}
		if err := table.Row(cells...); err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

package web

import (
	"net/url"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

const exportPermission = hostadapter.PermExport

// reportColumn is a column of a report, as its page and its file show it.
type reportColumn[T any] struct {
	key   string // report.head.<key>
	sort  bool   // rows can be ordered by it
	money bool   // its head in a file names the currency
	bar   func(T) (float64, bool)
	show  func(*locale, T) reportCell
	cell  func(*locale, T) sheet.Cell
}

// countColumn counts.
func countColumn[T any](key string, of func(T) int64) reportColumn[T] {
	return reportColumn[T]{key: key, sort: true,
		show: func(l *locale, x T) reportCell { return reportCell{Text: l.Num(of(x)), Muted: of(x) == 0} },
		cell: func(_ *locale, x T) sheet.Cell { return sheet.Int(of(x)) }}
}

// moneyColumn adds up money.
func moneyColumn[T any](key string, of func(T) int64) reportColumn[T] {
	return reportColumn[T]{key: key, sort: true, money: true,
		show: func(l *locale, x T) reportCell { return reportCell{Text: l.Sum(of(x)), Muted: of(x) == 0} },
		cell: func(l *locale, x T) sheet.Cell { return sheet.Money(of(x), minorDigits(l.currency)) }}
}

// rateColumn gives a share; where it is not known it says so.
func rateColumn[T any](key string, of func(T) (float64, bool)) reportColumn[T] {
	return reportColumn[T]{key: key, sort: true,
		show: func(l *locale, x T) reportCell {
			if rate, known := of(x); known {
				return reportCell{Text: l.Pct(rate)}
			}
			return reportCell{Text: l.T("none.none"), Muted: true}
		},
		cell: func(l *locale, x T) sheet.Cell {
			if rate, known := of(x); known {
				return sheet.Text(l.Pct(rate))
			}
			return sheet.Text("")
		}}
}

// barred draws the column's numbers as bars too.
func (c reportColumn[T]) barred(of func(T) (float64, bool)) reportColumn[T] {
	c.bar = of
	return c
}

func columnKeys[T any](columns []reportColumn[T]) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.key
	}
	return out
}

// reportHeads are the heads of columns, as the list is ordered; the usual order is downwards.
func reportHeads[T any](w *Web, l *locale, name string, columns []reportColumn[T], params url.Values, sort, usual string, asc bool) []reportHead {
	var out []reportHead
	for _, c := range columns {
		h := reportHead{Key: c.key, Text: l.TK("report.head", c.key)}
		if c.sort {
			h.On = c.key == sort
			h.Asc = h.On && asc
			v := withParam(params, "sort", c.key, usual)
			v.Del("dir")
			if h.On && !asc { // once more turns it round
				v.Set("dir", "asc")
			}
			h.URL = w.paths.Report(name, v)
		}
		out = append(out, h)
	}
	return out
}

// reportCells are the cells of rows; all are the rows of every page, to which bars are measured.
func reportCells[T any](l *locale, columns []reportColumn[T], rows, all []T) [][]reportCell {
	most := make([]float64, len(columns))
	for i, c := range columns {
		for _, x := range all {
			if c.bar != nil {
				n, _ := c.bar(x)
				most[i] = max(most[i], n)
			}
		}
	}
	out := make([][]reportCell, len(rows))
	for j, x := range rows {
		for i, c := range columns {
			cell := c.show(l, x)
			cell.Head = l.TK("report.head", c.key)
			if c.bar != nil && most[i] > 0 {
				n, _ := c.bar(x)
				n /= most[i]
				cell.Bar = &n
			}
			out[j] = append(out[j], cell)
		}
	}
	return out
}

// sendReport sends a report as a table. label is the first column.
func sendReport[T any](w *Web, q *request, name, first string, label func(T) string, columns []reportColumn[T], rows []T) error {
	format, err := exportFormatOf(q.r.PostForm.Get("format"))
	if err != nil {
		return err
	}
	object := "reports-" + name
	if err := w.record(q, audit.Exported, object, map[string]any{"format": format.name, "rows": len(rows)}); err != nil {
		return err
	}
	l := w.locale(q)
	return w.sendFile(q, format, object, func(table sheet.Writer) (int, error) { return fillReport(l, table, first, label, columns, rows) })
}

func fillReport[T any](l *locale, table sheet.Writer, first string, label func(T) string, columns []reportColumn[T], rows []T) (int, error) {
	cells := []sheet.Cell{sheet.Text(first)}
	for _, c := range columns {
		head := l.TK("report.head", c.key)
		if c.money {
			head = l.T("offerings.in_currency", head, l.currency)
		}
		cells = append(cells, sheet.Text(head))
	}
	if err := table.Row(cells...); err != nil {
		return 0, err
	}
	for i, x := range rows {
		cells = append(cells[:0], sheet.Text(label(x)))
		for _, c := range columns {
			cells = append(cells, c.cell(l, x))
		}
		if err := table.Row(cells...); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}

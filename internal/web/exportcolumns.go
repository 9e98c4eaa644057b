package web

import (
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
	"github.com/coursecrm/coursecrm/segment"
)

// exporter writes people as rows of a table.
type exporter struct {
	l    *locale
	mask bool // contacts are hidden from who exports
}

// exportColumn is a column of the exported table.
type exportColumn struct {
	key  string
	cell func(x exporter, p segment.Person) sheet.Cell
}

// exportColumns lists them in order. The first is the host's id, so that a table can come back as
// a list of people.
func exportColumns() []exportColumn {
	text := func(of func(segment.Person) string) func(exporter, segment.Person) sheet.Cell {
		return func(_ exporter, p segment.Person) sheet.Cell { return sheet.Text(of(p)) }
	}
	moment := func(of func(segment.Person) time.Time) func(exporter, segment.Person) sheet.Cell {
		return func(x exporter, p segment.Person) sheet.Cell { return sheet.Time(of(p), x.l.loc) }
	}
	return []exportColumn{
		{"id", text(func(p segment.Person) string { return string(p.HostID) })},
		{"nickname", text(func(p segment.Person) string { return p.Nickname })},
		{"real_name", text(func(p segment.Person) string { return p.RealName })},
		{"mobile", func(x exporter, p segment.Person) sheet.Cell { return x.contact(p.Mobile, desk.MaskMobile) }},
		{"email", func(x exporter, p segment.Person) sheet.Cell { return x.contact(p.Email, desk.MaskEmail) }},
		{"status", func(x exporter, p segment.Person) sheet.Cell { return sheet.Text(x.l.TK("learner", p.Status)) }},
		{"registered", moment(func(p segment.Person) time.Time { return p.RegisteredAt })},
		{"login", moment(func(p segment.Person) time.Time { return p.LastLoginAt })},
		{"level", text(func(p segment.Person) string { return p.MemberLevel })},
		{"paid_count", func(_ exporter, p segment.Person) sheet.Cell { return sheet.Int(int64(p.PaidCount)) }},
		{"paid_total", func(x exporter, p segment.Person) sheet.Cell {
			return sheet.Money(p.PaidTotal, minorDigits(x.l.currency))
		}},
		{"last_paid", moment(func(p segment.Person) time.Time { return p.LastPaidAt })},
		{"tags", func(x exporter, p segment.Person) sheet.Cell {
			return sheet.Text(strings.Join(p.Tags, x.l.T("list.comma")))
		}},
		{"province", text(func(p segment.Person) string { return p.Province })},
		{"city", text(func(p segment.Person) string { return p.City })},
		{"source", text(func(p segment.Person) string { return p.RegisterSource })},
	}
}

func exportKeys() []string {
	var out []string
	for _, c := range exportColumns() {
		out = append(out, c.key)
	}
	return out
}

// chosenColumns are the columns asked for, in the table's order; all when none are named.
//
// Errors: fault.Fields about "field".
func chosenColumns(keys []string) ([]exportColumn, error) {
	all := exportColumns()
	if len(keys) == 0 {
		return all, nil
	}
	for _, key := range keys {
		if !slices.Contains(exportKeys(), key) {
			return nil, fault.Fields{"field": {Key: "problem.choice"}}
		}
	}
	return slices.DeleteFunc(all, func(c exportColumn) bool { return !slices.Contains(keys, c.key) }), nil
}

func (x exporter) contact(value string, hide func(string) string) sheet.Cell {
	if x.mask {
		value = hide(value)
	}
	return sheet.Text(value)
}

func (x exporter) head(columns []exportColumn) []sheet.Cell {
	out := make([]sheet.Cell, len(columns))
	for i, c := range columns {
		out[i] = sheet.Text(x.l.TK("export.column", c.key, x.l.currency))
	}
	return out
}

// row fills out with a person's cells, so that a million rows need no million slices.
func (x exporter) row(out []sheet.Cell, columns []exportColumn, p segment.Person) []sheet.Cell {
	out = out[:0]
	for _, c := range columns {
		out = append(out, c.cell(x, p))
	}
	return out
}

package web

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/sheet"
	"github.com/coursecrm/coursecrm/segment"
)

// exportFormat is a kind of file.
type exportFormat struct {
	name, mime string
	open       func(io.Writer) sheet.Writer
}

func exportFormats() []exportFormat {
	return []exportFormat{
		{"csv", "text/csv; charset=utf-8", sheet.NewCSV},
		{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet.NewXLSX},
	}
}

func exportNames() []string {
	var out []string
	for _, f := range exportFormats() {
		out = append(out, f.name)
	}
	return out
}

// export sends the people of an audience, or those who were ticked in it, as a table. Rows go out
// as they are read: there may be millions.
func (w *Web) export(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	columns, err := chosenColumns(f["field"])
	if err != nil {
		return err
	}
	format, err := exportFormatOf(f.Get("format"))
	if err != nil {
		return err
	}
	rule, some := segment.Rule{}, true
	if f.Has("mode") {
		rule, some, err = w.tickedRule(q, f)
	} else {
		rule, err = w.wholeRule(q, f)
	}
	if err != nil {
		return err
	}
	if !some {
		return q.redirect(w.paths.Audience(givenParams(f)))
	}
	if err := w.fits(q, format, rule); err != nil {
		return err
	}
	x := exporter{l: w.locale(q), mask: !q.may(hostadapter.PermContactView)}
	keys := make([]string, len(columns))
	for i, c := range columns {
		keys[i] = c.key
	}
	if err := w.record(q, audit.Exported, "audience", map[string]any{"format": format.name, "columns": keys, "masked": x.mask, "rule": desk.RuleHash(rule)}); err != nil {
		return err
	}
	return w.sendFile(q, format, "audience", func(table sheet.Writer) (int, error) { return w.fill(q, x, table, columns, rule) })
}

// exportFormatOf finds a format by its name.
//
// Errors: fault.Fields about "format".
func exportFormatOf(name string) (exportFormat, error) {
	for _, known := range exportFormats() {
		if known.name == name {
			return known, nil
		}
	}
	return exportFormat{}, fault.Fields{"format": {Key: "problem.choice"}}
}

// fits finds out before the first row whether a rule is sound and its people fit into the file.
func (w *Web) fits(q *request, format exportFormat, rule segment.Rule) error {
	if format.name != "xlsx" {
		_, err := w.Segments.Compile(q.ctx(), rule)
		return err
	}
	n, err := w.Segments.Size(q.ctx(), rule)
	if err != nil {
		return err
	}
	if n > sheet.MaxRows {
		return fault.Fields{"format": {Key: "problem.rows", Args: []any{sheet.MaxRows}}}
	}
	return nil
}

// sendFile writes a table as the answer; fill writes its rows and tells how many. What goes wrong before the first byte becomes a page;
// later the connection is cut, so that nobody takes half a table for a whole one.
func (w *Web) sendFile(q *request, format exportFormat, name string, fill func(sheet.Writer) (int, error)) error {
	name += "-" + w.Now().In(w.Location).Format("20060102") + "." + format.name
	out := &desk.FirstByte{To: q.w, Before: func(h http.Header) {
		h.Set("Content-Type", format.mime)
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}}
	table := format.open(out)
	defer table.Abort()
	rows, err := fill(table)
	if err == nil {
		err = table.Close()
	}
	switch {
	case err == nil:
		w.Log.InfoContext(q.ctx(), "web: exported", "file", name, "request", q.id, "staff", q.staff.ID, "rows", rows)
		return nil
	case !out.Written:
		return fmt.Errorf("export %s: %w", name, err)
	}
	level := slog.LevelError
	if q.ctx().Err() != nil {
		level = slog.LevelInfo // the visitor went away
	}
	w.Log.Log(q.ctx(), level, "web: export broke off", "file", name, "request", q.id, "staff", q.staff.ID, "rows", rows, "err", err)
	panic(http.ErrAbortHandler)
}

func (w *Web) fill(q *request, x exporter, table sheet.Writer, columns []exportColumn, rule segment.Rule) (rows int, err error) {
	if err := table.Row(x.head(columns)...); err != nil {
		return 0, err
	}
	cells := make([]sheet.Cell, 0, len(columns))
	err = w.Segments.Each(q.ctx(), rule, func(p segment.Person) error {
		cells = x.row(cells, columns, p)
		rows++
		return table.Row(cells...)
	})
	return rows, err
}

package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// fileFormat is a kind of file.
type fileFormat struct {
	name, mime string
	open       func(io.Writer) sheet.Writer
}

// fileFormats lists them.
func fileFormats() []fileFormat {
	return []fileFormat{
		{"csv", "text/csv; charset=utf-8", sheet.NewCSV},
		{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", sheet.NewXLSX},
	}
}

// FormatBody chooses a kind of file.
type FormatBody struct {
	Format string `json:"format,omitempty" enum:"csv,xlsx" default:"csv"`
}

// file is a table that is about to be sent: its rows are read as they go out, as there may be
// millions.
type file struct {
	name   string // without date and ending
	format string
	fill   func(sheet.Writer) (rows int, err error)
}

// download makes an operation that answers with a file. do checks, records and says what is sent.
func download[I any](id, path, summary string, perm hostadapter.Permission, do func(c *call, in *I) (file, error)) operation {
	return operation{id: id, method: http.MethodPost, path: path, perm: perm, summary: summary, register: func(a *API, served huma.API, op operation) {
		o := a.describe(op, http.StatusOK)
		content := map[string]*huma.MediaType{}
		for _, f := range fileFormats() {
			content[f.mime] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
		o.Responses = map[string]*huma.Response{"200": {Description: "A table. Its first row names the columns.", Content: content}}
		huma.Register(served, o, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
			f, err := run(ctx, in, do)
			if err != nil {
				return nil, err
			}
			c := callOf(ctx)
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				r, w := humago.Unwrap(hc)
				c.r = r
				c.sendFile(w, f)
			}}, nil
		})
	}}
}

// sendFile writes a table. What goes wrong before the first byte becomes a problem; later the
// connection is cut, so that nobody takes half a table for a whole one.
func (c *call) sendFile(w http.ResponseWriter, f file) {
	format := fileFormats()[0]
	for _, known := range fileFormats() {
		if known.name == f.format {
			format = known
		}
	}
	name := f.name + "-" + c.api.Now().In(c.api.Location).Format("20060102") + "." + format.name
	out := &desk.FirstByte{To: w, Before: func(h http.Header) {
		h.Set("Content-Type", format.mime)
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}}
	table := format.open(out)
	defer table.Abort()
	rows, err := f.fill(table)
	if err == nil {
		err = table.Close()
	}
	switch {
	case err == nil:
		c.api.Log.InfoContext(c, "api: exported", "file", name, "request", c.id, "staff", c.staff.ID, "rows", rows)
		return
	case !out.Written:
		c.fail(w, fmt.Errorf("export %s: %w", name, err))
		return
	}
	level := slog.LevelError
	if c.r.Context().Err() != nil {
		level = slog.LevelInfo // the asker went away
	}
	c.api.Log.Log(c, level, "api: export broke off", "file", name, "request", c.id, "staff", c.staff.ID, "rows", rows, "err", err)
	panic(http.ErrAbortHandler)
}

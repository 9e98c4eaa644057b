package web

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

type errorPage struct {
	Frame
	Status int
	Word   string
	ID     string
	Fields []fieldProblem // what is wrong with an input that has no form to show it
	Retry  string         // where to try again; empty: nowhere
}

// fail answers with what is said about err: a page, or for htmx a notice that crm.js shows.
func (w *Web) fail(q *request, err error) {
	if errors.Is(err, context.Canceled) && q.ctx().Err() != nil {
		return // the visitor went away
	}
	f := desk.FailureOf(err)
	level := slog.LevelInfo
	if f.Status >= 500 {
		level = slog.LevelError
	}
	w.Log.Log(q.ctx(), level, "web: request failed", "request", q.id, "status", f.Status, "method", q.r.Method, "err", err)
	h := q.w.Header()
	if f.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(5))
	}
	if f.Status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body stays unread
	}
	page := errorPage{Frame: w.plainFrame(q, w.locale(q).TK("error.title", f.Word), ""), Status: f.Status, Word: f.Word, ID: q.id}
	if q.r.Method == http.MethodGet && f.Status >= 500 {
		page.Retry = q.r.URL.RequestURI()
	}
	var problems fault.Fields
	if errors.As(err, &problems) {
		for _, field := range slices.Sorted(maps.Keys(problems)) {
			page.Fields = append(page.Fields, fieldProblem{field, problems[field]})
		}
	}
	name := "error"
	if q.hx() {
		name = "error#toast"
	}
	if err := w.render(q, f.Status, name, page); err != nil {
		w.Log.ErrorContext(q.ctx(), "web: error page", "request", q.id, "err", err)
		http.Error(q.w, http.StatusText(f.Status), f.Status)
	}
}

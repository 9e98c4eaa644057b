package web

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Refusals that arise in this package.
var (
	errTooLarge    = errors.New("web: body too large")
	errCrossOrigin = errors.New("web: form sent from another site")
	errMethod      = errors.New("web: method not allowed")
	errScope       = errors.New("web: data scope not supported")
)

// failure is what is said about an error. Its words are ours: the error's own text may hold
// anything and goes to the log alone.
type failure struct {
	status int
	word   string // error.<word>.title and .text
}

// failureOf is the only place that turns errors into status codes.
func failureOf(err error) failure {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, errTooLarge):
		return failure{http.StatusRequestEntityTooLarge, "large"}
	case errors.Is(err, errMethod):
		return failure{http.StatusMethodNotAllowed, "method"}
	case errors.Is(err, errCrossOrigin):
		return failure{http.StatusForbidden, "origin"}
	case errors.Is(err, errScope):
		return failure{http.StatusForbidden, "scope"}
	case errors.Is(err, hostadapter.ErrUnauthenticated):
		return failure{http.StatusUnauthorized, "login"}
	case errors.Is(err, fault.ErrForbidden):
		return failure{http.StatusForbidden, "forbidden"}
	case errors.Is(err, fault.ErrNotFound):
		return failure{http.StatusNotFound, "missing"}
	case errors.Is(err, fault.ErrInvalid):
		return failure{http.StatusUnprocessableEntity, "invalid"}
	case errors.Is(err, fault.ErrConflict):
		return failure{http.StatusConflict, "conflict"}
	case errors.Is(err, fault.ErrUnavailable), errors.Is(err, hostadapter.ErrUnavailable),
		errors.Is(err, context.DeadlineExceeded):
		return failure{http.StatusServiceUnavailable, "busy"}
	}
	return failure{http.StatusInternalServerError, "broken"}
}

// failures lists the words of all failures, so that a test can hold the message files to them.
func failures() []string {
	return []string{"large", "method", "origin", "scope", "login", "forbidden", "missing", "invalid", "conflict", "busy", "broken"}
}

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
	f := failureOf(err)
	level := slog.LevelInfo
	if f.status >= 500 {
		level = slog.LevelError
	}
	w.Log.Log(q.ctx(), level, "web: request failed", "request", q.id, "status", f.status, "method", q.r.Method, "err", err)
	h := q.w.Header()
	if f.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", strconv.Itoa(5))
	}
	if f.status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body stays unread
	}
	page := errorPage{Frame: w.plainFrame(q, w.locale(q).TK("error.title", f.word), ""), Status: f.status, Word: f.word, ID: q.id}
	if q.r.Method == http.MethodGet && f.status >= 500 {
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
	if err := w.render(q, f.status, name, page); err != nil {
		w.Log.ErrorContext(q.ctx(), "web: error page", "request", q.id, "err", err)
		http.Error(q.w, http.StatusText(f.status), f.status)
	}
}

package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// request is one visit of a page: who asks, in which language, and whether htmx does.
type request struct {
	w     http.ResponseWriter
	r     *http.Request
	id    string // shown on error pages and written to the log
	staff hostadapter.Staff
	lang  string
	theme string // "", "light", "dark"

	env     segment.Env              // loaded with saved
	allowed map[segment.QueryID]bool // quick queries that stored rules of this request name

	saved     []segment.Saved // the quick queries that staff may see, once savedRead
	savedRead bool
	opened    segment.QueryID // the quick query that the page is about; 0: none
}

func (q *request) ctx() context.Context { return q.r.Context() }

// hx reports whether htmx asks for a fragment. A restored page of the history is asked for whole.
func (q *request) hx() bool {
	return q.r.Header.Get("HX-Request") == "true" && q.r.Header.Get("HX-History-Restore-Request") != "true"
}

// target is the id of the element that htmx will swap; empty without htmx.
func (q *request) target() string {
	if !q.hx() {
		return ""
	}
	return q.r.Header.Get("HX-Target")
}

func (q *request) may(p hostadapter.Permission) bool { return q.staff.May(p) }

// parse reads the form. One that cannot be read is invalid, unless it is too large.
func (q *request) parse() error {
	err := q.r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &large):
		return desk.ErrTooLarge
	}
	return fmt.Errorf("read form: %w: %w", fault.ErrInvalid, err)
}

// redirect sends the visitor on after a POST.
func (q *request) redirect(to string) error {
	if q.hx() {
		q.w.Header().Set("HX-Redirect", to)
		q.w.WriteHeader(http.StatusOK)
		return nil
	}
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// Cookies of the reader's choices. They hold nothing about a person.
const (
	langCookie  = "crm_lang"
	themeCookie = "crm_theme"
)

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func newRequest(w http.ResponseWriter, r *http.Request, id string) *request {
	q := &request{w: w, r: r, id: id, lang: chooseLanguage(cookie(r, langCookie), r.Header.Get("Accept-Language"))}
	if t := cookie(r, themeCookie); t == "light" || t == "dark" {
		q.theme = t
	}
	return q
}

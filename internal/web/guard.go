package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// maxBody bounds what a form may send: the longest message is some 300 kB, a third of this even
// when every byte is percent-encoded.
const maxBody = 1 << 20

// policy is the pages' Content-Security-Policy (UI.md §10).
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"

// serve runs a handler as every page runs: with headers, a bounded body, the staff looked up and
// their permission checked, and whatever goes wrong turned into an answer.
func (w *Web) serve(rt route) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		q := newRequest(rw, r, desk.RequestID())
		defer w.rescue(q)
		pageHeaders(rw.Header())
		if err := w.admit(q, rt); err != nil {
			w.refuse(q, err)
			return
		}
		if err := rt.do(q); err != nil {
			w.fail(q, err)
		}
	})
}

func pageHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // links to other sites carry no filter of ours
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", "HX-Request")
}

// admit lets a request in, or says why not.
func (w *Web) admit(q *request, rt route) error {
	limit := rt.limit()
	if q.r.ContentLength > limit {
		return desk.ErrTooLarge
	}
	q.r.Body = http.MaxBytesReader(q.w, q.r.Body, limit)
	staff, err := w.Staff.Staff(q.r)
	q.staff = staff
	return desk.Admit(staff, err, rt.perm)
}

// refuse sends who is not logged in to the host's login, where the host named one.
func (w *Web) refuse(q *request, err error) {
	login := q.staff.LoginURL
	q.staff = hostadapter.Staff{}
	if !errors.Is(err, hostadapter.ErrUnauthenticated) || login == "" {
		w.fail(q, err)
		return
	}
	if q.hx() {
		q.w.Header().Set("HX-Redirect", login)
		q.w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(q.w, q.r, login, http.StatusSeeOther)
}

// rescue turns a panic into a page. http.ErrAbortHandler keeps its meaning.
func (w *Web) rescue(q *request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // a value handed to panic, never wrapped
		panic(p)
	}
	w.Log.ErrorContext(q.ctx(), "web: panic", "request", q.id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	w.fail(q, errors.New("panic"))
}

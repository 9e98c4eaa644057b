package web

import (
	"errors"
	"net/http"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// publicPage speaks every language: nothing is known about who followed a link.
type publicPage struct {
	Site  string
	Texts []publicText
}

type publicText struct{ Lang, Title, Text string }

// publicHandler follows short links, lets people unsubscribe and takes what providers report. It
// asks for no login and sets no cookie.
func (w *Web) publicHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+w.paths.public+"/{code}", w.follow)
	mux.Handle("GET "+w.paths.public+"/static/{file}", w.assets)
	mux.HandleFunc(w.paths.public+"/u/{token}", w.optOut)
	mux.HandleFunc("POST "+w.paths.public+"/callbacks/{name}", w.callback)
	mux.HandleFunc(w.paths.public+"/", func(rw http.ResponseWriter, r *http.Request) {
		w.publicFail(rw, r, fault.ErrNotFound)
	})
	return mux
}

// Headers of every redirect; nothing changes them.
var noStore, withReferrer, noSniff = []string{"no-store"}, []string{"no-referrer-when-downgrade"}, []string{"nosniff"}

// follow sends a visitor on to a short link's target. Caches must not answer in our place, or
// clicks would go unseen; the target's own statistics may know the school's site as the origin.
func (w *Web) follow(rw http.ResponseWriter, r *http.Request) {
	h := rw.Header()
	h["Cache-Control"], h["Referrer-Policy"], h["X-Content-Type-Options"] = noStore, withReferrer, noSniff
	q := &request{w: rw, r: r} // named only when there is something to say
	defer w.rescuePublic(q)
	target, err := w.ShortLinks.Follow(r.Context(), r.PathValue("code"), r)
	if err != nil {
		if !errors.Is(err, fault.ErrNotFound) && !errors.Is(err, shortlink.ErrOver) {
			w.Log.ErrorContext(r.Context(), "web: short link", "request", desk.RequestID(), "err", err)
		}
		w.publicFail(rw, r, err)
		return
	}
	h.Set("Location", target)
	rw.WriteHeader(http.StatusFound)
}

// publicFail shows a plain page in every language.
func (w *Web) publicFail(rw http.ResponseWriter, r *http.Request, err error) {
	f := desk.FailureOf(err)
	word := "missing"
	if errors.Is(err, shortlink.ErrOver) {
		word, f.Status = "over", http.StatusGone
	} else if f.Status != http.StatusNotFound {
		word = "busy"
		f.Status = http.StatusServiceUnavailable
		rw.Header().Set("Retry-After", "5")
	}
	page := publicPage{Site: w.Settings.Site()}
	for _, lang := range languages() {
		l := w.pages.locales[lang]
		page.Texts = append(page.Texts, publicText{lang, l.TK("public.title", word), l.TK("public.text", word)})
	}
	h := rw.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	q := newRequest(rw, r, desk.RequestID())
	if err := w.render(q, f.Status, "missing#public", page); err != nil {
		w.Log.ErrorContext(r.Context(), "web: public page", "request", q.id, "err", err)
		http.Error(rw, http.StatusText(f.Status), f.Status)
	}
}

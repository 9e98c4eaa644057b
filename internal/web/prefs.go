package web

import (
	"net/http"
	"slices"
)

// prefs keeps the reader's language or theme in a cookie and goes back to the page they were on.
func (w *Web) prefs(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	if v := q.r.PostForm.Get("lang"); slices.Contains(languages(), v) {
		w.remember(q, langCookie, v)
	}
	if v := q.r.PostForm.Get("theme"); v == "light" || v == "dark" {
		w.remember(q, themeCookie, v)
	}
	back := q.r.PostForm.Get("back")
	if !w.paths.Within(back) {
		back = w.paths.Home()
	}
	return q.redirect(back)
}

func (w *Web) remember(q *request, name, value string) {
	http.SetCookie(q.w, &http.Cookie{
		Name: name, Value: value, Path: w.paths.Home(), MaxAge: 365 * 24 * 3600,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: q.r.TLS != nil,
	})
}

package web

import (
	"net/http"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Say gives a message in the language in which r's pages are shown, for the JSON API.
func (w *Web) Say(r *http.Request, p fault.Problem) string {
	return w.pages.locales[chooseLanguage(cookie(r, langCookie), r.Header.Get("Accept-Language"))].Problem(p)
}

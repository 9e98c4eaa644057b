package web

import (
	"net/http"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/shortlink"
)

// shortLinkPage is a link with what can be done about it.
type shortLinkPage struct {
	Frame
	Link     shortlink.FreeLink
	State    shortlink.FreeState
	Address  string // as people type it
	Fixed    string // by its code
	Leads    string // where visitors are sent to
	QR       string
	Download string
	Archive  string // empty: not allowed
	Restore  string // empty: not allowed, or not archived
	Form     *linkForm
	Saved    bool
	Stats    *statsView
}

// shortLink shows a link.
func (w *Web) shortLink(q *request) error {
	l, followed, err := w.findShortLink(q)
	if err != nil {
		return err
	}
	if q.target() == "click-stats" {
		v, err := w.statsView(q, shortlink.Scope{Link: l.ID})
		if err != nil {
			return err
		}
		return w.showStats(q, v)
	}
	form := w.newLinkForm(q, l.Form(), nil)
	form.Locked = followed && l.Slug != ""
	return w.showShortLink(q, http.StatusOK, l, form)
}

// findShortLink finds the link of the address.
func (w *Web) findShortLink(q *request) (shortlink.FreeLink, bool, error) {
	n, err := q.id64()
	if err != nil {
		return shortlink.FreeLink{}, false, err
	}
	return w.FreeLinks.Find(q.ctx(), shortlink.LinkID(n))
}

func (w *Web) showShortLink(q *request, status int, l shortlink.FreeLink, form linkForm) error {
	p := shortLinkPage{Frame: w.frame(q, "short.title", "links"), Link: l, State: l.State(w.Now()), Address: w.shortAddress(l), Fixed: w.codeAddress(l),
		Leads: l.Destination(), QR: w.paths.ShortLink(l.ID, "/qr.svg"), Download: w.paths.ShortLink(l.ID, "/qr.svg?download=1"),
		Saved: q.r.URL.Query().Get("saved") == "1"}
	p.Title = l.Title
	var err error
	if p.Stats, err = w.statsView(q, shortlink.Scope{Link: l.ID}); err != nil {
		return err
	}
	if q.may(hostadapter.PermCampaignSend) {
		form.URL, form.Version = w.paths.ShortLink(l.ID, ""), l.UpdatedAt.UnixMicro()
		p.Form, p.Archive = &form, w.paths.ShortLink(l.ID, "/archive")
		if l.Archived {
			p.Archive, p.Restore = "", w.paths.ShortLink(l.ID, "/restore")
		}
	}
	return w.render(q, status, "shortlink", p)
}

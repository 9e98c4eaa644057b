package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// shortLinksPage lists the links that staff made.
type shortLinksPage struct {
	Frame
	Rows    []shortLinkRow
	States  []choiceLink
	State   string // as the address has it
	Search  string
	Pager   pager
	MayEdit bool
}

// Narrowed reports whether there may be links that the list does not show.
func (p shortLinksPage) Narrowed() bool { return p.State != allShortLinks || p.Search != "" }

// shortLinkRow is a link of the list.
type shortLinkRow struct {
	shortlink.FreeLink
	State   shortlink.FreeState
	Address string // as people type it
	Host    string // that it leads to
	URL     string // of its page
	Totals  shortlink.Totals
}

const (
	shortLinksPerPage = 20
	maxShortSearch    = 100 // characters
	allShortLinks     = "all"
)

// shortLinks shows a page of the list: by default what leads somewhere.
func (w *Web) shortLinks(q *request) error {
	v := q.r.URL.Query()
	p := shortLinksPage{State: v.Get("state"), Search: strings.TrimSpace(desk.Clean(v.Get("q"))), MayEdit: q.may(hostadapter.PermCampaignSend)}
	if text := []rune(p.Search); len(text) > maxShortSearch {
		p.Search = string(text[:maxShortSearch])
	}
	if p.State == "" {
		p.State = string(shortlink.FreeCurrent)
	}
	view := shortlink.FreeView{State: shortlink.FreeState(p.State), Search: p.Search}
	states := append(shortlink.FreeStates(), allShortLinks)
	if !slices.Contains(states, view.State) {
		return fault.ErrNotFound
	}
	if p.State == allShortLinks {
		view.State = ""
	}
	list, next, err := w.FreeLinks.List(q.ctx(), view, v.Get("after"), shortLinksPerPage)
	if err != nil {
		return err
	}
	totals, err := w.linkTotals(q, list)
	if err != nil {
		return err
	}
	for _, l := range list {
		p.Rows = append(p.Rows, shortLinkRow{FreeLink: l, State: l.State(w.Now()), Address: w.shortAddress(l), Host: hostOf(l.Target), URL: w.paths.ShortLink(l.ID, ""), Totals: totals[l.ID]})
	}
	for _, s := range states {
		p.States = append(p.States, choiceLink{string(s), w.paths.ShortLinks(string(s), p.Search, ""), string(s) == p.State})
	}
	p.Pager = newPager(v.Get("after"), next, w.paths.ShortLinks(p.State, p.Search, ""), w.paths.ShortLinks(p.State, p.Search, next), "short-links")
	if q.target() == "short-links" {
		return w.render(q, http.StatusOK, "shortlinks#short-links", p)
	}
	p.Frame = w.frame(q, "short.title", "links")
	return w.render(q, http.StatusOK, "shortlinks", p)
}

// linkTotals counts who followed links.
func (w *Web) linkTotals(q *request, list []shortlink.FreeLink) (map[shortlink.LinkID]shortlink.Totals, error) {
	ids := make([]shortlink.LinkID, len(list))
	for i, l := range list {
		ids[i] = l.ID
	}
	return w.Statistics.LinkTotals(q.ctx(), ids)
}

// shortAddress is what people type or follow: the name where the link has one.
func (w *Web) shortAddress(l shortlink.FreeLink) string {
	if l.Slug != "" {
		return w.shortBase() + l.Slug
	}
	return w.codeAddress(l)
}

// codeAddress stays the same for as long as the link is there.
func (w *Web) codeAddress(l shortlink.FreeLink) string { return w.shortBase() + l.Code }

func (w *Web) shortBase() string { return w.Campaigns.Settings().PublicURL + "/" }

// hostOf is the part of an address that tells whose it is.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

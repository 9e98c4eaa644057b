package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// siftedPage lists the people of a draft's audience with one reason not to be sent to, or those to
// be sent to.
type siftedPage struct {
	Frame
	Name   string // of the campaign; empty: it has none yet
	Draft  string // its page
	Label  string // the reason
	To     bool   // those to be sent to
	Rows   []siftedRow
	At     time.Time
	Took   time.Duration
	Pager  pager
	Reason campaign.Exclusion
}

type siftedRow struct {
	Ordinal int64
	Name    string
	URL     string
}

// siftedPerPage is how many people a page shows.
const siftedPerPage = 50

func (w *Web) draftPeople(q *request) error {
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	v := q.r.URL.Query()
	reason, after := campaign.Exclusion(v.Get("reason")), v.Get("after")
	if reason != "" && !slices.Contains(campaign.Exclusions(), reason) {
		return fault.ErrNotFound
	}
	p := siftedPage{Frame: w.frame(q, "sifted.title", "audience"), Name: d.Name, Draft: w.paths.Draft(d.Key, "", nil), To: reason == "", At: w.Now(), Reason: reason}
	if p.Label = w.locale(q).T("dry.sendable"); !p.To {
		p.Label = w.locale(q).exclusion(d.Channel, reason, d.CapDays)
	}
	p.Title = p.Label
	c := &composing{d: d}
	w.refresh(q, c)
	rows, next, err := w.Campaigns.Sifted(q.ctx(), c.d, reason, after, siftedPerPage)
	if err != nil {
		return err
	}
	p.Took = w.Now().Sub(p.At)
	for _, r := range rows {
		row := siftedRow{r.Ordinal, r.Name, w.paths.Person(r.Person)}
		if row.Name == "" {
			row.Name = string(r.HostID)
		}
		p.Rows = append(p.Rows, row)
	}
	at := func(after string) string {
		return w.paths.Draft(d.Key, "/people", values("reason", string(reason), "after", after))
	}
	p.Pager = newPager(after, next, at(""), at(next), "sifted")
	if q.target() == "sifted" {
		return w.render(q, http.StatusOK, "sifted#sifted", p)
	}
	return w.render(q, http.StatusOK, "sifted", p)
}

// draftAudience goes to the people of a draft, so that they can be changed; the page brings the
// change back into the draft.
func (w *Web) draftAudience(q *request) error {
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	if d.Direct {
		return fmt.Errorf("people of a message to one person: %w", fault.ErrNotFound)
	}
	env, err := w.env(q)
	if err != nil {
		return err
	}
	ids := make([]int64, len(d.Unticked))
	for i, id := range d.Unticked {
		ids[i] = int64(id)
	}
	rule := allBut(d.Rule, ids)
	v := values("draft", d.Key)
	if d.CapDays > 0 {
		v.Set("x", strconv.Itoa(d.CapDays))
	}
	text := canonical(rule)
	if len(text) <= maxQuery && !namesPeople(rule, env.Catalog) && parses(text) {
		v.Set("q", text)
		return q.redirect(w.paths.Audience(v))
	}
	token, err := w.Segments.Select(q.ctx(), rule)
	if err != nil {
		return err
	}
	v.Set("s", token)
	return q.redirect(w.paths.Audience(v))
}

// changeAudience gives a draft other people. What was taken out by hand and the days of the cap
// are lines of the waterfall, not conditions.
func (w *Web) changeAudience(q *request, key string, rule segment.Rule) error {
	d, err := w.Campaigns.Draft(q.ctx(), key, q.staff)
	if err != nil {
		return err
	}
	if d.Direct { // which no cap holds back
		return fmt.Errorf("people of a message to one person: %w", fault.ErrNotFound)
	}
	d.Rule, d.Unticked, d.CapDays = segment.Unwrap(rule)
	if err := w.Campaigns.SaveDraft(q.ctx(), d, q.staff); err != nil {
		return err
	}
	return q.redirect(w.paths.Draft(d.Key, "", nil))
}

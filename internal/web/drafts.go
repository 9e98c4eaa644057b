package web

import (
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// draftView is a campaign that is being written, in a list of one's own. Part "drafts" draws it.
type draftView struct {
	Name    string // empty: it has none yet
	Channel hostadapter.Channel
	Direct  bool // to one person
	SavedAt time.Time
	URL     string
	DropURL string
}

// draftsOf lists what the visitor is writing, the latest first; nothing for who may not send.
func (w *Web) draftsOf(q *request) ([]draftView, error) {
	if !w.maySend(q) {
		return nil, nil
	}
	list, err := w.Campaigns.ListDrafts(q.ctx(), q.staff)
	if err != nil {
		return nil, err
	}
	out := make([]draftView, len(list))
	for i, d := range list {
		out[i] = draftView{Name: d.Name, Channel: d.Channel, Direct: d.Direct, SavedAt: d.SavedAt,
			URL: w.paths.Draft(d.Key, "", nil), DropURL: w.paths.Draft(d.Key, "/drop", nil)}
	}
	return out, nil
}

// draftFor finds the draft whose people are being changed on the audience page; nil: there is none,
// or it is somebody else's, or was launched.
func (w *Web) draftFor(q *request, key string) *draftView {
	if key == "" || !w.maySend(q) {
		return nil
	}
	d, err := w.Campaigns.Draft(q.ctx(), key, q.staff)
	if err != nil {
		return nil
	}
	return &draftView{Name: d.Name, Channel: d.Channel, URL: w.paths.Draft(d.Key, "", nil)}
}

// startDraft begins a campaign to the people of a rule and goes on to its page.
//
// Errors: fault.Fields for a channel that cannot be used.
func (w *Web) startDraft(q *request, ch hostadapter.Channel, rule segment.Rule) error {
	if !slices.Contains(w.Campaigns.Channels(), ch) {
		return fault.Fields{"channel": {Key: "problem.channel"}}
	}
	d, err := w.Campaigns.NewDraft(q.ctx(), ch, rule, q.staff)
	if err != nil {
		return fmt.Errorf("begin campaign: %w", err)
	}
	return w.openNewDraft(q, d)
}

// openNewDraft goes on to the page of a draft that was just made.
func (w *Web) openNewDraft(q *request, d campaign.Draft) error {
	from := d.Content.From
	if err := w.usualSender(q, &d); err != nil {
		return err
	}
	if d.Content.From != from {
		if err := w.Campaigns.SaveDraft(q.ctx(), d, q.staff); err != nil {
			return err
		}
	}
	return q.redirect(w.paths.Draft(d.Key, "", nil))
}

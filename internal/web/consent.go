package web

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// channelView is a person on one channel: whether they can be reached, and what they said.
type channelView struct {
	reachView
	Last   *consentView // their last word to us; nil: none
	HostNo bool         // the host says no, which nobody here can overrule
	Enter  hostadapter.ConsentState
}

// consentView is an entry of a person's record.
type consentView struct {
	Channel hostadapter.Channel
	State   hostadapter.ConsentState
	Source  campaign.ConsentSource
	By      string // the member of staff; empty: the person
	At      time.Time
	URL     string // of the campaign whose message brought it about; empty: none
}

// consentSources lists how we can come to know what a person wants.
func consentSources() []campaign.ConsentSource {
	return []campaign.ConsentSource{campaign.FromPage, campaign.FromOneClick, campaign.FromReply, campaign.FromStaff, campaign.FromHost, campaign.FromErasure}
}

// consents reads what a person said to us, the latest first.
func (w *Web) consents(q *request, id segment.PersonID) ([]consentView, error) {
	list, err := w.Consents.Record(q.ctx(), id)
	if err != nil {
		return nil, err
	}
	out := make([]consentView, len(list))
	for i, c := range list {
		out[i] = consentView{Channel: c.Channel, State: c.State, Source: c.Source, By: c.ByID, At: c.At}
		if c.Campaign != 0 {
			out[i].URL = w.paths.Campaign(c.Campaign, "", "")
		}
	}
	return out, nil
}

// channelViews joins what can be reached with what was said.
func channelViews(d dossier.Dossier, record []consentView) []channelView {
	var out []channelView
	for _, r := range reach(d) {
		v := channelView{reachView: r, HostNo: d.HostConsent[r.Channel] == hostadapter.ConsentDenied, Enter: hostadapter.ConsentDenied}
		for i := range record {
			if record[i].Channel == r.Channel {
				v.Last = &record[i]
				break
			}
		}
		if v.Last != nil && v.Last.State == hostadapter.ConsentDenied {
			v.Enter = hostadapter.ConsentGranted
		}
		out = append(out, v)
	}
	return out
}

// personConsent enters what a person told staff.
func (w *Web) personConsent(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	ch, state := hostadapter.Channel(q.r.PostForm.Get("channel")), hostadapter.ConsentState(q.r.PostForm.Get("state"))
	switch {
	case !isChannel(ch):
		return fault.Fields{"channel": {Key: "problem.choice"}}
	case state != hostadapter.ConsentGranted && state != hostadapter.ConsentDenied:
		return fault.Fields{"state": {Key: "problem.choice"}}
	}
	if err := w.record(q, audit.ConsentEntered, fmt.Sprintf("person:%d", d.ID), map[string]any{"channel": ch, "state": state}); err != nil {
		return err
	}
	if err := w.Consents.Set(q.ctx(), d.ID, ch, state, q.staff); err != nil {
		return err
	}
	return q.redirect(w.paths.Person(d.ID) + "#channels")
}

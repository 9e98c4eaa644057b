package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// deed is something that staff can do to a campaign on its way.
type deed struct {
	action audit.Action
	do     func(*campaign.Service, context.Context, campaign.ID) error
	icon   string
	asks   bool // it cannot be undone
}

// deeds lists them by the part of their address.
func deeds() map[string]deed {
	return map[string]deed{
		"pause":  {audit.CampaignPaused, (*campaign.Service).Pause, "player-pause", false},
		"resume": {audit.CampaignResumed, (*campaign.Service).Resume, "rotate-clockwise", false},
		"late":   {audit.CampaignSentLate, (*campaign.Service).SendLate, "send", false},
		"cancel": {audit.CampaignCancelled, (*campaign.Service).Cancel, "player-stop", true},
		"resend": {audit.CampaignResent, (*campaign.Service).ResendUnknown, "rotate-clockwise", true},
	}
}

// deedsOf lists what can be done to a campaign as it stands, the likeliest first.
func deedsOf(c campaign.Campaign, r campaign.Result) []string {
	var out []string
	switch c.State {
	case campaign.Scheduled, campaign.Planning:
		out = []string{"cancel"}
	case campaign.Late:
		out = []string{"late", "cancel"}
	case campaign.Sending:
		switch c.Stalled {
		case campaign.StallUnreachable, campaign.StallRefused, campaign.StallConsent:
			out = []string{"resume"}
		}
		out = append(out, "pause", "cancel")
	case campaign.Paused:
		out = []string{"resume", "cancel"}
	}
	if r.ByState[campaign.Unknown] > 0 && (c.State == campaign.Done || c.State == campaign.Sending || c.State == campaign.Paused) {
		out = append(out, "resend")
	}
	return out
}

func offered(c campaign.Campaign, r campaign.Result, do string) bool {
	return slices.Contains(deedsOf(c, r), do)
}

// deedView is a button of the progress card.
type deedView struct {
	Label string // campaign.do.<label>
	URL   string
	Icon  string
	Asks  bool
	Main  bool
	Hard  bool // it ends something
}

// deedLabels lists what can stand on the buttons.
func deedLabels() []string {
	return []string{"pause", "resume", "retry", "late", "cancel", "stop", "resend"}
}

// deedLabel is what stands on a deed's button.
func deedLabel(c campaign.Campaign, do string) string {
	switch {
	case do == "resume" && c.State == campaign.Sending:
		return "retry"
	case do == "cancel" && !c.PlannedAt.IsZero():
		return "stop"
	}
	return do
}

func (w *Web) deedViews(c campaign.Campaign, r campaign.Result) []deedView {
	var out []deedView
	for _, do := range deedsOf(c, r) {
		if do == "resend" {
			continue // it stands beside the unknown ones
		}
		d := deeds()[do]
		out = append(out, deedView{Label: deedLabel(c, do), URL: w.paths.CampaignPart(c.ID, do), Icon: d.icon, Asks: d.asks,
			Main: do == "late" || do == "resume", Hard: do == "cancel"})
	}
	return out
}

// askPage asks before something that cannot be undone.
type askPage struct {
	Frame
	Name  string // of the campaign
	Label string
	N     int64  // how many messages it is about
	Text  string // campaign.ask.<text>
	Icon  string
	Hard  bool
	URL   string // takes the answer
	Back  string
}

// askTexts lists what is asked.
func askTexts() []string { return []string{"cancel", "stop", "resend"} }

// askCampaign asks whether a deed is really meant.
func (w *Web) askCampaign(do string) func(*request) error {
	return func(q *request) error {
		c, r, err := w.standing(q)
		if err != nil {
			return err
		}
		if !offered(c, r, do) {
			if q.hx() { // a notice, where a dialog was to be
				return fmt.Errorf("%s campaign %d: %w", do, c.ID, fault.ErrConflict)
			}
			return w.showCampaign(q, http.StatusConflict, c, true)
		}
		p := askPage{Label: deedLabel(c, do), N: waiting(r), Icon: deeds()[do].icon, Hard: do == "cancel", URL: w.paths.CampaignPart(c.ID, do), Back: w.paths.Campaign(c.ID, "", "")}
		p.Text = p.Label
		if do == "resend" {
			p.N = r.ByState[campaign.Unknown]
		}
		if p.Name, err = w.campaignTitle(q, c); err != nil {
			return err
		}
		if q.hx() {
			return w.render(q, http.StatusOK, "campaignask#ask-dialog", p)
		}
		p.Frame = w.frame(q, "campaigns.title", "campaigns")
		return w.render(q, http.StatusOK, "campaignask", p)
	}
}

// standing is the campaign of a path and where it stands.
func (w *Web) standing(q *request) (c campaign.Campaign, r campaign.Result, err error) {
	n, err := q.id64()
	if err != nil {
		return c, r, err
	}
	if c, err = w.Campaigns.Find(q.ctx(), campaign.ID(n)); err != nil {
		return c, r, err
	}
	r, err = w.Campaigns.Result(q.ctx(), c.ID)
	return c, r, err
}

// moveCampaign does a deed. When the campaign's state does not allow it any more, its page says so.
func (w *Web) moveCampaign(do string) func(*request) error {
	return func(q *request) error {
		c, r, err := w.standing(q)
		if err != nil {
			return err
		}
		if !offered(c, r, do) {
			return w.showCampaign(q, http.StatusConflict, c, true)
		}
		d := deeds()[do]
		if err := w.record(q, d.action, fmt.Sprintf("campaign:%d", c.ID), map[string]any{"state": c.State, "waiting": waiting(r), "unknown": r.ByState[campaign.Unknown]}); err != nil {
			return err
		}
		err = d.do(w.Campaigns, q.ctx(), c.ID)
		if errors.Is(err, fault.ErrConflict) {
			if c, err = w.Campaigns.Find(q.ctx(), c.ID); err != nil {
				return err
			}
			return w.showCampaign(q, http.StatusConflict, c, true)
		}
		if err != nil {
			return err
		}
		return q.redirect(w.paths.Campaign(c.ID, "", ""))
	}
}

// copyCampaign begins a campaign that says what this one says.
func (w *Web) copyCampaign(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	d, err := w.Campaigns.Copy(q.ctx(), campaign.ID(n), q.staff)
	if err != nil {
		return err
	}
	return w.openNewDraft(q, d)
}

// campaignAgain begins a campaign to those who received this one and did not click.
func (w *Web) campaignAgain(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	c, err := w.Campaigns.Find(q.ctx(), campaign.ID(n))
	if err != nil {
		return err
	}
	return w.startDraft(q, c.Channel, peopleOf("not_clicked", c.ID))
}

// peopleOf is the rule of the people whom a field of the catalog connects with a campaign.
func peopleOf(field string, id campaign.ID) segment.Rule {
	return segment.Group("all", segment.Condition(field, segment.OpAnyOf, []int64{int64(id)}, ""))
}

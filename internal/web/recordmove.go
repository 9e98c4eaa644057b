package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
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
	if r.ByState[campaign.Unknown] > 0 && (c.State == campaign.Done || c.State == campaign.Sending) { // paused, the rest would go out too
		out = append(out, "resend")
	}
	return out
}

func offered(c campaign.Campaign, r campaign.Result, do string) bool {
	return slices.Contains(deedsOf(c, r), do)
}

// tooLarge reports whether a deed would let more messages go than the visitor may send. Whoever may
// not begin a large campaign does not let one go on either; stopping is for everybody who may send.
func (w *Web) tooLarge(q *request, c campaign.Campaign, r campaign.Result, do string) bool {
	if w.LargeSend == 0 || q.may(hostadapter.PermCampaignSendLarge) {
		return false
	}
	numbers := map[string]int64{"late": c.Promised.Sendable, "resume": waiting(r), "resend": r.ByState[campaign.Unknown]}
	return numbers[do] > w.LargeSend
}

// refusal says why a deed cannot be done; nil: it can.
func (w *Web) refusal(q *request, c campaign.Campaign, r campaign.Result, do string) error {
	switch {
	case !offered(c, r, do):
		return fmt.Errorf("%s campaign %d: %w", do, c.ID, fault.ErrConflict)
	case w.tooLarge(q, c, r, do):
		return fmt.Errorf("%s campaign %d: %w: needs %s", do, c.ID, fault.ErrForbidden, hostadapter.PermCampaignSendLarge)
	}
	return nil
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

func (w *Web) deedViews(q *request, c campaign.Campaign, r campaign.Result) []deedView {
	var out []deedView
	for _, do := range deedsOf(c, r) {
		if do == "resend" || w.tooLarge(q, c, r, do) { // the first stands beside the unknown ones
			continue
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
		if err := w.refusal(q, c, r, do); errors.Is(err, fault.ErrConflict) && !q.hx() {
			return w.showCampaign(q, http.StatusConflict, c, true)
		} else if err != nil { // for htmx a notice, where a dialog was to be
			return err
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
		if err := w.refusal(q, c, r, do); errors.Is(err, fault.ErrConflict) {
			return w.showCampaign(q, http.StatusConflict, c, true)
		} else if err != nil {
			return err
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

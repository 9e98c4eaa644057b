package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// deedLook is how the panel shows a deed.
type deedLook struct {
	icon string
	asks bool // it cannot be undone
}

// deedLooks lists them.
func deedLooks() map[desk.Deed]deedLook {
	return map[desk.Deed]deedLook{
		desk.Pause:  {"player-pause", false},
		desk.Resume: {"rotate-clockwise", false},
		desk.Late:   {"send", false},
		desk.Cancel: {"player-stop", true},
		desk.Resend: {"rotate-clockwise", true},
	}
}

func (w *Web) refusal(q *request, c campaign.Campaign, r campaign.Result, do desk.Deed) error {
	return desk.Refusal(q.staff, w.Settings.Current().LargeSend, c, r, do)
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
func deedLabel(c campaign.Campaign, do desk.Deed) string {
	switch {
	case do == desk.Resume && c.State == campaign.Sending:
		return "retry"
	case do == desk.Cancel && !c.PlannedAt.IsZero():
		return "stop"
	}
	return string(do)
}

func (w *Web) deedViews(q *request, c campaign.Campaign, r campaign.Result) []deedView {
	var out []deedView
	for _, do := range desk.DeedsOf(c, r) {
		if do == desk.Resend || desk.TooLarge(q.staff, w.Settings.Current().LargeSend, c, r, do) { // the first stands beside the unknown ones
			continue
		}
		d := deedLooks()[do]
		out = append(out, deedView{Label: deedLabel(c, do), URL: w.paths.CampaignPart(c.ID, string(do)), Icon: d.icon, Asks: d.asks,
			Main: do == desk.Late || do == desk.Resume, Hard: do == desk.Cancel})
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
func (w *Web) askCampaign(do desk.Deed) func(*request) error {
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
		p := askPage{Label: deedLabel(c, do), N: desk.Waiting(r), Icon: deedLooks()[do].icon, Hard: do == desk.Cancel, URL: w.paths.CampaignPart(c.ID, string(do)), Back: w.paths.Campaign(c.ID, "", "")}
		p.Text = p.Label
		if do == desk.Resend {
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
func (w *Web) moveCampaign(do desk.Deed) func(*request) error {
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
		if err := w.record(q, do.Action(), fmt.Sprintf("campaign:%d", c.ID), map[string]any{"state": c.State, "waiting": desk.Waiting(r), "unknown": r.ByState[campaign.Unknown]}); err != nil {
			return err
		}
		err = do.Do(q.ctx(), w.Campaigns, c.ID)
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

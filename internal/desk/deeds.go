package desk

import (
	"context"
	"fmt"
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Deed is something that staff can do to a campaign on its way.
type Deed string

// Deeds.
const (
	Pause  Deed = "pause"
	Resume Deed = "resume"
	Late   Deed = "late" // send although its time has passed
	Cancel Deed = "cancel"
	Resend Deed = "resend" // what may or may not have arrived
)

// Deeds lists them.
func Deeds() []Deed { return []Deed{Pause, Resume, Late, Cancel, Resend} }

// Action is the deed's word in the record.
func (d Deed) Action() audit.Action {
	return map[Deed]audit.Action{Pause: audit.CampaignPaused, Resume: audit.CampaignResumed, Late: audit.CampaignSentLate,
		Cancel: audit.CampaignCancelled, Resend: audit.CampaignResent}[d]
}

// Do does it.
//
// Errors: fault.ErrConflict when the campaign's state does not allow it.
func (d Deed) Do(ctx context.Context, s *campaign.Service, id campaign.ID) error {
	do := map[Deed]func(context.Context, campaign.ID) error{Pause: s.Pause, Resume: s.Resume, Late: s.SendLate, Cancel: s.Cancel, Resend: s.ResendUnknown}[d]
	if do == nil {
		return fmt.Errorf("deed %q: %w", d, fault.ErrInvalid)
	}
	return do(ctx, id)
}

// Waiting counts the messages of a campaign that have no outcome yet.
func Waiting(r campaign.Result) int64 {
	return r.ByState[campaign.Queued] + r.ByState[campaign.InFlight]
}

// DeedsOf lists what can be done to a campaign as it stands, the likeliest first.
func DeedsOf(c campaign.Campaign, r campaign.Result) []Deed {
	var out []Deed
	switch c.State {
	case campaign.Scheduled, campaign.Planning:
		out = []Deed{Cancel}
	case campaign.Late:
		out = []Deed{Late, Cancel}
	case campaign.Sending:
		switch c.Stalled {
		case campaign.StallUnreachable, campaign.StallRefused, campaign.StallConsent:
			out = []Deed{Resume}
		}
		out = append(out, Pause, Cancel)
	case campaign.Paused:
		out = []Deed{Resume, Cancel}
	}
	if r.ByState[campaign.Unknown] > 0 && (c.State == campaign.Done || c.State == campaign.Sending) { // paused, the rest would go out too
		out = append(out, Resend)
	}
	return out
}

// TooLarge reports whether a deed would let more messages go than somebody may send, large being
// the most without PermCampaignSendLarge and 0 any number. Whoever may not begin a large campaign
// does not let one go on either; stopping is for everybody who may send.
func TooLarge(staff hostadapter.Staff, large int64, c campaign.Campaign, r campaign.Result, d Deed) bool {
	if large == 0 || staff.May(hostadapter.PermCampaignSendLarge) {
		return false
	}
	numbers := map[Deed]int64{Late: c.Promised.Sendable, Resume: Waiting(r), Resend: r.ByState[campaign.Unknown]}
	return numbers[d] > large
}

// Refusal says why somebody cannot do a deed; nil: they can.
//
// Errors: fault.ErrConflict, fault.ErrForbidden.
func Refusal(staff hostadapter.Staff, large int64, c campaign.Campaign, r campaign.Result, d Deed) error {
	switch {
	case !slices.Contains(DeedsOf(c, r), d):
		return fmt.Errorf("%s campaign %d: %w", d, c.ID, fault.ErrConflict)
	case TooLarge(staff, large, c, r, d):
		return fmt.Errorf("%s campaign %d: %w: needs %s", d, c.ID, fault.ErrForbidden, hostadapter.PermCampaignSendLarge)
	}
	return nil
}

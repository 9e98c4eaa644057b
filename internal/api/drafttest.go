package api

import (
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// testView is a message to oneself.
type testView struct {
	ID        int64                  `json:"id"`
	Channel   hostadapter.Channel    `json:"channel"`
	State     campaign.DeliveryState `json:"state"`
	Reason    campaign.Reason        `json:"reason,omitempty"`
	CreatedAt time.Time              `json:"created_at"`
	SettledAt time.Time              `json:"settled_at,omitzero"`
}

func testOf(t campaign.Test) testView {
	return testView{t.ID, t.Channel, t.State, t.Reason, t.CreatedAt, t.SettledAt}
}

func (a *API) draftTests(c *call, in *DraftKey) (all[testView], error) {
	d, err := a.Campaigns.Draft(c, in.Key, c.staff)
	if err != nil {
		return all[testView]{}, err
	}
	list, err := a.Campaigns.Tests(c, d)
	return allOf(list, testOf), err
}

type testInput struct {
	DraftKey
	Idempotency string `header:"Idempotency-Key" maxLength:"200" doc:"A test of one key is sent once."`
	Body        struct {
		To string `json:"to,omitempty" maxLength:"400" doc:"An address or a number; a private message goes to your own account."`
		At int    `json:"at,omitempty" minimum:"0" maximum:"1000" doc:"For whom of the sample it is filled in."`
	}
}

// draftTest sends a test and gives the tests of the draft.
func (a *API) draftTest(c *call, in *testInput) (all[testView], error) {
	d, err := c.draft(in.Key)
	if err != nil {
		return all[testView]{}, err
	}
	problems, err := c.check(d)
	if err != nil {
		return all[testView]{}, err
	}
	if p, wrong := problems["from"]; wrong {
		return all[testView]{}, placedInDraft(fault.Fields{"from": p})
	}
	d.Content = desk.ContentFor(d.Channel, d.Content)
	key := c.key(in.Idempotency, in.Body)
	if past, err := a.Campaigns.Tests(c, d); err != nil || slices.ContainsFunc(past, func(t campaign.Test) bool { return t.Key == key }) {
		return allOf(past, testOf), err
	}
	if err := a.Campaigns.CheckTest(c, d, key, in.Body.To, c.staff); err != nil {
		return all[testView]{}, placedInDraft(err)
	}
	if err := c.record(audit.TestSent, "draft:"+d.Key, map[string]any{"channel": d.Channel}); err != nil {
		return all[testView]{}, err
	}
	if err := a.Campaigns.SendTest(c, d, key, in.Body.To, in.Body.At, c.staff); err != nil {
		return all[testView]{}, placedInDraft(err)
	}
	return a.draftTests(c, &in.DraftKey)
}

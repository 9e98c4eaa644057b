package api

import (
	"errors"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

type planInput struct {
	Once
	Body struct {
		People  whom      `json:"people"`
		Content string    `json:"content,omitempty"`
		NextAt  time.Time `json:"next_at"`
		Owner   string    `json:"owner,omitempty" maxLength:"255"`
	}
}

// planView is what became of a plan for many.
type planView struct {
	People int64 `json:"people"`
	Before bool  `json:"before" doc:"It had been entered before with this key; nothing was entered this time."`
}

func (a *API) followupPlan(c *call, in *planInput) (planView, error) {
	rule, err := c.peopleOf(in.Body.People)
	if err != nil {
		return planView{}, err
	}
	e, err := c.entry(EntryBody{Method: followup.Plan, Content: in.Body.Content, NextAt: in.Body.NextAt, Owner: in.Body.Owner},
		followup.Entry{OwnerID: c.staff.ID, OwnerName: c.staff.Name})
	if err != nil {
		return planView{}, err
	}
	if err := a.Followups.Check(e, time.Time{}); err != nil {
		return planView{}, err
	}
	key := c.key(in.Key, in.Body)
	if b, err := a.Followups.Planned(c, c.staff, key); !errors.Is(err, fault.ErrNotFound) {
		return planView(b), err
	}
	if err := c.record(audit.FollowupsPlanned, "followups", map[string]any{"form": key, "rule": desk.RuleHash(rule)}); err != nil {
		return planView{}, err
	}
	b, err := a.Followups.BulkAdd(c, c.staff, rule, key, e)
	return planView(b), err
}

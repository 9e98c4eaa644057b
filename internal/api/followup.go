package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) followupOperations() []operation {
	return under("Follow-ups",
		get("list-followups", "/followups", "Open reminders by their time, the longest overdue first.", a.followupList),
		get("tally-followups", "/followups/tally", "How many reminders are open.", a.followupTally),
		post("plan-followups", "/followups/plans", follow, "Enters a plan for each person of an audience, all or none of them.", a.followupPlan),
		get("get-followup", "/followups/{id}", "A follow-up with what it said before.", a.followupGet),
		put("update-followup", "/followups/{id}", follow, "Changes a follow-up; 409 when somebody else was faster.", a.followupEdit),
		post("finish-followup", "/followups/{id}/done", follow, "Closes a reminder.", a.followupDone),
		get("list-person-followups", "/people/{id}/followups", "A person's follow-ups, the latest first.", a.personFollowups),
		post("add-followup", "/people/{id}/followups", follow, "Enters what was done with a person, or what is to be done.", a.followupAdd),
		get("list-person-subjects", "/people/{id}/subjects", "The offerings that a person has to do with, for follow-ups about them.", a.personSubjects),
	)
}

// followupView is a follow-up.
type followupView struct {
	ID       followup.ID       `json:"id"`
	Person   segment.PersonID  `json:"person"`
	Name     string            `json:"name" doc:"The person's."`
	Offering funnel.OfferingID `json:"offering,omitempty"`
	Title    string            `json:"title,omitempty" doc:"The offering's."`
	Method   followup.Method   `json:"method"`
	Content  string            `json:"content,omitempty"`
	Intent   funnel.Level      `json:"intent,omitempty"`
	NextAt   time.Time         `json:"next_at,omitzero"`
	Owner    who               `json:"owner"`
	DoneAt   time.Time         `json:"done_at,omitzero"`
	Open     bool              `json:"open" doc:"It reminds its owner."`
	By       who               `json:"by"`
	At       time.Time         `json:"at"`
	EditedAt time.Time         `json:"edited_at,omitzero"`
	Version  int               `json:"version"`
	History  []versionView     `json:"history,omitempty" doc:"Of one follow-up: what it said before, the latest first."`
}

// versionView is what a follow-up said before it was edited.
type versionView struct {
	Version  int               `json:"version"`
	Offering funnel.OfferingID `json:"offering,omitempty"`
	Method   followup.Method   `json:"method"`
	Content  string            `json:"content,omitempty"`
	Intent   funnel.Level      `json:"intent,omitempty"`
	NextAt   time.Time         `json:"next_at,omitzero"`
	Owner    who               `json:"owner"`
	By       who               `json:"by" doc:"Who replaced it."`
	At       time.Time         `json:"at" doc:"When."`
}

func followupOf(f followup.Followup) followupView {
	return followupView{ID: f.ID, Person: f.Learner, Name: f.Name, Offering: f.Offering, Title: f.Title, Method: f.Method, Content: f.Content, Intent: f.Intent, NextAt: f.NextAt,
		Owner: who{f.OwnerID, f.OwnerName}, DoneAt: f.DoneAt, Open: f.Open(), By: who{f.ByID, f.ByName}, At: f.At, EditedAt: f.EditedAt, Version: f.Version}
}

func versionOf(v followup.Version) versionView {
	return versionView{v.Version, v.Offering, v.Method, v.Content, v.Intent, v.NextAt, who{v.OwnerID, v.OwnerName}, who{v.ByID, v.ByName}, v.At}
}

type followupsInput struct {
	Paging
	Whose string         `query:"whose" enum:"mine,team" default:"mine"`
	State followup.State `query:"state" default:"all"`
}

func (a *API) followupList(c *call, in *followupsInput) (page[followupView], error) {
	q := followup.Query{Owner: c.staff.ID, State: in.State, After: in.After, Limit: in.Limit}
	if in.Whose == "team" {
		q.Owner = ""
	}
	list, err := a.Followups.Due(c, q)
	return pageOf(list.Followups, list.Next, followupOf), err
}

// tallyView is how many reminders are open.
type tallyView struct {
	Overdue  int64 `json:"overdue"`
	Today    int64 `json:"today"`
	Upcoming int64 `json:"upcoming"`
}

type tallyInput struct {
	Whose string `query:"whose" enum:"mine,team" default:"mine"`
}

func (a *API) followupTally(c *call, in *tallyInput) (tallyView, error) {
	owner := c.staff.ID
	if in.Whose == "team" {
		owner = ""
	}
	n, err := a.Followups.Tally(c, owner)
	return tallyView(n), err
}

func (a *API) followupGet(c *call, in *ByID[followup.ID]) (followupView, error) {
	f, err := a.Followups.Find(c, in.ID)
	if err != nil {
		return followupView{}, err
	}
	v := followupOf(f)
	history, err := a.Followups.History(c, f.ID)
	v.History = each(history, versionOf)
	return v, err
}

func (a *API) personFollowups(c *call, in *PagesOfPerson) (page[followupView], error) {
	list, err := a.Followups.Of(c, in.ID, in.After, in.Limit)
	return pageOf(list.Followups, list.Next, followupOf), err
}

// subjectView is an offering that a person has to do with.
type subjectView struct {
	ID    funnel.OfferingID `json:"id"`
	Title string            `json:"title"`
}

func (a *API) personSubjects(c *call, in *ByID[segment.PersonID]) (all[subjectView], error) {
	list, err := a.Followups.Subjects(c, in.ID)
	return allOf(list, func(s followup.Subject) subjectView { return subjectView(s) }), err
}

// EntryBody is what a follow-up says.
type EntryBody struct {
	Offering funnel.OfferingID `json:"offering,omitempty" minimum:"1"`
	Method   followup.Method   `json:"method"`
	Content  string            `json:"content,omitempty"`
	Intent   funnel.Level      `json:"intent,omitempty" doc:"The person's, as staff found it. With an offering it becomes their level there."`
	NextAt   time.Time         `json:"next_at,omitzero" doc:"When to come back to it."`
	Owner    string            `json:"owner,omitempty" maxLength:"255" doc:"The id of who is to come back to it; absent: you, or in a change who it was."`
}

// entry reads what a follow-up says over what it said.
func (c *call) entry(in EntryBody, e followup.Entry) (followup.Entry, error) {
	e.Offering, e.Method, e.Content, e.Intent, e.NextAt = in.Offering, in.Method, in.Content, in.Intent, in.NextAt
	switch in.Owner {
	case "", e.OwnerID:
		return e, nil
	case c.staff.ID:
		e.OwnerID, e.OwnerName = c.staff.ID, c.staff.Name
		return e, nil
	}
	list, err := c.colleagues()
	if err != nil {
		return e, err
	}
	i := slices.IndexFunc(list, func(s hostadapter.Staff) bool { return s.ID == in.Owner })
	if i < 0 {
		return e, fault.Fields{"owner": {Key: "problem.choice"}}
	}
	e.OwnerID, e.OwnerName = list[i].ID, list[i].Name
	return e, nil
}

// hostPatience is how long an operation waits for what it asks the host on the way.
const hostPatience = 3 * time.Second

// colleagues are the staff whom the host tells of.
func (c *call) colleagues() ([]hostadapter.Staff, error) {
	if c.api.Senders == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(c, hostPatience)
	defer cancel()
	list, err := c.api.Senders(ctx)
	if err != nil {
		c.api.Log.WarnContext(c, "api: staff of the host", "request", c.id, "err", err)
		return nil, fmt.Errorf("list staff: %w", hostadapter.ErrUnavailable)
	}
	return list, nil
}

type entryInput struct {
	ByID[segment.PersonID]
	Once
	Body EntryBody
}

func (a *API) followupAdd(c *call, in *entryInput) (followupView, error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return followupView{}, err
	}
	e, err := c.entry(in.Body, followup.Entry{Learner: d.ID, OwnerID: c.staff.ID, OwnerName: c.staff.Name})
	if err != nil {
		return followupView{}, err
	}
	e.Key = c.key(in.Key, in.Body)
	id, err := a.Followups.Add(c, c.staff, e)
	if err != nil {
		return followupView{}, err
	}
	f, err := a.Followups.Find(c, id)
	if err != nil {
		return followupView{}, err
	}
	detail := map[string]any{"person": d.ID, "method": e.Method}
	if e.Offering != 0 && e.Intent != "" {
		detail["offering"], detail["intent"] = e.Offering, e.Intent
	}
	return followupOf(f), c.recordOnce(audit.FollowupAdded, object("followup", id), f.At, detail)
}

type followupChange struct {
	ByID[followup.ID]
	Body struct {
		EntryBody
		Version int `json:"version" minimum:"1" doc:"That the change is on top of."`
	}
}

func (a *API) followupEdit(c *call, in *followupChange) (followupView, error) {
	f, err := a.Followups.Find(c, in.ID)
	if err != nil {
		return followupView{}, err
	}
	if !f.EditableBy(c.staff.ID) {
		return followupView{}, fmt.Errorf("%w: edit somebody else's follow-up", fault.ErrForbidden)
	}
	e, err := c.entry(in.Body.EntryBody, f.Entry)
	if err != nil {
		return followupView{}, err
	}
	e.Key = ""
	if err := a.Followups.Check(e, f.NextAt); err != nil {
		return followupView{}, err
	}
	if err := c.record(audit.FollowupEdited, object("followup", f.ID), map[string]any{"person": f.Learner, "version": in.Body.Version}); err != nil {
		return followupView{}, err
	}
	if err := a.Followups.Edit(c, c.staff, f.ID, in.Body.Version, e); err != nil {
		return followupView{}, err
	}
	return a.followupGet(c, &in.ByID)
}

func (a *API) followupDone(c *call, in *ByID[followup.ID]) (nothing, error) {
	if _, err := a.Followups.Find(c, in.ID); err != nil {
		return nothing{}, err
	}
	if err := c.record(audit.FollowupDone, object("followup", in.ID), nil); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Followups.Done(c, c.staff, in.ID)
}

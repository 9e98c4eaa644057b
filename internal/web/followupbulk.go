package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// followupBulkPage asks what is to be done with the people of an audience.
type followupBulkPage struct {
	Frame
	Say      string
	Count    int64
	Most     int
	People   ruleFields
	Audience string
	Form     *followupForm
}

// TooMany reports whether there are more people than a plan may have.
func (p followupBulkPage) TooMany() bool { return p.Count > int64(p.Most) }

// followupAddedPage tells what became of a plan.
type followupAddedPage struct {
	Frame
	followup.Batch
	Owner    string
	NextAt   time.Time
	List     string // the reminders
	Audience string
}

// followupsSelect takes the people who were ticked in a list. Their ids travel in the body of this
// request alone; from here on a token stands for them.
func (w *Web) followupsSelect(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	rule, some, err := w.tickedRule(q, f)
	if err != nil {
		return err
	}
	if !some { // nobody: back to where the ticks are made
		return q.redirect(w.paths.Audience(givenParams(f)))
	}
	token, err := w.Segments.Select(q.ctx(), rule)
	if err != nil {
		return err
	}
	return q.redirect(w.paths.FollowupsNew(values("s", token)))
}

// followupsNew shows the form of a plan for the people that the address names.
func (w *Web) followupsNew(q *request) error {
	g, err := w.given(q, q.r.URL.Query())
	if err != nil {
		return w.explainRule(q, err)
	}
	return w.showFollowupsNew(q, http.StatusOK, g, w.planForm(q, w.newPlan(q)))
}

// newPlan is what the form begins with: tomorrow morning, for who asks.
func (w *Web) newPlan(q *request) followup.Entry {
	at, problem := localTime(w.Now().In(w.Location).AddDate(0, 0, 1).Format(dateLayout), usualClock, w.Location)
	if problem.Key != "" { // clocks jump over it
		at = time.Time{}
	}
	return followup.Entry{Method: followup.Plan, NextAt: at, OwnerID: q.staff.ID, OwnerName: q.staff.Name}
}

func (w *Web) planForm(q *request, e followup.Entry) *followupForm {
	f := w.plainFollowupForm(q, e)
	f.URL, f.Plan = w.paths.FollowupsNew(nil), true
	return f
}

func (w *Web) showFollowupsNew(q *request, status int, g given, form *followupForm) error {
	p := followupBulkPage{Most: followup.MaxPeople, People: ruleFieldsOf(g.Params), Audience: w.paths.Audience(g.Params), Form: form}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	if p.Say, err = b.say(g.Rule); err != nil {
		return err
	}
	if p.Count, err = w.Segments.Size(q.ctx(), g.Rule); err != nil {
		return err
	}
	p.Frame = w.frame(q, "followups.new", "followups")
	return w.render(q, status, "followupsnew", p)
}

// followupsAdd enters the plan. A form that is sent twice enters it once and says the same.
func (w *Web) followupsAdd(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	v := q.r.PostForm
	g, err := w.given(q, v)
	if err != nil {
		return err
	}
	e, unread := w.readFollowup(q, v, followup.Entry{OwnerID: q.staff.ID, OwnerName: q.staff.Name}, time.Time{})
	e.Method = followup.Plan
	b, err := w.addPlan(q, g, v, e, unread)
	problems, err := problemsOf(err)
	if err != nil {
		return err
	}
	if problems != nil {
		form := w.planForm(q, e)
		form.typed(v, problems)
		return w.showFollowupsNew(q, http.StatusUnprocessableEntity, g, form)
	}
	return w.render(q, http.StatusOK, "followupsadded", followupAddedPage{Frame: w.frame(q, "followups.added", "followups"), Batch: b, Owner: nameOr(e.OwnerName, e.OwnerID),
		NextAt: e.NextAt, List: w.paths.Followups("", "", ""), Audience: w.paths.Audience(g.Params)})
}

// addPlan enters what was read, and records it the first time.
func (w *Web) addPlan(q *request, g given, v url.Values, e followup.Entry, unread fault.Fields) (followup.Batch, error) {
	if len(unread) > 0 {
		return followup.Batch{}, unread
	}
	b, err := w.Followups.BulkAdd(q.ctx(), q.staff, g.Rule, v.Get("key"), e)
	if err != nil || b.Before {
		return b, err
	}
	return b, w.record(q, audit.FollowupsPlanned, "followups", map[string]any{"people": b.People, "rule": ruleHash(g.Rule)})
}

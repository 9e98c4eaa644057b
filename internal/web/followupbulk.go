package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
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
	var err error
	if p.Say, p.Count, err = w.whom(q, g.Rule); err != nil {
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

// addPlan enters what was read. The record names the form's key, by which the plan itself can be found.
func (w *Web) addPlan(q *request, g given, v url.Values, e followup.Entry, unread fault.Fields) (followup.Batch, error) {
	if len(unread) > 0 {
		return followup.Batch{}, unread
	}
	if err := w.Followups.Check(e, time.Time{}); err != nil {
		return followup.Batch{}, err
	}
	if err := w.record(q, audit.FollowupsPlanned, "followups", map[string]any{"form": v.Get("key"), "rule": desk.RuleHash(g.Rule)}); err != nil {
		return followup.Batch{}, err
	}
	return w.Followups.BulkAdd(q.ctx(), q.staff, g.Rule, v.Get("key"), e)
}

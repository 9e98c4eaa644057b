package web

import (
	"maps"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// followupAdd enters what a form on a page or in a dialog says about a person.
func (w *Web) followupAdd(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	e, problems := w.readFollowup(q, q.r.PostForm, followup.Entry{Learner: d.ID, OwnerID: q.staff.ID, OwnerName: q.staff.Name}, time.Time{})
	id := followup.ID(0)
	if err = w.checkFollowup(e, time.Time{}, problems); err == nil {
		id, err = w.Followups.Add(q.ctx(), q.staff, e)
	}
	if problems, err = problemsOf(err); err != nil {
		return err
	}
	if problems != nil {
		form, err := w.newFollowupForm(q, e, "")
		if err != nil {
			return err
		}
		form.typed(q.r.PostForm, problems)
		return w.showFollowupNew(q, http.StatusUnprocessableEntity, followupNewPage{Name: d.Name(), PersonURL: w.paths.Person(d.ID), Form: form})
	}
	detail := map[string]any{"person": d.ID, "method": e.Method}
	if e.Offering != 0 && e.Intent != "" {
		detail["offering"], detail["intent"] = e.Offering, e.Intent
	}
	if err := w.record(q, audit.FollowupAdded, followupObject(id), detail); err != nil {
		return err
	}
	return w.followupAdded(q, d.ID)
}

// checkFollowup gives everything that is wrong with what was read as one error.
func (w *Web) checkFollowup(e followup.Entry, was time.Time, unread fault.Fields) error {
	all, err := problemsOf(w.Followups.Check(e, was))
	if err != nil {
		return err
	}
	if all == nil {
		return unread.Err()
	}
	maps.Copy(all, unread)
	return all
}

// followupAdded goes on after an entry: back to where the form came from, or with a new form in
// place of a card, which tells the rest of the page by an event.
func (w *Web) followupAdded(q *request, id segment.PersonID) error {
	back := q.r.PostForm.Get("back")
	switch {
	case back != "" && w.paths.Within(back):
		return q.redirect(back)
	case q.target() != "followup-form":
		return q.redirect(w.followupsOf(id))
	}
	form, err := w.followupForm(q, id)
	if err != nil {
		return err
	}
	form.Saved = true
	q.w.Header().Set("HX-Trigger", "noted")
	return w.render(q, http.StatusOK, "followupnew#followup-form", form)
}

// followupDone ticks a reminder off.
func (w *Web) followupDone(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	id := followup.ID(n)
	if _, err := w.Followups.Find(q.ctx(), id); err != nil {
		return err
	}
	if err := w.record(q, audit.FollowupDone, followupObject(id), nil); err != nil {
		return err
	}
	if err := w.Followups.Done(q.ctx(), q.staff, id); err != nil {
		return err
	}
	back := q.r.PostForm.Get("back")
	if back == "" || !w.paths.Within(back) {
		back = w.paths.Followups("", "", "")
	}
	return q.redirect(back)
}

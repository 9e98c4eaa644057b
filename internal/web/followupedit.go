package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// followupPage is one follow-up with what it said before.
type followupPage struct {
	Frame
	Note      followup.Followup
	PersonURL string
	Form      *followupForm // nil: staff may read it only
	DoneURL   string        // empty: there is nothing to tick off, or staff may not
	History   []followup.Version
	Saved     bool
	Conflict  bool // somebody else changed it meanwhile
}

// followup shows it.
func (w *Web) followup(q *request) error {
	f, err := w.findFollowup(q)
	if err != nil {
		return err
	}
	form, err := w.editForm(q, f, f.Entry)
	if err != nil {
		return err
	}
	return w.showFollowup(q, http.StatusOK, followupPage{Note: f, Form: form, Saved: q.r.URL.Query().Get("saved") == "1"})
}

func (w *Web) findFollowup(q *request) (followup.Followup, error) {
	n, err := q.id64()
	if err != nil {
		return followup.Followup{}, err
	}
	return w.Followups.Find(q.ctx(), followup.ID(n))
}

// editForm is the form of what is there with the words of e; nil: staff may read it only.
func (w *Web) editForm(q *request, f followup.Followup, e followup.Entry) (*followupForm, error) {
	if !q.may(hostadapter.PermFollowup) || !f.EditableBy(q.staff.ID) {
		return nil, nil //nolint:nilnil // no form is no error
	}
	form, err := w.newFollowupForm(q, e, f.Title)
	if err != nil {
		return nil, err
	}
	form.URL, form.Key, form.Version = w.paths.Followup(f.ID, ""), "", f.Version
	return form, nil
}

func (w *Web) showFollowup(q *request, status int, p followupPage) error {
	var err error
	if p.History, err = w.Followups.History(q.ctx(), p.Note.ID); err != nil {
		return err
	}
	p.PersonURL = w.paths.Person(p.Note.Learner)
	if p.Note.Open() && q.may(hostadapter.PermFollowup) {
		p.DoneURL = w.paths.Followup(p.Note.ID, "/done")
	}
	p.Frame = w.frame(q, "followup.title", "followups")
	return w.render(q, status, "followup", p)
}

// followupUpdate changes it. Where somebody else was faster, what was typed stays and the next save
// is on top of theirs.
func (w *Web) followupUpdate(q *request) error {
	f, err := w.findFollowup(q)
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	v := q.r.PostForm
	version, _ := strconv.Atoi(v.Get("version")) // what is none is no version of ours
	e, unread := w.readFollowup(q, v, f.Entry, f.NextAt)
	e.Key = ""
	err = w.editFollowup(q, f, version, e, unread)
	problems, err := problemsOf(err)
	conflict := errors.Is(err, fault.ErrConflict)
	switch {
	case conflict:
		if f, err = w.findFollowup(q); err != nil {
			return err
		}
	case err != nil:
		return err
	case problems == nil:
		return q.redirect(w.paths.Followup(f.ID, "?saved=1"))
	}
	form, err := w.editForm(q, f, e)
	if err != nil {
		return err
	}
	if form != nil {
		form.typed(v, problems)
	}
	status := http.StatusUnprocessableEntity
	if conflict {
		status = http.StatusConflict
	}
	return w.showFollowup(q, status, followupPage{Note: f, Form: form, Conflict: conflict})
}

// editFollowup records the change and makes it, where what was read makes sense.
func (w *Web) editFollowup(q *request, f followup.Followup, version int, e followup.Entry, unread fault.Fields) error {
	if !f.EditableBy(q.staff.ID) {
		return fmt.Errorf("%w: edit somebody else's follow-up", fault.ErrForbidden)
	}
	if err := w.checkFollowup(e, f.NextAt, unread); err != nil {
		return err
	}
	if err := w.record(q, audit.FollowupEdited, followupObject(f.ID), map[string]any{"person": f.Learner, "version": version}); err != nil {
		return err
	}
	return w.Followups.Edit(q.ctx(), q.staff, f.ID, version, e)
}

package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// followupForm is the form of a follow-up. Part "followup-form" draws it as a card that can be sent
// from any page, part "followup-fields" its fields alone.
type followupForm struct {
	URL         string // takes it
	Key         string // of a new entry's form
	Version     int    // of an entry that is edited; 0: a new one
	Back        string // where to go on; empty: the card stays where it is
	Methods     []option
	Levels      []option
	Offerings   []option // without the empty one; none: nothing to choose from
	Owners      []option
	Content     string
	Longest     int
	Date, Clock string // as inputs of these types hold them
	First, Last string // dates that may be chosen
	Zone        string
	Owner       string // the name of who will be reminded
	Saved       bool   // it was sent and begins anew
	Plan        bool   // for many: no method, level or offering
	Problems    []fieldProblem
}

// For gives the problem of a field; its Key is empty when there is none.
func (f followupForm) For(field string) fault.Problem { return problemOf(f.Problems, field) }

// followupFields are the fields of the form, in order; the last ones have no input.
func followupFields() []string {
	return []string{"method", "intent", "offering", "content", "next", "owner", "people", "key"}
}

// usualClock is the time of day of a date that comes without one.
const usualClock = "09:00"

// followupForm makes the form for something new about a person; nil: staff may not write.
func (w *Web) followupForm(q *request, id segment.PersonID) (*followupForm, error) {
	if !q.may(hostadapter.PermFollowup) {
		return nil, nil //nolint:nilnil // no form is no error
	}
	return w.newFollowupForm(q, followup.Entry{Learner: id, Method: followup.Phone, OwnerID: q.staff.ID, OwnerName: q.staff.Name}, "")
}

// newFollowupForm shows what an entry says. title names its offering, which may be none of the
// learner's by now.
func (w *Web) newFollowupForm(q *request, e followup.Entry, title string) (*followupForm, error) {
	subjects, err := w.Followups.Subjects(q.ctx(), e.Learner)
	if err != nil {
		return nil, err
	}
	f := w.plainFollowupForm(q, e)
	f.URL = w.paths.PersonFollowups(e.Learner)
	if e.Offering != 0 && !slices.ContainsFunc(subjects, func(s followup.Subject) bool { return s.ID == e.Offering }) {
		subjects = append(subjects, followup.Subject{ID: e.Offering, Title: title})
	}
	for _, s := range subjects {
		f.Offerings = append(f.Offerings, option{strconv.FormatInt(int64(s.ID), 10), s.Title, s.ID == e.Offering})
	}
	return f, nil
}

// plainFollowupForm is the form without offerings.
func (w *Web) plainFollowupForm(q *request, e followup.Entry) *followupForm {
	l := w.locale(q)
	f := &followupForm{Key: rand.Text(), Content: e.Content, Longest: followup.MaxContent, Zone: l.zone(), Owner: e.OwnerName,
		Owners: w.followupOwners(q, e.OwnerID, e.OwnerName)}
	today := w.Now().In(w.Location)
	f.First, f.Last = today.Format(dateLayout), today.AddDate(followup.MaxAhead, 0, 0).Format(dateLayout)
	if !e.NextAt.IsZero() {
		at := e.NextAt.In(w.Location)
		f.Date, f.Clock = at.Format(dateLayout), at.Format(clockLayout)
		f.First = min(f.First, f.Date)
	}
	for _, m := range followup.Methods() {
		f.Methods = append(f.Methods, option{string(m), l.TK("followup.method", m), m == e.Method})
	}
	for _, lv := range append([]funnel.Level{""}, funnel.Levels()...) {
		f.Levels = append(f.Levels, option{string(lv), l.followupLevel(lv), lv == e.Intent})
	}
	return f
}

// followupLevel names a level of intent in a form.
func (l *locale) followupLevel(lv funnel.Level) string {
	if lv == "" {
		return l.T("followup.level_unknown")
	}
	return l.TK("followup.level", lv)
}

// readFollowup reads a form into an entry that has the learner, and what is wrong as far as the
// service cannot tell. was is the time to come back that the entry had, to the second.
func (w *Web) readFollowup(q *request, v url.Values, e followup.Entry, was time.Time) (followup.Entry, fault.Fields) {
	problems := fault.Fields{}
	e.Method, e.Content, e.Intent = followup.Method(v.Get("method")), strings.TrimSpace(desk.Clean(v.Get("content"))), funnel.Level(v.Get("intent"))
	e.Offering, e.NextAt, e.Key = 0, time.Time{}, v.Get("key")
	if text := v.Get("offering"); text != "" {
		id, err := parseID(text)
		if err != nil {
			problems.Add("offering", "problem.choice")
		}
		e.Offering = funnel.OfferingID(id)
	}
	date, clock := strings.TrimSpace(v.Get("date")), strings.TrimSpace(v.Get("time"))
	if date != "" || clock != "" {
		at, problem := localTime(date, orUsual(clock), w.Location)
		if problem.Key != "" {
			problems["next"] = problem
		}
		if e.NextAt = at; !was.IsZero() && at.Equal(was.Truncate(time.Minute)) {
			e.NextAt = was // the form knows minutes only
		}
	}
	if id := v.Get("owner"); id != "" && id != e.OwnerID {
		owners := w.followupOwners(q, e.OwnerID, e.OwnerName)
		i := slices.IndexFunc(owners, func(o option) bool { return o.Value == id })
		switch {
		case i < 0:
			problems.Add("owner", "problem.choice")
		case id == q.staff.ID: // whom the list calls "me"
			e.OwnerID, e.OwnerName = id, nameOr(q.staff.Name, id)
		default:
			e.OwnerID, e.OwnerName = id, owners[i].Label
		}
	}
	return e, problems
}

func orUsual(clock string) string {
	if clock == "" {
		return usualClock
	}
	return clock
}

// typed shows what was typed, also where it makes no sense, and what is wrong with it.
func (f *followupForm) typed(v url.Values, problems fault.Fields) {
	f.Date, f.Clock, f.Content = v.Get("date"), v.Get("time"), desk.Clean(v.Get("content"))
	f.Back = v.Get("back")
	if key := v.Get("key"); key != "" {
		f.Key = key
	}
	for _, field := range followupFields() {
		if p, ok := problems[field]; ok {
			f.Problems = append(f.Problems, fieldProblem{field, p})
		}
	}
}

// followupNewPage asks what was done with a person.
type followupNewPage struct {
	Frame
	Name      string
	PersonURL string
	Form      *followupForm
}

// followupNew shows the form for something new about a person, with htmx as a dialog.
func (w *Web) followupNew(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	form, err := w.followupForm(q, d.ID)
	if err != nil {
		return err
	}
	if form.Back = q.r.URL.Query().Get("back"); form.Back == "" {
		form.Back = w.followupsOf(d.ID)
	}
	return w.showFollowupNew(q, http.StatusOK, followupNewPage{Name: d.Name(), PersonURL: w.paths.Person(d.ID), Form: form})
}

func (w *Web) showFollowupNew(q *request, status int, p followupNewPage) error {
	switch q.target() {
	case "followup-form":
		return w.render(q, status, "followupnew#followup-form", p.Form)
	case "dialog":
		return w.render(q, status, "followupnew#followup-dialog", p)
	}
	p.Frame = w.frame(q, "followup.add", "followups")
	return w.render(q, status, "followupnew", p)
}

// followupsOf is the part of a person's page with their follow-ups.
func (w *Web) followupsOf(id segment.PersonID) string {
	return w.paths.Person(id) + "?tab=followups"
}

func followupObject(id followup.ID) string { return fmt.Sprintf("followup:%d", id) }

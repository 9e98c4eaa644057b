package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// advisers is a school whose staff follow up.
type advisers struct {
	*school
	*followup.Service
	at       time.Time // what the service's clock says
	opinions []funnel.Opinion
	refuse   error // what levels are answered with
}

var (
	ann = h.Staff{ID: "ann", Name: "陈立", Permissions: []h.Permission{h.PermView, h.PermFollowup}}
	bob = h.Staff{ID: "bob", Permissions: []h.Permission{h.PermFollowup}}
	eve = h.Staff{ID: "eve", Permissions: []h.Permission{h.PermView}}
)

// SetLevel implements followup.Leveler.
func (a *advisers) SetLevel(_ context.Context, _ h.Staff, o funnel.Opinion) (funnel.Opined, error) {
	if a.refuse == nil {
		a.opinions = append(a.opinions, o)
	}
	return funnel.Opined{}, a.refuse
}

func newAdvisers(t *testing.T, seed hosttest.Seed) *advisers {
	t.Helper()
	a := &advisers{school: newSchool(t, seed), at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} // 20:00 in Shanghai
	a.sync(t)
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return a.at }
	segments := segment.NewService(&Segments{DB: a.db}, segment.DefaultCatalog(), segment.Site{Location: loc, Currency: "CNY"}, now)
	a.Service = followup.NewService(&Followups{DB: a.db}, segments, a, now)
	return a
}

// learner is our id of a learner, offering that of a course.
func (a *advisers) learner(t *testing.T, host string) segment.PersonID {
	t.Helper()
	var id int64
	if err := a.db.bun.NewRaw("SELECT id FROM crm_learners WHERE host_id = ?", host).Scan(t.Context(), &id); err != nil {
		t.Fatal(err)
	}
	return segment.PersonID(id)
}

func (a *advisers) offering(t *testing.T, host string) funnel.OfferingID {
	t.Helper()
	var id int64
	if err := a.db.bun.NewRaw("SELECT id FROM crm_offerings WHERE host_id = ?", host).Scan(t.Context(), &id); err != nil {
		t.Fatal(err)
	}
	return funnel.OfferingID(id)
}

func (a *advisers) add(t *testing.T, by h.Staff, e followup.Entry) followup.ID {
	t.Helper()
	id, err := a.Add(t.Context(), by, e)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// due lists the contents of a list of reminders, page by page.
func (a *advisers) due(t *testing.T, owner string, s followup.State) string {
	t.Helper()
	var out []string
	for q := (followup.Query{Owner: owner, State: s, Limit: 2}); ; {
		p, err := a.Due(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Followups {
			out = append(out, f.Content)
		}
		if q.After = p.Next; q.After == "" {
			return strings.Join(out, " ")
		}
	}
}

func plan(who segment.PersonID, text string, at time.Time) followup.Entry {
	return followup.Entry{Learner: who, Method: followup.Plan, Content: text, NextAt: at}
}

// TestRemindersByTheirTime: by the days of Shanghai, whose evening it is.
func TestRemindersByTheirTime(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, three())
	who, other := a.learner(t, "all"), a.learner(t, "other")
	a.add(t, ann, plan(who, "soon", a.at.Add(time.Hour)))
	a.add(t, ann, plan(other, "late", a.at.Add(3*time.Hour+59*time.Minute)))
	a.add(t, ann, plan(who, "tomorrow", a.at.Add(4*time.Hour)))
	a.add(t, bob, plan(who, "bobs", a.at.Add(2*time.Hour)))
	a.add(t, bob, followup.Entry{Learner: other, Method: followup.Phone, Content: "no reminder"})
	a.at = a.at.Add(90 * time.Minute)
	for _, tt := range []struct {
		owner string
		state followup.State
		want  string
	}{
		{"ann", followup.Overdue, "soon"}, {"ann", followup.Today, "late"}, {"ann", followup.Upcoming, "tomorrow"}, {"ann", followup.AnyTime, "soon late tomorrow"},
		{"", "", "soon bobs late tomorrow"}, {"", followup.Today, "bobs late"}, {"nobody", "", ""},
	} {
		if got := a.due(t, tt.owner, tt.state); got != tt.want {
			t.Errorf("%s of %q: %q, want %q", tt.state, tt.owner, got, tt.want)
		}
	}
	if got, err := a.Tally(t.Context(), ""); err != nil || got != (followup.Tally{Overdue: 1, Today: 2, Upcoming: 1}) || got.All() != 4 {
		t.Errorf("tally: %+v, %v", got, err)
	}
	for most, want := range map[int]int{100: 2, 1: 1} {
		if n, err := a.Waiting(t.Context(), "ann", most); n != want || err != nil {
			t.Errorf("badge up to %d: %d, %v", most, n, err)
		}
	}
	if _, err := a.Due(t.Context(), followup.Query{State: "x"}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a state that is none: %v", err)
	}
	if _, err := a.Due(t.Context(), followup.Query{After: "x", Limit: 1}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

// TestDoingClosesReminders: of the same learner and owner, and no others.
func TestDoingClosesReminders(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, three())
	who, other := a.learner(t, "all"), a.learner(t, "other")
	soon := a.at.Add(time.Hour)
	a.add(t, ann, plan(who, "1", soon))
	a.add(t, ann, plan(who, "2", soon)) // a plan closes nothing
	a.add(t, ann, plan(other, "3", soon))
	a.add(t, bob, plan(who, "4", soon))
	if got := a.due(t, "", ""); got != "1 2 3 4" {
		t.Fatalf("open: %s", got)
	}
	a.at = a.at.Add(time.Minute)
	id := a.add(t, ann, followup.Entry{Learner: who, Method: followup.WeChat, Content: "5", NextAt: soon.Add(time.Hour), Offering: a.offering(t, "1"), Intent: funnel.High, Key: "form"})
	if got := a.due(t, "", ""); got != "3 4 5" {
		t.Errorf("after a talk: %s", got)
	}
	if again := a.add(t, ann, followup.Entry{Learner: who, Method: followup.WeChat, Content: "5", Key: "form"}); again != id {
		t.Errorf("a form sent twice entered %d and %d", id, again)
	}
	if _, err := a.Add(t.Context(), bob, followup.Entry{Learner: who, Method: followup.WeChat, Content: "5", Key: "form"}); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("somebody else's form: %v", err)
	}
	if len(a.opinions) != 1 || a.opinions[0] != (funnel.Opinion{Learner: who, Offering: a.offering(t, "1"), Level: funnel.High, Reason: "5"}) {
		t.Errorf("levels set: %+v", a.opinions)
	}
	if err := errors.Join(a.Done(t.Context(), bob, id), a.Done(t.Context(), ann, id)); err != nil {
		t.Errorf("ticked off twice: %v", err)
	}
	if got := a.due(t, "", ""); got != "3 4" {
		t.Errorf("after it was ticked off: %s", got)
	}
	for err, want := range map[error]error{a.Done(t.Context(), ann, 999): fault.ErrNotFound, a.Done(t.Context(), eve, id): fault.ErrForbidden} {
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	f, err := a.Find(t.Context(), id)
	if err != nil || f.Name != "all" || f.Title != "course 1" || f.ByName != "陈立" || f.OwnerID != "ann" || f.Open() || !f.DoneAt.Equal(a.at) || f.Version != 1 {
		t.Errorf("found %+v, %v", f, err)
	}
}

func TestEditsAreKept(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, three())
	who := a.learner(t, "all")
	id := a.add(t, ann, followup.Entry{Learner: who, Method: followup.Phone, Content: "first", NextAt: a.at.Add(time.Hour), OwnerID: "bob"})
	edit := func(by h.Staff, version int, change func(*followup.Entry)) error {
		f, err := a.Find(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		change(&f.Entry)
		return a.Edit(t.Context(), by, id, version, f.Entry)
	}
	say := func(text string) func(*followup.Entry) { return func(e *followup.Entry) { e.Content = text } }
	if err := errors.Join(a.Done(t.Context(), bob, id), edit(bob, 1, say("first"))); err != nil {
		t.Fatalf("an edit that changes nothing: %v", err)
	}
	a.at = a.at.Add(2 * time.Hour)
	if err := edit(ann, 1, say("second")); err != nil { // its time is past, and is not changed
		t.Fatal(err)
	}
	if f, _ := a.Find(t.Context(), id); f.Open() || f.Version != 2 || !f.EditedAt.Equal(a.at) {
		t.Errorf("another text opened it: %+v", f)
	}
	if err := edit(bob, 2, func(e *followup.Entry) {
		e.Content, e.NextAt, e.OwnerID, e.OwnerName, e.Learner = "third", a.at.Add(time.Hour), "eve", "", 999
		e.Offering, e.Intent = a.offering(t, "2"), funnel.Low
	}); err != nil {
		t.Fatal(err)
	}
	if f, _ := a.Find(t.Context(), id); !f.Open() || f.Learner != who || f.OwnerName != "eve" || f.ByID != "ann" || f.Title != "course 2" {
		t.Errorf("a new time did not open it: %+v", f)
	}
	if len(a.opinions) != 1 || a.opinions[0].Level != funnel.Low {
		t.Errorf("levels set: %+v", a.opinions)
	}
	list, err := a.History(t.Context(), id)
	if err != nil || len(list) != 2 || list[0].Content != "second" || list[0].ByID != "bob" || list[1].Content != "first" || list[1].ByName != "陈立" || list[1].OwnerID != "bob" || list[1].Learner != who {
		t.Errorf("history: %+v, %v", list, err)
	}
	for name, tt := range map[string]struct{ err, want error }{
		"somebody else":     {edit(bob, 3, say("x")), fault.ErrForbidden}, // no longer the owner
		"without the right": {edit(eve, 3, say("x")), fault.ErrForbidden},
		"too late":          {edit(ann, 2, say("x")), fault.ErrConflict},
		"nothing said":      {edit(ann, 3, say(" ")), fault.ErrInvalid},
		"no such offering":  {edit(ann, 3, func(e *followup.Entry) { e.Offering = 999 }), fault.ErrInvalid},
	} {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	store := &Followups{DB: a.db}
	if err := store.Edit(t.Context(), ann, id, 2, plan(who, "x", a.at), a.at); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("an old version: %v", err)
	}
}

// TestEditedOnce: of two edits on the same version one wins.
func TestEditedOnce(t *testing.T) {
	t.Parallel()
	a := newAdvisers(t, three())
	who := a.learner(t, "all")
	id := a.add(t, ann, followup.Entry{Learner: who, Method: followup.Phone, Content: "first"})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			errs[i] = (&Followups{DB: a.db}).Edit(context.WithoutCancel(t.Context()), ann, id, 1, followup.Entry{Method: followup.Phone, Content: fmt.Sprint(i), OwnerID: "ann"}, a.at)
		})
	}
	wg.Wait()
	won := slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return errors.Is(err, fault.ErrConflict) })
	if list, err := a.History(t.Context(), id); len(won) != 1 || won[0] != nil || err != nil || len(list) != 1 {
		t.Errorf("%v; %d versions, %v", errs, len(list), err)
	}
}

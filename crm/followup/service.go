package followup

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Store keeps follow-ups; storage.Followups implements it. Cursors are its own; a bad one is
// fault.ErrInvalid.
type Store interface {
	// Add enters a note and, unless it is a plan, closes the open reminders that its owner had for
	// the learner. Known tells that the form had been sent before. fault.ErrNotFound: no such
	// learner; fault.Fields: no such offering, or words about somebody whose data was wiped.
	Add(ctx context.Context, by h.Staff, e Entry, now time.Time) (id ID, known bool, err error)
	Find(ctx context.Context, id ID) (Followup, error)
	// Edit replaces what a note of a version says and keeps that. Where the time to come back
	// changed it is open again. fault.ErrConflict: it has another version by now; fault.Fields: as of
	// Add.
	Edit(ctx context.Context, by h.Staff, id ID, version int, e Entry, now time.Time) error
	// Done closes a reminder; one that is closed, or is none, stays as it is.
	Done(ctx context.Context, id ID, now time.Time) error
	// Of lists a learner's, the latest first.
	Of(ctx context.Context, learner segment.PersonID, after string, limit int) (Page, error)
	// Versions lists the earlier versions of a note, the latest first.
	Versions(ctx context.Context, id ID) ([]Version, error)
	// Due lists open reminders by their time, the longest overdue first: those from a moment on, or
	// of all times before where it is zero, until right before another; zero: without end.
	Due(ctx context.Context, owner string, from, until time.Time, after string, limit int) (Page, error)
	// Tally counts open reminders, those before now, before the end of the day and later.
	Tally(ctx context.Context, owner string, now, tomorrow time.Time) (Tally, error)
	// Waiting counts the reminders of an owner before a moment, up to most.
	Waiting(ctx context.Context, owner string, until time.Time, most int) (int, error)
	// BulkAdd enters a note for each person of an audience whose data was not wiped. fault.Fields: there
	// are none, or more than most; fault.ErrConflict: somebody else sent a form of this key.
	BulkAdd(ctx context.Context, by h.Staff, where segment.Predicate, key string, e Entry, most int, now time.Time) (Batch, error)
	// Planned gives what BulkAdd did for a key; fault.ErrNotFound: nothing.
	Planned(ctx context.Context, by h.Staff, key string) (Batch, error)
	// Subjects lists what a learner has to do with, the latest first.
	Subjects(ctx context.Context, learner segment.PersonID, limit int) ([]Subject, error)
}

// Leveler enters what staff say about a learner's intent; funnel.Service is one.
type Leveler interface {
	SetLevel(ctx context.Context, by h.Staff, o funnel.Opinion) (funnel.Opined, error)
}

// Service keeps follow-ups. It is safe for concurrent use.
type Service struct {
	store    Store
	segments *segment.Service
	levels   Leveler
	now      func() time.Time
}

// NewService makes a service. Where levels is nil, the intent stays in the notes alone.
func NewService(store Store, segments *segment.Service, levels Leveler, now func() time.Time) *Service {
	return &Service{store: store, segments: segments, levels: levels, now: now}
}

// Find gives a follow-up.
//
// Errors: fault.ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Followup, error) {
	f, err := s.store.Find(ctx, id)
	if err != nil {
		return Followup{}, fmt.Errorf("find follow-up: %w", err)
	}
	return f, nil
}

// Of lists a learner's follow-ups, the latest first; limit is 1 to 100.
//
// Errors: fault.ErrInvalid for a bad cursor.
func (s *Service) Of(ctx context.Context, learner segment.PersonID, after string, limit int) (Page, error) {
	p, err := s.store.Of(ctx, learner, after, min(max(limit, 1), 100))
	if err != nil {
		return Page{}, fmt.Errorf("follow-ups of a learner: %w", err)
	}
	return p, nil
}

// History lists what a follow-up said before, the latest first.
func (s *Service) History(ctx context.Context, id ID) ([]Version, error) {
	list, err := s.store.Versions(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("history of a follow-up: %w", err)
	}
	return list, nil
}

// Due lists open reminders by their time, the longest overdue first.
//
// Errors: fault.Fields for a bad state or limit; fault.ErrInvalid for a bad cursor.
func (s *Service) Due(ctx context.Context, q Query) (Page, error) {
	problems := fault.Fields{}
	if q.Limit < 1 || q.Limit > 100 {
		problems.Add("limit", "problem.range", 1, 100)
	}
	now, tomorrow := s.today()
	var from, until time.Time
	switch q.State {
	case Overdue:
		until = now
	case Today:
		from, until = now, tomorrow
	case Upcoming:
		from = tomorrow
	case AnyTime, "":
	default:
		problems.Add("state", "problem.choice")
	}
	if err := problems.Err(); err != nil {
		return Page{}, err
	}
	p, err := s.store.Due(ctx, q.Owner, from, until, q.After, q.Limit)
	if err != nil {
		return Page{}, fmt.Errorf("list reminders: %w", err)
	}
	return p, nil
}

// Tally counts the open reminders of a member of staff; empty: of everybody.
func (s *Service) Tally(ctx context.Context, owner string) (Tally, error) {
	now, tomorrow := s.today()
	t, err := s.store.Tally(ctx, owner, now, tomorrow)
	if err != nil {
		return Tally{}, fmt.Errorf("count reminders: %w", err)
	}
	return t, nil
}

// Waiting counts the reminders of a member of staff that are overdue or of today, up to most: it is
// asked for on every page.
func (s *Service) Waiting(ctx context.Context, owner string, most int) (int, error) {
	_, tomorrow := s.today()
	n, err := s.store.Waiting(ctx, owner, tomorrow, most)
	if err != nil {
		return 0, fmt.Errorf("count reminders: %w", err)
	}
	return n, nil
}

// MaxSubjects is how many offerings a form offers.
const MaxSubjects = 50

// Subjects lists the offerings that a learner has to do with, the latest first.
func (s *Service) Subjects(ctx context.Context, learner segment.PersonID) ([]Subject, error) {
	list, err := s.store.Subjects(ctx, learner, MaxSubjects)
	if err != nil {
		return nil, fmt.Errorf("offerings of a learner: %w", err)
	}
	return list, nil
}

// today gives this moment and the end of its day in the site's zone.
func (s *Service) today() (now, tomorrow time.Time) {
	now = s.now()
	local := now.In(s.segments.Location())
	return now, time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, local.Location())
}

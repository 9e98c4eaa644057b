package followup

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Add enters what was done, which closes the reminders that its owner had for the learner, or what
// is to be done. With an offering and an intent the learner's level with it is set too. An entry
// that comes again with its key is entered once and gives the same id.
//
// Errors: fault.ErrForbidden without PermFollowup; fault.Fields; fault.ErrNotFound: no such learner.
func (s *Service) Add(ctx context.Context, by h.Staff, e Entry) (ID, error) {
	if err := allowed(by); err != nil {
		return 0, err
	}
	e = e.tidy(by)
	if err := e.check(time.Time{}, s.now()); err != nil {
		return 0, err
	}
	// The level first: what fails after it can be sent again, and says the same once more.
	if err := s.level(ctx, by, e); err != nil {
		return 0, err
	}
	id, _, err := s.store.Add(ctx, by, e, s.now())
	if err != nil {
		return 0, fmt.Errorf("add follow-up: %w", err)
	}
	return id, nil
}

// Check says what is wrong with an entry as far as one can tell without keeping it. was is the time
// to come back that it had, which may be past; zero: it is new.
//
// Errors: fault.Fields.
func (s *Service) Check(e Entry, was time.Time) error {
	e.Content = strings.TrimSpace(e.Content)
	return e.check(was, s.now())
}

// Edit changes what a follow-up of a version says; the learner stays who it was. What it said
// before is kept. A new time to come back opens the reminder again.
//
// Errors: fault.ErrForbidden without PermFollowup, or for who neither wrote nor owns it;
// fault.Fields; fault.ErrNotFound; fault.ErrConflict: somebody else was faster.
func (s *Service) Edit(ctx context.Context, by h.Staff, id ID, version int, e Entry) error {
	if err := allowed(by); err != nil {
		return err
	}
	was, err := s.Find(ctx, id)
	switch {
	case err != nil:
		return err
	case !was.EditableBy(by.ID):
		return fmt.Errorf("%w: edit somebody else's follow-up", fault.ErrForbidden)
	case was.Version != version:
		return fmt.Errorf("edit follow-up: %w", fault.ErrConflict)
	}
	e = e.tidy(by)
	e.Learner = was.Learner
	if err := e.check(was.NextAt, s.now()); err != nil {
		return err
	}
	if e.same(was.Entry) {
		return nil
	}
	if e.Intent != was.Intent || e.Offering != was.Offering {
		if err := s.level(ctx, by, e); err != nil {
			return err
		}
	}
	if err := s.store.Edit(ctx, by, id, version, e, s.now()); err != nil {
		return fmt.Errorf("edit follow-up: %w", err)
	}
	return nil
}

// Done closes a reminder, whoever's it is. One that is closed stays as it is.
//
// Errors: fault.ErrForbidden without PermFollowup; fault.ErrNotFound.
func (s *Service) Done(ctx context.Context, by h.Staff, id ID) error {
	if err := allowed(by); err != nil {
		return err
	}
	if err := s.store.Done(ctx, id, s.now()); err != nil {
		return fmt.Errorf("close reminder: %w", err)
	}
	return nil
}

// BulkAdd enters a plan for each person of an audience, all or none of them, once for a key.
//
// Errors: fault.ErrForbidden without PermFollowup; fault.Fields: of the plan, or with "people" for an
// audience of nobody or more than [MaxPeople]; fault.ErrInvalid around *segment.RuleError;
// fault.ErrConflict: the key is of somebody else's form.
func (s *Service) BulkAdd(ctx context.Context, by h.Staff, r segment.Rule, key string, plan Entry) (Batch, error) {
	if err := allowed(by); err != nil {
		return Batch{}, err
	}
	plan = plan.tidy(by)
	plan.Method, plan.Learner, plan.Offering, plan.Intent, plan.Key = Plan, 0, 0, "", key
	problems := plan.problems(time.Time{}, s.now())
	if key == "" {
		problems.Add("key", "problem.missing")
	}
	if err := problems.Err(); err != nil {
		return Batch{}, err
	}
	where, err := s.segments.Compile(ctx, r)
	if err != nil {
		return Batch{}, fmt.Errorf("add follow-ups: %w", err)
	}
	b, err := s.store.BulkAdd(ctx, by, where, key, plan, MaxPeople, s.now())
	if err != nil {
		return Batch{}, fmt.Errorf("add follow-ups: %w", err)
	}
	return b, nil
}

// Planned gives what BulkAdd entered under a key of somebody's own, with Before set.
//
// Errors: fault.ErrNotFound: nothing was.
func (s *Service) Planned(ctx context.Context, by h.Staff, key string) (Batch, error) {
	return s.store.Planned(ctx, by, key)
}

func allowed(by h.Staff) error {
	if !by.May(h.PermFollowup) {
		return fmt.Errorf("%w: needs %s", fault.ErrForbidden, h.PermFollowup)
	}
	return nil
}

// reasonLength is how much of a note goes with the level that it sets.
const reasonLength = 200

// level sets the learner's level where the entry says what it is about.
func (s *Service) level(ctx context.Context, by h.Staff, e Entry) error {
	if s.levels == nil || e.Offering == 0 || e.Intent == "" {
		return nil
	}
	reason := []rune(strings.Join(strings.Fields(e.Content), " "))
	_, err := s.levels.SetLevel(ctx, by, funnel.Opinion{Learner: e.Learner, Offering: e.Offering, Level: e.Intent,
		Reason: string(reason[:min(len(reason), reasonLength)])})
	if err != nil {
		return fmt.Errorf("set intent level: %w", err)
	}
	return nil
}

// tidy takes blanks off, gives times as they are kept and an entry without an owner its author.
func (e Entry) tidy(by h.Staff) Entry {
	e.Content = strings.TrimSpace(e.Content)
	if !e.NextAt.IsZero() {
		e.NextAt = e.NextAt.UTC().Truncate(time.Second)
	}
	if e.OwnerID == "" {
		e.OwnerID, e.OwnerName = by.ID, by.Name
	}
	if e.OwnerName == "" {
		e.OwnerName = e.OwnerID
	}
	return e
}

func (e Entry) check(was, now time.Time) error { return e.problems(was, now).Err() }

// problems says what is wrong with an entry; a time to come back that it had already may be past.
func (e Entry) problems(was, now time.Time) fault.Fields {
	problems := fault.Fields{}
	switch {
	case !isMethod(e.Method):
		problems.Add("method", "problem.choice")
	case e.Content == "" && e.Method != Plan:
		problems.Add("content", "problem.missing")
	case e.NextAt.IsZero() && e.Method == Plan:
		problems.Add("next", "problem.missing")
	}
	if utf8.RuneCountInString(e.Content) > MaxContent {
		problems.Add("content", "problem.long", MaxContent)
	}
	if strings.ContainsRune(e.Content, 0) || !utf8.ValidString(e.Content) {
		problems.Add("content", "problem.characters")
	}
	if !isLevel(e.Intent) {
		problems.Add("intent", "problem.choice")
	}
	if e.Offering < 0 {
		problems.Add("offering", "problem.choice")
	}
	if len(e.Key) > maxKey {
		problems.Add("key", "problem.long", maxKey)
	}
	if !e.NextAt.IsZero() && !e.NextAt.Equal(was) {
		// Forms know minutes: the present one is not past yet.
		if e.NextAt.Before(now.Truncate(time.Minute)) {
			problems.Add("next", "problem.past")
		}
		if e.NextAt.After(now.AddDate(MaxAhead, 0, 0)) {
			problems.Add("next", "problem.far", MaxAhead)
		}
	}
	return problems
}

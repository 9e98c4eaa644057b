package label

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Store keeps tags; storage.Labels implements it. A tag that was deleted or merged into another is
// fault.ErrNotFound.
type Store interface {
	// List gives all tags as they were last counted, with trends since a day.
	List(ctx context.Context, since time.Time) (Listing, error)
	// All gives the tags by name, without trends.
	All(ctx context.Context) ([]Label, error)
	Find(ctx context.Context, id ID) (Label, error)
	// Create makes a tag unless there are MaxLabels. A name that is taken, in small or large
	// letters, is a fault.Fields that is fault.ErrConflict too; so for Rename.
	Create(ctx context.Context, name string, d Deed) (ID, error)
	Rename(ctx context.Context, id ID, name string) error
	// Merge and Delete take a tag away from all people. *segment.InUseError: a query or a campaign
	// asks for it.
	Merge(ctx context.Context, from, into ID, d Deed) (Batch, error)
	Delete(ctx context.Context, id ID, d Deed) (Batch, error)
	// Change gives the tag to the people of a predicate or takes it from them.
	Change(ctx context.Context, id ID, a Action, who segment.Predicate, d Deed) (Batch, error)
	Undo(ctx context.Context, id BatchID, d Deed) (Batch, error)
	Batch(ctx context.Context, id BatchID) (Batch, error)
	Keyed(ctx context.Context, key string) (Batch, error) // fault.ErrNotFound
	// ChangePerson does the same for one person; false: there was nothing to do.
	ChangePerson(ctx context.Context, id ID, a Action, who segment.PersonID, d Deed) (bool, error)
	OfPerson(ctx context.Context, who segment.PersonID) (Tags, error)
	// Events gives all that warmed a person to the subjects of offerings.
	Events(ctx context.Context, who segment.PersonID) ([]funnel.Event, error)
	// CountedAt tells when Count was last done; zero: never.
	CountedAt(ctx context.Context) (time.Time, error)
	// Count counts the people of all tags, of both kinds, for the day.
	Count(ctx context.Context, now, day time.Time) error
}

// Service gives and takes tags. It is safe for concurrent use. Who may do what is the caller's to
// ask.
type Service struct {
	store    Store
	segments *segment.Service
	now      func() time.Time
}

// NewService makes a service.
func NewService(store Store, segments *segment.Service, now func() time.Time) *Service {
	return &Service{store: store, segments: segments, now: now}
}

// List gives all tags with their people and trends.
func (s *Service) List(ctx context.Context) (Listing, error) {
	list, err := s.store.List(ctx, s.day(s.now()).AddDate(0, 0, 1-TrendDays))
	if err != nil {
		return Listing{}, fmt.Errorf("list tags: %w", err)
	}
	return list, nil
}

// All gives the tags of staff by name.
func (s *Service) All(ctx context.Context) ([]Label, error) { return s.store.All(ctx) }

// Find gives a tag.
//
// Errors: fault.ErrNotFound.
func (s *Service) Find(ctx context.Context, id ID) (Label, error) { return s.store.Find(ctx, id) }

// Named gives the tag of a name, in small or large letters.
//
// Errors: fault.ErrNotFound.
func (s *Service) Named(ctx context.Context, name string) (Label, error) {
	all, err := s.store.All(ctx)
	if err != nil {
		return Label{}, err
	}
	name = strings.TrimSpace(name)
	for _, l := range all {
		if strings.EqualFold(l.Name, name) {
			return l, nil
		}
	}
	return Label{}, fmt.Errorf("tag of a name: %w", fault.ErrNotFound)
}

// Create makes a tag.
//
// Errors: fault.Fields: name, also fault.ErrConflict where it is taken.
func (s *Service) Create(ctx context.Context, by hostadapter.Staff, name string) (ID, error) {
	name, err := checkName(name)
	if err != nil {
		return 0, err
	}
	return s.store.Create(ctx, name, s.deed(by, ""))
}

// Rename changes a tag's name.
//
// Errors: those of Create; fault.ErrNotFound.
func (s *Service) Rename(ctx context.Context, id ID, name string) error {
	name, err := checkName(name)
	if err != nil {
		return err
	}
	return s.store.Rename(ctx, id, name)
}

// CheckRename says why a tag cannot get a name, as far as one can tell without giving it.
//
// Errors: those of Rename.
func (s *Service) CheckRename(ctx context.Context, id ID, name string) error {
	name, err := checkName(name)
	if err != nil {
		return err
	}
	if _, err := s.Find(ctx, id); err != nil {
		return err
	}
	other, err := s.Named(ctx, name)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil
	case err == nil && other.ID != id:
		return fmt.Errorf("%w: %w", fault.ErrConflict, fault.Fields{"name": {Key: "problem.taken"}})
	}
	return err
}

// checkName gives a name as it is kept, or says what is wrong with it.
func checkName(name string) (string, error) {
	problems := fault.Fields{}
	name = strings.TrimSpace(name)
	switch {
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		problems.Add("name", "problem.control")
	case !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }):
		problems.Add("name", "problem.missing")
	case utf8.RuneCountInString(name) > MaxName:
		problems.Add("name", "problem.long", MaxName)
	}
	return name, problems.Err()
}

// Merge gives the people of one tag to another and ends the first. The batch's Asked is whom the
// first had, People those who did not have the other.
//
// Errors: fault.Fields: into; fault.ErrNotFound; *segment.InUseError with what asks for the first.
func (s *Service) Merge(ctx context.Context, by hostadapter.Staff, from, into ID, key string) (Batch, error) {
	problems := fault.Fields{}
	if from == into || into == 0 {
		problems.Add("into", "problem.choice")
	}
	if err := problems.Err(); err != nil {
		return Batch{}, err
	}
	return s.store.Merge(ctx, from, into, s.deed(by, formKey(key)))
}

// CheckMerge says why a tag cannot be merged into another, as far as one can tell without doing it.
//
// Errors: fault.Fields: into; fault.ErrNotFound: there is no tag to merge.
func (s *Service) CheckMerge(ctx context.Context, from, into ID) error {
	if _, err := s.Find(ctx, from); err != nil {
		return err
	}
	_, err := s.Find(ctx, into)
	if from == into || errors.Is(err, fault.ErrNotFound) {
		return fault.Fields{"into": {Key: "problem.choice"}}
	}
	return err
}

// Delete takes a tag from all and ends it.
//
// Errors: fault.ErrNotFound; *segment.InUseError with what asks for it.
func (s *Service) Delete(ctx context.Context, by hostadapter.Staff, id ID, key string) (Batch, error) {
	return s.store.Delete(ctx, id, s.deed(by, formKey(key)))
}

// Add gives a tag to all people of a rule, in one transaction.
//
// Errors: fault.Fields: people, when they are more than MaxPeople; fault.ErrInvalid around
// *segment.RuleError; fault.ErrNotFound.
func (s *Service) Add(ctx context.Context, by hostadapter.Staff, id ID, r segment.Rule, key string) (Batch, error) {
	return s.change(ctx, by, id, Add, r, key)
}

// Remove takes a tag from all people of a rule, in one transaction.
//
// Errors: those of Add.
func (s *Service) Remove(ctx context.Context, by hostadapter.Staff, id ID, r segment.Rule, key string) (Batch, error) {
	return s.change(ctx, by, id, Remove, r, key)
}

func (s *Service) change(ctx context.Context, by hostadapter.Staff, id ID, a Action, r segment.Rule, key string) (Batch, error) {
	who, err := s.segments.Compile(ctx, r)
	if err != nil {
		return Batch{}, err
	}
	b, err := s.store.Change(ctx, id, a, who, s.deed(by, formKey(key)))
	if err != nil {
		return Batch{}, fmt.Errorf("change the people of tag %d: %w", id, err)
	}
	return b, nil
}

// Undo brings back what a batch changed, but for people whose tag was changed again since: those
// are the new batch's Untouched. Undoing twice gives the first undoing.
//
// Errors: fault.ErrNotFound; fault.ErrInvalid: it is an undoing itself; fault.ErrConflict, with
// fault.Fields, when the tag cannot come back because another has its name now.
func (s *Service) Undo(ctx context.Context, by hostadapter.Staff, id BatchID) (Batch, error) {
	return s.store.Undo(ctx, id, s.deed(by, fmt.Sprintf("undo-%d", id)))
}

// Batch gives what was done.
//
// Errors: fault.ErrNotFound.
func (s *Service) Batch(ctx context.Context, id BatchID) (Batch, error) {
	return s.store.Batch(ctx, id)
}

// Done gives what was done under the key of Merge, Delete, Add or Remove.
//
// Errors: fault.ErrNotFound: nothing was, or key is empty.
func (s *Service) Done(ctx context.Context, key string) (Batch, error) {
	return s.store.Keyed(ctx, formKey(key))
}

// day is the date of a moment in the site's zone, at midnight UTC.
func (s *Service) day(at time.Time) time.Time {
	y, m, d := at.In(s.segments.Location()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Personal begins the keys of deeds on one person, which no listing has.
const Personal = "person-"

func (s *Service) deed(by hostadapter.Staff, key string) Deed {
	now := s.now()
	if key == "" {
		key = formKey(rand.Text())
	}
	return Deed{Key: key, By: by, At: now, Day: s.day(now)}
}

// formKey tells the key of a form from those that are made here.
func formKey(key string) string {
	if key == "" {
		return ""
	}
	return "form-" + key
}

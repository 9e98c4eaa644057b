package segment

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Store answers for the service; storage.Segments implements it. Each method is one transaction.
type Store interface {
	// Count counts people and, for each of members, those who match it.
	Count(ctx context.Context, whole Predicate, members []Predicate) (Counts, error)
	// List gives up to limit people after the cursor. fault.ErrInvalid: not a cursor of this sort.
	List(ctx context.Context, p Predicate, sort Sort, after string, limit int) (Page, error)
	// Choices gives a field's values, at most limit, those whose label contains search.
	Choices(ctx context.Context, of Choices, search string, limit int) ([]Choice, error)
	// Labels gives the labels of chosen values; a value that is gone is absent.
	Labels(ctx context.Context, of Choices, values []string) (map[string]string, error)
	// SaveSelection keeps a rule under a token; Selection gives it back or fault.ErrNotFound.
	SaveSelection(ctx context.Context, token string, r Rule, now time.Time) error
	Selection(ctx context.Context, token string) (Rule, error)
}

// Service answers questions about audiences. It is safe for concurrent use.
type Service struct {
	store   Store
	catalog Catalog
	loc     *time.Location
	now     func() time.Time
}

// NewService makes a service. loc is the site's time zone.
func NewService(store Store, catalog Catalog, loc *time.Location, now func() time.Time) *Service {
	return &Service{store: store, catalog: catalog, loc: loc, now: now}
}

// Catalog gives the fields that rules may ask about.
func (s *Service) Catalog() Catalog { return s.catalog }

// Location is the site's time zone.
func (s *Service) Location() *time.Location { return s.loc }

// Compile turns a rule into a predicate of this moment.
//
// Errors: *RuleError wrapped as fault.ErrInvalid.
func (s *Service) Compile(r Rule) (Predicate, error) {
	p, err := Compile(r, s.catalog, s.now().In(s.loc))
	if err != nil {
		return p, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	return p, nil
}

// Count counts the people a rule selects, how they can be reached, and how many each of the
// tree's parts selects by itself: Counts.Members follows [Rule.Paths]; a part that is wrong
// counts -1, and then the whole is an error too.
//
// Errors: fault.ErrInvalid around *RuleError; fault.ErrUnavailable when it took too long.
func (s *Service) Count(ctx context.Context, r Rule) (Counts, error) {
	whole, err := s.Compile(r)
	if err != nil {
		return Counts{}, err
	}
	var members []Predicate
	for _, part := range r.Paths() {
		p, err := s.Compile(part.Rule)
		if err != nil {
			return Counts{}, err
		}
		members = append(members, p)
	}
	counts, err := s.store.Count(ctx, whole, members)
	if err != nil {
		return Counts{}, fmt.Errorf("count audience: %w", err)
	}
	return counts, nil
}

// List gives a page of the people a rule selects.
//
// Errors: fault.Fields for a bad sort or limit; fault.ErrInvalid for a bad rule or cursor.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	problems := fault.Fields{}
	if q.Sort == "" {
		q.Sort = SortLogin
	}
	if !slices.Contains(Sorts(), q.Sort) {
		problems.Add("sort", "problem.choice")
	}
	if q.Limit < 1 || q.Limit > 100 {
		problems.Add("limit", "problem.range", 1, 100)
	}
	if err := problems.Err(); err != nil {
		return Page{}, err
	}
	p, err := s.Compile(q.Rule)
	if err != nil {
		return Page{}, err
	}
	page, err := s.store.List(ctx, p, q.Sort, q.After, q.Limit)
	if err != nil {
		return Page{}, fmt.Errorf("list audience: %w", err)
	}
	return page, nil
}

// Choices gives values a field can be compared with.
func (s *Service) Choices(ctx context.Context, of Choices, search string, limit int) ([]Choice, error) {
	return s.store.Choices(ctx, of, search, limit)
}

// Labels gives the labels of chosen values; what is gone is absent.
func (s *Service) Labels(ctx context.Context, of Choices, values []string) (map[string]string, error) {
	return s.store.Labels(ctx, of, values)
}

// Select remembers a rule under a token, so that a hand-made selection need not travel in a URL.
// The rule must compile.
func (s *Service) Select(ctx context.Context, r Rule) (string, error) {
	if _, err := s.Compile(r); err != nil {
		return "", err
	}
	token := rand.Text()
	if err := s.store.SaveSelection(ctx, token, r, s.now()); err != nil {
		return "", fmt.Errorf("save selection: %w", err)
	}
	return token, nil
}

// Selection gives the rule remembered under a token.
//
// Errors: fault.ErrNotFound.
func (s *Service) Selection(ctx context.Context, token string) (Rule, error) {
	return s.store.Selection(ctx, token)
}

// Part is a part of a rule's tree.
type Part struct {
	Path string
	Rule Rule
}

// Paths lists every part of the tree but the root, parents first: "0", "1", "1.0", …
func (r Rule) Paths() []Part {
	var parts []Part
	_ = r.walk("", 1, func(path string, _ int, r Rule) error { // visit never fails
		if path != "" {
			parts = append(parts, Part{path, r})
		}
		return nil
	})
	return parts
}

// Everyone selects all active accounts. It is what a page shows before any condition is set.
func Everyone() Rule {
	return Group("all", Condition("status", OpIn, []string{"active"}, ""))
}

// Problem gives what is wrong with a rule, if that is what err is about.
func Problem(err error) (*RuleError, bool) {
	var re *RuleError
	return re, errors.As(err, &re)
}

package funnel

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/memo"
	"github.com/coursecrm/coursecrm/segment"
)

// Service shows funnels and takes what staff say about learners. It is safe for concurrent use.
type Service struct {
	store    Store
	segments *segment.Service
	now      func() time.Time
	listings memo.Memo[h.TargetType, Listing]
}

// NewService makes a service. segments compiles the rules of the lists and knows the currency.
func NewService(store Store, segments *segment.Service, now func() time.Time) *Service {
	return &Service{store: store, segments: segments, now: now}
}

// Periods lists the times that a strip can cover, the shortest first and all last.
func Periods() []Period { return []Period{7, 30, 0} }

// View gives what stands above the lists of an offering.
//
// Errors: fault.ErrNotFound, also for a copy, whose figures are its origin's; fault.Fields with
// "period" for one that is not of [Periods]; fault.ErrUnavailable.
func (s *Service) View(ctx context.Context, id OfferingID, p Period) (View, error) {
	if !slices.Contains(Periods(), p) {
		return View{}, fault.Fields{"period": {Key: "problem.choice"}}
	}
	v, err := s.store.View(ctx, id, p, s.now())
	if err != nil {
		return View{}, fmt.Errorf("show offering: %w", err)
	}
	return v, nil
}

// Ask asks for a page of a tab.
type Ask struct {
	Offering OfferingID
	Tab      Tab
	Filter   Filter
	After    string // the cursor of the page before; empty: the first page
	Limit    int    // 1 to 100
}

// People gives the people that [Rule] selects, with what is known of them and the offering, the
// latest first.
//
// Errors: fault.Fields for what does not fit; fault.ErrInvalid for a bad cursor;
// fault.ErrUnavailable.
func (s *Service) People(ctx context.Context, a Ask) (People, error) {
	if err := a.Filter.check(a.Tab); err != nil {
		return People{}, err
	}
	if a.Limit < 1 || a.Limit > 100 {
		return People{}, fault.Fields{"limit": {Key: "problem.range", Args: []any{1, 100}}}
	}
	l := listOf(a.Offering, a.Tab)
	l.After, l.Limit = a.After, a.Limit
	var where segment.Predicate
	if conditions := a.Filter.conditions(a.Offering); len(conditions) > 0 {
		var err error
		l.Rule = segment.Group("all", conditions...)
		if where, err = s.segments.Compile(ctx, l.Rule); err != nil {
			return People{}, fmt.Errorf("list people of a stage: %w", err)
		}
	}
	p, err := s.store.People(ctx, l, where, s.now())
	if err != nil {
		return People{}, fmt.Errorf("list people of a stage: %w", err)
	}
	return p, nil
}

// Find gives a learner as the list of their stage shows them, or that of the past learners.
//
// Errors: fault.ErrNotFound: the learner is on no tab of the offering; fault.ErrUnavailable.
func (s *Service) Find(ctx context.Context, id OfferingID, learner segment.PersonID) (Pair, error) {
	r := segment.Condition("learner", segment.OpIn, []segment.PersonID{learner}, "")
	where, err := s.segments.Compile(ctx, r)
	if err != nil {
		return Pair{}, fmt.Errorf("find learner: %w", err)
	}
	for _, t := range Tabs() {
		l := listOf(id, t)
		l.Rule, l.Limit = r, 1
		p, err := s.store.People(ctx, l, where, s.now())
		if err != nil {
			return Pair{}, fmt.Errorf("find learner: %w", err)
		}
		if len(p.Pairs) > 0 {
			return p.Pairs[0], nil
		}
	}
	return Pair{}, fmt.Errorf("find learner: %w", fault.ErrNotFound)
}

// listOf is the list of a tab.
func listOf(id OfferingID, t Tab) List {
	if t == TabPast {
		return List{Offering: id, Stage: Enrolled, Past: true}
	}
	return List{Offering: id, Stage: Stage(t)}
}

// MaxReason is the longest reason of an opinion, in characters.
const MaxReason = 200

// SetLevel enters what staff say about a learner's intent. It holds until somebody says otherwise;
// an empty level goes back to the score. Who says the same again has said it once.
//
// Errors: fault.ErrForbidden without PermFollowup; fault.Fields; fault.ErrNotFound: no such learner
// or offering.
func (s *Service) SetLevel(ctx context.Context, by h.Staff, o Opinion) (Opined, error) {
	if !by.May(h.PermFollowup) {
		return Opined{}, fmt.Errorf("set intent level: %w", fault.ErrForbidden)
	}
	o.Reason = strings.TrimSpace(o.Reason)
	if err := o.Check(); err != nil {
		return Opined{}, err
	}
	out, err := s.store.SetLevel(ctx, by, o, s.now())
	if err != nil {
		return Opined{}, fmt.Errorf("set intent level: %w", err)
	}
	return out, nil
}

// Check says what is wrong with an opinion as far as one can tell without keeping it.
//
// Errors: fault.Fields with "level" and "reason".
func (o Opinion) Check() error {
	problems := fault.Fields{}
	if o.Level != "" && !slices.Contains(Levels(), o.Level) {
		problems.Add("level", "problem.choice")
	}
	switch {
	case utf8.RuneCountInString(o.Reason) > MaxReason:
		problems.Add("reason", "problem.long", MaxReason)
	case !utf8.ValidString(o.Reason) || strings.IndexFunc(o.Reason, unicode.IsControl) >= 0:
		problems.Add("reason", "problem.control")
	}
	return problems.Err()
}

// Opinions lists what staff said about a learner's intent, the latest first, at most 100.
func (s *Service) Opinions(ctx context.Context, learner segment.PersonID, id OfferingID) ([]Opined, error) {
	list, err := s.store.Opinions(ctx, learner, id)
	if err != nil {
		return nil, fmt.Errorf("history of an intent level: %w", err)
	}
	return list, nil
}

// SetCategory says why a learner left, as staff found out; an empty category takes that back.
//
// Errors: fault.ErrForbidden without PermFollowup; fault.Fields with "category"; fault.ErrNotFound:
// the learner did not leave it.
func (s *Service) SetCategory(ctx context.Context, by h.Staff, learner segment.PersonID, id OfferingID, c Category) error {
	if !by.May(h.PermFollowup) {
		return fmt.Errorf("set reason of leaving: %w", fault.ErrForbidden)
	}
	if c != "" && !slices.Contains(Categories(), c) {
		return fault.Fields{"category": {Key: "problem.choice"}}
	}
	if err := s.store.SetCategory(ctx, by, learner, id, c, s.now()); err != nil {
		return fmt.Errorf("set reason of leaving: %w", err)
	}
	return nil
}

// Exits analyses who left an offering and has not come back.
func (s *Service) Exits(ctx context.Context, id OfferingID) (Exits, error) {
	e, err := s.store.Exits(ctx, id, s.now())
	if err != nil {
		return Exits{}, fmt.Errorf("analyse exits: %w", err)
	}
	return e, nil
}

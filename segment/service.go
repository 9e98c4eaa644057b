package segment

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/memo"
)

// Service answers questions about audiences. It is safe for concurrent use.
type Service struct {
	store   Store
	catalog Catalog
	site    Site
	now     func() time.Time
	shared  memo.Memo[string, Answer]
}

// Site is where a service works.
type Site struct {
	Location *time.Location // the site's time zone, of the IANA database
	Currency string         // ISO 4217
	// Share gives all who look at the same audience at once one answer, which is then up to twice as
	// old as it took to find: a moment, unless it takes long. See [Service.Audience].
	Share bool
}

// NewService makes a service. catalog is [DefaultCatalog], without what the host lacks.
func NewService(store Store, catalog Catalog, site Site, now func() time.Time) *Service {
	return &Service{store: store, catalog: catalog, site: site, now: now}
}

// Location is the site's time zone.
func (s *Service) Location() *time.Location { return s.site.Location }

// Currency is the site's, ISO 4217.
func (s *Service) Currency() string { return s.site.Currency }

// Env gives what rules are read against at this moment: the fields, the host's own among them,
// and the saved queries.
func (s *Service) Env(ctx context.Context) (Env, error) {
	env, _, err := s.env(ctx)
	return env, err
}

// EnvFor gives what rules of a member of staff are read against, and the quick queries that they may
// see, in their order: the others are Hidden.
func (s *Service) EnvFor(ctx context.Context, staff string) (Env, []Saved, error) {
	env, all, err := s.env(ctx)
	if err != nil {
		return Env{}, nil, err
	}
	var seen []Saved
	for _, q := range all {
		if q.VisibleTo(staff) {
			seen = append(seen, q)
		}
	}
	env.Hidden = func(id QueryID) bool {
		return !slices.ContainsFunc(seen, func(q Saved) bool { return q.ID == id })
	}
	return env, seen, nil
}

func (s *Service) env(ctx context.Context) (Env, []Saved, error) {
	saved, custom, err := s.store.Queries(ctx)
	if err != nil {
		return Env{}, nil, fmt.Errorf("load quick queries: %w", err)
	}
	return s.envOf(saved, custom), saved, nil
}

func (s *Service) envOf(saved []Saved, custom []CustomField) Env {
	env := Env{Catalog: s.catalog.With(custom), Now: s.now().In(s.site.Location), Currency: s.site.Currency, Queries: make(map[QueryID]Rule, len(saved))}
	for _, q := range saved {
		env.Queries[q.ID] = q.Rule
	}
	return env
}

// envFor gives what a rule is read against; most rules need nothing that is stored.
func (s *Service) envFor(ctx context.Context, r Rule) (Env, error) {
	for _, p := range append(r.Paths(), Part{Rule: r}) {
		if p.Rule.Field == "query" || strings.HasPrefix(p.Rule.Field, customPrefix) {
			return s.Env(ctx)
		}
	}
	return s.envOf(nil, nil), nil
}

// Compile turns a rule into a predicate of this moment.
//
// Errors: *RuleError wrapped as fault.ErrInvalid; fault.ErrUnavailable.
func (s *Service) Compile(ctx context.Context, r Rule) (Predicate, error) {
	env, err := s.envFor(ctx, r)
	if err != nil {
		return Predicate{}, err
	}
	return s.compile(r, env)
}

func (s *Service) compile(r Rule, env Env) (Predicate, error) {
	p, err := Compile(r, env)
	if err != nil {
		return p, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	return p, nil
}

// Count counts the people a rule selects, how they can be reached, and how many each of the
// tree's parts selects by itself.
//
// Errors: fault.ErrInvalid around *RuleError; fault.ErrUnavailable when it took too long.
func (s *Service) Count(ctx context.Context, r Rule) (Counts, error) {
	a, err := s.ask(ctx, Query{Rule: r, Parts: true}, true)
	if err != nil {
		return Counts{}, fmt.Errorf("count audience: %w", err)
	}
	return a.Counts, nil
}

// Size counts the people a rule selects and nothing else.
//
// Errors: fault.ErrInvalid around *RuleError; fault.ErrUnavailable when it took too long.
func (s *Service) Size(ctx context.Context, r Rule) (int64, error) {
	p, err := s.Compile(ctx, r)
	if err != nil {
		return 0, err
	}
	return s.store.Total(ctx, p)
}

// List gives a page of the people a rule selects.
//
// Errors: fault.Fields for a bad sort or limit; fault.ErrInvalid for a bad rule or cursor;
// fault.ErrUnavailable when it took too long.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	if err := q.check(); err != nil {
		return Page{}, err
	}
	a, err := s.ask(ctx, q, false)
	if err != nil {
		return Page{}, fmt.Errorf("list audience: %w", err)
	}
	return a.Page, nil
}

// Audience counts as Count does and lists as List does, in one round trip.
//
// Errors: those of both.
func (s *Service) Audience(ctx context.Context, q Query) (Counts, Page, error) {
	if err := q.check(); err != nil {
		return Counts{}, Page{}, err
	}
	a, err := s.share(ctx, q)
	if err != nil {
		return Counts{}, Page{}, fmt.Errorf("show audience: %w", err)
	}
	return a.Counts, a.Page, nil
}

// share asks, or lets the caller have what somebody else asked just now. Everybody gets a page of
// their own to write on, as pages mask what their reader may not see.
func (s *Service) share(ctx context.Context, q Query) (Answer, error) {
	key, err := json.Marshal(q)
	if !s.site.Share || err != nil { // what is wrong with the rule, asking says
		return s.ask(ctx, q, true)
	}
	a, err := s.shared.Get(ctx, string(key), func(ctx context.Context) (Answer, error) { return s.ask(ctx, q, true) })
	a.Page.People, a.Counts.Members = slices.Clone(a.Page.People), slices.Clone(a.Counts.Members)
	return a, err
}

// check fills in the usual sort and reports what is wrong.
func (q *Query) check() error {
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
	return problems.Err()
}

// Each gives the people a rule selects one after the other, as of one moment, without holding
// them all. An error of fn ends it and comes back.
//
// Errors: fault.ErrInvalid around *RuleError.
func (s *Service) Each(ctx context.Context, r Rule, fn func(Person) error) error {
	p, err := s.Compile(ctx, r)
	if err != nil {
		return err
	}
	return s.store.Each(ctx, p, fn)
}

// Explain says for each condition of a rule whether it holds for a person, with the value that
// decided it.
//
// Errors: fault.ErrInvalid around *RuleError; fault.ErrNotFound: no such person.
func (s *Service) Explain(ctx context.Context, r Rule, id PersonID) (Explanation, error) {
	env, err := s.envFor(ctx, r)
	if err != nil {
		return Explanation{}, err
	}
	p, err := s.store.Profile(ctx, id)
	if err != nil {
		return Explanation{}, fmt.Errorf("load profile: %w", err)
	}
	e, err := Explain(r, p, env)
	if err != nil {
		return e, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	return e, nil
}

// Choices gives values of a list.
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
	if _, err := s.Compile(ctx, r); err != nil {
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

// Everyone selects all active accounts. It is what a page shows before any condition is set.
func Everyone() Rule {
	return Group("all", Condition("status", OpIn, []string{"active"}, ""))
}

// Rested narrows a rule to those who were not contacted in the last days. Into a group joined by
// "all" the condition goes as one more member, so that it nests no deeper.
func Rested(r Rule, days int) Rule {
	rest := rested(days)
	if r.All != nil {
		if len(r.All) == 0 {
			return r // nobody stays nobody
		}
		return Group("all", append(slices.Clone(r.All), rest)...)
	}
	return Group("all", r, rest)
}

func rested(days int) Rule { return Condition("contacted", OpNotInLast, days, Day) }

// Unwrap takes off again what pages put around a rule, in whatever order and however often: the
// people taken out by hand, each once and in order, and the days of [Rested], the most; 0: none. A
// rule that is nothing but the wrapping keeps its first part.
func Unwrap(r Rule) (base Rule, unticked []PersonID, days int) {
	for base = r; len(base.All) > 1; base = Group("all", base.All[:len(base.All)-1]...) {
		var ids []PersonID
		var n int
		switch last := base.All[len(base.All)-1]; {
		case last.Of != nil:
		case last.Field == "learner" && last.Op == OpNotIn:
			_ = json.Unmarshal(last.Value, &ids) // what is no list stays in the rule
		case last.Field == "contacted" && last.Op == OpNotInLast && last.Unit == Day:
			_ = json.Unmarshal(last.Value, &n)
		}
		if len(ids) == 0 && n < 1 {
			break
		}
		unticked, days = append(unticked, ids...), max(days, n)
	}
	slices.Sort(unticked)
	return base, slices.Compact(unticked), days
}

// Problem gives what is wrong with a rule, if that is what err is about.
func Problem(err error) (*RuleError, bool) {
	var re *RuleError
	return re, errors.As(err, &re)
}

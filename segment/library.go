package segment

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// MaxName is the longest name of a quick query or list, in characters.
const MaxName = 50

// Queries gives the quick queries that a member of staff may see, in their order.
func (s *Service) Queries(ctx context.Context, staff string) ([]Saved, error) {
	_, seen, err := s.EnvFor(ctx, staff)
	return seen, err
}

// FindQuery gives a quick query that a member of staff may see.
//
// Errors: fault.ErrNotFound.
func (s *Service) FindQuery(ctx context.Context, id QueryID, staff string) (Saved, error) {
	all, err := s.Queries(ctx, staff)
	if err != nil {
		return Saved{}, err
	}
	for _, q := range all {
		if q.ID == id {
			return q, nil
		}
	}
	return Saved{}, fmt.Errorf("quick query %d: %w", id, fault.ErrNotFound)
}

// SaveQuery makes (ID 0) or changes a quick query. Somebody else's own query is not found.
//
// Errors: fault.Fields with what is wrong: name, rule; fault.ErrNotFound.
func (s *Service) SaveQuery(ctx context.Context, q Saved, staff string) (QueryID, error) {
	q, was, _, custom, err := s.sound(ctx, q)
	if err != nil {
		return 0, err
	}
	return s.store.SaveQuery(ctx, q, func(all []Saved) error { return s.fits(q, was, all, custom, staff) })
}

// CheckQuery says what SaveQuery would refuse of the same query as things stand. It saves nothing.
//
// Errors: as SaveQuery.
func (s *Service) CheckQuery(ctx context.Context, q Saved, staff string) error {
	q, was, all, custom, err := s.sound(ctx, q)
	if err != nil {
		return err
	}
	return s.fits(q, was, all, custom, staff)
}

// DeleteQuery deletes a quick query that a member of staff may see.
//
// Errors: *InUseError with the places that need it; fault.ErrNotFound.
func (s *Service) DeleteQuery(ctx context.Context, id QueryID, staff string) error {
	if _, err := s.FindQuery(ctx, id, staff); err != nil {
		return err
	}
	return s.store.DeleteQuery(ctx, id)
}

// MoveQuery moves a quick query up (by -1) or down (by 1) among those that a member of staff sees.
//
// Errors: fault.ErrNotFound.
func (s *Service) MoveQuery(ctx context.Context, id QueryID, by int, staff string) error {
	_, all, err := s.env(ctx)
	if err != nil {
		return err
	}
	var order []QueryID
	var visible []int // places in order
	at := -1
	for i, q := range all {
		order = append(order, q.ID)
		if q.VisibleTo(staff) {
			if q.ID == id {
				at = len(visible)
			}
			visible = append(visible, i)
		}
	}
	to := at + by
	switch {
	case at < 0:
		return fmt.Errorf("quick query %d: %w", id, fault.ErrNotFound)
	case to < 0 || to >= len(visible):
		return nil // it is at the end already
	}
	i, j := visible[at], visible[to]
	order[i], order[j] = order[j], order[i]
	return s.store.OrderQueries(ctx, order)
}

// Recount counts a quick query now and keeps the figure for its trend.
//
// Errors: fault.ErrNotFound; fault.ErrInvalid around *RuleError when its rule is not sound any more.
func (s *Service) Recount(ctx context.Context, id QueryID) (int64, error) {
	env, all, err := s.env(ctx)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(all, func(q Saved) bool { return q.ID == id })
	if i < 0 {
		return 0, fmt.Errorf("quick query %d: %w", id, fault.ErrNotFound)
	}
	counted := all[i]
	p, err := s.compile(counted.Rule, env)
	if err != nil {
		return 0, err
	}
	n, err := s.store.Total(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("count quick query %d: %w", id, err)
	}
	if n == 0 { // before the first sync there is nobody, which is no size of anything
		if all, err := s.store.Total(ctx, Predicate{SQL: "TRUE"}); err != nil || all == 0 {
			return 0, err
		}
	}
	return n, s.store.SaveCount(ctx, counted, n, env.Now, dateOf(env.Now))
}

// Trend gives a query's sizes of the last days, oldest first; days on which nobody counted are
// absent.
func (s *Service) Trend(ctx context.Context, id QueryID, days int) ([]Point, error) {
	return s.store.Trend(ctx, id, dateOf(s.now().In(s.site.Location)).AddDate(0, 0, 1-days))
}

// ListInput is what staff say of a list of people that they upload.
type ListInput struct {
	Name         string
	ByID, ByName string
}

// ListReport tells what became of a list.
type ListReport struct {
	ID      int64
	Given   int // different entries
	People  int // people found; several may share a phone number
	Missing int // entries that nobody has
	// Unmatched are the first of the missing, by line; at most 100.
	Unmatched []IDEntry
}

// SaveList keeps a list of people as a value of the field "list". Those who come later, with a
// phone number of the list, are not on it.
//
// Errors: fault.Fields: name, or list when nobody was found.
func (s *Service) SaveList(ctx context.Context, l IDList, in ListInput) (ListReport, error) {
	problems := fault.Fields{}
	in.Name = strings.TrimSpace(in.Name)
	checkName(problems, in.Name)
	if len(l.Entries) == 0 {
		problems.Add("list", "problem.list_empty")
	}
	if len(l.Entries) > MaxIDList {
		problems.Add("list", "problem.list_long", MaxIDList)
	}
	if err := problems.Err(); err != nil {
		return ListReport{}, err
	}
	return s.store.SaveList(ctx, l, in, s.now())
}

// checkValues reports values of a rule that are gone: a course or tag that was deleted.
func (s *Service) checkValues(ctx context.Context, r Rule) error {
	env, err := s.Env(ctx)
	if err != nil {
		return err
	}
	problems := fault.Fields{}
	for _, part := range append(r.Paths(), Part{Rule: r}) {
		f, ok := env.Catalog[part.Rule.Field]
		if !ok {
			continue // Compile says so
		}
		asked := map[Choices][]int64{}
		if list, err := ids(part.Rule); err == nil && f.Type != IDs && f.Type != Queries {
			asked[f.Choices] = append(asked[f.Choices], list...)
		}
		if of := part.Rule.Of; of != nil {
			asked[OfferingChoices] = append(asked[OfferingChoices], of.Offerings...)
			asked[TagChoices] = append(asked[TagChoices], of.Tags...)
			asked[CampaignChoices] = append(asked[CampaignChoices], of.Campaigns...)
			asked[LinkChoices] = append(asked[LinkChoices], of.Links...)
		}
		for from, list := range asked {
			gone, err := s.gone(ctx, from, list)
			if err != nil {
				return err
			}
			if gone {
				problems.Add("rule", "problem.rule_gone", f.Key)
			}
		}
	}
	return problems.Err()
}

// gone reports whether one of the ids is not there any more.
func (s *Service) gone(ctx context.Context, of Choices, list []int64) (bool, error) {
	switch of {
	case OfferingChoices, TagChoices, InterestChoices, LabelChoices, CampaignChoices, ListChoices:
	default:
		return false, nil
	}
	values := make([]string, len(list))
	for i, id := range list {
		values[i] = strconv.FormatInt(id, 10)
	}
	labels, err := s.store.Labels(ctx, of, values)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(values, func(v string) bool { _, ok := labels[v]; return !ok }), nil
}

package segment

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// sound checks what can be told of a query by itself, and gives it as it is kept, with its rule until
// now and all that are there.
func (s *Service) sound(ctx context.Context, q Saved) (_ Saved, was Rule, all []Saved, custom []CustomField, err error) {
	problems := fault.Fields{}
	q.Name = strings.TrimSpace(q.Name)
	if q.Name != "" || q.Preset == "" {
		checkName(problems, q.Name)
	}
	if err := problems.Err(); err != nil {
		return q, was, nil, nil, err
	}
	q.UpdatedAt = s.now()
	if all, custom, err = s.store.Queries(ctx); err != nil {
		return q, was, nil, nil, err
	}
	// Only a new rule must be sound: one whose course is gone can still be renamed or put away.
	if i := slices.IndexFunc(all, func(o Saved) bool { return o.ID == q.ID }); i >= 0 {
		was = all[i].Rule
	}
	if string(was.JSON()) != string(q.Rule.JSON()) {
		if err := addRule(problems, q.Rule.check(MaxDepth, MaxLeaves)).Err(); err != nil {
			return q, was, nil, nil, err
		}
		if err := s.checkValues(ctx, q.Rule); err != nil {
			return q, was, nil, nil, err
		}
	}
	return q, was, all, custom, nil
}

// fits checks a query against all the others.
func (s *Service) fits(q Saved, was Rule, all []Saved, custom []CustomField, staff string) error {
	problems := fault.Fields{}
	env := s.envOf(all, custom)
	env.Hidden = func(id QueryID) bool {
		return !was.Refers(id) && !slices.ContainsFunc(all, func(o Saved) bool { return o.ID == id && o.VisibleTo(staff) })
	}
	for _, other := range all {
		if other.ID == q.ID && !other.VisibleTo(staff) {
			return fault.ErrNotFound
		}
		if other.ID != q.ID && other.VisibleTo(staff) && other.Name == q.Name && q.Name != "" {
			problems.Add("name", "problem.taken")
		}
	}
	if q.ID != 0 {
		env.Queries[q.ID] = q.Rule // a new circle would lead through it
	}
	if string(was.JSON()) != string(q.Rule.JSON()) {
		_, err := Compile(q.Rule, env)
		addRule(problems, err)
	}
	return problems.Err()
}

// addRule files what is wrong with a rule.
func addRule(problems fault.Fields, err error) fault.Fields {
	if re, ok := Problem(err); ok {
		problems.Add("rule", "problem.rule_"+re.Word(), re.Field)
	}
	return problems
}

// checkName reports what is wrong with a name that people read.
func checkName(problems fault.Fields, name string) {
	switch {
	case name == "":
		problems.Add("name", "problem.missing")
	case utf8.RuneCountInString(name) > MaxName:
		problems.Add("name", "problem.long", MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		problems.Add("name", "problem.control")
	}
}

package segment

import (
	"context"
	"fmt"
	"slices"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// ask compiles a question for the store and reads the answer.
func (s *Service) ask(ctx context.Context, q Query, counts bool) (Answer, error) {
	env, err := s.envFor(ctx, q.Rule)
	if err != nil {
		return Answer{}, err
	}
	a := Ask{Count: counts, Reach: counts && q.Parts, Limit: q.Limit, Sort: q.Sort, After: q.After, Known: q.Known}
	if a.Whole, err = q.predicate(counting, env); err != nil {
		return Answer{}, err
	}
	if a.Walk, err = q.predicate(walking, env); err != nil {
		return Answer{}, err
	}
	a.Ranges = q.ranges(env)
	a.Once = a.Whole.Rows || q.fewByIndex(env)
	root, parts, leaves := number(q.Rule)
	var rest *node // the condition that Rest adds
	if q.Rest != 0 {
		rest = &node{leaf: len(leaves)}
		leaves = append(leaves, rested(q.Rest))
	}
	each := a.Reach && (rest != nil || !root.plain())
	if each {
		a.Leaves = make([]Predicate, len(leaves)) // not nil: a rule may be all groups
		for i, leaf := range leaves {
			if a.Leaves[i], err = compileFor(joining, fmt.Sprintf("s%d_", i), leaf, env); err != nil {
				return Answer{}, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
			}
		}
		a.Matches = func(set SetCount) bool { return root.holds(set) && (rest == nil || rest.holds(set)) }
	}
	out, err := s.store.Ask(ctx, a)
	if err != nil || !a.Reach {
		return out, err
	}
	out.Counts.Members = make([]int64, len(parts))
	if each {
		out.Counts.add(out.Sets, root, rest, parts)
	} else {
		for i := range out.Counts.Members {
			out.Counts.Members[i] = out.Counts.Matched
		}
	}
	return out, nil
}

// must lists the conditions that all people of the rule meet.
func (q Query) must() []Rule {
	if q.Rule.All != nil {
		return q.Rule.All
	}
	return []Rule{q.Rule}
}

// fewByIndex reports whether an index of sets finds the people: those of a course or a tag.
func (q Query) fewByIndex(env Env) bool {
	return slices.ContainsFunc(q.must(), func(r Rule) bool {
		f := env.Catalog[r.Field]
		return f.Type == Refs && f.rows == nil && (r.Op == OpAnyOf || r.Op == OpAllOf)
	})
}

// predicate compiles the rule and what Rest adds to it.
func (q Query) predicate(s style, env Env) (Predicate, error) {
	p, err := compileFor(s, "", q.Rule, env)
	if err == nil && q.Rest != 0 {
		var rest Predicate
		rest, err = compileFor(s, "", rested(q.Rest), env)
		p = Predicate{SQL: "(" + p.SQL + " AND " + rest.SQL + ")", Args: slices.Concat(p.Args, rest.Args), Rows: true}
	}
	if err != nil {
		return p, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	return p, nil
}

// sorted names the fields by whose column lists are sorted.
var sorted = map[Sort]string{SortLogin: "last_login", SortRegistered: "registered", SortPaid: "last_paid", SortLearned: "last_learned"}

// ranges finds what the rule says of the sort's column when that is in several pieces: "not in the
// last 30 days" is later than now, earlier than that, or never. A list in the order of the column
// need not walk over the hole between them.
func (q Query) ranges(env Env) []Predicate {
	for _, r := range q.must() {
		if r.Field == "" || r.Field != sorted[q.Sort] || r.Op != OpNotInLast || len(r.Of.uses()) > 0 {
			continue
		}
		f := env.Catalog[r.Field]
		hole, err := spanOf(f, r, env.Now)
		if err != nil {
			return nil // Compile says so
		}
		piece := func(lo, hi *bound) Predicate {
			c := compiler{env: env}
			c.between(f.own.sql, f, lo, hi)
			return Predicate{SQL: c.sql.String(), Args: c.args}
		}
		return []Predicate{piece(&bound{at: hole.hi.at, open: true}, nil), piece(nil, &bound{at: hole.lo.at, open: true}), {SQL: f.own.sql + " IS NULL"}}
	}
	return nil
}

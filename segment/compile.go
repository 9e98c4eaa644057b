package segment

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Predicate is a condition on crm_learners AS l: true for who is meant, false or null for all
// others, so it goes into WHERE, FILTER, AND and OR as it is and under a negation as IS NOT TRUE.
// SQL has one ? per element of Args and takes every identifier from the Catalog, never from a
// Rule. An argument is an int64, a float64, a string, a time.Time, a []int64 or a []string.
type Predicate struct {
	SQL  string
	Args []any
	// Rows tells that rows of other tables are asked, not only the person's own.
	Rows bool
	// Joins are sets of people that SQL refers to; empty but in [Ask.Leaves].
	Joins []Join
}

// Join is a set of people under the name that a predicate gives it. IDs is a query for their ids,
// each once, in learner_id.
type Join struct {
	As  string
	IDs Predicate
}

// style is what a predicate is for.
type style int

const (
	counting style = iota // to find all: whatever the planner finds cheapest
	walking               // to find the first of many, by asking one person after the other
	joining               // to ask everybody: sets of people are made once and joined
)

// Env is what a rule is read against.
type Env struct {
	Catalog Catalog
	// Now decides what "in the last 30 days" means; its location, which must be one of the IANA
	// database, is the site's time zone, in which days are counted.
	Now      time.Time
	Currency string           // of the sums; orders in another currency add nothing
	Queries  map[QueryID]Rule // the saved queries that a rule may refer to
	// Hidden tells which of them the rule itself must not name, because who wrote it may not see
	// them; a query that it may name can refer to any. nil: none.
	Hidden func(QueryID) bool
}

// maxExpanded bounds the conditions of a rule together with those of the queries it refers to.
const maxExpanded = 1000

// Compile turns a rule into a predicate.
//
// Errors: *RuleError.
func Compile(r Rule, env Env) (Predicate, error) { return compileFor(counting, "", r, env) }

// compileFor compiles for a purpose; names of joins begin with prefix.
func compileFor(s style, prefix string, r Rule, env Env) (Predicate, error) {
	if err := r.check(MaxDepth+wrapping, MaxLeaves+wrapping); err != nil {
		return Predicate{}, err
	}
	c := compiler{env: env, style: s, prefix: prefix}
	if err := c.rule("", r, false); err != nil {
		return Predicate{}, err
	}
	return Predicate{SQL: c.sql.String(), Args: c.args, Joins: c.joins, Rows: c.asked}, nil
}

// compiler writes SQL. A negation is carried down to the conditions, where it can be written so
// that an index or an anti-join answers it, and where alone a missing value must be thought of.
type compiler struct {
	env    Env
	style  style
	prefix string // of the joins' names
	joins  []Join
	asked  bool // rows of other tables were asked
	sql    strings.Builder
	args   []any
	leaves int
	inside []QueryID // the queries being expanded
}

func (c *compiler) rule(path string, r Rule, not bool) error {
	word, members := r.Members()
	switch {
	case word == "":
		return c.condition(path, r, not)
	case len(members) == 0 && not:
		c.emit("TRUE")
		return nil
	case len(members) == 0:
		c.emit("FALSE")
		return nil
	}
	separator := " OR "
	if (word == "any") == not { // all of; none of, each turned round; not any of, each turned round
		separator = " AND "
	}
	c.emit("(")
	for i, m := range members {
		if i > 0 {
			c.emit(separator)
		}
		if err := c.rule(childPath(path, i), m, not != (word == "none")); err != nil {
			return err
		}
	}
	c.emit(")")
	return nil
}

func (c *compiler) condition(path string, r Rule, not bool) error {
	if c.leaves++; c.leaves > maxExpanded {
		return &RuleError{Path: path, Field: r.Field, Err: ErrTooLarge}
	}
	f, err := c.env.field(r)
	if err == nil {
		err = c.leaf(path, f, r, not)
	}
	if re, ok := Problem(err); ok { // of a query that this one refers to
		err = re.Err
	}
	if err != nil {
		return &RuleError{Path: path, Field: r.Field, Err: err}
	}
	return nil
}

// field finds a condition's field and checks what does not depend on its type. Errors: the
// package's sentinels.
func (e Env) field(r Rule) (Field, error) {
	f, ok := e.Catalog[r.Field]
	switch {
	case !ok:
		return f, ErrUnknownField
	case f.Lacking:
		return f, ErrNoSource
	case !slices.Contains(f.Ops(), r.Op):
		return f, ErrUnknownOp
	}
	return f, r.Of.check(f, e.Now)
}

// leaf writes a condition on a field.
func (c *compiler) leaf(path string, f Field, r Rule, not bool) error {
	byRows := f.rows != nil && (f.own.sql == "" || len(r.Of.uses()) > 0)
	switch {
	case f.Type == Queries:
		return c.queries(path, r, not)
	case f.Type == Flag:
		return c.flag(f, r, not)
	case f.Type == Word:
		return c.word(f, r, not)
	case f.Type == IDs:
		return c.id(r, not)
	case f.Type == String && byRows:
		return c.someText(f, r, not)
	case f.Type == String:
		return c.text(f, r, not)
	case f.set() && byRows:
		return c.someOf(f, r, not)
	case f.set():
		return c.setOf(f, r, not)
	case f.own.counted != "" && r.Of.onOfferings():
		return c.counted(f, r, not)
	case f.own.age:
		return c.age(f, r, not)
	case r.Op == OpBirthday:
		return c.birthday(f, r, not)
	}
	s, err := spanOf(f, r, c.env.Now)
	if err != nil {
		return err
	}
	s.not = s.not != not
	switch {
	case byRows:
		c.rowsSpan(f, r, s)
	case f.own.via != "":
		c.emit(negation(s.not) + f.own.sql + " && ARRAY(SELECT o.id FROM crm_offerings o WHERE ")
		c.between(f.own.via, f, s.lo, s.hi)
		c.emit(")")
	default:
		c.ownSpan(f, s)
	}
	return nil
}

// set reports whether the field's value is a set.
func (f Field) set() bool { return f.Type == Refs || f.Type == Words || f.Type == Lists }

// emit writes SQL with its arguments.
func (c *compiler) emit(sql string, args ...any) {
	c.sql.WriteString(sql)
	c.args = append(c.args, args...)
}

// expand writes SQL of the catalogue, in which words in braces stand for arguments.
func (c *compiler) expand(sql string, f Field) {
	for {
		before, rest, found := strings.Cut(sql, "{")
		c.emit(before)
		if !found {
			return
		}
		word, after, _ := strings.Cut(rest, "}")
		switch word {
		case "now":
			c.emit("?", c.env.Now.UTC())
		case "zone":
			c.emit("?", c.env.Now.Location().String())
		case "currency":
			c.emit("?", c.env.Currency)
		case "high":
			c.emit("?", heatFrom(highFrom, c.env.Now))
		case "medium":
			c.emit("?", heatFrom(mediumFrom, c.env.Now))
		case "key":
			c.emit("?", f.own.custom)
		default: // an array
			c.emit("{" + word + "}")
		}
		sql = after
	}
}

func negation(not bool) string {
	if not {
		return "NOT "
	}
	return ""
}

// between writes that a value lies between two bounds.
func (c *compiler) between(value string, f Field, lo, hi *bound) {
	cast := ""
	if f.Type == Date || f.own.age {
		cast = "::date" // their bounds are texts
	}
	switch {
	case lo == nil && hi == nil:
		c.emit("TRUE")
	case lo != nil && hi != nil && *lo == *hi && !lo.open:
		c.expand(value, f)
		c.emit(" = ?"+cast, lo.at)
	case lo != nil && hi != nil:
		c.between(value, f, lo, nil)
		c.emit(" AND ")
		c.between(value, f, nil, hi)
	case lo != nil:
		c.expand(value, f)
		c.emit(map[bool]string{false: " >= ?", true: " > ?"}[lo.open]+cast, lo.at)
	default:
		c.expand(value, f)
		c.emit(map[bool]string{false: " <= ?", true: " < ?"}[hi.open]+cast, hi.at)
	}
}

// queries writes the rules of other queries in place.
func (c *compiler) queries(path string, r Rule, not bool) error {
	list, err := ids(r)
	if err != nil {
		return err
	}
	not = not != (r.Op == OpNotIn)
	slices.Sort(list)
	c.emit("(")
	for i, n := range slices.Compact(list) {
		if i > 0 {
			c.emit(map[bool]string{false: " OR ", true: " AND "}[not])
		}
		id := QueryID(n)
		rule, ok := c.env.Queries[id]
		if c.leaves++; c.leaves > maxExpanded { // a query without conditions costs something too
			return ErrTooLarge
		}
		switch {
		case !ok, len(c.inside) == 0 && c.env.Hidden != nil && c.env.Hidden(id):
			return ErrNoQuery
		case slices.Contains(c.inside, id):
			return ErrCycle
		}
		c.inside = append(c.inside, id)
		if err := c.rule(path, rule, not); err != nil {
			return fmt.Errorf("quick query %d: %w", id, err)
		}
		c.inside = c.inside[:len(c.inside)-1]
	}
	c.emit(")")
	return nil
}

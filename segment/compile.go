package segment

import (
	"slices"
	"strings"
	"time"
)

// Predicate is a condition on crm_learners AS l. SQL has one ? per element of Args and takes
// every identifier from the Catalog, never from a Rule. An argument is an int64, a time.Time, a
// []int64 or a []string.
type Predicate struct {
	SQL  string
	Args []any
}

// Compile turns a rule into a predicate. now decides what "in the last 30 days" means; its
// location is the site's time zone, in which dates and days are counted.
//
// Errors: *RuleError.
func Compile(r Rule, cat Catalog, now time.Time) (Predicate, error) {
	if err := r.check(); err != nil {
		return Predicate{}, err
	}
	c := compiler{cat: cat, now: now}
	if err := c.rule("", r); err != nil {
		return Predicate{}, err
	}
	return Predicate{SQL: c.sql.String(), Args: c.args}, nil
}

type compiler struct {
	cat  Catalog
	now  time.Time
	sql  strings.Builder
	args []any
}

func (c *compiler) rule(path string, r Rule) error {
	word, members := r.Members()
	switch {
	case word == "":
		return c.condition(path, r)
	case len(members) == 0:
		c.sql.WriteString("FALSE")
		return nil
	}
	separator := " AND "
	if word != "all" {
		separator = " OR "
	}
	c.sql.WriteByte('(')
	for i, m := range members {
		if i > 0 {
			c.sql.WriteString(separator)
		}
		if err := c.rule(childPath(path, i), m); err != nil {
			return err
		}
	}
	c.sql.WriteByte(')')
	if word == "none" {
		c.sql.WriteString(" IS NOT TRUE") // the negation of a condition on nothing is true
	}
	return nil
}

func (c *compiler) condition(path string, r Rule) error {
	f, ok := c.cat[r.Field]
	if !ok {
		return &RuleError{Path: path, Field: r.Field, Err: ErrUnknownField}
	}
	if !slices.Contains(f.Ops(), r.Op) {
		return &RuleError{Path: path, Field: r.Field, Err: ErrUnknownOp}
	}
	var err error
	switch f.Type {
	case Time:
		err = c.time(f, r)
	case Number, Money:
		err = c.number(f, r)
	case Word:
		err = c.word(f, r)
	case Refs:
		err = c.refs(f, r)
	case IDs:
		err = c.ids(f, r)
	}
	if err != nil {
		return &RuleError{Path: path, Field: r.Field, Err: err}
	}
	return nil
}

// emit writes "column op ?…".
func (c *compiler) emit(sql string, args ...any) {
	c.sql.WriteString(sql)
	c.args = append(c.args, args...)
}

func (c *compiler) time(f Field, r Rule) error {
	switch r.Op {
	case OpEmpty:
		c.emit(f.Column + " IS NULL")
		return nil
	case OpNotEmpty:
		c.emit(f.Column + " IS NOT NULL")
		return nil
	case OpInLast, OpOlder:
		edge, err := ago(c.now, r)
		if err != nil {
			return err
		}
		if r.Op == OpOlder {
			c.emit(f.Column+" < ?", edge)
			return nil
		}
		c.emit("("+f.Column+" >= ? AND "+f.Column+" <= ?)", edge, c.now.UTC())
		return nil
	case OpBetween:
		from, to, err := dates(c.now.Location(), r)
		if err != nil {
			return err
		}
		c.emit("("+f.Column+" >= ? AND "+f.Column+" < ?)", from, to)
		return nil
	}
	day, err := date(c.now.Location(), r)
	if err != nil {
		return err
	}
	c.emit(f.Column+map[Op]string{OpOnAfter: " >= ?", OpBefore: " < ?"}[r.Op], day)
	return nil
}

var sqlOps = map[Op]string{OpEq: " = ?", OpNe: " <> ?", OpLt: " < ?", OpLe: " <= ?", OpGt: " > ?", OpGe: " >= ?"}

func (c *compiler) number(f Field, r Rule) error {
	if r.Op == OpBetween {
		from, to, err := numbers(r)
		if err != nil {
			return err
		}
		c.emit("("+f.Column+" >= ? AND "+f.Column+" <= ?)", from, to)
		return nil
	}
	n, err := number(r)
	if err != nil {
		return err
	}
	c.emit(f.Column+sqlOps[r.Op], n)
	return nil
}

func (c *compiler) word(f Field, r Rule) error {
	switch r.Op {
	case OpEmpty:
		c.emit(f.Column + " = ''")
		return nil
	case OpNotEmpty:
		c.emit(f.Column + " <> ''")
		return nil
	}
	list, err := words(r)
	if err != nil {
		return err
	}
	if r.Op == OpNotIn {
		c.emit(f.Column+" <> ALL (?)", list)
		return nil
	}
	c.emit(f.Column+" = ANY (?)", list)
	return nil
}

func (c *compiler) refs(f Field, r Rule) error {
	list, err := ids(r)
	if err != nil {
		return err
	}
	switch r.Op {
	case OpAllOf:
		c.emit(f.Column+" @> ?::integer[]", list)
	case OpNoneOf:
		c.emit("NOT "+f.Column+" && ?::integer[]", list)
	default:
		c.emit(f.Column+" && ?::integer[]", list)
	}
	return nil
}

func (c *compiler) ids(f Field, r Rule) error {
	list, err := ids(r)
	if err != nil {
		return err
	}
	if r.Op == OpNotIn {
		c.emit(f.Column+" <> ALL (?)", list)
		return nil
	}
	c.emit(f.Column+" = ANY (?)", list)
	return nil
}

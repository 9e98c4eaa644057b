package segment

import "fmt"

// Conditions on values that are made of a person's rows. What is asked is always one of two things:
// whether there is a row of some kind, or whether all rows of some kind together are such. How it
// is asked depends on what the predicate is for; see style.

// rowsSpan writes a condition on an aggregate.
func (c *compiler) rowsSpan(f Field, r Rule, s span) {
	rows := rowsOf{field: f, of: r.Of}
	switch {
	case s.missing && f.rows.agg == mean:
		rows.together = func() { c.expand(f.rows.count+" > 0", f) }
		s.not = !s.not
	case s.missing:
		s.not = !s.not
	case f.rows.agg == latest:
		c.extreme(&rows, s.lo, s.hi, func(lo, hi *bound) { c.between(f.rows.value, f, lo, hi) }, "max")
	case f.rows.agg == earliest:
		c.extreme(&rows, s.hi, s.lo, func(hi, lo *bound) { c.between(f.rows.value, f, lo, hi) }, "min")
	case f.rows.agg == mean:
		rows.together = func() { c.quotient(f, s) }
	case f.rows.each && s.anyAtAll():
	case f.rows.each && s.noneAtAll():
		s.not = !s.not
	case s.hasZero(): // who has no rows is meant too: all but those with a wrong number of them
		s.not = !s.not
		rows.bare = f.Type == Money
		rows.together = func() {
			c.emit("NOT (")
			c.between(f.rows.value, f, s.lo, s.hi)
			c.emit(")")
		}
	default:
		rows.bare = s.lo == nil || span{lo: s.lo}.hasZero() || s.lo.at.(int64) < 0
		rows.together = func() { c.between(f.rows.value, f, s.lo, s.hi) }
	}
	c.rows(rows, !s.not)
}

// extreme asks for the largest (or smallest) value: that it reaches the near bound is a question
// for some row, that it does not pass the far one a question for all of them.
func (c *compiler) extreme(q *rowsOf, near, far *bound, between func(near, far *bound), max string) {
	f := q.field
	if far != nil && f.rows.past && far.at == any(c.env.Now.UTC()) && !far.open {
		far = nil // rows in the future do not count anyway
	}
	if far == nil {
		q.some = func() { between(near, nil) }
		q.since = near
		return
	}
	whole := f
	rows := *f.rows
	rows.value = max + "(" + rows.value + ")"
	whole.rows = &rows
	q.together = func() {
		lo, hi := near, far
		if max == "min" {
			lo, hi = far, near
		}
		c.between(rows.value, whole, lo, hi)
	}
}

// quotient compares a sum with a multiple of its count, exactly.
func (c *compiler) quotient(f Field, s span) {
	c.expand(f.rows.count+" > 0", f)
	for _, side := range []struct {
		b  *bound
		op [2]string
	}{{s.lo, [2]string{" >= ", " > "}}, {s.hi, [2]string{" <= ", " < "}}} {
		if side.b == nil {
			continue
		}
		op := side.op[0]
		if side.b.open {
			op = side.op[1]
		}
		c.emit(" AND ")
		c.expand(f.rows.value, f)
		c.emit(op+"?::numeric * ", side.b.at)
		c.expand(f.rows.count, f)
	}
}

// rowsOf is a question about a person's rows: those of the field, narrowed, of which there is
// one (some says of which kind) or which together are such.
type rowsOf struct {
	field    Field
	of       *Of
	some     func() // nil: any
	since    *bound // some, or all that matter, happened at that time or later
	together func() // nil: one is enough
	bare     bool   // a sum that may be met without money kept: refunds alone can make it negative
}

// rows writes that the answer to a question is yes, or that it is not.
func (c *compiler) rows(q rowsOf, yes bool) {
	f := q.field
	c.asked = true
	hint := yes && !q.bare && c.style == walking && c.hint(q)
	switch {
	case c.style == joining:
		c.joined(q, yes)
	case c.style == walking && q.together == nil:
		c.emit(negation(!yes) + "EXISTS (SELECT FROM " + f.rows.from + " WHERE x.learner_id = l.id AND ")
		c.rowsWhere(q)
		c.emit(" OFFSET 0)") // which keeps the planner from asking everybody first
	case c.style == walking:
		c.emit("(SELECT ")
		q.together()
		c.emit(" FROM " + f.rows.from + " WHERE x.learner_id = l.id AND ")
		c.rowsWhere(q)
		c.emit(map[bool]string{true: ") IS TRUE", false: ") IS NOT TRUE"}[yes])
	case q.together == nil:
		c.emit(negation(!yes) + "EXISTS (SELECT FROM " + f.rows.from + " WHERE x.learner_id = l.id AND ")
		c.rowsWhere(q)
		c.emit(")")
	default:
		c.emit("l.id " + negation(!yes) + "IN (")
		c.people(q)
		c.emit(")")
	}
	if hint {
		c.emit(")")
	}
}

// people writes the query for the people of whom the answer is yes, each once.
func (c *compiler) people(q rowsOf) {
	c.emit("SELECT x.learner_id FROM " + q.field.rows.from + " WHERE ")
	c.rowsWhere(q)
	c.emit(" GROUP BY x.learner_id")
	if q.together != nil {
		c.emit(" HAVING ")
		q.together()
	}
}

// joined makes the people of whom the answer is yes a table to join.
func (c *compiler) joined(q rowsOf, yes bool) {
	outer, args := c.sql.String(), c.args
	c.sql.Reset()
	c.args = nil
	c.people(q)
	as := fmt.Sprintf("%s%d", c.prefix, len(c.joins))
	c.joins = append(c.joins, Join{as, Predicate{SQL: c.sql.String(), Args: c.args}})
	c.sql.Reset()
	c.sql.WriteString(outer)
	c.args = args
	c.emit(as + ".learner_id IS " + map[bool]string{true: "NOT NULL", false: "NULL"}[yes])
}

// hint begins a conjunction with what the person's own row says of everybody with such rows, where
// it says something: it spares looking for the rows of all others. Where all people are asked
// together it is no help: it says nothing new, and the planner counts it as if it did.
func (c *compiler) hint(q rowsOf) bool {
	r := q.field.rows
	switch {
	case r.held != "" && q.of.onOfferings():
		c.emit("(")
		c.overlaps(r.held, q.of)
	case r.owns != "":
		c.emit("(" + r.owns)
	default:
		return false
	}
	if r.newest != "" && q.of != nil && q.of.Within != nil {
		if first, _, err := q.of.Within.bounds(c.env.Now); err == nil && !first.IsZero() {
			c.emit(" AND "+r.newest+" >= ?", first)
		}
	}
	c.emit(" AND ")
	return true
}

// rowsWhere writes which rows count.
func (c *compiler) rowsWhere(q rowsOf) {
	f, of := q.field, q.of
	c.expand(f.rows.where, f)
	if f.rows.past {
		c.emit(" AND "+f.rows.value+" <= ?", c.env.Now.UTC())
	}
	if q.some != nil {
		c.emit(" AND ")
		q.some()
	}
	if q.since != nil && f.rows.recent != "" {
		c.emit(" AND "+f.rows.recent, q.since.at)
	}
	if of == nil {
		return
	}
	if len(of.Types) > 0 {
		c.emit(" AND "+f.rows.kind+" = ANY (?)", of.Types)
	}
	if len(of.Channels) > 0 {
		c.emit(" AND "+f.rows.channel+" = ANY (?)", of.Channels)
	}
	if len(of.Campaigns) > 0 {
		c.emit(" AND "+f.rows.campaign+" = ANY (?)", of.Campaigns)
	}
	if len(of.Links) > 0 {
		c.emit(" AND "+f.rows.link+" = ANY (?)", of.Links)
	}
	switch {
	case !of.onOfferings():
	case f.rows.canonical && len(of.Categories)+len(of.Tags) == 0:
		c.emit(" AND "+f.rows.offering+" = ANY (?)", of.Offerings)
	default: // a classroom's copy of a course counts for the course
		c.emit(" AND " + f.rows.offering + " = ANY (ARRAY(SELECT o.id FROM crm_offerings o JOIN crm_offerings k ON k.id = o.canonical_id WHERE TRUE")
		c.canonical(of)
		c.emit("))")
	}
	c.period(f, of)
}

// canonical writes which offerings of crm_offerings AS k are meant.
func (c *compiler) canonical(of *Of) {
	if len(of.Offerings) > 0 {
		c.emit(" AND k.id = ANY (?)", of.Offerings)
	}
	if len(of.Categories) > 0 {
		c.emit(" AND k.category_path && ?::text[]", of.Categories)
	}
	if len(of.Tags) > 0 {
		c.emit(" AND k.tag_ids && ?::integer[]", of.Tags)
	}
}

// period writes when rows happened.
func (c *compiler) period(f Field, of *Of) {
	if of.Within == nil {
		return
	}
	first, end, err := of.Within.bounds(c.env.Now)
	if err != nil {
		panic("segment: a narrowing that was not checked") // Env.field has checked it
	}
	if !first.IsZero() {
		c.emit(" AND "+f.rows.at+" >= ?", first)
		if f.rows.recent != "" {
			c.emit(" AND "+f.rows.recent, first)
		}
	}
	switch {
	case of.Within.Last > 0:
		c.emit(" AND "+f.rows.at+" <= ?", end)
	case !end.IsZero():
		c.emit(" AND "+f.rows.at+" < ?", end)
	}
}

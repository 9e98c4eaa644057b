package segment

import "strings"

// Conditions on values of the person's own row.

// ownSpan writes a condition on a value that may be null.
func (c *compiler) ownSpan(f Field, s span) {
	c.emit("(")
	switch {
	case s.missing:
		c.expand(f.own.sql, f)
		c.emit(map[bool]string{false: " IS NULL)", true: " IS NOT NULL)"}[s.not])
		return
	case s.not && s.lo != nil && s.hi != nil && f.Type == Time: // an index can find both ends
		c.between(f.own.sql, f, nil, &bound{at: s.lo.at, open: !s.lo.open})
		c.emit(" OR ")
		c.between(f.own.sql, f, &bound{at: s.hi.at, open: !s.hi.open}, nil)
		c.emit(" OR ")
		c.expand(f.own.sql, f)
		c.emit(" IS NULL)")
		return
	}
	c.between(f.own.sql, f, s.lo, s.hi)
	c.emit(")")
	if s.not {
		c.emit(" IS NOT TRUE")
	}
}

// age writes a condition on an age as one on the date of birth. Nobody is younger than 0.
func (c *compiler) age(f Field, r Rule, not bool) error {
	s, err := spanOf(f, r, c.env.Now)
	if err != nil {
		return err
	}
	s.not = s.not != not
	if s.missing { // who is not born yet has no age
		c.emit(negation(!s.not) + "coalesce(")
		c.between(f.own.sql, f, nil, from(bornBy(c.env.Now, 0)))
		c.emit(", FALSE)")
		return nil
	}
	born := span{not: s.not, hi: from(bornBy(c.env.Now, 0))}
	for _, b := range []*bound{s.lo, s.hi} {
		if b != nil && (b.at.(int64) < 0 || b.at.(int64) > 150) {
			return ErrValue
		}
	}
	if s.lo != nil {
		n := int(s.lo.at.(int64))
		if s.lo.open {
			n++
		}
		born.hi = from(bornBy(c.env.Now, n))
	}
	if s.hi != nil {
		n := int(s.hi.at.(int64))
		if !s.hi.open {
			n++
		}
		born.lo = beyond(bornBy(c.env.Now, n))
	}
	c.ownSpan(f, born)
	return nil
}

// counted writes a condition on how many of some offerings are in a set.
func (c *compiler) counted(f Field, r Rule, not bool) error {
	s, err := spanOf(f, r, c.env.Now)
	if err != nil {
		return err
	}
	if s.not = s.not != not; s.anyAtAll() || s.noneAtAll() {
		c.emit(negation(s.not != s.noneAtAll()))
		c.overlaps(f.own.counted, r.Of)
		return nil
	}
	c.emit("(SELECT ")
	c.between("count(*)", f, s.lo, s.hi)
	c.emit(" FROM unnest(" + f.own.counted + ") e WHERE e = ANY (ARRAY(SELECT k.id FROM crm_offerings k WHERE TRUE")
	c.canonical(r.Of)
	c.emit(")))" + map[bool]string{true: " IS NOT TRUE"}[s.not])
	return nil
}

// overlaps writes that a set of offerings has one of those that of names.
func (c *compiler) overlaps(set string, of *Of) {
	c.emit("(" + set + " && ARRAY(SELECT k.id FROM crm_offerings k WHERE TRUE")
	c.canonical(of)
	c.emit("))")
}

// birthday writes that the next birthday is near.
func (c *compiler) birthday(f Field, r Rule, not bool) error {
	n, err := whole(r)
	if err != nil {
		return err
	}
	first, last, all, err := birthdays(c.env.Now, n, r.Unit)
	if err != nil {
		return err
	}
	if all {
		c.ownSpan(f, span{missing: true, not: !not})
		return nil
	}
	md := "(extract(month FROM " + f.own.sql + ") * 100 + extract(day FROM " + f.own.sql + "))"
	join := " AND "
	if first > last {
		join = " OR "
	}
	c.emit("("+md+" >= ?"+join+md+" <= ?)", int64(first), int64(last))
	if not {
		c.emit(" IS NOT TRUE")
	}
	return nil
}

func (c *compiler) flag(f Field, r Rule, not bool) error {
	if err := nothing(r); err != nil {
		return err
	}
	c.emit("(")
	c.expand(f.own.sql, f)
	c.emit(")")
	if not != (r.Op == OpNo) {
		c.emit(" IS NOT TRUE")
	}
	return nil
}

// word writes a condition on a text that is one of the host's words; it is never null.
func (c *compiler) word(f Field, r Rule, not bool) error {
	if r.Op == OpEmpty || r.Op == OpNotEmpty {
		c.emit(f.own.sql + map[bool]string{true: " = ''", false: " <> ''"}[not != (r.Op == OpEmpty)])
		return nothing(r)
	}
	list, err := words(r)
	if err != nil {
		return err
	}
	c.emit(f.own.sql+map[bool]string{false: " = ANY (?)", true: " <> ALL (?)"}[not != (r.Op == OpNotIn)], list)
	return nil
}

func (c *compiler) id(r Rule, not bool) error {
	list, err := ids(r)
	if err != nil {
		return err
	}
	c.emit(map[bool]string{false: "l.id = ANY (?)", true: "l.id <> ALL (?)"}[not != (r.Op == OpNotIn)], list)
	return nil
}

// text writes a condition on a text that is never null.
func (c *compiler) text(f Field, r Rule, not bool) error {
	if r.Op == OpEmpty || r.Op == OpNotEmpty {
		c.expand(f.own.sql, f)
		c.emit(map[bool]string{true: " = ''", false: " <> ''"}[not != (r.Op == OpEmpty)])
		return nothing(r)
	}
	needle, err := text(r)
	if err != nil {
		return err
	}
	c.emit(negation(not != (r.Op == OpIsNot || r.Op == OpLacks)))
	c.matches(f.own.sql, f, r.Op, needle)
	return nil
}

// matches compares a text without regard to the case of ASCII letters: other letters have no
// case in C, the one collation that is the same on every server.
func (c *compiler) matches(value string, f Field, op Op, needle string) {
	needle = lower(needle)
	head, tail := "(lower((", `) COLLATE "C") = ?)`
	switch op {
	case OpContains, OpLacks:
		head, tail = "(strpos(lower((", `) COLLATE "C"), ?) > 0)`
	case OpStarts:
		head, tail = "starts_with(lower((", `) COLLATE "C"), ?)`
	}
	c.emit(head)
	c.expand(value, f)
	c.emit(tail, needle)
}

// lower makes ASCII letters small.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// setOf writes a condition on a set that stands in the person's own row.
func (c *compiler) setOf(f Field, r Rule, not bool) error {
	if r.Op == OpEmpty || r.Op == OpNotEmpty {
		op := map[bool]string{true: " = 0)", false: " > 0)"}[not != (r.Op == OpEmpty)]
		c.emit("(cardinality(" + f.own.sql + ")" + op)
		return nothing(r)
	}
	list, kind, err := members(f, r)
	if err != nil {
		return err
	}
	c.emit(negation(not != (r.Op == OpNoneOf)) + "(")
	switch {
	case f.own.via == "" && r.Op == OpAllOf:
		c.emit(f.own.sql+" @> ?::"+kind, list)
	case f.own.via == "":
		c.emit(f.own.sql+" && ?::"+kind, list)
	case r.Op == OpAllOf:
		for i, one := range split(list) {
			if i > 0 {
				c.emit(" AND ")
			}
			c.via(f, kind, one)
		}
	default:
		c.via(f, kind, list)
	}
	c.emit(")")
	return nil
}

// via asks whether one of the set's offerings has one of the list.
func (c *compiler) via(f Field, kind string, list any) {
	c.emit(f.own.sql+" && ARRAY(SELECT o.id FROM crm_offerings o WHERE "+f.own.via+" && ?::"+kind+")", list)
}

// members reads the list of a condition on a set, and the type of its arrays.
func members(f Field, r Rule) (list any, kind string, err error) {
	if f.Type == Words {
		list, err := words(r)
		return list, "text[]", err
	}
	refs, err := ids(r)
	return refs, "integer[]", err
}

// split makes a list of each member.
func split(list any) []any {
	var out []any
	switch v := list.(type) {
	case []string:
		for _, w := range v {
			out = append(out, []string{w})
		}
	case []int64:
		for _, n := range v {
			out = append(out, []int64{n})
		}
	}
	return out
}

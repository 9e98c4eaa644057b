package segment

// Conditions on texts and sets of which each row has one.

// someText writes a condition on a text that any of the rows may have.
func (c *compiler) someText(f Field, r Rule, not bool) error {
	q := rowsOf{field: f, of: r.Of}
	if r.Op == OpEmpty || r.Op == OpNotEmpty {
		c.rows(q, not != (r.Op == OpNotEmpty))
		return nothing(r)
	}
	needle, err := text(r)
	if err != nil {
		return err
	}
	q.some = func() { c.matches(f.rows.value, f, r.Op, needle) }
	c.rows(q, not == (r.Op == OpIsNot || r.Op == OpLacks))
	return nil
}

// someOf writes a condition on the set of the rows' values.
func (c *compiler) someOf(f Field, r Rule, not bool) error {
	q := rowsOf{field: f, of: r.Of}
	if r.Op == OpEmpty || r.Op == OpNotEmpty {
		c.rows(q, not != (r.Op == OpNotEmpty))
		return nothing(r)
	}
	list, _, err := members(f, r)
	if err != nil {
		return err
	}
	is := func(what string, of any) func() {
		return func() {
			c.expand(f.rows.value, f)
			c.emit(what, of)
		}
	}
	q.some = is(" = ANY (?)", list)
	if one := split(list); len(one) == 1 { // which the planner can carry over to other tables
		q.some = is(" = ?", theOnly(list))
	}
	if r.Op == OpAllOf {
		q.together = func() {
			c.emit("count(DISTINCT ")
			is(") = ?", int64(distinct(list)))()
		}
	}
	c.rows(q, not == (r.Op == OpNoneOf || r.Op == OpNotIn))
	return nil
}

// theOnly is the only member of a list.
func theOnly(list any) any {
	switch v := list.(type) {
	case []string:
		return v[0]
	case []int64:
		return v[0]
	}
	return nil
}

// distinct counts the different members of a list.
func distinct(list any) int {
	seen := map[any]bool{}
	for _, one := range split(list) {
		switch v := one.(type) {
		case []string:
			seen[v[0]] = true
		case []int64:
			seen[v[0]] = true
		}
	}
	return len(seen)
}

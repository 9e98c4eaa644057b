package segment

// Part is a part of a rule's tree.
type Part struct {
	Path string
	Rule Rule
}

// Paths lists every part of the tree but the root, parents first: "0", "1", "1.0", …
func (r Rule) Paths() []Part {
	var parts []Part
	_ = r.walk("", 1, func(path string, _ int, r Rule) error { // visit never fails
		if path != "" {
			parts = append(parts, Part{path, r})
		}
		return nil
	})
	return parts
}

// node is a part of a rule with the number of its condition.
type node struct {
	word  string // of a group
	leaf  int    // of a condition
	parts []*node
}

// number gives the tree, its parts parents first without the root, and its conditions in order.
func number(r Rule) (root *node, parts []*node, leaves []Rule) {
	var walk func(r Rule) *node
	walk = func(r Rule) *node {
		n := &node{}
		parts = append(parts, n)
		var members []Rule
		if n.word, members = r.Members(); n.word == "" {
			n.leaf = len(leaves)
			leaves = append(leaves, r)
		}
		for _, m := range members {
			n.parts = append(n.parts, walk(m))
		}
		return n
	}
	root = walk(r)
	return root, parts[1:], leaves
}

// holds reports whether a part holds for the people of a set.
func (n *node) holds(s SetCount) bool {
	if n.word == "" {
		return s.has(BitLeaves + n.leaf)
	}
	met := 0
	for _, p := range n.parts {
		if p.holds(s) {
			met++
		}
	}
	switch {
	case len(n.parts) == 0: // nobody, by accident or not
		return false
	case n.word == "all":
		return met == len(n.parts)
	case n.word == "any":
		return met > 0
	}
	return met == 0
}

// plain reports whether the tree asks one condition and never turns it round, so that every part
// is as large as the whole.
func (n *node) plain() bool {
	return n.word == "" || n.word != "none" && len(n.parts) == 1 && n.parts[0].plain()
}

// add counts the sets' people for the whole and every part; rest, when it is there, must hold
// besides.
func (c *Counts) add(sets []SetCount, root, rest *node, parts []*node) {
	for _, s := range sets {
		switch {
		case !root.holds(s):
		case rest != nil && !rest.holds(s):
			c.Rested += s.Count
		default:
			c.Matched += s.Count
			for bit, reach := range map[int]*int64{BitEmail: &c.Email, BitSMS: &c.SMS, BitMessage: &c.Message} {
				if s.has(bit) {
					*reach += s.Count
				}
			}
		}
		for i, p := range parts {
			if p.holds(s) {
				c.Members[i] += s.Count
			}
		}
	}
}

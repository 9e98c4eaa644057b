package shortlink

import "slices"

// trapped marks the hits on traps and those that came along with them: of the same recipient at
// about the same time and, where both visitors are known, of the same visitor or network.
//
// A browser that looks ahead also looks at what its reader does not see, so such a hit on a trap
// says nothing of others.
func (t *timeline) trapped() []bool {
	marks := make([]bool, len(t.seen))
	some := false
	for i := range t.seen {
		marks[i] = t.seen[i].Trap
		some = some || marks[i]
	}
	if !some {
		return marks
	}
	t.follow(marks, t.order)
	backwards := slices.Clone(t.order)
	slices.Reverse(backwards)
	t.follow(marks, backwards)
	return marks
}

// companion is what a hit on a trap and others have in common: the recipient alone, or the visitor
// or the network too.
type companion struct {
	recipient
	by      byte // 'r', 'v' or 'n'
	visitor int64
	network string
}

// follow marks those that come along with a trap's hit before them in the order.
func (t *timeline) follow(marks []bool, order []int32) {
	last := map[companion]int64{}
	for _, i := range order {
		s := &t.seen[i]
		who, ok := s.recipient()
		if !ok {
			continue
		}
		near := func(c companion) bool {
			at, found := last[c]
			return found && max(t.at[i]-at, at-t.at[i]) <= TrapWithin.Microseconds()
		}
		anyone, visitor, network := companion{who, 'r', 0, ""}, companion{who, 'v', s.Visitor, ""}, companion{who, 'n', 0, s.Network}
		if s.Visitor == 0 {
			marks[i] = marks[i] || near(anyone)
		} else {
			unknown := companion{who, 'v', 0, ""}
			marks[i] = marks[i] || near(unknown) || near(visitor) || s.Network != "" && near(network)
		}
		if s.Trap && !s.Ahead {
			last[anyone], last[visitor], last[network] = t.at[i], t.at[i], t.at[i]
		}
	}
}

// repeats gives the reason to those that have none and repeat another of those.
func (t *timeline) repeats(reasons []Reason) {
	// One recipient's hits on a link repeat each other. On links without recipients those of a
	// visitor with the same agent do: many people share an address.
	type follower struct {
		recipient
		link    LinkID
		visitor int64
		agent   AgentID
	}
	last := map[follower]int32{}
	for n, i := range t.order {
		s := &t.seen[i]
		if n > 0 {
			if p := t.order[n-1]; t.at[p] == t.at[i] && t.seen[p].ID == s.ID { // the same hit once more
				reasons[i] = reasons[p]
				continue
			}
		}
		if reasons[i] != NoReason {
			continue
		}
		who, ok := s.recipient()
		f := follower{recipient: who, link: s.Link}
		if !ok {
			if s.Visitor == 0 {
				continue
			}
			f.recipient, f.visitor, f.agent = recipient{}, s.Visitor, s.Agent
		}
		p, found := last[f]
		if found && t.at[i]-t.at[p] <= RepeatWithin.Microseconds() {
			reasons[i] = ReasonRepeat
		}
		last[f] = i
	}
}

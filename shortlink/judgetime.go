package shortlink

import (
	"cmp"
	"slices"
	"time"
)

// timeline is hits in the order of their time. What it tells of them costs a few steps for each,
// however many have the same link, recipient or network.
type timeline struct {
	seen  []Seen
	at    []int64 // in microseconds, as hits are kept
	order []int32 // the hits, the earliest first; of the same instant by ID
}

func newTimeline(seen []Seen) *timeline {
	t := &timeline{seen: seen, at: make([]int64, len(seen)), order: make([]int32, len(seen))}
	for i := range seen {
		t.at[i], t.order[i] = seen[i].At.UnixMicro(), int32(i)
	}
	slices.SortFunc(t.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.at[a], t.at[b]), cmp.Compare(seen[a].ID, seen[b].ID))
	})
	return t
}

// recipient is who got a message: somebody's place within a campaign.
type recipient struct{ campaign, ordinal int64 }

// recipient gives whose link was followed. False: it is a link without recipients.
func (h *Hit) recipient() (recipient, bool) {
	return recipient{h.Campaign, h.Ordinal}, h.Campaign != 0
}

// bursting marks the hits of a network that asks for many recipients' codes at once. Hits on links
// without recipients are none of these.
func (t *timeline) bursting() []bool {
	marks := make([]bool, len(t.seen))
	type source struct {
		network string
		agent   AgentID
	}
	lists := groups(t, func(s *Seen) (source, bool) {
		return source{s.Network, s.Agent}, s.Network != "" && s.Campaign != 0
	})
	for _, list := range lists {
		crowds(t, list, BurstWithin, BurstPeople, func(s *Seen) recipient { r, _ := s.recipient(); return r }, marks)
	}
	return marks
}

// sweeping marks the hits of a recipient who follows all links of a message at once.
func (t *timeline) sweeping() []bool {
	marks := make([]bool, len(t.seen))
	lists := groups(t, func(s *Seen) (recipient, bool) {
		r, ok := s.recipient()
		return r, ok && !s.Trap && s.Links >= 2
	})
	for _, list := range lists {
		crowds(t, list, SweepWithin, t.seen[list[0]].Links, func(s *Seen) LinkID { return s.Link }, marks)
	}
	return marks
}

// groups puts the hits with the same key together, in the order of their time. Hits of which key
// says false are in no group.
func groups[K comparable](t *timeline, key func(*Seen) (K, bool)) [][]int32 {
	numbers := map[K]int32{}
	of := make([]int32, len(t.seen))
	var sizes []int
	for i := range t.seen {
		k, ok := key(&t.seen[i])
		if !ok {
			of[i] = -1
			continue
		}
		g, known := numbers[k]
		if !known {
			g = int32(len(sizes))
			numbers[k] = g
			sizes = append(sizes, 0)
		}
		of[i] = g
		sizes[g]++
	}
	lists := make([][]int32, len(sizes))
	room := make([]int32, len(t.seen)) // one for all: most groups have a hit or two
	for g, n := range sizes {
		lists[g], room = room[:0:n], room[n:]
	}
	for _, i := range t.order {
		if g := of[i]; g >= 0 {
			lists[g] = append(lists[g], i)
		}
	}
	return lists
}

// crowds marks the hits of a list, which is in the order of time, around which some interval of
// this length has hits of at least so many sorts.
func crowds[S comparable](t *timeline, list []int32, within time.Duration, sorts int, sort func(*Seen) S, marks []bool) {
	if len(list) < sorts {
		return
	}
	count := map[S]int{}
	first, marked := 0, 0 // the interval begins with first; all before marked have been marked already, or never will be
	for last, i := range list {
		count[sort(&t.seen[i])]++
		for ; t.at[i]-t.at[list[first]] > within.Microseconds(); first++ {
			s := sort(&t.seen[list[first]])
			if count[s]--; count[s] == 0 {
				delete(count, s)
			}
		}
		if len(count) >= sorts {
			for marked = max(marked, first); marked <= last; marked++ {
				marks[list[marked]] = true
			}
		}
	}
}

package proof

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coursecrm/coursecrm/shortlink"
)

var midday = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// judgePlainly says the same as Judge, hit by hit and as the rules are told.
func judgePlainly(seen []shortlink.Seen) []shortlink.Verdict {
	out := make([]shortlink.Verdict, len(seen))
	for i, h := range seen {
		r := machineReason(h, seen)
		if r == shortlink.NoReason && slices.ContainsFunc(seen, func(o shortlink.Seen) bool {
			before := cmp.Or(o.At.Compare(h.At), cmp.Compare(o.ID, h.ID)) < 0
			return before && h.At.Sub(o.At) <= shortlink.RepeatWithin && sameFollower(h, o) && machineReason(o, seen) == shortlink.NoReason
		}) {
			r = shortlink.ReasonRepeat
		}
		out[i] = shortlink.Verdict{Kind: kindFor(r), Reason: r}
	}
	return out
}

func kindFor(r shortlink.Reason) shortlink.Kind {
	switch r {
	case shortlink.NoReason:
		return shortlink.Human
	case shortlink.ReasonPrefetch:
		return shortlink.Prefetch
	case shortlink.ReasonRepeat:
		return shortlink.Duplicate
	default:
		return shortlink.Bot
	}
}

func sameFollower(a, b shortlink.Seen) bool {
	if a.Link != b.Link || a.Campaign != b.Campaign {
		return false
	}
	if a.Campaign != 0 {
		return a.Ordinal == b.Ordinal
	}
	return a.Visitor != 0 && a.Visitor == b.Visitor && a.Agent == b.Agent
}

func sameRecipient(a, b shortlink.Seen) bool {
	return a.Campaign != 0 && a.Campaign == b.Campaign && a.Ordinal == b.Ordinal
}

func machineReason(h shortlink.Seen, all []shortlink.Seen) shortlink.Reason {
	switch {
	case h.Head:
		return shortlink.ReasonMethod
	case h.Agent == 0:
		return shortlink.ReasonNoAgent
	case h.Program:
		return shortlink.ReasonAgent
	case h.Ahead:
		return shortlink.ReasonPrefetch
	case h.Trap || slices.ContainsFunc(all, func(o shortlink.Seen) bool {
		who := h.Visitor == 0 || o.Visitor == 0 || h.Visitor == o.Visitor || h.Network != "" && h.Network == o.Network
		return o.Trap && !o.Ahead && sameRecipient(h, o) && h.At.Sub(o.At).Abs() <= shortlink.TrapWithin && who
	}):
		return shortlink.ReasonTrap
	case h.Campaign != 0 && h.Network != "" && most(h, all, shortlink.BurstWithin, func(o shortlink.Seen) (any, bool) {
		return [2]int64{o.Campaign, o.Ordinal}, o.Campaign != 0 && o.Network == h.Network && o.Agent == h.Agent
	}) >= shortlink.BurstPeople:
		return shortlink.ReasonBurst
	case h.Links >= 2 && most(h, all, shortlink.SweepWithin, func(o shortlink.Seen) (any, bool) {
		return o.Link, sameRecipient(h, o) && !o.Trap
	}) >= h.Links:
		return shortlink.ReasonSweep
	case !h.Delivered.IsZero() && h.At.Before(h.Delivered.Add(shortlink.SoonWithin)):
		return shortlink.ReasonSoon
	}
	return shortlink.NoReason
}

// most is how many sorts there are at most in an interval that holds the hit.
func most(h shortlink.Seen, all []shortlink.Seen, within time.Duration, sort func(shortlink.Seen) (any, bool)) int {
	best := 0
	for _, begin := range all {
		if begin.At.After(h.At) || h.At.Sub(begin.At) > within {
			continue
		}
		sorts := map[any]bool{}
		for _, o := range all {
			if s, ok := sort(o); ok && !o.At.Before(begin.At) && o.At.Sub(begin.At) <= within {
				sorts[s] = true
			}
		}
		best = max(best, len(sorts))
	}
	return best
}

// someSeen draws hits that have much to do with each other: few of everything, and times that are
// as far apart as the rules' bounds, or a microsecond more or less.
func someSeen() *rapid.Generator[[]shortlink.Seen] {
	return rapid.Custom(func(t *rapid.T) []shortlink.Seen {
		steps := []time.Duration{0, 0, 10 * time.Millisecond, 111_111 * time.Microsecond, shortlink.BurstWithin, shortlink.SweepWithin, shortlink.SoonWithin, shortlink.TrapWithin - shortlink.SweepWithin, shortlink.TrapWithin, shortlink.RepeatWithin + shortlink.TrapWithin}
		people, odd := rapid.SampledFrom([]int64{1, 3, 20}).Draw(t, "people"), rapid.SampledFrom([]int{2, 10, 100}).Draw(t, "odd")
		least := 0
		if rapid.Bool().Draw(t, "crowded") {
			steps, people, odd, least = steps[:4], 20, 50, 30
		}
		rarely := func(name string) bool { return rapid.IntRange(1, odd).Draw(t, name) == odd }
		at := midday
		taken := map[[2]int64]bool{}
		var out []shortlink.Seen
		for range rapid.IntRange(least, 60).Draw(t, "hits") {
			at = at.Add(rapid.SampledFrom(steps).Draw(t, "step") + time.Duration(rapid.IntRange(-1, 1).Draw(t, "more"))*time.Microsecond)
			s := shortlink.Seen{Hit: shortlink.Hit{ID: rapid.Int64Range(1, 4).Draw(t, "id"), At: at, Campaign: rapid.Int64Range(0, 2).Draw(t, "campaign"),
				Agent: 7, Network: "a", Visitor: rapid.Int64Range(0, 2).Draw(t, "visitor"), Head: rarely("head"), Ahead: rarely("ahead")}, Program: rarely("program")}
			if rarely("other agent") {
				s.Agent = rapid.SampledFrom([]shortlink.AgentID{0, 8}).Draw(t, "agent")
			}
			if rarely("other network") {
				s.Network = rapid.SampledFrom([]string{"", "b"}).Draw(t, "network")
			}
			if key := [2]int64{s.At.UnixMicro(), s.ID}; taken[key] {
				continue
			} else {
				taken[key] = true
			}
			if s.Campaign != 0 {
				s.Ordinal, s.Links = rapid.Int64Range(0, people-1).Draw(t, "ordinal"), int(s.Campaign)+1
				s.Link = shortlink.LinkID(10*s.Campaign + rapid.Int64Range(1, int64(s.Links)).Draw(t, "link"))
				if rarely("trap") {
					s.Link = shortlink.LinkID(10 * s.Campaign)
				}
				s.Trap = s.Link == shortlink.LinkID(10*s.Campaign)
				if rapid.IntRange(0, 3).Draw(t, "told when delivered") == 0 {
					s.Delivered = rapid.SampledFrom([]time.Time{midday, midday.Add(20 * time.Second)}).Draw(t, "delivered")
				}
			} else {
				s.Link = shortlink.LinkID(rapid.Int64Range(1, 2).Draw(t, "link"))
			}
			out = append(out, s)
		}
		return out
	})
}

func TestJudgeSaysWhatTheRulesSay(t *testing.T) {
	t.Parallel()
	found := map[shortlink.Reason]int{}
	rapid.Check(t, func(t *rapid.T) {
		seen := someSeen().Draw(t, "seen")
		got := shortlink.Judge(seen)
		for _, v := range got {
			found[v.Reason]++
		}
		if want := judgePlainly(seen); !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
	for _, r := range []shortlink.Reason{shortlink.NoReason, shortlink.ReasonMethod, shortlink.ReasonNoAgent, shortlink.ReasonAgent, shortlink.ReasonPrefetch, shortlink.ReasonTrap, shortlink.ReasonBurst, shortlink.ReasonSweep, shortlink.ReasonSoon, shortlink.ReasonRepeat} {
		if found[r] == 0 {
			t.Errorf("no hit of reason %q was drawn: %v", r, found)
		}
	}
}

// TestVerdictsAreLocal: what is too far away to be looked at is not needed.
func TestVerdictsAreLocal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seen := someSeen().Draw(t, "seen")
		all := shortlink.Judge(seen)
		for i, h := range seen {
			var near []shortlink.Seen
			at := 0
			for k, o := range seen {
				if o.At.Before(h.At.Add(-shortlink.LookBack)) || o.At.After(h.At.Add(shortlink.LookAhead)) {
					continue
				}
				if k == i {
					at = len(near)
				}
				near = append(near, o)
			}
			if got := shortlink.Judge(near)[at]; got != all[i] {
				t.Fatalf("hit %d is %v among all and %v among its neighbours", i, all[i], got)
			}
		}
	})
}

func TestJudgeKnowsNoOrderAndNoRepeats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seen := someSeen().Draw(t, "seen")
		want := shortlink.Judge(seen)
		places := make([]int, 0, 2*len(seen))
		for i := range seen {
			places = append(places, i)
			for range rapid.IntRange(0, 2).Draw(t, "copies") {
				places = append(places, i)
			}
		}
		places = rapid.Permutation(places).Draw(t, "order")
		mixed := make([]shortlink.Seen, len(places))
		for k, i := range places {
			mixed[k] = seen[i]
			mixed[k].Kind, mixed[k].Reason = shortlink.Bot, shortlink.ReasonBurst // of an earlier judgement
		}
		for k, v := range shortlink.Judge(mixed) {
			if v != want[places[k]] {
				t.Fatalf("hit %d: %v in order, %v mixed", places[k], want[places[k]], v)
			}
		}
	})
}

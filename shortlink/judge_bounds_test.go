package shortlink

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestVerdictsLookAsFarAsTheySay: the bounds are no wider than they have to be.
func TestVerdictsLookAsFarAsTheySay(t *testing.T) {
	t.Parallel()
	trap, between, last := sight(0, onLink(19)), sight(TrapWithin), sight(LookBack)
	if with, without := Judge([]Seen{trap, between, last})[2], Judge([]Seen{between, last})[1]; with == without {
		t.Errorf("the earliest that matters makes no difference: %v", with)
	}
	trap = sight(LookAhead, onLink(19))
	if with, without := Judge([]Seen{sight(0), trap})[0], Judge([]Seen{sight(0)})[0]; with == without {
		t.Errorf("the latest that matters makes no difference: %v", with)
	}
}

// TestPeopleAreNoBurst draws the clicks of people as bad as BurstPeople assumes them.
func TestPeopleAreNoBurst(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name    string
		people  int
		over    time.Duration
		network float64 // part of the people in one network
		most    int     // hits that may be taken for a machine's
	}{
		{"behind a carrier", 36_000, time.Hour, 0.02, 0},
		{"in a hall", 300, time.Minute, 1, 10},
	} {
		var seen []Seen
		for i := range c.people {
			s := sight(time.Duration(random.Int64N(int64(c.over))), byPerson(int64(i)), withAgent(AgentID(1+random.IntN(2))), withID(int64(i)))
			if random.Float64() >= c.network {
				s.Network = ""
			}
			seen = append(seen, s)
		}
		if n := countOf(Judge(seen), ReasonBurst); n > c.most {
			t.Errorf("%s: %d of %d people are a burst", c.name, n, c.people)
		}
	}
}

func countOf(list []Verdict, r Reason) (n int) {
	for _, v := range list {
		if v.Reason == r {
			n++
		}
	}
	return n
}

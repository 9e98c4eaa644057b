package funnel

import (
	"cmp"
	"slices"
	"time"
)

// Kind is what happened between a learner and an offering: the type of an activity, or one of
// these of an order.
type Kind string

// Kinds of what happens to orders.
const (
	KindOrder  Kind = "order"  // placed
	KindClosed Kind = "closed" // never paid
	KindPaid   Kind = "paid"
)

// Word is a subject of offerings: a tag, or a part of the path of a category.
type Word struct {
	ID   int64
	Name string
}

// Event is something that warmed a learner to the subjects of an offering.
type Event struct {
	Offering OfferingID // canonical
	Title    string     // the offering's
	Words    []Word     // the offering's, each once
	Kind     Kind
	At       time.Time
	Weight   float64 // see [Warmth]; more than 0
}

// Reason is what one kind of event with one offering adds to an interest.
type Reason struct {
	Offering OfferingID
	Title    string
	Kind     Kind
	Times    int64
	Last     time.Time
	Score    float64 // its part of the interest's
}

// Interest is an interest tag (兴趣标签) that holds, and why.
type Interest struct {
	Word
	Score   float64
	Reasons []Reason // the one that adds most first
}

// Interests gives a learner's interest tags as of now, the strongest first (equal ones: the lower
// id first), at most [MaxTags]: the words whose score reaches [TagFrom]. Events may come in any
// order. DOMAIN §3, "Interest tags".
func Interests(events []Event, now time.Time) []Interest {
	type key struct {
		offering OfferingID
		kind     Kind
	}
	heats := map[key]float64{}
	reasons := map[key]*Reason{}
	words := map[Word][]key{}
	for _, e := range events {
		k := key{e.Offering, e.Kind}
		if reasons[k] == nil {
			reasons[k] = &Reason{Offering: e.Offering, Title: e.Title, Kind: e.Kind, Last: e.At}
			for _, w := range e.Words {
				words[w] = append(words[w], k)
			}
		}
		heats[k] += Heat(e.Weight, e.At)
		reasons[k].Times++
		if e.At.After(reasons[k].Last) {
			reasons[k].Last = e.At
		}
	}
	var out []Interest
	for w, keys := range words {
		i := Interest{Word: w}
		slices.SortFunc(keys, func(a, b key) int { // sums come out alike whatever the order of events
			return cmp.Or(cmp.Compare(a.offering, b.offering), cmp.Compare(a.kind, b.kind))
		})
		heat := 0.0
		for _, k := range keys {
			r := *reasons[k]
			r.Score = Score(heats[k], now)
			heat += heats[k]
			i.Reasons = append(i.Reasons, r)
		}
		if i.Score = Score(heat, now); i.Score < TagFrom {
			continue
		}
		slices.SortStableFunc(i.Reasons, func(a, b Reason) int { return cmp.Compare(b.Score, a.Score) })
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b Interest) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), MaxTags)]
}

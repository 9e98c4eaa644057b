package seed

import (
	"math/rand/v2"
	"sort"
)

// dice draws places of a list with given weights.
type dice struct{ upTo []float64 }

func newDice(weights []float64) *dice {
	d := &dice{upTo: make([]float64, len(weights))}
	sum := 0.0
	for i, w := range weights {
		sum += w
		d.upTo[i] = sum
	}
	return d
}

// at gives the place where the fraction u (0 to 1) of the weight is reached, and how far into
// that place it is.
func (d *dice) at(u float64) (place int, into float64) {
	u *= d.upTo[len(d.upTo)-1]
	place = min(sort.SearchFloat64s(d.upTo, u), len(d.upTo)-1)
	before := 0.0
	if place > 0 {
		before = d.upTo[place-1]
	}
	if width := d.upTo[place] - before; width > 0 {
		into = (u - before) / width
	}
	return place, into
}

// roll draws a place.
func (d *dice) roll(r *rand.Rand) int {
	place, _ := d.at(r.Float64())
	return place
}

// pick draws one of a list, each as likely.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// within draws from lo to hi, both included.
func within(r *rand.Rand, lo, hi int) int { return lo + r.IntN(hi-lo+1) }

package campaign

import (
	"math"
	"testing"

	"github.com/coursecrm/coursecrm/segment"
)

// TestControlGroups are of the size that was asked for, grow without anybody leaving, and have
// nothing to do with each other.
func TestControlGroups(t *testing.T) {
	t.Parallel()
	const people = 20_000
	size := func(key string, percent int) (n int) {
		for p := range segment.PersonID(people) {
			if InControl(key, p, percent) {
				n++
			}
		}
		return n
	}
	for percent := range MaxControl + 1 {
		want := float64(people*percent) / 100
		if got := float64(size("key", percent)); math.Abs(got-want) > 4*math.Sqrt(want) {
			t.Errorf("%d %% of %d people are %v", percent, people, got)
		}
	}
	for p := range segment.PersonID(people) {
		if InControl("key", p, 5) && !InControl("key", p, 6) {
			t.Fatalf("person %d is in the smaller group only", p)
		}
	}
	both := 0
	for p := range segment.PersonID(people) {
		if InControl("one", p, 20) && InControl("other", p, 20) {
			both++
		}
	}
	if both < 650 || both > 950 { // 20 % of 20 % are 800
		t.Errorf("%d people are in both of two groups", both)
	}
}

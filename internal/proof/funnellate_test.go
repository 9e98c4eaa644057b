package proof

import (
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// TestRowsBeforeTheirLearner: rows wait for their learner, and the newest snapshot is the one that
// counts, in whatever order all of them come.
func TestRowsBeforeTheirLearner(t *testing.T) {
	t.Parallel()
	who := person("late", nil).final()
	order := buys("o", "late", course("c"), nil, h.OrderPending, h.OrderPaid, h.OrderFinished).versions
	place := joins("e", "late", course("c"), exits(h.ExitSelf), rejoins).versions
	gone := removed(joins("e", "late", course("c"))).final()
	for _, tc := range []struct {
		name string
		push [][]h.Event
		want string
	}{
		{"oldest first", [][]h.Event{{order[0], place[0]}, {order[1], place[1]}, {order[2], place[2]}, {who}}, "enrolled, 9900-0"},
		{"newest first", [][]h.Event{{order[2], place[2]}, {order[1], place[1]}, {order[0], place[0]}, {who}}, "enrolled, 9900-0"},
		{"an older one after the learner", [][]h.Event{{order[2], place[2]}, {who}, {order[0], place[0]}}, "enrolled, 9900-0"},
		{"a newer one after the learner", [][]h.Event{{order[1], place[1]}, {who}, {order[2], place[2]}}, "enrolled, 9900-0"},
		{"all but the learner in one batch", [][]h.Event{{order[2], place[2], order[0], place[0], order[1], place[1]}, {who}}, "enrolled, 9900-0"},
		{"the learner last of one batch", [][]h.Event{{order[2], place[2], order[0], place[0], who}}, "enrolled, 9900-0"},
		{"removed when it was known", [][]h.Event{{place[0]}, {who}, {}, {gone}}, "withdrawn"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newFunnelSite(t, hosttest.Seed{}, "Asia/Shanghai")
			s.tick(t)
			for _, events := range tc.push {
				if len(events) == 0 {
					s.settle(t, 0, time.Hour)
				}
				if err := s.syncer(0).Push(t.Context(), events); err != nil {
					t.Fatal(err)
				}
				s.pass(time.Second)
			}
			s.settle(t, 0, time.Hour)
			if got := s.computed(t).pairs[pairKey{"late", course("c")}].short(); got != tc.want {
				t.Errorf("stands as %q, not %q", got, tc.want)
			}
		})
	}
}

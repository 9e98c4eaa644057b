package proof

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// perSchool is how many histories share courses.
const perSchool = 50

// schools draws histories. Those of one school share courses, all share a database.
func schools(n int, seed uint64) (out [][]life) {
	for i := 0; i < n; i += perSchool {
		d := newDice(fmt.Sprintf("s%d", i/perSchool), seed+uint64(i))
		lives := d.offerings()
		for k := range min(perSchool, n-i) {
			lives = append(lives, d.someone(fmt.Sprintf("%s-%d", d.name, k+1))...)
		}
		out = append(out, lives)
	}
	return out
}

// TestFunnelsAgree holds where people stand, the money, the figures and the interest tags to the
// model, over random histories: read in one first sync, pushed in any order with repeats by several
// processes, and both at the same time; soon after, and when time has passed.
func TestFunnelsAgree(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, way := range []struct {
		name, zone string
		histories  int
		tell       func(*testing.T, *funnelSite, [][]life, *rand.Rand)
		fed        bool // the host's feeds have the rows
	}{
		{"one first sync", "Asia/Shanghai", histories, readOnce, true},
		{"pushed in any order", "Asia/Shanghai", histories, pushAll, false},
		{"both at once", "America/Sao_Paulo", histories / 5, readAndPush, true},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			told := schools(way.histories, seed)
			var feeds hosttest.Seed
			if way.fed {
				feeds = seedOf(slices.Concat(told...))
			}
			s := newFunnelSite(t, feeds, way.zone)
			way.tell(t, s, told, r)
			s.agrees(t, slices.Concat(told...))
		})
	}
}

// readOnce reads everything in a first sync, and then what the host tells last.
func readOnce(t *testing.T, s *funnelSite, told [][]life, _ *rand.Rand) {
	all := slices.Concat(told...)
	left := orphans(all, worldOf(all))
	s.settle(t, left, time.Minute)
	s.endings(all)
	s.settle(t, left, time.Minute)
}

// pushAll tells of everything by events, of one school after the other. The first sync found nothing.
func pushAll(t *testing.T, s *funnelSite, told [][]life, r *rand.Rand) {
	left := 0
	step := lookedAt[0].Sub(s.pass(0)) / time.Duration(8*len(told)+64)
	s.tick(t)
	for _, lives := range told {
		left += orphans(lives, worldOf(lives))
		first, last := disorder(r, lives)
		s.push(t, r, first)
		s.settle(t, left, step)
		s.push(t, r, last)
	}
	s.settle(t, left, step)
}

// readAndPush has events come in while the first sync reads the same rows.
func readAndPush(t *testing.T, s *funnelSite, told [][]life, r *rand.Rand) {
	all := slices.Concat(told...)
	left := orphans(all, worldOf(all))
	first, last := disorder(r, all)
	read := make(chan struct{})
	go func() {
		defer close(read)
		process := s.syncer(time.Second)
		process.PageSize = cmp.Or(s.pageSize, 500)
		for range 3 {
			if err := process.Tick(t.Context()); err != nil && !errors.Is(err, fault.ErrUnavailable) { // tries again
				t.Error(err)
			}
		}
	}()
	s.push(t, r, first)
	<-read
	s.settle(t, left, time.Minute)
	s.push(t, r, last)
	s.endings(all)
	s.settle(t, left, time.Minute)
}

// agrees compares with the model at each of the times when histories are looked at, and in the end
// computes all of it again.
func (s *funnelSite) agrees(t *testing.T, lives []life) {
	w := worldOf(lives)
	stages := map[funnel.Stage]int{}
	for i, at := range lookedAt {
		now := s.pass(at.Sub(s.pass(0)))
		if s.says(t, lives, w, now, "") {
			return
		}
		s.reads(t, w, now, i == 0)
		s.column(t, "UPDATE crm_pairs SET set_level = 'high' WHERE (learner_id + offering_id) % 9 = 0") // staff say so
		for _, p := range w.pairs(now) {
			stages[p.stage]++
		}
	}
	t.Logf("%d learners, pairs of learner and offering by stage, three times: %v", len(w.learners), stages)
	for _, stage := range funnel.Stages() {
		if stages[stage] == 0 {
			t.Errorf("nobody is %s: nothing is proved about it", stage)
		}
	}
	s.again(t, "computed again")
	s.says(t, lives, w, s.pass(0), "computed again: ")
	if n := s.column(t, "SELECT count(*)::text FROM crm_pairs WHERE ((learner_id + offering_id) % 9 = 0) <> (set_level = 'high')"); n[0] != "0" {
		t.Errorf("%s pairs have not the level that staff set", n[0])
	}
	for _, table := range []string{"crm_pairs", "crm_figures", "crm_figure_changes", "crm_interest_due"} {
		s.column(t, "DELETE FROM "+table)
	}
	s.column(t, "UPDATE crm_learners SET tag_ids = '{}'")
	s.again(t, "computed from nothing")
	s.says(t, lives, w, s.pass(0), "computed from nothing: ")
}

// again computes everything, as the first pass does.
func (s *funnelSite) again(t *testing.T, what string) {
	t.Helper()
	s.column(t, "DELETE FROM crm_sync_feeds WHERE feed = $1", string(projection.Funnel))
	for n := 1; n > 0; {
		var err error
		if n, err = s.store.ComputeFunnel(t.Context(), true, s.pass(0)); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

// says compares once. A difference is told with the history that it comes from.
func (s *funnelSite) says(t *testing.T, lives []life, w *world, now time.Time, when string) (wrong bool) {
	t.Helper()
	got := s.computed(t)
	if wrong := stale(w, got.rows); len(wrong) > 0 {
		t.Errorf("%s%d rows: %s …", when, len(wrong), wrong[0])
	}
	people, sums := compare(w, got, s.zone, now)
	for i, id := range slices.Sorted(maps.Keys(people)) {
		if i == 3 {
			t.Errorf("%s… of %d learners in all", when, len(people))
			break
		}
		t.Errorf("%s%s at %s\n%s", when, strings.Join(people[id], "\n"), now.Format(time.RFC3339), storyOf(lives, id))
	}
	slices.Sort(sums)
	for i, sum := range sums {
		if i == 3 || len(people) > 0 { // they follow from the pairs
			t.Errorf("%s%d figures differ", when, len(sums))
			break
		}
		t.Errorf("%s%s", when, sum)
	}
	return len(people)+len(sums) > 0
}

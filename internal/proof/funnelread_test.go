package proof

import (
	"maps"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// fewOfferings is of how many offerings the lists of people are walked.
const fewOfferings = 12

// reads holds what the pages of the funnels read to the model. Levels: staff have said nothing yet.
func (s *funnelSite) reads(t *testing.T, w *world, now time.Time, levels bool) {
	t.Helper()
	store := &storage.Funnels{DB: s.store.DB, Currency: siteCurrency, Location: s.zone}
	pairs := w.pairs(now)
	figures := figures(pairs, s.zone)
	for _, kind := range []h.TargetType{h.TargetCourse, h.TargetClassroom} {
		list, err := store.List(t.Context(), kind, now)
		if err != nil || !list.Ready {
			t.Fatalf("list: ready %t, %v", list.Ready, err)
		}
		for i, row := range list.Rows {
			want, joined := listed(figures, row.Target, now.In(s.zone))
			if row.Figures != want || row.Joined != joined {
				t.Errorf("%v: listed with %+v and %v, not with %+v and %v", row.Target, row.Figures, row.Joined, want, joined)
			}
			if i < fewOfferings {
				s.walks(t, store, row.Offering, pairs, now)
				if levels {
					s.levels(t, store, row.Offering, pairs, now)
				}
			}
		}
	}
}

// listed is an offering's line in the list, and how many joined in each of the last weeks.
func listed(figures map[figureKey]figure, target h.Target, today time.Time) (f funnel.Figures, joined [funnel.Weeks]int64) {
	all := figures[figureKey{target, ""}]
	f = funnel.Figures{Potential: all.potential, Pending: all.pending, Enrolled: all.enrolled, Withdrawn: all.withdrawn, Past: all.past,
		Gross: all.gross, Refunded: all.refunded, Open: all.open, Refunding: all.refunding}
	for back := range 30 {
		day := figures[figureKey{target, today.AddDate(0, 0, -back).Format(time.DateOnly)}]
		f.Touched30 += day.touched
		f.Paid30 += day.paid
	}
	for back := range 7 * funnel.Weeks {
		joined[funnel.Weeks-1-back/7] += figures[figureKey{target, today.AddDate(0, 0, -back).Format(time.DateOnly)}].joined
	}
	return f, joined
}

// walks goes through each list of an offering's people, page by page: everybody is met once, the
// latest first.
func (s *funnelSite) walks(t *testing.T, store *storage.Funnels, o funnel.Offering, pairs map[pairKey]standing, now time.Time) {
	t.Helper()
	lists := []funnel.List{{Stage: funnel.Enrolled, Past: true}}
	for _, stage := range funnel.Stages() {
		lists = append(lists, funnel.List{Stage: stage})
	}
	for _, l := range lists {
		l.Offering, l.Limit = o.ID, 3
		want := map[h.LearnerID]bool{}
		for key, p := range pairs {
			if key.offering == o.Target && (l.Past && p.past || !l.Past && p.stage == l.Stage) {
				want[key.learner] = true
			}
		}
		all, met := len(want), 0
		for last := now.AddDate(100, 0, 0); ; {
			page, err := store.People(t.Context(), l, segment.Predicate{}, now)
			if err != nil {
				t.Fatalf("%+v: %v", l, err)
			}
			if page.Total != int64(all) {
				t.Errorf("%v %+v: %d people, not %d", o.Target, l, page.Total, all)
			}
			for _, p := range page.Pairs {
				if met++; !want[p.HostID] || p.At.After(last) {
					t.Errorf("%v %+v: %s is met again, or out of turn, or should not be there", o.Target, l, p.HostID)
				}
				delete(want, p.HostID)
				last = p.At
			}
			if l.After = page.Next; page.Next == "" || met > all {
				break
			}
		}
		if len(want) > 0 {
			t.Errorf("%v %+v: %v are not met", o.Target, l, want)
		}
	}
}

// levels compares how many potential learners of each level an offering has.
func (s *funnelSite) levels(t *testing.T, store *storage.Funnels, o funnel.Offering, pairs map[pairKey]standing, now time.Time) {
	t.Helper()
	want := map[funnel.Level]int64{}
	for key, p := range pairs {
		level, sure := levelOf(p.intent)
		if !sure {
			return
		}
		if key.offering == o.Target && p.stage == funnel.Potential {
			want[level]++
		}
	}
	view, err := store.View(t.Context(), o.ID, 30, now)
	if err != nil {
		t.Fatal(err)
	}
	got := map[funnel.Level]int64{}
	for _, l := range view.Levels {
		if l.People > 0 {
			got[l.Level] = l.People
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v: potential learners by level are %v, not %v", o.Target, got, want)
	}
}

package storage

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
)

// pairs renders where everybody stands, and the figures, without what may differ between two ways to
// the same end: the last bits of heats, and when something is looked at again.
func (s *school) pairs(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{
		`SELECT (to_jsonb(p) - 'heat' - 'warmth' - 'order_heat' - 'order_warmth' - 'due_at')::text || round(log(greatest(heat, 1e-100))::numeric, 9) || ' ' || round(log(greatest(warmth, 1e-100))::numeric, 9)
			|| ' ' || round(log(greatest(order_heat, 1e-100))::numeric, 9) || ' ' || round(log(greatest(order_warmth, 1e-100))::numeric, 9) FROM crm_pairs p ORDER BY learner_id, offering_id`,
		`SELECT id || tag_ids::text FROM crm_learners WHERE tag_ids <> '{}' ORDER BY id`,
		`SELECT ROW (offering_id, day, sum(potential), sum(pending), sum(enrolled), sum(withdrawn), sum(past), sum(gross), sum(refunded), sum(open_amount), sum(refunding), sum(touched), sum(joined), sum(paid))::text
			FROM (SELECT * FROM crm_figures UNION ALL SELECT * FROM crm_figure_changes) f GROUP BY offering_id, day
			HAVING (sum(potential), sum(pending), sum(enrolled), sum(withdrawn), sum(past), sum(gross), sum(refunded), sum(open_amount), sum(refunding), sum(touched), sum(joined), sum(paid))
				<> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ORDER BY offering_id, day`,
	} {
		var rows []string
		if err := s.db.bun.NewRaw(q).Scan(t.Context(), &rows); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		fmt.Fprintf(&b, "%s\n%s\n", q, strings.Join(rows, "\n"))
	}
	return b.String()
}

// again computes all pairs anew from the rows of the host.
func (s *school) again(t testing.TB) {
	t.Helper()
	if _, err := s.db.bun.NewRaw("DELETE FROM crm_sync_feeds WHERE feed = 'funnel'").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		n, err := s.syncer.Store.ComputeFunnel(t.Context(), true, s.now)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// counts are the figures as the pairs themselves give them.
const countedAnew = `SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
	SELECT ROW (offering_id, count(*) FILTER (WHERE stage = 'potential'), count(*) FILTER (WHERE stage = 'pending'), count(*) FILTER (WHERE stage = 'enrolled'),
		count(*) FILTER (WHERE stage = 'withdrawn'), count(*) FILTER (WHERE past), sum(gross), sum(refunded), sum(open_amount), sum(refunding))::text AS line
	FROM crm_pairs GROUP BY offering_id HAVING count(*) FILTER (WHERE stage <> '' OR past) > 0 OR sum(gross + refunded + open_amount + refunding) > 0) l`

const countedKept = `SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
	SELECT ROW (offering_id, sum(potential)::bigint, sum(pending)::bigint, sum(enrolled)::bigint, sum(withdrawn)::bigint, sum(past)::bigint, sum(gross), sum(refunded), sum(open_amount), sum(refunding))::text AS line
	FROM (SELECT * FROM crm_figures UNION ALL SELECT * FROM crm_figure_changes) f WHERE day = '-infinity' GROUP BY offering_id
	HAVING sum(potential + pending + enrolled + withdrawn + past) > 0 OR sum(gross + refunded + open_amount + refunding) > 0) l`

// TestPairsAnyWay: a first pass, rows that come one by one, and all computed anew give the same.
func TestPairsAnyWay(t *testing.T) {
	t.Parallel()
	seed := hosttest.SmallSeed()
	whole := newSchool(t, seed)
	whole.sync(t)
	want := whole.pairs(t)
	if whole.again(t); whole.pairs(t) != want {
		t.Errorf("computed anew:\n%s", firstDiff(want, whole.pairs(t)))
	}
	if got, anew := whole.text(t, countedKept), whole.text(t, countedAnew); got != anew || got == "" {
		t.Errorf("figures:\n%s\npairs:\n%s", got, anew)
	}
	pushed := newSchool(t, hosttest.Seed{})
	pushed.sync(t)
	pushed.now = whole.now
	var events []h.Event
	for _, a := range seed.Activities {
		events = append(events, h.Changed(a))
	}
	for _, o := range seed.Learners {
		events = append(events, h.Changed(o))
	}
	for _, e := range seed.Enrollments {
		events = append(events, h.Changed(e))
	}
	for _, o := range seed.Orders {
		events = append(events, h.Changed(o))
	}
	for _, o := range seed.Offerings {
		events = append(events, h.Changed(o))
	}
	for range 3 {
		for _, e := range events {
			if err := pushed.syncer.Push(t.Context(), []h.Event{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	pushed.sync(t)
	before := pushed.pairs(t)
	if pushed.again(t); pushed.pairs(t) != before {
		t.Errorf("rows one by one, then computed anew:\n%s", firstDiff(before, pushed.pairs(t)))
	}
	if got, want := pushed.text(t, countedKept), pushed.text(t, countedAnew); got != want {
		t.Errorf("figures:\n%s\npairs:\n%s", got, want)
	}
}

// TestFunnelsCanBeRead asks all that a page asks, of each offering of a school, and holds the lists
// to the figures.
func TestFunnelsCanBeRead(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	store := &Funnels{DB: s.db, Currency: "CNY", Location: time.FixedZone("", 0)}
	store.Location = nil
	people := int64(0)
	for _, kind := range []h.TargetType{h.TargetCourse, h.TargetClassroom} {
		list, err := store.List(t.Context(), kind, s.now)
		if err != nil || !list.Ready || len(list.Rows) == 0 {
			t.Fatal(err, list)
		}
		for _, row := range list.Rows {
			for _, p := range []funnel.Period{7, 30, 0} {
				v, err := store.View(t.Context(), row.ID, p, s.now)
				if err != nil || v.Figures != row.Figures || v.Offering.Title != row.Title {
					t.Fatalf("%v: %+v, listed as %+v", err, v, row)
				}
				levels := int64(0)
				for _, l := range v.Levels {
					levels += l.People
				}
				if levels != row.Potential {
					t.Errorf("%d potential learners, by level %d", row.Potential, levels)
				}
			}
			for stage, n := range map[funnel.Stage]int64{funnel.Potential: row.Potential, funnel.Pending: row.Pending, funnel.Enrolled: row.Enrolled,
				funnel.Withdrawn: row.Withdrawn, "past": row.Past} {
				l := funnel.List{Offering: row.ID, Stage: stage, Limit: 2}
				if stage == "past" {
					l.Stage, l.Past = funnel.Enrolled, true
				}
				met := map[segment.PersonID]bool{}
				for {
					page, err := store.People(t.Context(), l, segment.Predicate{SQL: "l.status = ?", Args: []any{"active"}}, s.now)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range page.Pairs {
						if met[p.ID] {
							t.Errorf("%s of %s: %d twice", stage, row.Title, p.ID)
						}
						met[p.ID] = true
					}
					if l.After = page.Next; l.After == "" {
						break
					}
				}
				all, err := store.People(t.Context(), funnel.List{Offering: row.ID, Stage: l.Stage, Past: l.Past, Limit: 100}, segment.Predicate{}, s.now)
				if err != nil || all.Total != n || int64(len(all.Pairs)) != n || len(met) > len(all.Pairs) {
					t.Errorf("%s of %s: %d, listed %d of %d, active %d, %v", stage, row.Title, n, len(all.Pairs), all.Total, len(met), err)
				}
				people += n
			}
			if x, err := store.Exits(t.Context(), row.ID, s.now); err != nil || x.People != row.Withdrawn || len(x.ByMonth) != 12 {
				t.Errorf("%d withdrew, %+v, %v", row.Withdrawn, x, err)
			}
		}
	}
	if people < 10 {
		t.Errorf("%d people in all stages prove little", people)
	}
}

// TestOpinionsAreKept: what staff say stands until they say otherwise, whatever the host sends.
func TestOpinionsAreKept(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	store := &Funnels{DB: s.db, Currency: "CNY"}
	var r struct{ LearnerID, OfferingID int64 }
	if err := s.db.bun.NewRaw("SELECT learner_id, offering_id FROM crm_pairs WHERE stage = 'potential' ORDER BY 1, 2 LIMIT 1").Scan(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	by := h.Staff{ID: "7", Name: "陈立"}
	o := funnel.Opinion{Learner: segment.PersonID(r.LearnerID), Offering: funnel.OfferingID(r.OfferingID), Level: funnel.None, Reason: "明年再说"}
	first, err := store.SetLevel(t.Context(), by, o, s.now)
	if err != nil || first.Before == funnel.None {
		t.Fatal(first, err)
	}
	if again, err := store.SetLevel(t.Context(), by, o, s.now.Add(time.Millisecond)); err != nil || again.Level != funnel.None {
		t.Fatal(again, err) // a form that is sent twice
	}
	s.again(t)
	people, err := store.People(t.Context(), funnel.List{Offering: o.Offering, Stage: funnel.Potential, Limit: 100}, segment.Predicate{}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people.Pairs {
		if p.ID == o.Learner && (p.Level != funnel.None || !p.SetLevel) {
			t.Errorf("level %q, by staff %v", p.Level, p.SetLevel)
		}
	}
	o.Level = ""
	if back, err := store.SetLevel(t.Context(), by, o, s.now.Add(time.Second)); err != nil || back.Before != funnel.None {
		t.Error(back, err)
	}
	list, err := store.Opinions(t.Context(), o.Learner, o.Offering)
	if err != nil || len(list) != 2 || list[1].Reason != "明年再说" || list[1].By != "陈立" || list[1].Before != first.Before {
		t.Errorf("%+v, %v", list, err)
	}
	o.Learner = 1 << 40
	if _, err := store.SetLevel(t.Context(), by, o, s.now); err == nil {
		t.Error("nobody has an intent")
	}
}

var _ funnel.Store = (*Funnels)(nil)
var _ projection.Store = (*Projection)(nil)

package proof

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// tables is what the CRM says.
type tables struct {
	pairs   map[pairKey]standing
	tags    map[h.LearnerID][]string
	figures map[figureKey]figure
	rows    map[string]time.Time // orders and places by id: of when the snapshot is
}

// computed works off what is due and reads the tables.
func (s *funnelSite) computed(t testing.TB) tables {
	t.Helper()
	now := s.pass(0)
	s.tick(t)
	for rounds := 0; ; rounds++ {
		n, err := s.store.ComputeFunnel(t.Context(), false, now)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		if rounds > 1000 {
			t.Fatal("there is always something due")
		}
	}
	return tables{s.pairs(t, now), s.tags(t), s.figures(t), s.rows(t)}
}

// query reads rows.
func (s *funnelSite) query(t testing.TB, query string, scan func(*sql.Rows) error) {
	t.Helper()
	rows, err := s.pool.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func (s *funnelSite) pairs(t testing.TB, now time.Time) map[pairKey]standing {
	out := map[pairKey]standing{}
	s.query(t, `SELECT l.host_id, f.type, f.host_id, f.canonical_id = f.id, p.stage, p.past, p.via_classroom, p.gone, p.gross, p.refunded, p.open_amount, p.refunding,
			p.viewed_at, p.intended_at, p.ordered_at, p.paid_at, p.joined_at, p.learned_at, CASE WHEN p.stage <> 'withdrawn' THEN p.at END,
			p.heat + p.order_heat, p.warmth + p.order_warmth
		FROM crm_pairs p LEFT JOIN crm_learners l ON l.id = p.learner_id LEFT JOIN crm_offerings f ON f.id = p.offering_id`, func(rows *sql.Rows) error {
		var key pairKey
		var p standing
		var canonical bool
		var times [7]sql.NullTime
		var heat, warmth float64
		err := rows.Scan(&key.learner, &key.offering.Type, &key.offering.ID, &canonical, &p.stage, &p.past, &p.via, &p.deleted, &p.gross, &p.refunded, &p.open, &p.refunding,
			&times[0], &times[1], &times[2], &times[3], &times[4], &times[5], &times[6], &heat, &warmth)
		if !canonical {
			t.Errorf("%v: a pair with a copy", key)
		}
		for i, to := range []*time.Time{&p.viewed, &p.intended, &p.ordered, &p.paid, &p.joined, &p.learned, &p.at} {
			if times[i].Valid {
				*to = times[i].Time.UTC()
			}
		}
		p.intent, p.interest = funnel.Score(heat, now), funnel.Score(warmth, now)
		out[key] = p
		return err
	})
	return out
}

func (s *funnelSite) tags(t testing.TB) map[h.LearnerID][]string {
	out := map[h.LearnerID][]string{}
	s.query(t, `SELECT l.host_id, g.name FROM crm_learners l, unnest(l.tag_ids) WITH ORDINALITY AS u (id, place) JOIN crm_tags g ON g.id = u.id
		ORDER BY l.id, u.place`, func(rows *sql.Rows) error {
		var id h.LearnerID
		var tag string
		err := rows.Scan(&id, &tag)
		out[id] = append(out[id], tag)
		return err
	})
	return out
}

func (s *funnelSite) figures(t testing.TB) map[figureKey]figure {
	out := map[figureKey]figure{}
	s.query(t, `SELECT f.type, f.host_id, CASE WHEN c.day = '-infinity' THEN '' ELSE c.day::text END,
			sum(potential)::bigint, sum(pending)::bigint, sum(enrolled)::bigint, sum(withdrawn)::bigint, sum(past)::bigint, sum(gross)::bigint, sum(refunded)::bigint,
			sum(open_amount)::bigint, sum(refunding)::bigint, sum(touched)::bigint, sum(joined)::bigint, sum(paid)::bigint
		FROM (SELECT * FROM crm_figures UNION ALL SELECT * FROM crm_figure_changes) c JOIN crm_offerings f ON f.id = c.offering_id
		GROUP BY f.type, f.host_id, c.day`, func(rows *sql.Rows) error {
		var key figureKey
		var f figure
		err := rows.Scan(&key.offering.Type, &key.offering.ID, &key.day, &f.potential, &f.pending, &f.enrolled, &f.withdrawn, &f.past, &f.gross, &f.refunded,
			&f.open, &f.refunding, &f.touched, &f.joined, &f.paid)
		if f != (figure{}) {
			out[key] = f
		}
		return err
	})
	return out
}

func (s *funnelSite) rows(t testing.TB) map[string]time.Time {
	out := map[string]time.Time{}
	s.query(t, `SELECT host_id, updated_at FROM crm_orders WHERE status <> 'deleted' UNION ALL SELECT host_id, updated_at FROM crm_enrollments
		UNION ALL SELECT host_id, occurred_at FROM crm_activities`, func(rows *sql.Rows) error {
		var id string
		var at time.Time
		err := rows.Scan(&id, &at)
		out[id] = at.UTC()
		return err
	})
	return out
}

// stale lists rows that are not as they were last told.
func stale(w *world, rows map[string]time.Time) (wrong []string) {
	want := map[string]time.Time{}
	add := func(who h.LearnerID, id string, at time.Time) {
		if _, ok := w.learners[who]; ok {
			want[id] = at
		}
	}
	for _, o := range w.orders {
		add(o.LearnerID, o.ID, o.UpdatedAt)
	}
	for _, e := range w.enrollments {
		add(e.LearnerID, e.ID, e.UpdatedAt)
	}
	for _, a := range w.activities {
		add(a.LearnerID, a.EventID, a.OccurredAt)
	}
	for id, at := range want {
		if !rows[id].Equal(at) {
			wrong = append(wrong, fmt.Sprintf("row %s is of %v, not of %v", id, rows[id], at))
		}
	}
	for id, at := range rows {
		if want[id].IsZero() {
			wrong = append(wrong, fmt.Sprintf("row %s of %v should not be there", id, at))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// differ compares two standings; what is said is empty where they agree. A pair of which nothing
// is left is as good as none.
func differ(got, want standing) string {
	var b strings.Builder
	say := func(what string, got, want any) {
		if got != want {
			fmt.Fprintf(&b, " %s is %v, not %v;", what, got, want)
		}
	}
	say("stage", got.stage, want.stage)
	say("past", got.past, want.past)
	say("via classroom", got.via, want.via)
	say("gross", got.gross, want.gross)
	say("refunded", got.refunded, want.refunded)
	say("open amount", got.open, want.open)
	say("refunding", got.refunding, want.refunding)
	say("viewed", got.viewed, want.viewed)
	say("intended", got.intended, want.intended)
	say("ordered", got.ordered, want.ordered)
	say("paid", got.paid, want.paid)
	say("joined", got.joined, want.joined)
	say("learned", got.learned, want.learned)
	say("since", got.at, want.at)
	if !near(got.intent, want.intent) {
		say("intent", got.intent, want.intent)
	}
	if !near(got.interest, want.interest) {
		say("interest", got.interest, want.interest)
	}
	says := funnel.LevelOf(got.intent)
	if level, sure := levelOf(want.intent); sure {
		say("level", says, level)
	}
	return b.String()
}

// compare holds tables to the model; it gives what differs, by learner and in the figures.
func compare(w *world, got tables, zone *time.Location, now time.Time) (wrong map[h.LearnerID][]string, figuresWrong []string) {
	wrong = map[h.LearnerID][]string{}
	want := w.pairs(now)
	for key := range got.pairs {
		if _, ok := want[key]; !ok {
			want[key] = standing{}
		}
	}
	for key, p := range want {
		if d := differ(got.pairs[key], p); d != "" {
			wrong[key.learner] = append(wrong[key.learner], fmt.Sprintf("%s with %s %s:%s", key.learner, key.offering.Type, key.offering.ID, d))
		}
	}
	interests := w.interests(want)
	for learner := range w.learners {
		tags, sure := tagged(interests[learner])
		if has := got.tags[learner]; sure && strings.Join(has, " ") != strings.Join(tags, " ") {
			wrong[learner] = append(wrong[learner], fmt.Sprintf("%s is tagged %v, not %v of %v", learner, has, tags, interests[learner]))
		}
	}
	all := figures(want, zone)
	for key := range got.figures {
		if _, ok := all[key]; !ok {
			all[key] = figure{}
		}
	}
	for key, f := range all {
		if got.figures[key] != f {
			figuresWrong = append(figuresWrong, fmt.Sprintf("%s %s on %q: figures are %+v, not %+v", key.offering.Type, key.offering.ID, key.day, got.figures[key], f))
		}
	}
	return wrong, figuresWrong
}

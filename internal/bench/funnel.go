package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// funnelRatio is the bar of each page against the same figures by hand-written SQL.
const funnelRatio = 1.3

// benchFunnel measures what pages of the funnels cost, and what keeping them current adds to the
// sync.
func benchFunnel(ctx context.Context, b *bench) error {
	c, done, err := b.newSchool(ctx, "funnel")
	if err != nil {
		return err
	}
	defer done()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	p := &storage.Projection{DB: c.db, Currency: "CNY", Location: loc}
	began := time.Now()
	for n := 1; n > 0; {
		if n, err = p.ComputeFunnel(ctx, true, c.now); err != nil {
			return err
		}
	}
	b.fact("… first pass over all pairs", time.Since(began).Seconds(), "s")
	if err := c.tidy(ctx); err != nil {
		return err
	}
	store := &storage.Funnels{DB: c.db, Currency: "CNY", Location: loc}
	if err := b.funnelPages(ctx, c, store); err != nil {
		return err
	}
	if err := b.funnelDossier(ctx, c, loc); err != nil {
		return err
	}
	return b.funnelCurrent(ctx, c, loc)
}

// funnelPages compares pages with statements written by hand.
func (b *bench) funnelPages(ctx context.Context, c *school, store *storage.Funnels) error {
	list, err := store.List(ctx, h.TargetCourse, c.now)
	if err != nil {
		return err
	}
	rows := slices.Clone(list.Rows)
	slices.SortFunc(rows, func(x, y funnel.Row) int { return int(y.Enrolled - x.Enrolled) })
	want := int64(b.n(50_000))
	busy := rows[0]
	for _, r := range rows {
		if r.Enrolled+r.Potential >= want {
			busy = r // the smallest with so many
		}
	}
	b.fact("… learners of the offering", float64(busy.Enrolled+busy.Potential+busy.Pending+busy.Withdrawn), "people")
	day := func(back int) string { return c.now.In(store.Location).AddDate(0, 0, -back).Format(time.DateOnly) }
	for _, page := range []funnelPage{
		{"list of offerings", func() (int64, error) {
			l, err := store.List(ctx, h.TargetCourse, c.now)
			n := l.Recent + l.Closing
			for _, r := range l.Rows {
				n += r.Potential + r.Pending + r.Enrolled + r.Withdrawn + r.Past + r.Gross + r.Refunded + r.Open + r.Refunding + r.Touched30 + r.Paid30
				for _, w := range r.Joined {
					n += w
				}
			}
			return n, err
		}, handList, []any{day(0), day(7*funnel.Weeks - 1), c.now}},
		{"page of an offering", func() (int64, error) {
			v, err := store.View(ctx, busy.ID, 30, c.now)
			n := v.Potential + v.Enrolled + v.Gross + v.Strip.Viewed + v.Strip.Intended + v.Strip.Ordered + v.Strip.Paid + v.Strip.Started + v.Strip.Before
			for _, l := range v.Levels {
				n += l.People + l.Sample + l.Converted
			}
			for _, x := range v.Behaviours {
				n += x.People
			}
			return n, err
		}, handView, []any{int64(busy.ID), c.now, funnel.HeatOf(funnel.High, c.now), funnel.HeatOf(funnel.Medium, c.now), day(0)}},
		{"first page of its potential learners", func() (int64, error) {
			l, err := store.People(ctx, funnel.List{Offering: busy.ID, Stage: funnel.Potential, Limit: 20}, segment.Predicate{}, c.now)
			n := l.Total
			for _, p := range l.Pairs {
				n += int64(p.ID)
			}
			return n, err
		}, handPotential, []any{int64(busy.ID), c.now}},
	} {
		if err := b.funnelPage(ctx, c, page); err != nil {
			return err
		}
	}
	return nil
}

// funnelPage is a page and what sums up the same figures by hand.
type funnelPage struct {
	name   string
	ours   func() (int64, error)
	byHand string
	args   []any
}

// pageMoment is how long a page is asked for at least: on a shared machine a tenth of a second may be
// a bad one from its beginning to its end.
const pageMoment = 3 * time.Second

// funnelPage lets both sides answer in turns.
func (b *bench) funnelPage(ctx context.Context, c *school, page funnelPage) (err error) {
	var took [2][]time.Duration
	started := time.Now()
	for round := 0; round <= 2*minRounds || time.Since(started) < pageMoment; round++ {
		var said [2]int64
		for i := range 2 {
			k := (i + round) % 2
			began := time.Now()
			if k == 0 {
				said[k], err = page.ours()
			} else {
				err = c.conn.QueryRow(ctx, page.byHand, page.args...).Scan(&said[k])
			}
			if err != nil {
				return fmt.Errorf("%s: %w", page.name, err)
			}
			if round > 0 {
				took[k] = append(took[k], time.Since(began))
			}
		}
		if said[0] != said[1] {
			return fmt.Errorf("%s: ours sums up to %d, by hand to %d", page.name, said[0], said[1])
		}
	}
	b.atMost(page.name, median(took[0])*1000, median(took[1])*1000, "ms", funnelRatio)
	b.fact("… p95", quantile(took[0], 0.95)*1000, "ms")
	return nil
}

// handList sums all figures of the list up: they come from the same tables, read at once.
const handList = `WITH f AS (
		SELECT * FROM crm_figures WHERE day = '-infinity' UNION ALL SELECT f.* FROM crm_offerings o, LATERAL (SELECT * FROM crm_figures f WHERE f.offering_id = o.id AND f.day >= $2::text::date) f
		UNION ALL SELECT * FROM crm_figure_changes WHERE day = '-infinity' OR day >= $2::text::date)
	SELECT (SELECT sum(potential + pending + enrolled + withdrawn + past + gross + refunded + open_amount + refunding)
			+ sum(touched + paid) FILTER (WHERE day > $1::text::date - 30) + sum(joined) FILTER (WHERE day >= $2::text::date AND day < $2::text::date + 56)
			FROM f JOIN crm_offerings o ON o.id = f.offering_id AND o.type = 'course' AND o.canonical_id = o.id)::bigint
		+ (SELECT coalesce(sum(x.paid_amount - x.refunded), 0) FROM crm_orders x JOIN crm_offerings o ON o.id = x.offering_ids[1]
			WHERE x.paid_on BETWEEN $3::timestamptz - interval '30 days' AND $3::timestamptz AND x.paid_amount > 0 AND x.currency = 'CNY' AND o.type = 'course')::bigint
		+ (SELECT coalesce(sum(x.payable_amount), 0) FROM crm_orders x JOIN crm_offerings o ON o.id = x.offering_ids[1]
			WHERE x.status = 'pending' AND x.close_deadline BETWEEN $3::timestamptz AND $3::timestamptz + interval '48 hours' AND x.currency = 'CNY' AND o.type = 'course')::bigint`

// handView sums up what the page of an offering shows.
const handView = `WITH p AS MATERIALIZED (SELECT * FROM crm_pairs WHERE offering_id = $1::integer AND NOT gone), l AS MATERIALIZED (
		SELECT stage = 'potential' AS potential, greatest(viewed_at, intended_at, ordered_at) >= $2::timestamptz - interval '180 days' AS sampled, paid_at >= $2::timestamptz - interval '180 days' AS converted,
			CASE WHEN set_level <> '' THEN set_level WHEN heat + order_heat >= $3::float8 THEN 'high' WHEN heat + order_heat >= $4::float8 THEN 'medium' WHEN heat + order_heat > 0 THEN 'low' ELSE 'none' END AS level
		FROM p)
	SELECT (SELECT sum(potential + enrolled + gross) FROM (SELECT * FROM crm_figures WHERE offering_id = $1::integer AND (day = '-infinity' OR day > $5::text::date - 30) UNION ALL SELECT * FROM crm_figure_changes WHERE offering_id = $1::integer) f)::bigint
		+ (SELECT count(*) FILTER (WHERE viewed_at >= $2::timestamptz - interval '30 days') + count(*) FILTER (WHERE intended_at >= $2::timestamptz - interval '30 days') + count(*) FILTER (WHERE ordered_at >= $2::timestamptz - interval '30 days')
			+ count(*) FILTER (WHERE paid_at >= $2::timestamptz - interval '30 days') + count(*) FILTER (WHERE joined_at >= $2::timestamptz - interval '30 days' AND learned_at >= joined_at) FROM p)
		+ (SELECT sum(n) FROM (SELECT level, count(*) FILTER (WHERE potential) + count(*) FILTER (WHERE sampled) + count(*) FILTER (WHERE sampled AND converted) AS n FROM l GROUP BY level) l)::bigint
		+ (SELECT sum(n) FROM (SELECT a.type, count(DISTINCT a.learner_id) AS n FROM crm_activities a JOIN p USING (learner_id)
			WHERE a.offering_id IN (SELECT id FROM crm_offerings WHERE canonical_id = $1::integer) AND a.occurred_at >= $2::timestamptz - interval '90 days' AND a.type IN ('view', 'coupon', 'trial', 'favorite', 'question')
				AND p.stage = 'potential' GROUP BY 1) a)::bigint
		+ (SELECT count(DISTINCT a.learner_id) FROM crm_activities a JOIN crm_learners l ON l.id = a.learner_id WHERE a.offering_id IN (SELECT id FROM crm_offerings WHERE canonical_id = $1::integer)
			AND a.occurred_at >= $2::timestamptz - interval '60 days' AND a.occurred_at < $2::timestamptz - interval '30 days' AND a.type = 'view' AND l.status <> 'deleted')`

// handPotential counts a stage, and reads what the first page of it shows.
const handPotential = `SELECT (SELECT count(*) FROM crm_pairs WHERE offering_id = $1 AND stage = 'potential') + coalesce(sum(shown.id + length(shown.said) * 0), 0)::bigint FROM (
		SELECT p.learner_id AS id, row_to_json(ROW (l.nickname, l.real_name, l.mobile, l.email, l.status, l.registered_at, l.last_login_at, l.last_paid_at, l.paid_order_count, l.paid_total,
			l.gender, l.province, l.city, l.register_source, l.enrolled_count, l.last_learn_at, p.heat + p.order_heat, p.at, m.level_name, t.tags, d.sent, d.channel, d.clicked, a.acts))::text AS said
		FROM (SELECT * FROM crm_pairs WHERE offering_id = $1 AND stage = 'potential' ORDER BY at DESC, learner_id DESC LIMIT 20) p JOIN crm_learners l ON l.id = p.learner_id
		LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted
		LEFT JOIN LATERAL (SELECT array_agg(name) AS tags FROM crm_tags WHERE id = ANY (l.tag_ids)) t ON true
		LEFT JOIN LATERAL (SELECT coalesce(x.accepted_at, x.sending_at) AS sent, c.channel,
				EXISTS (SELECT FROM crm_clicks k WHERE k.campaign_id = x.campaign_id AND k.ordinal = x.ordinal AND k.kind = 'human') AS clicked
			FROM crm_deliveries x JOIN crm_campaigns c ON c.id = x.campaign_id WHERE x.learner_id = l.id AND x.state IN ('accepted', 'delivered', 'unknown') ORDER BY 1 DESC LIMIT 1) d ON true
		LEFT JOIN LATERAL (SELECT json_agg(x) AS acts FROM (SELECT type, count(*), max(occurred_at) FROM crm_activities a WHERE a.learner_id = l.id AND a.occurred_at >= $2::timestamptz - interval '90 days'
			AND a.offering_id IN (SELECT id FROM crm_offerings WHERE canonical_id = $1) GROUP BY 1) x OFFSET 0) a ON true OFFSET 0) shown`

// How often changes are sent. At first all that is met was just made, so each page of a table is
// written to the log whole when it is first changed, and statements are planned: that is no day's work.
const (
	currentWarm   = 12
	currentRounds = 24
)

// funnelCurrent sends the same kind of changes to a sync that keeps the funnels and to one that does
// not: of 18 rows one learner, three orders, four places and ten activities, as the tables have them.
// A host pushes a change when it happens, by itself: that is what the bar holds. What a page of many
// costs that is read after a pause is told beside it: there is little else to do for each row then.
func (b *bench) funnelCurrent(ctx context.Context, c *school, loc *time.Location) error {
	s := newSynth(b)
	sides := [2]*storage.Projection{{DB: c.db, Currency: "CNY", Location: loc}, {DB: c.db, Currency: "CNY", Location: loc, SkipFunnel: true}}
	next := 0
	for _, size := range []int{1, 540} { // changes in a push
		var took [2][]time.Duration
		rows := max(size/18, 2)
		for round := range currentWarm + currentRounds {
			for i := range sides {
				k := (i + round) % 2
				events := s.changes(next, rows, c.now)
				next += rows * 10
				lasted, err := c.bring(ctx, sides[k], events, size)
				if err != nil {
					return err
				}
				if round >= currentWarm {
					took[k] = append(took[k], lasted)
				}
			}
		}
		with, without := median(took[0])*1000, median(took[1])*1000
		if size == 1 {
			b.fact(fmt.Sprintf("sync of %d changes one by one, with funnels", rows*18), with, "ms")
			b.atMost("keeping funnels current / sync without", with-without, without, "ms", 0.25)
			continue
		}
		b.fact(fmt.Sprintf("sync of %d changes at once, with funnels", rows*18), with, "ms")
		b.fact("… of which keeping funnels current", with-without, "ms")
	}
	return nil
}

// bring pushes events and does what they make due; it tells how long that took.
func (c *school) bring(ctx context.Context, store *storage.Projection, events []h.Event, size int) (time.Duration, error) {
	syncer := &projection.Syncer{Host: nil, Store: store, Leases: c.db, Owner: "bench", Contacts: projection.Contacts{UnverifiedEmail: true, UnverifiedMobile: true},
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return c.now }}
	began := time.Now()
	for push := range slices.Chunk(events, size) {
		if err := syncer.Push(ctx, push); err != nil {
			return 0, err
		}
	}
	for n, err := 1, error(nil); n > 0; {
		if n, err = store.ComputeFunnel(ctx, false, c.now); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// changes are n learners, and as many other rows as the tables have for each, changed now.
func (s *synth) changes(first, n int, now time.Time) (out []h.Event) {
	for i := first; i < first+n; i++ {
		l := s.learner(int(mix(i) % uint64(s.learners)))
		l.LastLoginAt, l.UpdatedAt = now, now
		out = append(out, h.Changed(l))
	}
	for i := first; i < first+3*n; i++ {
		o := s.order(int(mix(i+1<<41) % uint64(s.orders)))
		o.UpdatedAt = now
		if i%3 > 0 { // two of three are new
			o.ID, o.CreatedAt = "new"+strconv.Itoa(i), now.Add(-time.Hour)
		}
		out = append(out, h.Changed(o))
	}
	for i := first; i < first+4*n; i++ {
		e := s.enrollment(int(mix(i+2<<41) % uint64(s.enrollments)))
		e.UpdatedAt, e.LastLearnAt, e.DoneUnits = now, now, e.DoneUnits+1
		out = append(out, h.Changed(e))
	}
	for i := first; i < first+10*n; i++ {
		a := s.activity(int(mix(i/3+3<<41)%uint64(s.activities/3))*3 + i%3) // three in a row are one visit
		a.EventID, a.OccurredAt = "new"+strconv.Itoa(i), now.Add(-time.Duration(i%3600)*time.Second)
		out = append(out, h.Changed(a))
	}
	return out
}

package storage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Funnels implements funnel.Store.
type Funnels struct {
	*DB
	Currency string         // ISO 4217, of the sums
	Location *time.Location // the site's zone; nil: UTC
}

// offeringColumns describe crm_offerings AS o, in the order of offeringRow's fields.
const offeringColumns = `o.id, o.type, o.host_id, CASE WHEN o.title = '' THEN '#' || o.host_id ELSE o.title END, o.status, o.price, o.currency, o.category_path, o.required_units`

func offeringInto(o *funnel.Offering) []any {
	return []any{&o.ID, &o.Target.Type, &o.Target.ID, &o.Title, &o.Status, &o.Price, &o.Currency, &o.Categories, &o.Units}
}

// totals sum the figures of crm_figures and its changes AS f; today is the first argument.
var totals = func() string {
	sums := []string{"sum(f.potential)", "sum(f.pending)", "sum(f.enrolled)", "sum(f.withdrawn)", "sum(f.past)", "sum(f.gross)", "sum(f.refunded)",
		"sum(f.open_amount)", "sum(f.refunding)", "sum(f.touched) FILTER (WHERE f.day > ?0::date - 30)", "sum(f.paid) FILTER (WHERE f.day > ?0::date - 30)"}
	for i, s := range sums {
		sums[i] = "coalesce(" + s + ", 0)::bigint"
	}
	return strings.Join(sums, ", ")
}()

func figuresInto(f *funnel.Figures) []any {
	return []any{&f.Potential, &f.Pending, &f.Enrolled, &f.Withdrawn, &f.Past, &f.Gross, &f.Refunded, &f.Open, &f.Refunding, &f.Touched30, &f.Paid30}
}

// readySQL asks whether the first pass over all pairs is done.
const readySQL = "SELECT EXISTS (SELECT FROM crm_sync_feeds WHERE feed = 'funnel' AND walk = 'live' AND caught_up_at IS NOT NULL)"

// List implements funnel.Store: one round trip. Of each offering the figures in all and of the last
// eight weeks are read, a range of the primary key.
func (s *Funnels) List(ctx context.Context, kind h.TargetType, now time.Time) (funnel.Listing, error) {
	var out funnel.Listing
	today := now.In(s.zone())
	first := today.AddDate(0, 0, 1-7*funnel.Weeks)
	weeks := make([]string, funnel.Weeks)
	for i := range weeks {
		weeks[i] = fmt.Sprintf("coalesce(sum(f.joined) FILTER (WHERE f.day >= ?1::date + %d AND f.day < ?1::date + %d), 0)::bigint", 7*i, 7*i+7)
	}
	err := s.ask(ctx, audienceTimeout,
		newQuestion(`WITH changed AS MATERIALIZED (SELECT * FROM crm_figure_changes WHERE day = '-infinity' OR day >= ?1::date)
			SELECT `+offeringColumns+`, f.* FROM crm_offerings o, LATERAL (
				SELECT `+totals+`, `+strings.Join(weeks, ", ")+` FROM (
					SELECT * FROM crm_figures f WHERE f.offering_id = o.id AND f.day = '-infinity'
					UNION ALL SELECT * FROM crm_figures f WHERE f.offering_id = o.id AND f.day >= ?1::date
					UNION ALL SELECT * FROM changed f WHERE f.offering_id = o.id) f) f
			WHERE o.type = ?2 AND o.canonical_id = o.id ORDER BY o.id`,
			[]any{today.Format(time.DateOnly), first.Format(time.DateOnly), string(kind)}, func(r pgx.Rows) error {
				var row funnel.Row
				into := append(offeringInto(&row.Offering), figuresInto(&row.Figures)...)
				for i := range row.Joined {
					into = append(into, &row.Joined[i])
				}
				err := r.Scan(into...)
				out.Rows = append(out.Rows, row)
				return err
			}),
		newQuestion(`SELECT coalesce(sum(x.paid_amount - x.refunded), 0)::bigint FROM crm_orders x JOIN crm_offerings o ON o.id = x.offering_ids[1]
			WHERE x.paid_on >= ?0 AND x.paid_on <= ?1 AND x.paid_amount > 0 AND x.currency = ?2 AND o.type = ?3`,
			[]any{now.AddDate(0, 0, -30), now, s.Currency, string(kind)}, scanOne(&out.Recent)),
		newQuestion(`SELECT coalesce(sum(x.payable_amount), 0)::bigint FROM crm_orders x JOIN crm_offerings o ON o.id = x.offering_ids[1]
			WHERE x.status = 'pending' AND x.close_deadline >= ?0 AND x.close_deadline <= ?1 AND x.currency = ?2 AND o.type = ?3`,
			[]any{now, now.Add(48 * time.Hour), s.Currency, string(kind)}, scanOne(&out.Closing)),
		newQuestion(readySQL, nil, scanOne(&out.Ready)))
	return out, err
}

func scanOne(to any) func(pgx.Rows) error {
	return func(r pgx.Rows) error { return r.Scan(to) }
}

func (s *Funnels) zone() *time.Location {
	if s.Location == nil {
		return time.UTC
	}
	return s.Location
}

// since is the beginning of a period; a period of 0 has none.
func since(p funnel.Period, now time.Time) time.Time {
	if p == 0 {
		return time.Time{}
	}
	return now.Add(-time.Duration(p) * 24 * time.Hour)
}

// View implements funnel.Store: one round trip.
func (s *Funnels) View(ctx context.Context, id funnel.OfferingID, p funnel.Period, now time.Time) (funnel.View, error) {
	var out funnel.View
	from, today := since(p, now), now.In(s.zone()).Format(time.DateOnly)
	questions := []question{
		newQuestion(`SELECT `+offeringColumns+` FROM crm_offerings o WHERE o.id = ?0 AND o.canonical_id = o.id`, []any{int64(id)},
			func(r pgx.Rows) error { return r.Scan(offeringInto(&out.Offering)...) }),
		newQuestion(`SELECT `+totals+` FROM (
				SELECT * FROM crm_figures f WHERE f.offering_id = ?1 AND (f.day = '-infinity' OR f.day > ?0::date - 30)
				UNION ALL SELECT * FROM crm_figure_changes f WHERE f.offering_id = ?1) f`, []any{today, int64(id)},
			func(r pgx.Rows) error { return r.Scan(figuresInto(&out.Figures)...) }),
		newQuestion(`SELECT count(*) FILTER (WHERE p.viewed_at >= ?1), count(*) FILTER (WHERE p.intended_at >= ?1), count(*) FILTER (WHERE p.ordered_at >= ?1),
				count(*) FILTER (WHERE p.paid_at >= ?1), count(*) FILTER (WHERE p.joined_at >= ?1 AND p.learned_at >= p.joined_at)
			FROM crm_pairs p WHERE p.offering_id = ?0 AND NOT p.gone`, []any{int64(id), from},
			func(r pgx.Rows) error {
				t := &out.Strip
				return r.Scan(&t.Viewed, &t.Intended, &t.Ordered, &t.Paid, &t.Started)
			}),
		s.levels(id, now, &out),
		newQuestion(`SELECT a.type, count(DISTINCT a.learner_id) FROM crm_activities a
			WHERE a.offering_id = ANY (`+family+`) AND a.occurred_at >= ?1 AND a.type IN (`+intentTypes+`)
				AND EXISTS (SELECT FROM crm_pairs p WHERE p.learner_id = a.learner_id AND p.offering_id = ?0 AND p.stage = 'potential')
			GROUP BY a.type ORDER BY 2 DESC, 1`, []any{int64(id), now.Add(-funnel.Window)}, func(r pgx.Rows) error {
			var b funnel.BehaviourFigure
			err := r.Scan(&b.Type, &b.People)
			out.Behaviours = append(out.Behaviours, b)
			return err
		}),
		newQuestion(readySQL, nil, scanOne(&out.Ready)),
	}
	if p > 0 {
		questions = append(questions, newQuestion(`SELECT count(DISTINCT a.learner_id) FROM crm_activities a JOIN crm_learners l ON l.id = a.learner_id
			WHERE a.offering_id = ANY (`+family+`) AND a.occurred_at >= ?1 AND a.occurred_at < ?2 AND a.type = 'view' AND `+people,
			[]any{int64(id), since(2*p, now), from}, scanOne(&out.Strip.Before)))
	}
	err := s.ask(ctx, audienceTimeout, questions...)
	if err == nil && out.ID == 0 {
		err = fmt.Errorf("find offering: %w", fault.ErrNotFound)
	}
	return out, err
}

const (
	// family are the offerings that count for offering ?0.
	family      = "ARRAY(SELECT f.id FROM crm_offerings f WHERE f.canonical_id = ?0)"
	intentTypes = "'view', 'coupon', 'trial', 'favorite', 'question'"
)

// levelOf is the SQL of a pair's level at a moment, given the heats from which the levels hold.
func levelOf(heat, high, medium string) string {
	return "CASE WHEN " + heat + " >= " + high + " THEN 'high' WHEN " + heat + " >= " + medium + " THEN 'medium' WHEN " + heat + " > 0 THEN 'low' ELSE 'none' END"
}

// pairLevel is the level of crm_pairs AS p as of now; high and medium are parameters.
func pairLevel(high, medium string) string {
	return "CASE WHEN p.set_level <> '' THEN p.set_level ELSE " + levelOf("(p.heat + p.order_heat)", high, medium) + " END"
}

// conversionDays is how far back the conversion of a level is observed.
const conversionDays = 180

// levels counts potential learners by level, and how those of each level were converted.
func (s *Funnels) levels(id funnel.OfferingID, now time.Time, out *funnel.View) question {
	out.Levels = make([]funnel.LevelFigures, 0, 4)
	for _, l := range funnel.Levels() {
		out.Levels = append(out.Levels, funnel.LevelFigures{Level: l})
	}
	paid := fmt.Sprintf("CASE WHEN p.set_level <> '' THEN p.set_level ELSE %s END",
		levelOf("p.heat * power(2::float8, -greatest(-1000, least(1000, (extract(epoch FROM p.paid_at)::float8 - "+fmt.Sprint(funnel.Epoch.Unix())+") / "+fmt.Sprint(int(funnel.HalfLife.Seconds()))+")))",
			fmt.Sprint(funnel.Score(funnel.HeatOf(funnel.High, funnel.Epoch), funnel.Epoch)), fmt.Sprint(funnel.Score(funnel.HeatOf(funnel.Medium, funnel.Epoch), funnel.Epoch))))
	return newQuestion(`SELECT v.level, sum(v.people), sum(v.sample), sum(v.converted) FROM (
			SELECT p.stage = 'potential' AS potential, greatest(p.viewed_at, p.intended_at, p.ordered_at) >= ?3 AS sampled, coalesce(p.paid_at >= ?3, false) AS converted,
				`+pairLevel("?1", "?2")+` AS today, CASE WHEN p.paid_at >= ?3 THEN `+paid+` END AS paid
			FROM crm_pairs p WHERE p.offering_id = ?0 AND NOT p.gone) p,
			LATERAL (VALUES (p.today, p.potential::int, 0, 0), (coalesce(p.paid, p.today), 0, p.sampled::int, (p.sampled AND p.converted)::int)) v (level, people, sample, converted)
		WHERE p.potential OR p.sampled GROUP BY v.level`,
		[]any{int64(id), funnel.HeatOf(funnel.High, now), funnel.HeatOf(funnel.Medium, now), now.AddDate(0, 0, -conversionDays)},
		func(r pgx.Rows) error {
			var l funnel.LevelFigures
			err := r.Scan(&l.Level, &l.People, &l.Sample, &l.Converted)
			for i := range out.Levels {
				if out.Levels[i].Level == l.Level {
					out.Levels[i] = l
				}
			}
			return err
		})
}

package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/projection"
)

// factColumns are derived from orders, enrollments, memberships and offerings. The formulas are
// those of DOMAIN §3, "Purchases of a learner".
const factColumns = `paid_order_count, paid_total, first_paid_at, last_paid_at, refund_count, refund_total,
	open_order_count, open_order_total, enrolled_count, last_learn_at, bought_ids, enrolled_ids,
	member_level, member_expires_at`

// factsSQL computes the facts of the learners in crm_in_touched. Its arguments are the
// time and the site's currency (only its money is added up). Lateral lookups cost the same
// for one learner and for thousands, so no wrong guess of the planner about a temporary table
// can turn them into a walk over all orders.
const factsSQL = `
UPDATE crm_learners l SET (` + factColumns + `) = ROW (f.*)
FROM (SELECT DISTINCT learner_id FROM crm_in_touched) t,
LATERAL (
	SELECT o.*, e.enrolled_count, e.last_learn_at, o2.bought_ids, e.enrolled_ids,
		CASE WHEN m.expires_at IS NULL OR m.expires_at > $1 THEN coalesce(m.level_id, '') ELSE '' END AS member_level,
		m.expires_at AS member_expires_at
	FROM (
		SELECT
			count(*) FILTER (WHERE paid_amount > refunded)::int AS paid_order_count,
			coalesce(sum(paid_amount - refunded) FILTER (WHERE paid_amount > 0 AND currency = $2), 0)::bigint AS paid_total,
			min(paid_on) FILTER (WHERE paid_amount > refunded) AS first_paid_at,
			max(paid_on) FILTER (WHERE paid_amount > refunded) AS last_paid_at,
			count(*) FILTER (WHERE paid_amount > 0 AND refunded > 0)::int AS refund_count,
			coalesce(sum(refunded) FILTER (WHERE paid_amount > 0 AND currency = $2), 0)::bigint AS refund_total,
			count(*) FILTER (WHERE status = 'pending')::int AS open_order_count,
			coalesce(sum(payable_amount) FILTER (WHERE status = 'pending' AND currency = $2), 0)::bigint AS open_order_total
		FROM crm_orders WHERE learner_id = t.learner_id
	) o,
	LATERAL (
		SELECT coalesce(array_agg(DISTINCT f.canonical_id ORDER BY f.canonical_id), '{}') AS bought_ids
		FROM crm_orders b, unnest(b.offering_ids) i JOIN crm_offerings f ON f.id = i
		WHERE b.learner_id = t.learner_id AND b.paid_amount > b.refunded
	) o2,
	LATERAL (
		SELECT count(DISTINCT f.canonical_id) FILTER (WHERE current)::int AS enrolled_count,
			max(e.last_learn_at) AS last_learn_at,
			coalesce(array_agg(DISTINCT f.canonical_id ORDER BY f.canonical_id) FILTER (WHERE current), '{}') AS enrolled_ids
		FROM (
			SELECT offering_id, last_learn_at,
				role = 'student' AND status = 'active' AND (expires_at IS NULL OR expires_at > $1) AS current
			FROM crm_enrollments WHERE learner_id = t.learner_id
		) e JOIN crm_offerings f ON f.id = e.offering_id
	) e
	LEFT JOIN crm_memberships m ON m.learner_id = t.learner_id AND NOT m.deleted
) f
WHERE l.id = t.learner_id AND ROW (` + factColumnsOfL + `) IS DISTINCT FROM ROW (f.*)`

const factColumnsOfL = `l.paid_order_count, l.paid_total, l.first_paid_at, l.last_paid_at, l.refund_count, l.refund_total,
	l.open_order_count, l.open_order_total, l.enrolled_count, l.last_learn_at, l.bought_ids, l.enrolled_ids,
	l.member_level, l.member_expires_at`

// refreshFacts computes the facts of the learners in crm_in_touched. It locks them first, in the
// order of their ids: a statement sees what was committed when it began, so the facts must not
// be read before concurrent writers of the same learner are done; and one order for all keeps
// writers from waiting for each other in a circle.
func refreshFacts(ctx context.Context, t *tx, currency string, now time.Time) (int64, error) {
	n, err := t.exec(ctx, `SELECT FROM crm_learners l
		WHERE l.id IN (SELECT learner_id FROM crm_in_touched) ORDER BY l.id FOR NO KEY UPDATE`)
	if err != nil || n == 0 {
		return 0, err
	}
	return n, computeFacts(ctx, t, currency, now)
}

// computeFacts is refreshFacts where the learners are locked.
func computeFacts(ctx context.Context, t *tx, currency string, now time.Time) error {
	if _, err := t.run(ctx, factsSQL, now, currency); err != nil {
		return fmt.Errorf("compute facts: %w", err)
	}
	return nil
}

// Sizes of a stretch of facts work: large for throughput in the first pass, small later so that
// pushes do not wait for the locks.
const (
	factsFirst = 20_000
	factsLater = 2_000
	factsEvery = 30 * time.Second // between two looks for what time has made stale
	// Clocks of processes differ: what expired shortly before the last look is looked at again, as
	// another process may have computed it with a clock that is behind.
	factsSkew = 15 * time.Minute
)

// ComputeFacts implements projection.Store.
func (p *Projection) ComputeFacts(ctx context.Context, all bool, now time.Time) (int, error) {
	var n int64
	err := p.retryTx(ctx, func(t *tx) error {
		if err := createLists(ctx, t); err != nil {
			return err
		}
		if err := lockCanonical(ctx, t, false); err != nil {
			return err
		}
		var err error
		if all {
			n, err = p.firstFacts(ctx, t, now)
		} else {
			n, err = p.dueFacts(ctx, t, now)
		}
		return err
	})
	return int(n), err
}

// firstFacts does the next stretch of the pass over all learners and moves its cursor.
func (p *Projection) firstFacts(ctx context.Context, t *tx, now time.Time) (int64, error) {
	if _, err := t.exec(ctx, `INSERT INTO crm_sync_feeds (feed, walk, started_at, total)
		SELECT ?, 'live', ?::timestamptz, count(*) FROM crm_learners ON CONFLICT DO NOTHING`, string(projection.Facts), now); err != nil {
		return 0, err
	}
	var after int64
	if err := t.NewRaw(`SELECT coalesce(nullif(cursor, '')::bigint, 0) FROM crm_sync_feeds
		WHERE feed = ? AND walk = 'live' FOR UPDATE`, string(projection.Facts)).Scan(ctx, &after); err != nil {
		return 0, err
	}
	if _, err := t.exec(ctx, `INSERT INTO crm_in_touched
		SELECT id FROM crm_learners WHERE id > ? ORDER BY id LIMIT ?`, after, factsFirst); err != nil {
		return 0, err
	}
	n, err := refreshFacts(ctx, t, p.Currency, now)
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, `UPDATE crm_sync_feeds SET rows = rows + ?, total = greatest(total, rows + ?),
		rate = ? / greatest(extract(epoch FROM clock_timestamp() - now()), 0.001),
		cursor = coalesce((SELECT max(learner_id)::text FROM crm_in_touched), cursor),
		last_ok_at = CASE WHEN ? = 0 THEN started_at ELSE ?::timestamptz END, -- what expires during the pass is looked for after it
		caught_up_at = CASE WHEN ? = 0 THEN ?::timestamptz END
		WHERE feed = ? AND walk = 'live'`, n, n, n, n, now, n, now, string(projection.Facts))
	return n, err
}

// dueFacts works off learners marked as due, after marking those whose enrollments have expired.
func (p *Projection) dueFacts(ctx context.Context, t *tx, now time.Time) (int64, error) {
	if _, err := t.exec(ctx, `
		WITH due AS (
			SELECT feed, last_ok_at AS since FROM crm_sync_feeds
			WHERE feed = ? AND walk = 'live' AND last_ok_at < ? FOR UPDATE
		), mark AS (
			INSERT INTO crm_facts_due (learner_id)
			SELECT e.learner_id FROM due, crm_enrollments e
			WHERE e.status = 'active' AND e.expires_at > due.since - ? * interval '1 second' AND e.expires_at <= ?
			UNION
			SELECT l.id FROM due, crm_learners l
			WHERE l.member_level <> '' AND l.member_expires_at <= ?
			ON CONFLICT DO NOTHING)
		UPDATE crm_sync_feeds s SET last_ok_at = ? FROM due WHERE s.feed = due.feed AND s.walk = 'live'`,
		string(projection.Facts), now.Add(-factsEvery), int(factsSkew.Seconds()), now, now, now); err != nil {
		return 0, fmt.Errorf("mark expired enrollments: %w", err)
	}
	if _, err := t.exec(ctx, "DELETE FROM crm_tombstones WHERE updated_at < ?", now.AddDate(0, 0, -7)); err != nil {
		return 0, fmt.Errorf("sweep tombstones: %w", err)
	}
	if _, err := t.exec(ctx, `
		WITH taken AS (
			DELETE FROM crm_facts_due WHERE learner_id IN
				(SELECT learner_id FROM crm_facts_due ORDER BY learner_id LIMIT ? FOR UPDATE SKIP LOCKED)
			RETURNING learner_id)
		INSERT INTO crm_in_touched SELECT learner_id FROM taken`, factsLater); err != nil {
		return 0, fmt.Errorf("take due learners: %w", err)
	}
	n, err := refreshFacts(ctx, t, p.Currency, now)
	if err != nil || n == 0 || p.SkipFunnel {
		return n, err
	}
	if _, err := t.exec(ctx, "INSERT INTO crm_in_whole SELECT learner_id FROM crm_in_touched"); err != nil {
		return n, err
	}
	return n, refreshPairs(ctx, t, p.Currency, p.Location, now, wholeSQL)
}

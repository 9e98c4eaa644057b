package storage

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// Sizes of a stretch of work on pairs.
const (
	pairsFirst = 5_000 // learners, in the first pass
	pairsLater = 2_000 // pairs or learners, later: pushes do not wait for the locks
	foldFrom   = 5_000 // changes of figures that are worth adding up: until then they are added up by whoever reads
)

// figuresKey seeds the lock under which changes of figures are added up, by one at a time. It spells
// "crm_figu".
const figuresKey int64 = 0x63726d5f66696775

// ComputeFunnel implements projection.Store.
func (p *Projection) ComputeFunnel(ctx context.Context, all bool, now time.Time) (int, error) {
	if p.SkipFunnel {
		return 0, nil
	}
	due := struct{ Pairs, Interests, Changes bool }{}
	if err := p.bun.NewRaw(`SELECT EXISTS (SELECT FROM crm_pairs WHERE due_at <= ?) AS pairs, EXISTS (SELECT FROM crm_interest_due WHERE due_at <= ?) AS interests,
			(SELECT count(*) FROM (SELECT FROM crm_figure_changes LIMIT ?) c) >= ? AS changes`, now, now, foldFrom, foldFrom).Scan(ctx, &due); err != nil {
		return 0, fmt.Errorf("find due pairs: %w", translate(err))
	}
	var steps []func(context.Context, *tx, time.Time) (int64, error)
	for _, s := range []struct {
		due bool
		do  func(context.Context, *tx, time.Time) (int64, error)
	}{{all, p.firstPairs}, {!all && due.Pairs, p.duePairs}, {!all && due.Interests, p.dueInterests}, {all || due.Changes, p.fold}} {
		if s.due {
			steps = append(steps, s.do)
		}
	}
	n := int64(0)
	for _, step := range steps {
		err := p.retryTx(ctx, func(t *tx) error {
			if err := unhurried(ctx, t); err != nil {
				return err
			}
			if err := roomy(ctx, t); err != nil {
				return err
			}
			if err := createLists(ctx, t); err != nil {
				return err
			}
			if err := lockCanonical(ctx, t, false); err != nil {
				return err
			}
			done, err := step(ctx, t, now)
			n += done
			return err
		})
		if err != nil {
			return int(n), err
		}
	}
	return int(n), nil
}

// firstPairs does the next stretch of the pass over all learners and moves its cursor.
func (p *Projection) firstPairs(ctx context.Context, t *tx, now time.Time) (int64, error) {
	if _, err := t.exec(ctx, `INSERT INTO crm_sync_feeds (feed, walk, started_at, total)
		SELECT ?, 'live', ?::timestamptz, count(*) FROM crm_learners ON CONFLICT DO NOTHING`, string(projection.Funnel), now); err != nil {
		return 0, err
	}
	var after int64
	var done bool
	if err := t.NewRaw(`SELECT coalesce(nullif(cursor, '')::bigint, 0), caught_up_at IS NOT NULL FROM crm_sync_feeds
		WHERE feed = ? AND walk = 'live' FOR UPDATE`, string(projection.Funnel)).Scan(ctx, &after, &done); err != nil || done {
		return 0, err
	}
	n, err := t.exec(ctx, `INSERT INTO crm_in_whole SELECT id FROM crm_learners WHERE id > ? ORDER BY id LIMIT ?`, after, pairsFirst)
	if err != nil {
		return 0, err
	}
	if n > 0 {
		if _, err := lockLearners(ctx, t); err != nil {
			return 0, err
		}
		if err := refreshPairs(ctx, t, p.Currency, p.Location, now, wholeSQL); err != nil {
			return 0, err
		}
		if err := refreshInterests(ctx, t, now); err != nil {
			return 0, err
		}
	}
	_, err = t.exec(ctx, `UPDATE crm_sync_feeds SET rows = rows + ?, total = greatest(total, rows + ?),
		rate = ? / greatest(extract(epoch FROM clock_timestamp() - now()), 0.001),
		cursor = coalesce((SELECT max(learner_id)::text FROM crm_in_whole), cursor), last_ok_at = ?::timestamptz,
		caught_up_at = CASE WHEN ? = 0 THEN ?::timestamptz END
		WHERE feed = ? AND walk = 'live'`, n, n, n, now, n, now, string(projection.Funnel))
	return n, err
}

// duePairs computes pairs that time has changed: what it changes are places.
func (p *Projection) duePairs(ctx context.Context, t *tx, now time.Time) (int64, error) {
	n, err := t.exec(ctx, `INSERT INTO crm_in_pairs SELECT learner_id, offering_id, false, true FROM crm_pairs WHERE due_at <= ? ORDER BY due_at LIMIT ?`, now, pairsLater)
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := lockLearners(ctx, t); err != nil {
		return 0, err
	}
	return n, refreshPairs(ctx, t, p.Currency, p.Location, now, touchedSQL)
}

// dueInterests computes the interest tags of learners of whom something happened, or whose weakest
// tag has cooled down.
func (p *Projection) dueInterests(ctx context.Context, t *tx, now time.Time) (int64, error) {
	n, err := t.exec(ctx, `INSERT INTO crm_in_whole SELECT learner_id FROM crm_interest_due WHERE due_at <= ? ORDER BY due_at LIMIT ?`, now, pairsLater)
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := lockLearners(ctx, t); err != nil {
		return 0, err
	}
	return n, refreshInterests(ctx, t, now)
}

// interestsSQL computes the interest tags of the learners in crm_in_whole. All cool down alike, so
// the order of a learner's tags never changes by itself: the weakest is the next to go. Arguments:
// the heat from which a tag holds, and how many seconds after the epoch of heats that is.
var interestsSQL = fmt.Sprintf(`
WITH who AS MATERIALIZED (SELECT DISTINCT learner_id FROM crm_in_whole),
tagged AS (
	SELECT learner_id, tag, heat, row_number() OVER (PARTITION BY learner_id ORDER BY heat DESC, tag) AS place
	FROM (
		SELECT w.learner_id, i.tag, sum(p.warm) AS heat
		FROM who w, LATERAL (SELECT p.offering_id, p.warmth + p.order_warmth AS warm FROM crm_pairs p WHERE p.learner_id = w.learner_id OFFSET 0) p
		JOIN (SELECT f.id, tag FROM crm_offerings f, unnest(f.interest_ids) tag OFFSET 0) i ON i.id = p.offering_id
		WHERE p.warm > 0 GROUP BY w.learner_id, i.tag
	) s WHERE heat >= $1::float8
), made AS MATERIALIZED (
	SELECT w.learner_id, coalesce(t.tags, '{}') AS tags, t.weakest
	FROM who w LEFT JOIN (SELECT learner_id, array_agg(tag ORDER BY place) AS tags, min(heat) AS weakest FROM tagged WHERE place <= %d GROUP BY learner_id) t USING (learner_id)
), cooled AS (
	DELETE FROM crm_interest_due d USING made m WHERE d.learner_id = m.learner_id AND m.weakest IS NULL
), next AS (
	INSERT INTO crm_interest_due (learner_id, due_at)
	SELECT learner_id, to_timestamp(%d + ln(greatest(weakest / $1, 1)) / ln(2::float8) * %d + $2::float8 + 1) FROM made WHERE weakest IS NOT NULL ORDER BY learner_id
	ON CONFLICT (learner_id) DO UPDATE SET due_at = EXCLUDED.due_at
)
UPDATE crm_learners l SET tag_ids = m.tags FROM made m WHERE l.id = m.learner_id AND l.tag_ids <> m.tags`, funnel.MaxTags, funnel.Epoch.Unix(), int(funnel.HalfLife.Seconds()))

// refreshInterests computes the interest tags of the learners in crm_in_whole, who are locked.
func refreshInterests(ctx context.Context, t *tx, now time.Time) error {
	from := funnel.Heat(funnel.TagFrom, now)
	since := math.Floor(now.Sub(funnel.Epoch).Seconds())
	if _, err := t.run(ctx, interestsSQL, from, since); err != nil {
		return fmt.Errorf("compute interests: %w", err)
	}
	return nil
}

// fold adds changes of figures up. It reports nothing done: nobody has to wait for it.
func (p *Projection) fold(ctx context.Context, t *tx, _ time.Time) (int64, error) {
	var alone bool
	if err := t.NewRaw(`SELECT CASE WHEN (SELECT count(*) FROM (SELECT FROM crm_figure_changes LIMIT ?) c) < ? THEN false
		ELSE pg_try_advisory_xact_lock(hashtextextended(current_schema(), ?)) END`, foldFrom, foldFrom, figuresKey).Scan(ctx, &alone); err != nil || !alone {
		return 0, err
	}
	figures := []string{"potential", "pending", "enrolled", "withdrawn", "past", "gross", "refunded", "open_amount", "refunding", "touched", "joined", "paid"}
	sums, adds := "", ""
	for i, f := range figures {
		if i > 0 {
			sums, adds = sums+", ", adds+", "
		}
		sums, adds = sums+"sum("+f+")", adds+f+" = f."+f+" + EXCLUDED."+f
	}
	if _, err := t.exec(ctx, `WITH taken AS (DELETE FROM crm_figure_changes RETURNING *)
		INSERT INTO crm_figures AS f (offering_id, day, `+join(figures)+`)
		SELECT offering_id, day, `+sums+` FROM taken GROUP BY offering_id, day
		ON CONFLICT (offering_id, day) DO UPDATE SET `+adds); err != nil {
		return 0, fmt.Errorf("add figures up: %w", err)
	}
	return 0, nil
}

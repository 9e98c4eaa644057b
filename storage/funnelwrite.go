package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// SetLevel implements funnel.Store. The learner is locked as the sync does, so that neither writes
// over the other; an erasure comes before it or after it. Of somebody who was erased the level alone
// is kept, not why.
func (s *Funnels) SetLevel(ctx context.Context, by h.Staff, o funnel.Opinion, now time.Time) (funnel.Opined, error) {
	out := funnel.Opined{Level: o.Level, Reason: o.Reason, By: by.Name, At: now}
	err := s.inTx(ctx, func(t *tx) error {
		var gone []bool
		if err := t.NewRaw("SELECT l.erased_at IS NOT NULL FROM crm_learners l WHERE l.id = ? AND "+people+" FOR NO KEY UPDATE", int64(o.Learner)).Scan(ctx, &gone); err != nil {
			return err
		}
		var known bool
		if err := t.NewRaw("SELECT EXISTS (SELECT FROM crm_offerings WHERE id = ? AND canonical_id = id)", int64(o.Offering)).Scan(ctx, &known); err != nil {
			return err
		}
		if len(gone) == 0 || !known {
			return fault.ErrNotFound
		}
		if gone[0] {
			o.Reason, out.Reason = "", ""
		}
		var before string
		high, medium := fmt.Sprint(funnel.HeatOf(funnel.High, now)), fmt.Sprint(funnel.HeatOf(funnel.Medium, now))
		if err := t.NewRaw("SELECT coalesce((SELECT "+pairLevel(high, medium)+" FROM crm_pairs p WHERE p.learner_id = ? AND p.offering_id = ?), 'none')",
			int64(o.Learner), int64(o.Offering)).Scan(ctx, &before); err != nil {
			return err
		}
		out.Before = funnel.Level(before)
		if _, err := t.exec(ctx, `INSERT INTO crm_pairs (learner_id, offering_id, set_level) VALUES (?, ?, ?)
			ON CONFLICT (learner_id, offering_id) DO UPDATE SET set_level = EXCLUDED.set_level`, int64(o.Learner), int64(o.Offering), string(o.Level)); err != nil {
			return err
		}
		// A form that is sent twice, or again after a process died, says nothing new.
		_, err := t.exec(ctx, `INSERT INTO crm_intents (learner_id, offering_id, level, before, reason, by_id, by_name, at)
			SELECT v.*, ?, ?, ?::timestamptz FROM (VALUES (?::bigint, ?::integer, ?, ?, ?)) v (learner_id, offering_id, level, before, reason)
			WHERE NOT EXISTS (SELECT FROM (SELECT * FROM crm_intents i WHERE i.learner_id = v.learner_id AND i.offering_id = v.offering_id
				ORDER BY i.at DESC, i.id DESC LIMIT 1) i WHERE i.level = v.level AND i.reason = v.reason AND i.by_id = ?)`,
			by.ID, by.Name, now, int64(o.Learner), int64(o.Offering), string(o.Level), before, o.Reason, by.ID)
		return err
	})
	if err != nil {
		return funnel.Opined{}, fmt.Errorf("set intent level: %w", err)
	}
	return out, nil
}

// Opinions implements funnel.Store.
func (s *Funnels) Opinions(ctx context.Context, learner segment.PersonID, id funnel.OfferingID) ([]funnel.Opined, error) {
	var out []funnel.Opined
	err := s.ask(ctx, audienceTimeout, newQuestion(`SELECT level, before, reason, by_name, at FROM crm_intents
		WHERE learner_id = ?0 AND offering_id = ?1 ORDER BY at DESC, id DESC LIMIT 100`, []any{int64(learner), int64(id)}, func(r pgx.Rows) error {
		var o funnel.Opined
		err := r.Scan(&o.Level, &o.Before, &o.Reason, &o.By, &o.At)
		o.At = o.At.UTC()
		out = append(out, o)
		return err
	}))
	return out, err
}

// SetCategory implements funnel.Store.
func (s *Funnels) SetCategory(ctx context.Context, by h.Staff, learner segment.PersonID, id funnel.OfferingID, c funnel.Category, now time.Time) error {
	err := s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "SELECT FROM crm_pairs WHERE learner_id = ? AND offering_id = ? AND left_at IS NOT NULL", int64(learner), int64(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrNotFound
		}
		if c == "" {
			_, err = t.exec(ctx, "DELETE FROM crm_exit_reasons WHERE learner_id = ? AND offering_id = ?", int64(learner), int64(id))
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO crm_exit_reasons (learner_id, offering_id, category, by_id, by_name, at) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (learner_id, offering_id) DO UPDATE SET category = EXCLUDED.category, by_id = EXCLUDED.by_id, by_name = EXCLUDED.by_name, at = EXCLUDED.at`,
			int64(learner), int64(id), string(c), by.ID, by.Name, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("set reason of leaving: %w", err)
	}
	return nil
}

// Exits implements funnel.Store.
func (s *Funnels) Exits(ctx context.Context, id funnel.OfferingID, now time.Time) (funnel.Exits, error) {
	var out funnel.Exits
	parts := map[string]*[]funnel.Share{"reason": &out.Reasons, "progress": &out.ByProgress, "days": &out.ByDays, "month": &out.ByMonth, "words": &out.Words}
	err := s.ask(ctx, audienceTimeout, newQuestion(`
		WITH gone AS MATERIALIZED (
			SELECT CASE WHEN x.category <> '' THEN x.category ELSE 'host:' || x.reason END AS reason,
				CASE WHEN coalesce(x.required_units, 0) = 0 THEN '' WHEN x.required_done >= x.required_units THEN '100'
					ELSE (ARRAY['0', '10', '30', '60'])[width_bucket(x.required_done * 100 / x.required_units, ARRAY[10, 30, 60]) + 1] END AS progress,
				CASE WHEN x.joined_at IS NULL THEN '' ELSE (ARRAY['0', '7', '30', '90'])[width_bucket(floor(extract(epoch FROM x.left_at - x.joined_at) / 86400)::int, ARRAY[7, 30, 90]) + 1] END AS days,
				to_char(x.left_at AT TIME ZONE ?1, 'YYYY-MM') AS month, x.words
			FROM (SELECT learner_id AS id FROM crm_pairs WHERE offering_id = ?0 AND stage = 'withdrawn') who, `+lastExit+`
		), words AS (SELECT words, count(*) AS n FROM gone WHERE words <> '' GROUP BY words ORDER BY n DESC, words LIMIT 10)
		SELECT 'all', '', count(*) FROM gone
		UNION ALL SELECT 'reason', reason, count(*) FROM gone GROUP BY reason
		UNION ALL SELECT 'progress', progress, count(*) FROM gone GROUP BY progress
		UNION ALL SELECT 'days', days, count(*) FROM gone GROUP BY days
		UNION ALL SELECT 'month', month, count(*) FROM gone GROUP BY month
		UNION ALL SELECT 'words', words, n FROM words`, []any{int64(id), zoneName(s.Location)}, func(r pgx.Rows) error {
		var part string
		var share funnel.Share
		err := r.Scan(&part, &share.Key, &share.People)
		if part == "all" {
			out.People = share.People
		} else {
			*parts[part] = append(*parts[part], share)
		}
		return err
	}))
	if err == nil {
		out.Arrange(now.In(s.zone()))
	}
	return out, err
}

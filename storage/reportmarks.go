package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
)

// How far back is looked for what touched a campaign: some hits wait on a disk, and a transaction
// may take its time. Beyond that each campaign is counted again within a day anyway.
const (
	touchedWithin = time.Hour
	touchedBefore = 10 * time.Minute // the last count
	touchedAtMost = 7 * 24 * time.Hour
)

// maxWritten is how many written orders are looked at one by one. When more were written, as by a
// first sync or an import, every campaign counts as touched.
const maxWritten = 50_000

// How receipts touch a campaign: one that began not so long ago is counted every few minutes anyway,
// and one that was touched a moment ago is not written again.
const (
	receivedBegan = campaign.AttributionWindow + 29*24*time.Hour // a day less than the keeper's
	receivedAgain = time.Minute
)

// touchReceived notes that receipts changed something of some campaigns. In order, so that two
// receivers do not wait for each other.
func touchReceived(ctx context.Context, t *tx, campaigns any, now time.Time) error {
	_, err := t.exec(ctx, `UPDATE crm_campaign_figures f SET received_at = ? FROM (
			SELECT f.campaign_id FROM crm_campaign_figures f JOIN crm_campaigns c ON c.id = f.campaign_id AND c.planned_at < ?
			WHERE f.campaign_id = ANY (?) AND coalesce(f.received_at < ?, true) ORDER BY f.campaign_id FOR NO KEY UPDATE OF f) old
		WHERE f.campaign_id = old.campaign_id`, now, now.Add(-receivedBegan), campaigns, now.Add(-receivedAgain))
	if err != nil {
		return fmt.Errorf("note receipts: %w", err)
	}
	return nil
}

// campaignTouches gives when campaigns were last touched: by hits; by orders of somebody who clicked
// before they were paid, or who was sent to or held back where there is a control group; and by
// refusals. Arguments: since when, and the window in seconds.
const campaignTouches = `
	WITH written AS MATERIALIZED (SELECT o.learner_id, o.created_at, o.paid_on, o.written_at FROM crm_orders o WHERE o.written_at >= ?0),
	touched AS (
		SELECT k.campaign_id, k.at FROM crm_clicks k WHERE k.at >= ?0 AND k.campaign_id <> 0
		UNION ALL
		SELECT k.campaign_id, w.written_at FROM written w JOIN crm_clicks k ON k.learner_id = w.learner_id AND k.kind = 'human'
			AND k.at >= least(w.created_at, w.paid_on) - ?1 * interval '1 second' AND k.at <= coalesce(w.paid_on, 'infinity')
		WHERE k.campaign_id <> 0
		UNION ALL
		SELECT d.campaign_id, w.written_at FROM written w JOIN crm_deliveries d ON d.learner_id = w.learner_id
			JOIN crm_campaigns c ON c.id = d.campaign_id AND c.control > 0
		WHERE w.created_at < c.planned_at + ?1 * interval '1 second' AND coalesce(w.paid_on, 'infinity') >= c.planned_at
		UNION ALL
		SELECT x.campaign_id, x.at FROM crm_consents x WHERE x.at >= ?0 AND x.state = 'denied' AND x.campaign_id <> 0)
	SELECT campaign_id, max(at) AS at FROM touched GROUP BY 1`

// Marks implements report.Books.
func (s *Reports) Marks(ctx context.Context, window time.Duration, now time.Time) ([]report.Mark, error) {
	var rows []struct {
		ID                   int64
		PlannedAt            time.Time
		Open                 bool
		CountedAt, TouchedAt bun.NullTime
	}
	err := s.inTx(ctx, func(t *tx) error { // without a limit of time: nobody waits for it
		if err := roomy(ctx, t); err != nil {
			return err
		}
		since, many, err := touchesSince(ctx, t, now)
		if err != nil {
			return err
		}
		touches, args := campaignTouches, []any{since, int64(window.Seconds())}
		if many {
			touches, args = "SELECT c.id AS campaign_id, ?::timestamptz AS at FROM crm_campaigns c", []any{now}
		}
		return t.NewRaw(`SELECT c.id, c.planned_at, c.state NOT IN ('done', 'cancelled') AS open, f.counted_at, greatest(x.at, f.received_at) AS touched_at
			FROM crm_campaigns c LEFT JOIN crm_campaign_figures f ON f.campaign_id = c.id LEFT JOIN (`+touches+`) x ON x.campaign_id = c.id
			WHERE `+compared+" ORDER BY c.id", args...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, fmt.Errorf("find what touched campaigns: %w", err)
	}
	out := make([]report.Mark, len(rows))
	for i, r := range rows {
		out[i] = report.Mark{ID: campaign.ID(r.ID), PlannedAt: r.PlannedAt.UTC(), Open: r.Open, CountedAt: utc(r.CountedAt), TouchedAt: utc(r.TouchedAt)}
	}
	return out, nil
}

// touchesSince tells from when on touches are looked for, and whether too many orders were written
// since to look at each.
func touchesSince(ctx context.Context, t *tx, now time.Time) (since time.Time, many bool, err error) {
	var latest bun.NullTime
	if err := t.NewRaw("SELECT max(counted_at) FROM crm_campaign_figures").Scan(ctx, &latest); err != nil {
		return since, false, err
	}
	since = now.Add(-touchedWithin)
	if last := utc(latest); !last.IsZero() && last.Add(-touchedBefore).Before(since) {
		since = last.Add(-touchedBefore)
	}
	if oldest := now.Add(-touchedAtMost); since.Before(oldest) {
		since = oldest
	}
	err = t.NewRaw("SELECT count(*) > ?0 FROM (SELECT FROM crm_orders o WHERE o.written_at >= ?1 LIMIT ?0 + 1) o", maxWritten, since).Scan(ctx, &many)
	return since, many, err
}

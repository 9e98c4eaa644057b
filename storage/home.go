package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
)

// Home implements home.Store.
type Home struct {
	*DB
	Currency string // ISO 4217, of the sums
}

// Totals implements home.Store.
func (s *Home) Totals(ctx context.Context, since, rated time.Time, window time.Duration) (home.Totals, error) {
	var t home.Totals
	err := s.reading(ctx, func(tx bun.Tx) error {
		if err := tx.NewRaw(`SELECT count(*), count(*) FILTER (WHERE own), count(*) FILTER (WHERE own AND registered_at >= ?),
				count(*) FILTER (WHERE own AND paid_order_count > 0), coalesce(sum(paid_total) FILTER (WHERE own), 0)::bigint
			FROM (SELECT *, status = 'active' AND marketable AS own FROM crm_learners WHERE status <> 'deleted') l`, since).
			Scan(ctx, &t.Accounts, &t.People, &t.NewPeople, &t.Payers, &t.Revenue); err != nil {
			return fmt.Errorf("count people: %w", err)
		}
		if err := tx.NewRaw(`SELECT (SELECT count(*) FROM crm_campaigns),
				(SELECT count(*) FROM crm_deliveries WHERE state IN ('accepted', 'delivered'))`).Scan(ctx, &t.Campaigns, &t.Deliveries); err != nil {
			return fmt.Errorf("count campaigns: %w", err)
		}
		if err := lastRate(ctx, tx, rated, &t); err != nil {
			return err
		}
		if err := tx.NewRaw(`
			SELECT coalesce(sum(o.paid_amount - o.refunded), 0)::bigint FROM crm_orders o
			WHERE o.paid_amount > 0 AND o.currency = ? AND o.paid_on >= ? AND o.learner_id IN (SELECT learner_id FROM crm_clicks WHERE kind = 'human')
				AND EXISTS (SELECT FROM crm_clicks k WHERE k.learner_id = o.learner_id AND k.kind = 'human'
					AND k.at <= o.paid_on AND k.at >= o.paid_on - ? * interval '1 second')`,
			s.Currency, since, int64(window.Seconds())).Scan(ctx, &t.Attributed); err != nil {
			return fmt.Errorf("attributed revenue: %w", err)
		}
		var rows []listedRow
		if err := tx.NewRaw("SELECT "+campaignColumns+", d.*, k.* FROM (SELECT * FROM crm_campaigns WHERE state NOT IN ('done', 'cancelled') AND NOT direct ORDER BY id DESC LIMIT 5) c"+
			listedSums+" ORDER BY c.id DESC").Scan(ctx, &rows); err != nil {
			return fmt.Errorf("running campaigns: %w", err)
		}
		var err error
		t.Running, err = listed(rows)
		return err
	})
	return t, err
}

// lastRate finds the click rate of the latest campaign that holds a link and is old enough.
func lastRate(ctx context.Context, tx bun.Tx, rated time.Time, t *home.Totals) error {
	var rows []struct{ ID, Accepted, Clickers int64 }
	err := tx.NewRaw(`
		SELECT c.id, d.accepted, k.clickers FROM (
			SELECT * FROM crm_campaigns WHERE tracked AND NOT direct AND launched_at <= ? ORDER BY launched_at DESC, id DESC LIMIT 1) c`+
		listedSums, rated).Scan(ctx, &rows)
	if err != nil {
		return fmt.Errorf("last click rate: %w", err)
	}
	if len(rows) == 1 && rows[0].Accepted > 0 {
		t.RateKnown, t.RateCampaign = true, campaign.ID(rows[0].ID)
		t.ClickRate = float64(rows[0].Clickers) / float64(rows[0].Accepted)
	}
	return nil
}

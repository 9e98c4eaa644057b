package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Receive implements campaign.Receipts. Delivered stands, whatever else is said; a failure counts
// against what the provider once took and against what nobody knows.
func (s *Campaigns) Receive(ctx context.Context, ch h.Channel, list []campaign.Receipt, now time.Time) (int, error) {
	campaigns, ordinals, states, reasons := make([]int64, len(list)), make([]int64, len(list)), make([]string, len(list)), make([]string, len(list))
	var dead []campaign.Receipt
	for i, r := range list {
		campaigns[i], ordinals[i], states[i], reasons[i] = int64(r.Campaign), r.Ordinal, string(campaign.Failed), string(r.Reason)
		if r.Delivered {
			states[i] = string(campaign.Delivered)
		} else if proves(r.Reason) {
			dead = append(dead, r)
		}
	}
	args := []any{int64Array(campaigns), int64Array(ordinals), textArray(states), textArray(reasons)}
	ours := 0
	err := s.retryTx(ctx, func(t *tx) error { // an erasure takes what is below the other way round
		// In order, so that two receivers of the same receipts do not wait for each other; and each row by
		// its key: a join may read all of a campaign for each receipt, when no statistics know it.
		if err := t.NewRaw(`SELECT (SELECT count(*) FROM
				(SELECT DISTINCT o.campaign, o.ordinal FROM unnest(?::bigint[], ?::bigint[]) AS o (campaign, ordinal)
					JOIN crm_campaigns c ON c.id = o.campaign AND c.channel = ? ORDER BY 1, 2) o
				CROSS JOIN LATERAL (SELECT FROM crm_deliveries d WHERE d.campaign_id = o.campaign AND d.ordinal = o.ordinal AND d.chunk >= 0 FOR UPDATE) d)
			+ (SELECT count(*) FROM crm_tests x WHERE x.channel = ? AND x.id IN (SELECT o.ordinal FROM unnest(?::bigint[], ?::bigint[]) AS o (campaign, ordinal) WHERE o.campaign = 0))`,
			args[0], args[1], string(ch), string(ch), args[0], args[1]).Scan(ctx, &ours); err != nil {
			return fmt.Errorf("find messages: %w", err)
		}
		if ours == 0 {
			return nil
		}
		if len(dead) > 0 {
			if err := bury(ctx, t, ch, dead, now); err != nil {
				return err
			}
		}
		before, err := usageOf(ctx, t, args[0], args[1])
		if err != nil {
			return err
		}
		// Of several receipts for one message in a call, delivered counts.
		one := `(SELECT DISTINCT ON (campaign, ordinal) * FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::text[]) AS o (campaign, ordinal, state, reason)
			ORDER BY campaign, ordinal, state = 'delivered' DESC) o`
		n, err := t.exec(ctx, `UPDATE crm_deliveries d SET state = o.state, reason = o.reason, settled_at = ?,
				accepted_at = CASE WHEN o.state = 'delivered' THEN coalesce(d.accepted_at, d.sending_at, ?) ELSE d.accepted_at END,
				delivered_at = CASE WHEN o.state = 'delivered' THEN ?::timestamptz END
			FROM `+one+` JOIN crm_campaigns c ON c.id = o.campaign AND c.channel = ?
			WHERE d.campaign_id = o.campaign AND d.ordinal = o.ordinal AND d.chunk >= 0 AND (d.tries > 0 OR `+doubt+`)
				AND (o.state = 'delivered' AND d.state IN ('queued', 'sending', 'accepted', 'failed', 'unknown')
					OR o.state = 'failed' AND (d.state IN ('sending', 'accepted', 'unknown') OR d.state = 'queued' AND `+doubt+`))`,
			append(append([]any{now, now, now}, args...), string(ch))...)
		if err != nil {
			return fmt.Errorf("enter receipts: %w", err)
		}
		if n > 0 {
			if err := touchReceived(ctx, t, args[0], now); err != nil {
				return err
			}
		}
		after, err := usageOf(ctx, t, args[0], args[1])
		if err != nil {
			return err
		}
		if err := noteUsage(ctx, t, before, after); err != nil {
			return err
		}
		if _, err := t.exec(ctx, `UPDATE crm_tests x SET state = o.state, reason = o.reason, settled_at = ?
			FROM `+one+` WHERE o.campaign = 0 AND x.id = o.ordinal AND x.channel = ? AND x.state <> 'delivered'`,
			append(append([]any{now}, args...), string(ch))...); err != nil {
			return fmt.Errorf("enter receipts of tests: %w", err)
		}
		return nil
	})
	return ours, err
}

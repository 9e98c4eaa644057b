package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// creditsSQL gives the orders that count for a campaign: those of its clickers for which no
// later human click than one of this campaign lies before the payment, within the window. It is
// campaign.Attribute in SQL. Arguments: the site's currency (orders in
// another count, their money is not added up), the window in seconds, the campaign twice.
const creditsSQL = `
	SELECT o.id, o.learner_id, CASE WHEN o.currency = ? THEN o.paid_amount - o.refunded ELSE 0 END AS net
	FROM crm_orders o
	CROSS JOIN LATERAL (
		SELECT k.campaign_id FROM crm_clicks k
		WHERE k.learner_id = o.learner_id AND k.kind = 'human' AND k.at <= o.paid_on
			AND k.at >= o.paid_on - ? * interval '1 second'
		ORDER BY k.at DESC, k.campaign_id DESC LIMIT 1) last
	WHERE o.paid_amount > 0 AND o.paid_on IS NOT NULL
		AND o.learner_id IN (SELECT learner_id FROM crm_clicks WHERE campaign_id = ? AND kind = 'human')
		AND last.campaign_id = ?`

// Result implements campaign.Store.
func (s *Campaigns) Result(ctx context.Context, id campaign.ID, window time.Duration) (campaign.Result, error) {
	out := campaign.Result{ByState: map[campaign.DeliveryState]int64{}, ByReason: map[campaign.Reason]int64{}}
	out.Excluded = map[campaign.Exclusion]int64{}
	out.LateOut = map[campaign.Exclusion]int64{}
	var rows []struct {
		State, Reason string
		Planned       bool
		Count, Parts  int64
		Bounced       int64
	}
	if err := s.bun.NewRaw(`SELECT state, reason, chunk >= 0 AS planned, count(*) AS count, coalesce(sum(parts) FILTER (WHERE state IN ('accepted', 'delivered')), 0) AS parts,
			count(*) FILTER (WHERE state = 'failed' AND accepted_at IS NOT NULL) AS bounced
		FROM crm_deliveries WHERE campaign_id = ? GROUP BY 1, 2, 3`, int64(id)).Scan(ctx, &rows); err != nil {
		return out, fmt.Errorf("count deliveries: %w", translate(err))
	}
	for _, r := range rows {
		state := campaign.DeliveryState(r.State)
		out.ByState[state] += r.Count
		out.Matched += r.Count
		out.Parts += r.Parts
		out.Bounced += r.Bounced
		switch {
		case r.Planned:
			out.Sendable += r.Count
		default:
			out.Excluded[campaign.Exclusion(r.Reason)] += r.Count
		}
		switch {
		case r.Planned && state == campaign.Excluded:
			out.LateOut[campaign.Exclusion(r.Reason)] += r.Count
		case state == campaign.Failed, state == campaign.Unknown:
			out.ByReason[campaign.Reason(r.Reason)] += r.Count
		}
	}
	if err := s.bun.NewRaw("SELECT count(*), count(DISTINCT ordinal) FILTER (WHERE kind = 'human') FROM crm_clicks WHERE campaign_id = ?",
		int64(id)).Scan(ctx, &out.Hits, &out.Clickers); err != nil {
		return out, fmt.Errorf("count clicks: %w", translate(err))
	}
	err := s.bun.NewRaw("SELECT count(*), count(DISTINCT learner_id), coalesce(sum(net), 0)::bigint FROM ("+creditsSQL+") c",
		s.Currency, int64(window.Seconds()), int64(id), int64(id)).Scan(ctx, &out.Orders, &out.Buyers, &out.Revenue)
	if err != nil {
		return out, fmt.Errorf("attribute orders: %w", translate(err))
	}
	return out, nil
}

// Groups implements campaign.Store. Those sent to are all whom the campaign set out to reach and
// did not cancel, also where the message failed: the control group holds such people too.
func (s *Campaigns) Groups(ctx context.Context, id campaign.ID, window time.Duration, now time.Time) (sent, control campaign.Group, err error) {
	var rows []struct {
		Control        bool
		People, Payers int64
		Sum            int64
		SumSq          float64
	}
	err = s.bun.NewRaw(`
		WITH c AS (SELECT id, planned_at FROM crm_campaigns WHERE id = ?),
		paid AS (
			SELECT o.learner_id, coalesce(sum(o.paid_amount - o.refunded) FILTER (WHERE o.currency = ?), 0) AS net
			FROM crm_orders o, c WHERE o.paid_amount > 0 AND o.paid_on >= c.planned_at AND o.paid_on < least(c.planned_at + ? * interval '1 second', ?::timestamptz)
			GROUP BY 1)
		SELECT d.chunk < 0 AS control, count(*) AS people, count(p.learner_id) AS payers, coalesce(sum(p.net), 0)::bigint AS sum,
			coalesce(sum(p.net::float8 ^ 2), 0) AS sum_sq
		FROM crm_deliveries d JOIN c ON c.id = d.campaign_id LEFT JOIN paid p ON p.learner_id = d.learner_id
		WHERE d.chunk >= 0 AND d.state NOT IN ('excluded', 'cancelled') OR d.chunk < 0 AND d.reason = ?
		GROUP BY 1`, int64(id), s.Currency, int64(window.Seconds()), now, string(campaign.Control)).Scan(ctx, &rows)
	for _, r := range rows {
		g := campaign.Group{People: r.People, Payers: r.Payers, Sum: r.Sum, SumSq: r.SumSq}
		if r.Control {
			control = g
		} else {
			sent = g
		}
	}
	return sent, control, translate(err)
}

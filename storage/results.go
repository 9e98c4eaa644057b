package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
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
	var rows []struct {
		State, Reason string
		Count         int64
	}
	if err := s.bun.NewRaw("SELECT state, reason, count(*) AS count FROM crm_deliveries WHERE campaign_id = ? GROUP BY 1, 2",
		int64(id)).Scan(ctx, &rows); err != nil {
		return out, fmt.Errorf("count deliveries: %w", translate(err))
	}
	for _, r := range rows {
		state := campaign.DeliveryState(r.State)
		out.ByState[state] += r.Count
		out.Matched += r.Count
		switch state {
		case campaign.Excluded:
			out.Excluded[campaign.Exclusion(r.Reason)] += r.Count
		case campaign.Failed, campaign.Unknown:
			out.ByReason[campaign.Reason(r.Reason)] += r.Count
		}
		if state != campaign.Excluded {
			out.Sendable += r.Count
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

// Recipients implements campaign.Store.
func (s *Campaigns) Recipients(ctx context.Context, id campaign.ID, states []campaign.DeliveryState, clicked bool, after string, limit int) ([]campaign.Recipient, string, error) {
	key := idKey{ID: -1}
	if after != "" {
		if err := decodeCursor(after, &key); err != nil {
			return nil, "", err
		}
	}
	where, args := "d.campaign_id = ? AND d.ordinal > ?", []any{int64(id), key.ID}
	if len(states) > 0 {
		list := make([]string, len(states))
		for i, st := range states {
			list[i] = string(st)
		}
		where, args = where+" AND d.state = ANY (?)", append(args, textArray(list))
	}
	if clicked {
		where += " AND k.at IS NOT NULL"
	}
	var rows []struct {
		Ordinal, LearnerID                        int64
		Nickname, RealName, HostID, State, Reason string
		AcceptedAt, ClickedAt                     bun.NullTime
	}
	err := s.bun.NewRaw(`
		SELECT d.ordinal, d.learner_id, l.nickname, l.real_name, coalesce(l.host_id, '') AS host_id, d.state, d.reason,
			d.accepted_at, k.at AS clicked_at
		FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id
		LEFT JOIN LATERAL (SELECT min(at) AS at FROM crm_clicks k
			WHERE k.campaign_id = d.campaign_id AND k.ordinal = d.ordinal AND k.kind = 'human') k ON true
		WHERE `+where+` ORDER BY d.ordinal LIMIT ?`, append(args, limit+1)...).Scan(ctx, &rows)
	if err != nil {
		return nil, "", translate(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = encodeCursor(idKey{rows[limit-1].Ordinal})
	}
	out := make([]campaign.Recipient, len(rows))
	for i, r := range rows {
		name := segment.Person{RealName: r.RealName, Nickname: r.Nickname, HostID: h.LearnerID(r.HostID)}.Name()
		out[i] = campaign.Recipient{Ordinal: r.Ordinal, Person: segment.PersonID(r.LearnerID), Name: name,
			State: campaign.DeliveryState(r.State), Reason: r.Reason, AcceptedAt: utc(r.AcceptedAt), ClickedAt: utc(r.ClickedAt)}
	}
	return out, next, nil
}

// Sample implements campaign.Store.
func (s *Campaigns) Sample(ctx context.Context, p segment.Predicate, ch h.Channel, limit int) ([]campaign.Addressee, error) {
	query, args, err := sieve(p, ch)
	if err != nil {
		return nil, err
	}
	c := contacts[ch]
	var rows []addresseeRow
	err = s.reading(ctx, func(tx bun.Tx) error {
		if err := roomy(ctx, tx); err != nil {
			return err
		}
		return tx.NewRaw("SELECT 0 AS ordinal, 0 AS tries, "+addresseeColumns(c.contact, c.consent)+`
			FROM (SELECT id FROM (`+query+`) s WHERE reason = '' ORDER BY id LIMIT ?) a JOIN crm_learners l ON l.id = a.id
			LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted ORDER BY l.id`, append(args, limit)...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	var out []campaign.Addressee
	for _, r := range rows {
		out = append(out, r.addressee())
	}
	return out, nil
}

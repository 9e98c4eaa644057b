package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// contacts names, for each channel, the column that must be there to reach a person and the one
// that tells their consent.
var contacts = map[h.Channel]struct{ contact, consent string }{
	h.ChannelEmail:   {"l.usable_email", "l.consent_email"},
	h.ChannelSMS:     {"l.usable_mobile", "l.consent_sms"},
	h.ChannelMessage: {"l.host_id", "l.consent_message"},
}

// sieve is the query that gives each person of an audience the first reason, in the order of
// campaign.Exclusions, not to be sent to. Dry run, preview and planning share it, so they cannot
// disagree. A contact is "shared with an earlier recipient" only where the earlier one would be
// sent to: of two people with one address, the unsubscribed one does not silence the other.
func sieve(p segment.Predicate, ch h.Channel) (string, []any, error) {
	c, ok := contacts[ch]
	if !ok {
		return "", nil, fmt.Errorf("%w: channel", fault.ErrInvalid)
	}
	query := `
		SELECT id, CASE
			WHEN own NOT IN ('', '` + string(campaign.NoConsent) + `') THEN own
			WHEN count(*) FILTER (WHERE own = '') OVER (PARTITION BY contact ORDER BY id
				ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 THEN '` + string(campaign.SameContact) + `'
			ELSE own END AS reason
		FROM (
			SELECT l.id, ` + c.contact + ` AS contact, CASE
				WHEN l.status <> 'active' THEN '` + string(campaign.NotActive) + `'
				WHEN NOT l.marketable THEN '` + string(campaign.NotLearner) + `'
				WHEN ` + c.contact + ` IS NULL THEN '` + string(campaign.NoContact) + `'
				WHEN ` + c.consent + ` = 'denied' THEN '` + string(campaign.NoConsent) + `'
				ELSE '' END AS own
			FROM crm_learners l WHERE ` + people + ` AND ` + p.SQL + `
		) s`
	return query, predicateArgs(p), nil
}

// DryRun implements campaign.Store.
func (s *Campaigns) DryRun(ctx context.Context, p segment.Predicate, ch h.Channel) (campaign.Sum, error) {
	query, args, err := sieve(p, ch)
	if err != nil {
		return campaign.Sum{}, err
	}
	sum := campaign.Sum{Excluded: map[campaign.Exclusion]int64{}}
	err = s.ask(ctx, audienceTimeout, newQuestion("SELECT reason, count(*) FROM ("+query+") s GROUP BY reason", args, func(r pgx.Rows) error {
		var reason string
		var n int64
		if err := r.Scan(&reason, &n); err != nil {
			return err
		}
		sum.Matched += n
		if reason == "" {
			sum.Sendable = n
		} else {
			sum.Excluded[campaign.Exclusion(reason)] = n
		}
		return nil
	}))
	if err != nil {
		return campaign.Sum{}, err
	}
	return sum, nil
}

// Plan implements campaign.Ledger: audience, deliveries, chunks and link in one transaction.
func (s *Campaigns) Plan(ctx context.Context, id campaign.ID, p segment.Predicate, now time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		var row campaignRow
		if err := t.NewRaw("SELECT "+campaignColumns+" FROM crm_campaigns c WHERE id = ? FOR UPDATE", int64(id)).Scan(ctx, &row); err != nil {
			return err
		}
		if row.State != string(campaign.Planning) {
			return nil
		}
		query, args, err := sieve(p, h.Channel(row.Channel))
		if err != nil {
			return err
		}
		if err := roomy(ctx, t); err != nil {
			return err
		}
		// Those to be sent come first, so that chunks and the link's codes are dense.
		n, err := t.exec(ctx, `
			INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, settled_at)
			SELECT ?, ordinal, id, CASE WHEN reason = '' THEN ordinal / ? ELSE -1 END,
				CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END, reason,
				CASE WHEN reason <> '' THEN ?::timestamptz END
			FROM (SELECT id, reason, row_number() OVER (ORDER BY reason <> '', id) - 1 AS ordinal FROM (`+query+`) a) b`,
			append([]any{int64(id), campaign.ChunkSize, now}, args...)...)
		if err != nil {
			return fmt.Errorf("write deliveries: %w", err)
		}
		if err := s.planChunks(ctx, t, id, now); err != nil {
			return err
		}
		return s.planLink(ctx, t, row, n, now)
	})
}

// planChunks writes the units of work. An audience with nobody to send to is done at once.
func (s *Campaigns) planChunks(ctx context.Context, t *tx, id campaign.ID, now time.Time) error {
	chunks, err := t.exec(ctx, `INSERT INTO crm_chunks (campaign_id, chunk)
		SELECT ?, chunk FROM generate_series(0, (SELECT max(chunk) FROM crm_deliveries WHERE campaign_id = ?)) chunk`, int64(id), int64(id))
	if err != nil {
		return fmt.Errorf("write chunks: %w", err)
	}
	if _, err := t.exec(ctx, "UPDATE crm_chunks SET done = true, owner = '', until = NULL WHERE campaign_id = ? AND chunk = ?",
		int64(id), campaign.PlanChunk); err != nil {
		return err
	}
	state := campaign.Sending
	var done any
	if chunks == 0 {
		state, done = campaign.Done, now
	}
	_, err = t.exec(ctx, "UPDATE crm_campaigns SET state = ?, done_at = ? WHERE id = ?", string(state), done, int64(id))
	return err
}

// planLink gives the campaign's link a range of numbers, one for each delivery.
func (s *Campaigns) planLink(ctx context.Context, t *tx, row campaignRow, count int64, now time.Time) error {
	if row.LinkTarget == "" || count == 0 {
		return nil
	}
	_, err := t.exec(ctx, `
		WITH range AS (UPDATE crm_link_numbers SET next = next + ? RETURNING next - ? AS first)
		INSERT INTO crm_links (campaign_id, target, first, count, created_at) SELECT ?, ?, first, ?, ? FROM range`,
		count, count, row.ID, row.LinkTarget, count, now)
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	return nil
}

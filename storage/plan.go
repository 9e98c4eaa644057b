package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Plan implements campaign.Ledger: audience, deliveries, chunks and links in one transaction. The
// campaign's own row is changed last, so that cancelling it meanwhile waits for nothing.
func (s *Campaigns) Plan(ctx context.Context, id campaign.ID, v campaign.Sieve, links []shortlink.Link, now time.Time) error {
	err := s.inTx(ctx, func(t *tx) error {
		var state string
		var direct bool
		if err := t.NewRaw("SELECT state, direct FROM crm_campaigns WHERE id = ?", int64(id)).Scan(ctx, &state, &direct); err != nil {
			return err
		}
		if state != string(campaign.Planning) && state != string(campaign.Scheduled) {
			return nil
		}
		query, args, err := sieve(v, now)
		if err != nil {
			return err
		}
		if err := roomy(ctx, t); err != nil {
			return err
		}
		// Those to be sent come first, so that chunks and the links' codes are dense.
		n, err := t.exec(ctx, `
			INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, settled_at, direct)
			SELECT ?, ordinal, id, CASE WHEN reason = '' THEN ordinal / ? ELSE -1 END,
				CASE WHEN reason = '' THEN 'queued' ELSE 'excluded' END, reason,
				CASE WHEN reason <> '' THEN ?::timestamptz END, ?
			FROM (SELECT id, reason, row_number() OVER (ORDER BY reason <> '', id) - 1 AS ordinal FROM (`+query+`) a) b`,
			append([]any{int64(id), campaign.ChunkSize, now, direct}, args...)...)
		if err != nil {
			return fmt.Errorf("write deliveries: %w", err)
		}
		if err := s.planLinks(ctx, t, id, links, n, now); err != nil {
			return err
		}
		return s.planChunks(ctx, t, id, now)
	})
	if errors.Is(err, fault.ErrConflict) { // somebody was first, with the planning or with calling it off
		return nil
	}
	return err
}

// planChunks writes the units of work. An audience with nobody to send to is done at once.
func (s *Campaigns) planChunks(ctx context.Context, t *tx, id campaign.ID, now time.Time) error {
	chunks, err := t.exec(ctx, `INSERT INTO crm_chunks (campaign_id, chunk)
		SELECT ?, chunk FROM generate_series(0, (SELECT max(chunk) FROM crm_deliveries WHERE campaign_id = ?)) chunk`, int64(id), int64(id))
	if err != nil {
		return fmt.Errorf("write chunks: %w", err)
	}
	state := campaign.Sending
	var done any
	if chunks == 0 {
		state, done = campaign.Done, now
	}
	n, err := t.exec(ctx, "UPDATE crm_campaigns SET state = ?, stalled = '', stalled_at = NULL, done_at = ?, planned_at = ? WHERE id = ? AND state IN ('planning', 'scheduled')",
		string(state), done, now, int64(id))
	if err != nil {
		return err
	}
	if n == 0 { // cancelled, or planned by somebody else: nothing of this stays
		return fmt.Errorf("plan campaign %d: %w", id, fault.ErrConflict)
	}
	// After the campaign's own row, as moves go.
	_, err = t.exec(ctx, "UPDATE crm_chunks SET done = true, owner = '', until = NULL WHERE campaign_id = ? AND chunk = ?",
		int64(id), campaign.PlanChunk)
	return err
}

// planLinks gives each link a range of numbers, one for each delivery.
func (s *Campaigns) planLinks(ctx context.Context, t *tx, id campaign.ID, links []shortlink.Link, count int64, now time.Time) error {
	if count == 0 {
		return nil
	}
	for _, l := range links {
		l.Campaign, l.Count = int64(id), count
		if _, err := makeLink(ctx, t, l, now); err != nil {
			return err
		}
	}
	return nil
}

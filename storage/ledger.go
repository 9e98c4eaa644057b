package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Due implements campaign.Ledger. Claims end by the database's clock, so that processes whose
// clocks differ agree on who holds what.
func (s *Campaigns) Due(ctx context.Context, now time.Time, limit int) ([]campaign.Work, error) {
	var rows []struct {
		CampaignID        int64
		Chunk, Generation int
	}
	// Campaigns take turns chunk by chunk, and a message to one person goes before: a large campaign
	// does not keep the others waiting.
	err := s.bun.NewRaw(`SELECT k.campaign_id, k.chunk, k.generation FROM crm_chunks k JOIN crm_campaigns c ON c.id = k.campaign_id
		WHERE NOT k.done AND (k.until IS NULL OR k.until < now()) AND (k.next_at IS NULL OR k.next_at <= ?)
			AND c.state IN ('scheduled', 'planning', 'sending', 'cancelled')
		ORDER BY c.direct DESC, k.chunk, k.campaign_id LIMIT ?`, now, limit).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("find due chunks: %w", translate(err))
	}
	work := make([]campaign.Work, len(rows))
	for i, r := range rows {
		work[i] = campaign.Work{Campaign: campaign.ID(r.CampaignID), Chunk: r.Chunk, Generation: r.Generation}
	}
	return work, nil
}

// Claim implements campaign.Ledger.
func (s *Campaigns) Claim(ctx context.Context, w campaign.Work, owner string, ttl time.Duration, again []h.Channel, now time.Time) (campaign.Claim, bool, error) {
	var claim campaign.Claim
	held := false
	err := s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `
			UPDATE crm_chunks SET owner = ?, until = now() + ? * interval '1 millisecond', generation = generation + 1
			WHERE campaign_id = ? AND chunk = ? AND generation = ? AND NOT done AND (until IS NULL OR until < now())`,
			claimOwner(owner, w.Generation), ttl.Milliseconds(), int64(w.Campaign), w.Chunk, w.Generation)
		if err != nil || n == 0 {
			return err
		}
		held = true
		var row campaignRow
		if err := t.NewRaw("SELECT "+campaignColumns+" FROM crm_campaigns c WHERE id = ?", int64(w.Campaign)).Scan(ctx, &row); err != nil {
			return err
		}
		if claim.Campaign, err = row.campaign(); err != nil {
			return err
		}
		claim.Chunk, claim.Owner = w.Chunk, claimOwner(owner, w.Generation)
		if err := orphans(ctx, t, claim, slices.Contains(again, claim.Campaign.Channel), now); err != nil {
			return err
		}
		claim.Links, err = linksOf(ctx, t, claim.Campaign.ID)
		return err
	})
	return claim, held && err == nil, err
}

// orphans settles what a former holder of the chunk left in flight: it is dead or has lost its
// claim, and what it had may have left. Where the provider knows a message by its key, it is
// handed over once more, in doubt.
func orphans(ctx context.Context, t *tx, c campaign.Claim, again bool, now time.Time) error {
	from, to := ordinals(c.Chunk)
	set, args := "state = 'unknown', reason = ?, settled_at = ?", []any{string(campaign.ReasonCrash), now}
	if again {
		set, args = "state = 'queued', reason = ?, next_at = NULL", []any{string(campaign.ReasonCrash)}
	}
	_, err := t.exec(ctx, "UPDATE crm_deliveries SET "+set+" WHERE campaign_id = ? AND ordinal >= ? AND ordinal < ? AND state = 'sending'",
		append(args, int64(c.Campaign.ID), from, to)...)
	return err
}

// ordinals is the range of a chunk; that of the planning is empty.
func ordinals(chunk int) (from, to int64) {
	if chunk < 0 {
		return 0, 0
	}
	return int64(chunk) * campaign.ChunkSize, int64(chunk+1) * campaign.ChunkSize
}

// linksOf gives a campaign's links in the order in which its letter lists them.
func linksOf(ctx context.Context, t *tx, id campaign.ID) ([]shortlink.Link, error) {
	var rows []linkRow
	if err := t.NewRaw("SELECT "+linkColumns+" FROM crm_links WHERE campaign_id = ? ORDER BY id", int64(id)).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	out := make([]shortlink.Link, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.link(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claimOwner tells two claims of one process apart: a worker that was thought dead must not go
// on under its successor's claim.
func claimOwner(owner string, generation int) string {
	return fmt.Sprintf("%s#%d", owner, generation+1)
}

// Renew implements campaign.Ledger.
func (s *Campaigns) Renew(ctx context.Context, c campaign.Claim, ttl time.Duration) error {
	res, err := s.bun.NewRaw(`UPDATE crm_chunks SET until = now() + ? * interval '1 millisecond'
		WHERE campaign_id = ? AND chunk = ? AND owner = ? AND NOT done`,
		ttl.Milliseconds(), int64(c.Campaign.ID), c.Chunk, c.Owner).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("claim on chunk %d is lost: %w", c.Chunk, fault.ErrConflict)
	}
	return nil
}

// Release implements campaign.Ledger.
func (s *Campaigns) Release(ctx context.Context, c campaign.Claim, stall campaign.Stall, retryAt, now time.Time) error {
	id := int64(c.Campaign.ID)
	return s.inTx(ctx, func(t *tx) error {
		again, err := looksAgain(ctx, t, stall, now)
		if err != nil {
			return err
		}
		// The campaign's row is locked first: of two last chunks one sees the other done, and a
		// move, which goes from the campaign to its chunks, is not met halfway.
		if _, err := t.exec(ctx, "SELECT FROM crm_campaigns WHERE id = ? FOR UPDATE", id); err != nil {
			return err
		}
		var left int64
		var next *time.Time
		from, to := ordinals(c.Chunk)
		if err := t.NewRaw(`SELECT count(*), min(coalesce(next_at, ?)) FROM crm_deliveries
			WHERE campaign_id = ? AND ordinal >= ? AND ordinal < ? AND state IN ('queued', 'sending')`, now, id, from, to).Scan(ctx, &left, &next); err != nil {
			return err
		}
		if next != nil && next.After(retryAt) {
			retryAt = *next
		}
		due := retryAt
		if !again.IsZero() && due.After(again) {
			due = again
		}
		n, err := t.exec(ctx, `UPDATE crm_chunks SET owner = '', until = NULL, done = ?, next_at = ?
			WHERE campaign_id = ? AND chunk = ? AND owner = ?`, left == 0, orNull(due), id, c.Chunk, c.Owner)
		if err != nil || n == 0 { // lost meanwhile: its new holder will release it
			return err
		}
		var until any
		if stall == campaign.StallQuiet {
			until = retryAt
		}
		if _, err := t.exec(ctx, `UPDATE crm_campaigns SET stalled = ?, stalled_at = CASE WHEN ? = '' THEN NULL ELSE coalesce(stalled_at, ?) END, stalled_until = ?
			WHERE id = ? AND (stalled <> ? OR stalled_until IS DISTINCT FROM ?) AND state = 'sending'`, string(stall), string(stall), now, until, id, string(stall), until); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE crm_campaigns SET state = 'done', done_at = ?, stalled = '', stalled_at = NULL, stalled_until = NULL
			WHERE id = ? AND state IN ('sending', 'paused') AND NOT EXISTS (SELECT FROM crm_chunks WHERE campaign_id = ? AND NOT done)`, now, id, id)
		return err
	})
}

package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Due implements campaign.Ledger. Claims end by the database's clock, so that processes whose
// clocks differ agree on who holds what.
func (s *Campaigns) Due(ctx context.Context, now time.Time, limit int) ([]campaign.Work, error) {
	var rows []struct {
		CampaignID        int64
		Chunk, Generation int
	}
	err := s.bun.NewRaw(`SELECT campaign_id, chunk, generation FROM crm_chunks
		WHERE NOT done AND (until IS NULL OR until < now()) AND (next_at IS NULL OR next_at <= ?)
		ORDER BY campaign_id, chunk LIMIT ?`, now, limit).Scan(ctx, &rows)
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
func (s *Campaigns) Claim(ctx context.Context, w campaign.Work, owner string, ttl time.Duration, now time.Time) (campaign.Claim, bool, error) {
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
		// Whoever held the chunk before is dead or has lost it: what it had in flight may have left.
		if _, err := t.exec(ctx, `UPDATE crm_deliveries SET state = 'unknown', reason = ?, settled_at = ?
			WHERE campaign_id = ? AND chunk = ? AND state = 'sending'`,
			string(campaign.ReasonCrash), now, int64(w.Campaign), w.Chunk); err != nil {
			return err
		}
		var row campaignRow
		if err := t.NewRaw("SELECT "+campaignColumns+" FROM crm_campaigns c WHERE id = ?", int64(w.Campaign)).Scan(ctx, &row); err != nil {
			return err
		}
		claim.Campaign, err = row.campaign()
		if err != nil {
			return err
		}
		claim.Chunk, claim.Owner = w.Chunk, claimOwner(owner, w.Generation)
		claim.Link, err = linkWhere(ctx, t, "campaign_id = ?", int64(w.Campaign))
		if errors.Is(err, fault.ErrNotFound) {
			err = nil
		}
		return err
	})
	return claim, held && err == nil, err
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

// Take implements campaign.Ledger: "sending" is committed here, before the provider is called.
func (s *Campaigns) Take(ctx context.Context, c campaign.Claim, limit int, ttl time.Duration, now time.Time) ([]campaign.Addressee, error) {
	contact, ok := contacts[c.Campaign.Channel]
	if !ok {
		return nil, fmt.Errorf("%w: channel", fault.ErrInvalid)
	}
	var rows []addresseeRow
	err := s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE crm_chunks SET until = now() + ? * interval '1 millisecond'
			WHERE campaign_id = ? AND chunk = ? AND owner = ? AND NOT done`,
			ttl.Milliseconds(), int64(c.Campaign.ID), c.Chunk, c.Owner)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("claim on chunk %d is lost: %w", c.Chunk, fault.ErrConflict)
		}
		// The chunk's row is locked, so nobody else takes of it at the same time.
		return t.NewRaw(`
			WITH taken AS (
				UPDATE crm_deliveries SET state = 'sending', sending_at = ?, tries = tries + 1
				WHERE campaign_id = ? AND ordinal = ANY (ARRAY(
					SELECT ordinal FROM crm_deliveries
					WHERE campaign_id = ? AND chunk = ? AND state = 'queued' AND (next_at IS NULL OR next_at <= ?)
					ORDER BY ordinal LIMIT ?))
				RETURNING ordinal, tries, learner_id)
			SELECT t.ordinal, t.tries, `+addresseeColumns(contact.contact, contact.consent)+`
			FROM taken t JOIN crm_learners l ON l.id = t.learner_id LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted
			ORDER BY t.ordinal`,
			now, int64(c.Campaign.ID), int64(c.Campaign.ID), c.Chunk, now, limit).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	out := make([]campaign.Addressee, len(rows))
	for i, r := range rows {
		out[i] = r.addressee()
	}
	return out, nil
}

type addresseeRow struct {
	Ordinal, LearnerID            int64
	Tries                         int
	Contact                       string
	Nickname, RealName, LevelName string
	Until                         bun.NullTime
}

// addresseeColumns reads what a message needs. A contact that may not be used any more since the
// campaign was planned comes back empty.
func addresseeColumns(contact, consent string) string {
	return `l.id AS learner_id, CASE WHEN l.status = 'active' AND ` + consent + ` <> 'denied' THEN coalesce(` + contact + `, '') ELSE '' END AS contact,
		l.nickname, l.real_name, coalesce(m.level_name, '') AS level_name, m.expires_at AS until`
}

func (r addresseeRow) addressee() campaign.Addressee {
	return campaign.Addressee{Ordinal: r.Ordinal, Person: segment.PersonID(r.LearnerID), Tries: r.Tries, Contact: r.Contact, Until: utc(r.Until),
		Values: campaign.Values{"nickname": r.Nickname, "real_name": r.RealName, "member_level": r.LevelName}}
}

// Finish implements campaign.Ledger.
func (s *Campaigns) Finish(ctx context.Context, id campaign.ID, outcomes []campaign.Attempt, now time.Time) error {
	if len(outcomes) == 0 {
		return nil
	}
	ordinals, states, reasons := make([]int64, len(outcomes)), make([]string, len(outcomes)), make([]string, len(outcomes))
	providers, next, untried := make([]string, len(outcomes)), make([]string, len(outcomes)), make([]int64, len(outcomes))
	for i, o := range outcomes {
		ordinals[i], states[i], reasons[i], providers[i] = o.Ordinal, string(o.State), string(o.Reason), o.ProviderID
		if o.Untried {
			untried[i] = 1
		}
		if !o.NextAt.IsZero() {
			next[i] = o.NextAt.UTC().Format(time.RFC3339Nano)
		}
	}
	// A retry is granted only to a delivery still in flight: once it is unknown, somebody else
	// judged that it may have left, and it is not sent again.
	_, err := s.bun.NewRaw(`
		UPDATE crm_deliveries d SET state = o.state, reason = o.reason, provider_id = o.provider, tries = d.tries - o.untried,
			next_at = CASE WHEN o.next <> '' THEN o.next::timestamptz END,
			accepted_at = CASE WHEN o.state = 'accepted' THEN ?::timestamptz END,
			settled_at = CASE WHEN o.state <> 'queued' THEN ?::timestamptz END
		FROM unnest(?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[]) AS o (ordinal, state, reason, provider, next, untried)
		WHERE d.campaign_id = ? AND d.ordinal = o.ordinal
			AND (d.state = 'sending' OR (d.state = 'unknown' AND o.state NOT IN ('queued', 'unknown')))`,
		now, now, int64Array(ordinals), textArray(states), textArray(reasons), textArray(providers), textArray(next), int64Array(untried), int64(id)).Exec(ctx)
	return translate(err)
}

// Release implements campaign.Ledger.
func (s *Campaigns) Release(ctx context.Context, c campaign.Claim, stall campaign.Stall, retryAt, now time.Time) error {
	id := int64(c.Campaign.ID)
	return s.inTx(ctx, func(t *tx) error {
		var left int64
		var next *time.Time
		if err := t.NewRaw(`SELECT count(*), min(coalesce(next_at, ?)) FROM crm_deliveries
			WHERE campaign_id = ? AND chunk = ? AND state IN ('queued', 'sending')`, now, id, c.Chunk).Scan(ctx, &left, &next); err != nil {
			return err
		}
		if next != nil && next.After(retryAt) {
			retryAt = *next
		}
		n, err := t.exec(ctx, `UPDATE crm_chunks SET owner = '', until = NULL, done = ?, next_at = ?
			WHERE campaign_id = ? AND chunk = ? AND owner = ?`, left == 0, orNull(retryAt), id, c.Chunk, c.Owner)
		if err != nil || n == 0 { // lost meanwhile: its new holder will release it
			return err
		}
		if _, err := t.exec(ctx, `UPDATE crm_campaigns SET stalled = ?, stalled_at = CASE WHEN ? = '' THEN NULL ELSE coalesce(stalled_at, ?) END
			WHERE id = ? AND stalled <> ?`, string(stall), string(stall), now, id, string(stall)); err != nil {
			return err
		}
		// The campaign's row is locked first: of two last chunks one sees the other done.
		if _, err := t.exec(ctx, "SELECT FROM crm_campaigns WHERE id = ? FOR UPDATE", id); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE crm_campaigns SET state = 'done', done_at = ?, stalled = '', stalled_at = NULL
			WHERE id = ? AND state = 'sending' AND NOT EXISTS (SELECT FROM crm_chunks WHERE campaign_id = ? AND NOT done)`, now, id, id)
		return err
	})
}

// linkWhere reads one link.
func linkWhere(ctx context.Context, db interface {
	NewRaw(query string, args ...any) *bun.RawQuery
}, where string, args ...any) (shortlink.Link, error) {
	var row struct {
		ID, CampaignID, First, Count int64
		Target                       string
	}
	err := db.NewRaw("SELECT id, campaign_id, target, first, count FROM crm_links WHERE "+where, args...).Scan(ctx, &row)
	return shortlink.Link{ID: shortlink.LinkID(row.ID), CampaignID: row.CampaignID, Target: row.Target,
		First: shortlink.Number(row.First), Count: row.Count}, translate(err)
}

package storage

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Finish implements campaign.Ledger.
func (s *Campaigns) Finish(ctx context.Context, id campaign.ID, outcomes []campaign.Attempt, now time.Time) error {
	if len(outcomes) == 0 {
		return nil
	}
	var dead []campaign.Receipt
	for _, o := range outcomes {
		if o.State == campaign.Failed && proves(o.Reason) {
			dead = append(dead, campaign.Receipt{Campaign: id, Ordinal: o.Ordinal, Reason: o.Reason})
		}
	}
	if len(dead) == 0 {
		return translate(finish(ctx, s.bun, id, outcomes, now))
	}
	return s.inTx(ctx, func(t *tx) error {
		if err := finish(ctx, t, id, outcomes, now); err != nil {
			return err
		}
		return bury(ctx, t, "", dead, now)
	})
}

// proves reports whether a failure proves the contact dead.
func proves(r campaign.Reason) bool {
	return r == campaign.ReasonInvalid || r == campaign.ReasonComplaint
}

func finish(ctx context.Context, db bun.IDB, id campaign.ID, outcomes []campaign.Attempt, now time.Time) error {
	ordinals, states, reasons := make([]int64, len(outcomes)), make([]string, len(outcomes)), make([]string, len(outcomes))
	providers, next := make([]string, len(outcomes)), make([]string, len(outcomes))
	untried, tries, parts := make([]int64, len(outcomes)), make([]int64, len(outcomes)), make([]int64, len(outcomes))
	for i, o := range outcomes {
		ordinals[i], states[i], reasons[i], providers[i] = o.Ordinal, string(o.State), string(o.Reason), o.ProviderID
		tries[i], parts[i] = int64(o.Try), int64(o.Parts)
		if o.Untried {
			untried[i] = 1
		}
		if !o.NextAt.IsZero() {
			next[i] = o.NextAt.UTC().Format(time.RFC3339Nano)
		}
	}
	// What the provider said for certain always counts, also of a message that was queued once more
	// meanwhile: it need not leave a second time. All else counts for the try in flight only: of an
	// earlier one somebody else judged that it may have left, and there it stays unknown.
	const (
		certain = "(o.state = 'accepted' OR o.state = 'failed' AND o.reason IN ('rejected', 'invalid', 'complaint'))"
		still   = doubt + " AND NOT " + certain + " AND o.reason <> 'broken'"
	)
	var n int
	err := db.NewRaw(`
		WITH done AS (UPDATE crm_deliveries d SET state = CASE WHEN `+still+` AND o.state <> 'queued' THEN 'unknown' ELSE o.state END,
			reason = CASE WHEN `+still+` THEN d.reason ELSE o.reason END,
			provider_id = o.provider, tries = d.tries - o.untried, parts = o.parts,
			next_at = CASE WHEN o.next <> '' THEN o.next::timestamptz END,
			accepted_at = CASE WHEN o.state = 'accepted' THEN ?::timestamptz END,
			settled_at = CASE WHEN o.state <> 'queued' THEN ?::timestamptz END
		FROM unnest(?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[]) AS o (ordinal, state, reason, provider, next, untried, try, parts)
		WHERE d.campaign_id = ? AND d.ordinal >= ? AND d.ordinal <= ? AND d.ordinal = o.ordinal
			AND (d.state = 'sending' AND (`+certain+` OR o.try IN (0, d.tries)) OR d.state IN ('unknown', 'queued') AND `+certain+`)
			RETURNING d.state), usage AS (`+acceptedNow+`)
		SELECT count(*) FROM done`,
		now, now, int64Array(ordinals), textArray(states), textArray(reasons), textArray(providers), textArray(next), int64Array(untried), int64Array(tries), int64Array(parts), int64(id), slices.Min(ordinals), slices.Max(ordinals),
		int64(id), now).Scan(ctx, &n)
	if err != nil || n == len(outcomes) {
		return err
	}
	// A receipt was faster than the answer: it told the outcome, but not what the message costs.
	_, err = db.NewRaw(`
		UPDATE crm_deliveries d SET provider_id = o.provider, parts = o.parts, accepted_at = coalesce(d.accepted_at, ?)
		FROM unnest(?::bigint[], ?::text[], ?::text[], ?::bigint[]) AS o (ordinal, state, provider, parts)
		WHERE d.campaign_id = ? AND d.ordinal >= ? AND d.ordinal <= ? AND d.ordinal = o.ordinal AND o.state = 'accepted' AND d.state IN ('delivered', 'failed') AND d.parts = 0 AND d.provider_id = ''`,
		now, int64Array(ordinals), textArray(states), textArray(providers), int64Array(parts), int64(id), slices.Min(ordinals), slices.Max(ordinals)).Exec(ctx)
	return err
}

// bury suppresses the contacts to which deliveries of a channel (empty: of any) proved
// undeliverable, unless the person has another contact by now, or none since an erasure. What was
// never handed over proves nothing.
func bury(ctx context.Context, t *tx, ch h.Channel, dead []campaign.Receipt, now time.Time) error {
	campaigns, ordinals, reasons := make([]int64, len(dead)), make([]int64, len(dead)), make([]string, len(dead))
	for i, d := range dead {
		campaigns[i], ordinals[i], reasons[i] = int64(d.Campaign), d.Ordinal, string(d.Reason)
	}
	var rows []suppressionRow
	// Each delivery by its key, as in Receive.
	err := t.NewRaw(`
		SELECT DISTINCT ON (1, 2) * FROM (
		SELECT c.channel, CASE c.channel WHEN 'email' THEN l.usable_email ELSE l.usable_mobile END AS contact, o.reason, c.id AS campaign_id
		FROM unnest(?::bigint[], ?::bigint[], ?::text[]) AS o (campaign, ordinal, reason)
		JOIN crm_campaigns c ON c.id = o.campaign AND (? = '' OR c.channel = ?) AND c.channel IN ('email', 'sms')
		CROSS JOIN LATERAL (SELECT d.learner_id, d.contact_hash FROM crm_deliveries d
			WHERE d.campaign_id = o.campaign AND d.ordinal = o.ordinal AND (d.tries > 0 OR `+doubt+`) LIMIT 1) d
		JOIN crm_learners l ON l.id = d.learner_id
		WHERE d.contact_hash = hashtextextended(CASE c.channel WHEN 'email' THEN l.usable_email ELSE l.usable_mobile END, 0)
		FOR KEY SHARE OF l) x ORDER BY 1, 2, campaign_id`,
		int64Array(campaigns), int64Array(ordinals), textArray(reasons), string(ch), string(ch)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	_, err = suppress(ctx, t, rows, "", now)
	return err
}

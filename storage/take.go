package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// due are a chunk's deliveries to be sent next. The chunk's row is locked while it is asked, so
// asking twice in one transaction gives the same ones.
const due = `SELECT ordinal, learner_id FROM crm_deliveries
	WHERE campaign_id = ? AND ordinal >= ? AND ordinal < ? AND state = 'queued' AND (next_at IS NULL OR next_at <= ?)
	ORDER BY ordinal LIMIT ?`

// doubt is the condition on a queued delivery d that an earlier try of it may have reached the
// person: it was unknown and is to be sent once more, or its provider will know it by its key.
const doubt = "d.reason IN ('broken', 'crash')"

// personLocks is the first key of the advisory locks that Take holds on people.
const personLocks = 0x43524d01

// Take implements campaign.Ledger: "sending" is committed here, before the provider is called.
//
// Whether somebody was contacted lately is asked under a lock on that person, which every
// campaign takes: of two that want to send at once, the second sees what the first has begun.
func (s *Campaigns) Take(ctx context.Context, c campaign.Claim, v campaign.Sieve, limit int, ttl time.Duration, now time.Time) ([]campaign.Addressee, error) {
	why, whyArgs, err := reasons(v, true, now)
	if err != nil {
		return nil, err
	}
	contact := contacts[v.Channel].contact
	id := int64(c.Campaign.ID)
	from, to := ordinals(c.Chunk)
	dueArgs := []any{id, from, to, now, limit}
	var rows []addresseeRow
	err = s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE crm_chunks SET until = now() + ? * interval '1 millisecond'
			WHERE campaign_id = ? AND chunk = ? AND owner = ? AND NOT done
				AND EXISTS (SELECT FROM crm_campaigns WHERE id = ? AND state = 'sending')`,
			ttl.Milliseconds(), id, c.Chunk, c.Owner, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("claim on chunk %d is lost: %w", c.Chunk, fault.ErrConflict)
		}
		if !c.Campaign.Direct {
			// In order, so that two takers of the same people do not wait for each other.
			if _, err := t.exec(ctx, `SELECT pg_advisory_xact_lock(?, k) FROM (
				SELECT DISTINCT (learner_id % 2147483647)::integer AS k FROM (`+due+`) d ORDER BY k) k`, append([]any{personLocks}, dueArgs...)...); err != nil {
				return err
			}
		}
		args := append(append(append(append([]any{}, whyArgs...), dueArgs...), about(v)...), now, now, id, from, to) // the range again: of a campaign that no statistics know the planner would read every row
		return t.NewRaw(`
			WITH judged AS MATERIALIZED (
				SELECT due.ordinal, `+why+` AS late, hashtextextended(`+contact+`, 0) AS hash, `+addresseeColumns(contact)+`
				FROM (`+due+`) due JOIN crm_learners l ON l.id = due.learner_id LEFT JOIN crm_memberships m ON m.learner_id = l.id AND NOT m.deleted`+openOrder+`),
			taken AS (
				UPDATE crm_deliveries d SET reason = CASE WHEN `+doubt+` THEN d.reason ELSE j.late END,
					state = CASE WHEN j.late = '' THEN 'sending' WHEN `+doubt+` THEN 'unknown' ELSE 'excluded' END,
					tries = d.tries + CASE WHEN j.late = '' THEN 1 ELSE 0 END,
					contact_hash = CASE WHEN j.late = '' THEN j.hash ELSE d.contact_hash END,
					sending_at = CASE WHEN j.late = '' THEN ?::timestamptz ELSE d.sending_at END,
					settled_at = CASE WHEN j.late <> '' THEN ?::timestamptz END
				FROM judged j WHERE d.campaign_id = ? AND d.ordinal >= ? AND d.ordinal < ? AND d.ordinal = j.ordinal
				RETURNING d.tries, j.*)
			SELECT ordinal, tries, late, learner_id, host_id, contact, nickname, real_name, level_name, until, open_title, open_amount, open_currency FROM taken ORDER BY ordinal`, args...).Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	return addressees(rows, s.Currency), nil
}

type addresseeRow struct {
	Ordinal, LearnerID            int64
	Tries                         int
	HostID, Late, Contact         string
	Nickname, RealName, LevelName string
	Until                         bun.NullTime
	OpenTitle, OpenCurrency       string // of the open order; empty: there is none
	OpenAmount                    int64
}

// openOrder joins the open order of a person l that a message speaks of, with what it is for: the
// latest one for an offering that the campaign is about, or else the latest; in it such an offering, or
// else the first course or classroom. The facts are asked first, so that of most people nothing is
// read. Its arguments are those of [about].
const openOrder = `
	LEFT JOIN LATERAL (SELECT coalesce(nullif(i.title, ''), x.sn) AS title, x.payable_amount AS amount, x.currency
		FROM crm_orders x LEFT JOIN crm_order_items i ON i.order_id = x.id
		WHERE l.open_order_count > 0 AND x.learner_id = l.id AND x.status = 'pending'
		ORDER BY x.offering_ids && ` + meant + ` DESC, x.created_at DESC, x.id DESC, coalesce(i.offering_id = ANY (` + meant + `), false) DESC, i.offering_id IS NULL, i.pos LIMIT 1) owed ON true`

// meant are offerings and their copies.
const meant = "ARRAY(SELECT f.id FROM crm_offerings f WHERE f.canonical_id = ANY (?))"

func about(v campaign.Sieve) []any { return []any{int64Array(v.About), int64Array(v.About)} }

// addresseeColumns reads what a message needs, of l, m and [openOrder].
func addresseeColumns(contact string) string {
	return `l.id AS learner_id, coalesce(l.host_id, '') AS host_id, coalesce(` + contact + `, '') AS contact,
		l.nickname, l.real_name, coalesce(m.level_name, '') AS level_name, m.expires_at AS until,
		coalesce(owed.title, '') AS open_title, coalesce(owed.amount, 0) AS open_amount, coalesce(owed.currency, '') AS open_currency`
}

func addressees(rows []addresseeRow, currency string) []campaign.Addressee {
	out := make([]campaign.Addressee, len(rows))
	for i, r := range rows {
		out[i] = campaign.Addressee{Ordinal: r.Ordinal, Person: segment.PersonID(r.LearnerID), HostID: h.LearnerID(r.HostID), Tries: r.Tries,
			Contact: r.Contact, Until: utc(r.Until), Late: campaign.Exclusion(r.Late),
			Values: campaign.Values{"nickname": r.Nickname, "real_name": r.RealName, "member_level": r.LevelName}}
		if r.OpenTitle != "" {
			out[i].Values["open_title"], out[i].Values["open_amount"] = r.OpenTitle, campaign.Amount(r.OpenAmount, r.OpenCurrency, currency)
		}
	}
	return out
}

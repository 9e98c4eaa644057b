package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/crm/erasure"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Erasures implements erasure.Store.
type Erasures struct{ *DB }

// Erased implements erasure.Store.
func (s *Erasures) Erased(ctx context.Context, p segment.PersonID) (erasure.Erasure, error) {
	var row struct {
		HostID, ByID, ByName string
		At                   time.Time
	}
	err := s.bun.NewRaw("SELECT coalesce(host_id, '') AS host_id, by_id, by_name, at FROM crm_erasures WHERE learner_id = ?", int64(p)).Scan(ctx, &row)
	if err != nil {
		return erasure.Erasure{}, translate(err)
	}
	return erasure.Erasure{Person: p, HostID: h.LearnerID(row.HostID), ByID: row.ByID, ByName: row.ByName, At: row.At.UTC()}, nil
}

// Erase implements erasure.Store.
func (s *Erasures) Erase(ctx context.Context, e erasure.Erasure) error {
	return s.retryTx(ctx, func(t *tx) error {
		w := wipe{tx: t, Erasure: e}
		return w.run(ctx)
	})
}

// erased tells whether a person's data was wiped; of nobody it was not. An erasure that begins now
// waits until the transaction has ended, and finds what it wrote: whoever keeps words about somebody
// asks this first, before anything else that an erasure locks.
func erased(ctx context.Context, t *tx, person int64) (bool, error) {
	var gone []bool
	err := t.NewRaw("SELECT erased_at IS NOT NULL FROM crm_learners WHERE id = ? FOR KEY SHARE", person).Scan(ctx, &gone)
	return slices.Contains(gone, true), err
}

// noWords refuses words about somebody whose data was wiped.
func noWords(gone bool, words string) error {
	if gone && words != "" {
		return fault.Fields{"content": {Key: "problem.erased"}}
	}
	return nil
}

// wipe is one erasure in its transaction.
type wipe struct {
	*tx
	erasure.Erasure
	mobiles, emails []string // in all forms that were kept
}

func (w *wipe) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{w.begin, w.contacts, w.remember, w.messages, w.notes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin locks the learner, so that no sync, no other erasure and nobody who keeps words about them
// writes meanwhile, and nobody takes a message to them: its delivery keeps what it was sent to.
func (w *wipe) begin(ctx context.Context) error {
	var row struct{ HostID, UsableMobile, Mobile, UsableEmail, Email string }
	if err := w.NewRaw(`SELECT coalesce(host_id, '') AS host_id, coalesce(usable_mobile, '') AS usable_mobile, mobile,
			coalesce(usable_email, '') AS usable_email, lower(email) AS email FROM crm_learners WHERE id = ? FOR UPDATE`, int64(w.Person)).Scan(ctx, &row); err != nil {
		return err
	}
	w.HostID, w.mobiles, w.emails = h.LearnerID(row.HostID), []string{row.UsableMobile, row.Mobile}, []string{row.UsableEmail, row.Email}
	_, err := w.exec(ctx, "SELECT pg_advisory_xact_lock(?, (?::bigint % 2147483647)::integer)", personLocks, int64(w.Person))
	return err
}

// all runs statements.
func (w *wipe) all(ctx context.Context, list ...statement) error {
	for _, s := range list {
		if _, err := w.exec(ctx, s.query, s.args...); err != nil {
			return fmt.Errorf("wipe %s: %w", s.what, err)
		}
	}
	return nil
}

type statement struct {
	what, query string
	args        []any
}

// suppressedOf deletes the suppressions of a person's contacts, of former ones too: what they were
// written to under is known by its hash.
func suppressedOf(ch h.Channel) string {
	return `WITH sent AS MATERIALIZED (SELECT DISTINCT d.contact_hash AS hash FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id
			WHERE d.learner_id = ? AND d.contact_hash IS NOT NULL AND c.channel = '` + string(ch) + `')
		DELETE FROM crm_suppressions s WHERE s.channel = '` + string(ch) + `'
			AND (s.contact = ANY (?) OR hashtextextended(s.contact, 0) IN (SELECT hash FROM sent))
			AND NOT EXISTS (SELECT FROM crm_learners l WHERE l.` + usable[ch].contact + ` = s.contact AND l.id <> ?)`
}

// contacts forgets that a contact is suppressed where nobody else has it, and what messages were
// sent to. What was said about being written to stays, and from now on it is no.
func (w *wipe) contacts(ctx context.Context) error {
	id := int64(w.Person)
	return w.all(ctx,
		statement{"suppressed numbers", suppressedOf(h.ChannelSMS), []any{id, textArray(w.mobiles), id}},
		statement{"suppressed addresses", suppressedOf(h.ChannelEmail), []any{id, textArray(w.emails), id}},
		statement{"contacts of deliveries", "UPDATE crm_deliveries SET contact_hash = NULL WHERE learner_id = ? AND contact_hash IS NOT NULL", []any{id}},
		statement{"consents", `INSERT INTO crm_consents (learner_id, channel, state, source, purpose, by_id, at)
			SELECT l.id, c.channel, 'denied', 'erasure', 'marketing', ?, ?::timestamptz
			FROM crm_learners l, LATERAL (VALUES ('sms', l.own_sms), ('email', l.own_email), ('message', l.own_message)) c (channel, own)
			WHERE l.id = ? AND c.own <> 'denied'`, []any{w.ByID, w.At, id}})
}

// remember writes the erasure down. The row itself is wiped by the trigger that keeps it so.
func (w *wipe) remember(ctx context.Context) error {
	host := string(w.HostID)
	return w.all(ctx,
		statement{"name", `INSERT INTO crm_erasures (learner_id, host_id, by_id, by_name, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (learner_id) DO NOTHING`,
			[]any{int64(w.Person), textOrNull(host), w.ByID, w.ByName, w.At}},
		statement{"learner", "UPDATE crm_learners SET erased_at = coalesce(erased_at, ?) WHERE id = ?", []any{w.At, int64(w.Person)}},
		statement{"problem rows", "DELETE FROM crm_sync_problems WHERE learner_host_id = ? AND learner_host_id <> ''", []any{host}})
}

// messages takes the text out of messages to this person alone, and calls off those that have not
// left. Who a campaign was to is unknown until it is planned; its rule tells.
func (w *wipe) messages(ctx context.Context) error {
	id := int64(w.Person)
	only, err := json.Marshal([]int64{id})
	if err != nil {
		return err
	}
	const alone = `direct AND rule -> 'all' -> 0 ->> 'field' = 'learner' AND rule -> 'all' -> 0 -> 'value' = ?::jsonb`
	return w.all(ctx,
		statement{"queued messages", `UPDATE crm_chunks SET next_at = NULL, done = done OR chunk < 0
			WHERE campaign_id IN (SELECT id FROM crm_campaigns WHERE ` + alone + ` AND state NOT IN ('done', 'cancelled'))`, []any{string(only)}},
		statement{"messages", `UPDATE crm_campaigns SET name = '', content = '{}', fill = '{}', stalled = '', stalled_at = NULL, stalled_until = NULL,
				done_at = coalesce(done_at, ?::timestamptz), state = CASE WHEN state = 'done' THEN state ELSE 'cancelled' END
			WHERE ` + alone, []any{w.At, string(only)}},
		statement{"drafts", `DELETE FROM crm_drafts WHERE (draft ->> 'direct')::boolean AND draft -> 'rule' -> 'all' -> 0 ->> 'field' = 'learner'
			AND draft -> 'rule' -> 'all' -> 0 -> 'value' = ?::jsonb`, []any{string(only)}})
}

// notes empties what staff and the person wrote in their own words. Follow-ups come before their
// edits: whoever edits one keeps the words before, and a form that is open now is not taken any more.
func (w *wipe) notes(ctx context.Context) error {
	id := int64(w.Person)
	return w.all(ctx,
		statement{"follow-ups", "UPDATE crm_followups SET content = '', version = version + 1 WHERE learner_id = ? AND content <> ''", []any{id}},
		statement{"edits of follow-ups", "UPDATE crm_followup_edits SET content = '' WHERE followup_id IN (SELECT id FROM crm_followups WHERE learner_id = ?) AND content <> ''", []any{id}},
		statement{"reasons of intents", "UPDATE crm_intents SET reason = '' WHERE learner_id = ? AND reason <> ''", []any{id}},
		statement{"notes of exits", "UPDATE crm_enrollments SET exit_note = '' WHERE learner_id = ? AND exit_note <> ''", []any{id}},
		statement{"reasons of refunds", "UPDATE crm_refunds SET reason = '' WHERE order_id IN (SELECT id FROM crm_orders WHERE learner_id = ?) AND reason <> ''", []any{id}})
}

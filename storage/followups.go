package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Followups implements followup.Store.
type Followups struct{ *DB }

// Add implements followup.Store. Without an offering the learner alone has to be there.
func (s *Followups) Add(ctx context.Context, by h.Staff, e followup.Entry, now time.Time) (id followup.ID, known bool, err error) {
	err = s.inTx(ctx, func(t *tx) error {
		if known, err = takeKey(ctx, t, e.Key, by, 1, now); err != nil {
			return err
		}
		if known {
			return t.NewRaw("SELECT id FROM crm_followups WHERE learner_id = ? AND batch = ? ORDER BY id LIMIT 1", int64(e.Learner), e.Key).Scan(ctx, &id)
		}
		gone, err := erased(ctx, t, int64(e.Learner))
		if err := errors.Join(err, noWords(gone, e.Content)); err != nil {
			return err
		}
		if err := offeringThere(ctx, t, e.Offering); err != nil {
			return err
		}
		if err := t.NewRaw(`INSERT INTO crm_followups (learner_id, `+entryColumns+`, by_id, by_name, at, batch)
			SELECT l.id, `+entryPlaces+`, ?, ?, ?, ? FROM crm_learners l WHERE l.id = ? RETURNING id`,
			append(entryArgs(e), by.ID, staffName(by), now, e.Key, int64(e.Learner))...).Scan(ctx, &id); err != nil {
			return err
		}
		if e.Method == followup.Plan {
			return nil
		}
		_, err = t.exec(ctx, "UPDATE crm_followups SET done_at = ? WHERE learner_id = ? AND owner_id = ? AND id < ? AND done_at IS NULL AND next_at IS NOT NULL",
			now, int64(e.Learner), e.OwnerID, int64(id))
		return err
	})
	return id, known, err
}

// The columns of what an entry says, besides the learner.
const (
	entryColumns = "offering_id, method, content, intent, next_at, owner_id, owner_name"
	entryPlaces  = "?::integer, ?, ?, ?, ?::timestamptz, ?, ?"
)

func entryArgs(e followup.Entry) []any {
	var offering, next any
	if e.Offering != 0 {
		offering = int64(e.Offering)
	}
	if !e.NextAt.IsZero() {
		next = e.NextAt
	}
	return []any{offering, string(e.Method), e.Content, string(e.Intent), next, e.OwnerID, e.OwnerName}
}

func staffName(by h.Staff) string {
	if by.Name == "" {
		return by.ID
	}
	return by.Name
}

// offeringThere refuses an entry about what is no offering, or a copy of one.
func offeringThere(ctx context.Context, t *tx, id funnel.OfferingID) error {
	if id == 0 {
		return nil
	}
	var there bool
	if err := t.NewRaw("SELECT EXISTS (SELECT FROM crm_offerings WHERE id = ? AND canonical_id = id)", int64(id)).Scan(ctx, &there); err != nil {
		return err
	}
	if !there {
		return fault.Fields{"offering": {Key: "problem.choice"}}
	}
	return nil
}

// takeKey enters a form's key; known tells that it was there. Somebody else who sends it at this
// moment waits until this transaction has ended.
func takeKey(ctx context.Context, t *tx, key string, by h.Staff, people int64, now time.Time) (known bool, err error) {
	if key == "" {
		return false, nil
	}
	n, err := t.exec(ctx, "INSERT INTO crm_followup_batches (key, people, by_id, at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING", key, people, by.ID, now)
	if err != nil || n == 1 {
		return false, err
	}
	var owner string
	if err := t.NewRaw("SELECT by_id FROM crm_followup_batches WHERE key = ?", key).Scan(ctx, &owner); err != nil {
		return false, err
	}
	if owner != by.ID {
		return false, fmt.Errorf("somebody else's form: %w", fault.ErrConflict)
	}
	return true, nil
}

// Edit implements followup.Store.
func (s *Followups) Edit(ctx context.Context, by h.Staff, id followup.ID, version int, e followup.Entry, now time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := offeringThere(ctx, t, e.Offering); err != nil {
			return err
		}
		var learner int64
		if err := t.NewRaw("SELECT coalesce((SELECT learner_id FROM crm_followups WHERE id = ?), 0)", int64(id)).Scan(ctx, &learner); err != nil {
			return err
		}
		gone, err := erased(ctx, t, learner)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, `INSERT INTO crm_followup_edits (followup_id, version, `+entryColumns+`, by_id, by_name, at)
			SELECT id, version, `+entryColumns+`, ?, ?, ? FROM crm_followups WHERE id = ? AND version = ? FOR UPDATE`,
			by.ID, staffName(by), now, int64(id), version)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("follow-up %d: %w", id, fault.ErrConflict)
		}
		if err := noWords(gone, e.Content); err != nil {
			return err
		}
		_, err = t.exec(ctx, `UPDATE crm_followups f SET (`+entryColumns+`) = (SELECT `+entryPlaces+`), edited_at = ?, version = version + 1,
			done_at = CASE WHEN next_at IS NOT DISTINCT FROM ?::timestamptz THEN done_at END WHERE id = ?`,
			append(entryArgs(e), now, entryArgs(e)[4], int64(id))...)
		return err
	})
}

// Done implements followup.Store.
func (s *Followups) Done(ctx context.Context, id followup.ID, now time.Time) error {
	var there bool
	err := s.bun.NewRaw(`WITH u AS (UPDATE crm_followups SET done_at = ? WHERE id = ? AND done_at IS NULL AND next_at IS NOT NULL)
		SELECT EXISTS (SELECT FROM crm_followups WHERE id = ?)`, now, int64(id), int64(id)).Scan(ctx, &there)
	if err == nil && !there {
		err = sql.ErrNoRows
	}
	return translate(err)
}

// BulkAdd implements followup.Store. Nobody whose data was wiped gets a note; an erasure that begins
// meanwhile waits, and finds it.
func (s *Followups) BulkAdd(ctx context.Context, by h.Staff, where segment.Predicate, key string, e followup.Entry, most int, now time.Time) (followup.Batch, error) {
	var b followup.Batch
	err := s.inTx(ctx, func(t *tx) error {
		known, err := takeKey(ctx, t, key, by, 0, now)
		if err != nil {
			return err
		}
		if known {
			b.Before = true
			return t.NewRaw("SELECT people FROM crm_followup_batches WHERE key = ?", key).Scan(ctx, &b.People)
		}
		if err := roomy(ctx, t); err != nil {
			return err
		}
		if _, err := t.exec(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d", audienceTimeout.Milliseconds())); err != nil {
			return err
		}
		args := append(entryArgs(e), by.ID, staffName(by), now, key)
		b.People, err = t.exec(ctx, `INSERT INTO crm_followups (learner_id, `+entryColumns+`, by_id, by_name, at, batch)
			SELECT a.id, `+entryPlaces+`, ?, ?, ?, ? FROM (SELECT l.id FROM crm_learners l WHERE `+people+` AND l.erased_at IS NULL AND `+where.SQL+` LIMIT ? FOR KEY SHARE OF l) a ORDER BY a.id`,
			append(append(args, predicateArgs(where)...), most+1)...)
		switch {
		case err != nil:
			return err
		case b.People > int64(most):
			return fault.Fields{"people": {Key: "problem.people_many", Args: []any{most}}}
		case b.People == 0:
			return fault.Fields{"people": {Key: "problem.people_none"}}
		}
		_, err = t.exec(ctx, "UPDATE crm_followup_batches SET people = ? WHERE key = ?", b.People, key)
		return err
	})
	if err != nil {
		return followup.Batch{}, err
	}
	return b, nil
}

// Planned implements followup.Store.
func (s *Followups) Planned(ctx context.Context, by h.Staff, key string) (followup.Batch, error) {
	b := followup.Batch{Before: true}
	err := s.bun.NewRaw("SELECT people FROM crm_followup_batches WHERE key = ? AND by_id = ?", key, by.ID).Scan(ctx, &b.People)
	if err != nil {
		return followup.Batch{}, fmt.Errorf("find planned follow-ups: %w", translate(err))
	}
	return b, nil
}

// Subjects implements followup.Store.
func (s *Followups) Subjects(ctx context.Context, learner segment.PersonID, limit int) ([]followup.Subject, error) {
	var out []followup.Subject
	err := s.reading(ctx, func(tx bun.Tx) error {
		return tx.NewRaw(`SELECT o.id, coalesce(nullif(o.title, ''), '#' || o.host_id) AS title FROM crm_pairs p JOIN crm_offerings o ON o.id = p.offering_id
			WHERE p.learner_id = ? ORDER BY greatest(p.viewed_at, p.intended_at, p.ordered_at, p.joined_at) DESC NULLS LAST, o.id LIMIT ?`,
			int64(learner), limit).Scan(ctx, &out)
	})
	return out, err
}

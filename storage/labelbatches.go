package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// batches reads what was done; where may narrow b, sort and limit.
func batches(ctx context.Context, db bun.IDB, where string, args ...any) ([]label.Batch, error) {
	var rows []struct {
		ID, LabelID, People, Asked, Undoes int64
		Name, Into, Action, Undone, ByName string
		At                                 time.Time
		UndoneAt                           bun.NullTime
	}
	err := db.NewRaw(`SELECT b.id, b.label_id, b.people, b.asked, coalesce(b.undoes, 0) AS undoes, l.name, coalesce(m.name, '') AS into, b.action,
			coalesce(u.action, '') AS undone, b.by_name, b.at, b.undone_at
		FROM crm_label_batches b JOIN crm_labels l ON l.id = b.label_id
			LEFT JOIN crm_labels m ON m.id = l.merged_into AND b.action = 'merge' AND b.undone_at IS NULL
			LEFT JOIN crm_label_batches u ON u.id = b.undoes
		WHERE `+where, args...).Scan(ctx, &rows)
	out := make([]label.Batch, len(rows))
	for i, r := range rows {
		out[i] = label.Batch{ID: label.BatchID(r.ID), Label: label.ID(r.LabelID), Name: r.Name, Into: r.Into, Action: label.Action(r.Action),
			Undoes: label.BatchID(r.Undoes), Undone: label.Action(r.Undone), People: r.People, Asked: r.Asked, ByName: r.ByName, At: r.At.UTC(), UndoneAt: utc(r.UndoneAt)}
	}
	return out, translate(err)
}

// Batch implements label.Store.
func (s *Labels) Batch(ctx context.Context, id label.BatchID) (label.Batch, error) {
	list, err := batches(ctx, s.bun, "b.id = ?", int64(id))
	if err == nil && len(list) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return label.Batch{}, fmt.Errorf("what was done to a tag: %w", err)
	}
	return list[0], nil
}

// lockLabels waits for tags and keeps others from changing them: "UPDATE" all others, "SHARE" those
// who lock for an update. fault.ErrNotFound: one of them is not there.
func lockLabels(ctx context.Context, t *tx, how string, ids ...label.ID) error {
	want := make([]int64, len(ids))
	for i, id := range ids {
		want[i] = int64(id)
	}
	n, err := t.exec(ctx, "SELECT FROM crm_labels b WHERE b.id = ANY (?) AND "+liveLabel+" ORDER BY b.id FOR "+how, int64Array(want))
	if err == nil && int(n) != len(ids) {
		err = fmt.Errorf("tags %v: %w", ids, fault.ErrNotFound)
	}
	return err
}

func newBatch(ctx context.Context, t *tx, id label.ID, a label.Action, undoes label.BatchID, d label.Deed) (batch int64, err error) {
	err = t.NewRaw(`INSERT INTO crm_label_batches (key, label_id, action, people, asked, by_id, by_name, at, undoes)
		VALUES (?, ?, ?, 0, 0, ?, ?, ?, nullif(?, 0)) RETURNING id`, d.Key, int64(id), string(a), d.By.ID, d.By.Name, d.At, int64(undoes)).Scan(ctx, &batch)
	return batch, err
}

func closeBatch(ctx context.Context, t *tx, batch, asked, people int64) error {
	_, err := t.exec(ctx, "UPDATE crm_label_batches SET asked = ?, people = ? WHERE id = ?", asked, people, batch)
	return err
}

// once does something in one transaction unless it was done under the same key, and gives what was
// done. Two at a time wait for each other at the key.
func (s *Labels) once(ctx context.Context, key string, do func(t *tx) error) (label.Batch, error) {
	if b, err := s.Keyed(ctx, key); err == nil || !errors.Is(err, fault.ErrNotFound) {
		return b, err
	}
	failed := s.inTx(ctx, func(t *tx) error {
		if err := roomy(ctx, t); err != nil {
			return err
		}
		return do(t)
	})
	b, err := s.Keyed(ctx, key)
	if failed != nil && err != nil { // else somebody was quicker with the same
		return label.Batch{}, failed
	}
	return b, err
}

// Keyed implements label.Store.
func (s *Labels) Keyed(ctx context.Context, key string) (label.Batch, error) {
	list, err := batches(ctx, s.bun, "b.key = ?", key)
	switch {
	case err != nil:
		return label.Batch{}, err
	case len(list) == 0:
		return label.Batch{}, fault.ErrNotFound
	}
	return list[0], nil
}

// tally is how many people something was about, and how many it changed.
type tally struct{ Asked, People int64 }

// Change implements label.Store.
func (s *Labels) Change(ctx context.Context, id label.ID, a label.Action, who segment.Predicate, d label.Deed) (label.Batch, error) {
	change := `INSERT INTO crm_label_people (label_id, learner_id, at, by_id, by_name) SELECT ?, id, ?, ?, ? FROM who ON CONFLICT DO NOTHING RETURNING learner_id`
	args := []any{int64(id), d.At, d.By.ID, d.By.Name}
	switch a {
	case label.Add:
	case label.Remove:
		change, args = "DELETE FROM crm_label_people p USING who WHERE p.label_id = ? AND p.learner_id = who.id RETURNING p.learner_id", args[:1]
	case label.Merge, label.Delete, label.Undo:
		return label.Batch{}, fmt.Errorf("%w: action", fault.ErrInvalid)
	}
	return s.once(ctx, d.Key, func(t *tx) error {
		if err := lockLabels(ctx, t, "UPDATE", id); err != nil {
			return err
		}
		batch, err := newBatch(ctx, t, id, a, 0, d)
		if err != nil {
			return err
		}
		all := append(append(append(predicateArgs(who), label.MaxPeople+1), args...), batch, int64(id), a == label.Add, d.At)
		var n tally
		if err := t.NewRaw(`WITH who AS MATERIALIZED (SELECT l.id FROM crm_learners l WHERE `+people+` AND `+who.SQL+` LIMIT ?),
			done AS (`+change+`),
			noted AS (INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at) SELECT ?, ?, learner_id, ?, ? FROM done)
			SELECT (SELECT count(*) FROM who) AS asked, (SELECT count(*) FROM done) AS people`, all...).Scan(ctx, &n); err != nil {
			return err
		}
		if n.Asked > label.MaxPeople {
			return fault.Fields{"people": {Key: "problem.label_people", Args: []any{label.MaxPeople}}}
		}
		return errors.Join(closeBatch(ctx, t, batch, n.Asked, n.People), countLabel(ctx, t, id, d.Day))
	})
}

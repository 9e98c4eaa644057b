package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Merge implements label.Store.
func (s *Labels) Merge(ctx context.Context, from, into label.ID, d label.Deed) (label.Batch, error) {
	return s.once(ctx, d.Key, func(t *tx) error {
		batch, err := s.end(ctx, t, label.Merge, d, from, into)
		if err != nil {
			return err
		}
		var n tally
		if err := t.NewRaw(`WITH gone AS (DELETE FROM crm_label_people WHERE label_id = ? RETURNING learner_id),
			done AS (INSERT INTO crm_label_people (label_id, learner_id, at, by_id, by_name) SELECT ?, learner_id, ?, ?, ? FROM gone
				ON CONFLICT DO NOTHING RETURNING learner_id),
			noted AS (INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at)
				SELECT ?::bigint, ?::integer, learner_id, false, ?::timestamptz FROM gone UNION ALL SELECT ?, ?, learner_id, true, ? FROM done)
			SELECT (SELECT count(*) FROM gone) AS asked, (SELECT count(*) FROM done) AS people`,
			int64(from), int64(into), d.At, d.By.ID, d.By.Name, batch, int64(from), d.At, batch, int64(into), d.At).Scan(ctx, &n); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE crm_labels SET merged_into = ? WHERE id = ?", int64(into), int64(from)); err != nil {
			return err
		}
		return errors.Join(closeBatch(ctx, t, batch, n.Asked, n.People), countLabel(ctx, t, into, d.Day))
	})
}

// Delete implements label.Store.
func (s *Labels) Delete(ctx context.Context, id label.ID, d label.Deed) (label.Batch, error) {
	return s.once(ctx, d.Key, func(t *tx) error {
		batch, err := s.end(ctx, t, label.Delete, d, id)
		if err != nil {
			return err
		}
		n, err := t.exec(ctx, `WITH gone AS (DELETE FROM crm_label_people WHERE label_id = ? RETURNING learner_id)
			INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at) SELECT ?, ?, learner_id, false, ? FROM gone`,
			int64(id), batch, int64(id), d.At)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE crm_labels SET deleted_at = ? WHERE id = ?", d.At, int64(id)); err != nil {
			return err
		}
		return closeBatch(ctx, t, batch, n, n)
	})
}

// end begins the end of the first of the tags, which nothing may ask for, and locks all of them.
func (s *Labels) end(ctx context.Context, t *tx, a label.Action, d label.Deed, ids ...label.ID) (batch int64, err error) {
	if err := lockQueries(ctx, t); err != nil {
		return 0, err
	}
	if err := lockLabels(ctx, t, "UPDATE", ids...); err != nil {
		return 0, err
	}
	uses, err := labelUses(ctx, t, ids[0])
	if err != nil {
		return 0, err
	}
	if len(uses) > 0 {
		return 0, &segment.InUseError{Uses: uses}
	}
	return newBatch(ctx, t, ids[0], a, 0, d)
}

// labelUses lists the quick queries and the campaigns without a list of people yet whose rules name
// a tag: without it they would mean other people.
func labelUses(ctx context.Context, t *tx, id label.ID) ([]segment.Use, error) {
	var rows []struct {
		Kind, Name, Preset string
		ID                 int64
		Rule               json.RawMessage
	}
	if err := t.NewRaw(`SELECT 'query' AS kind, id::bigint AS id, name, preset, rule FROM crm_queries
		UNION ALL SELECT 'campaign', id, name, '', rule FROM crm_campaigns WHERE state IN ('scheduled', 'late', 'planning')`).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	var uses []segment.Use
	for _, r := range rows {
		var rule segment.Rule
		if err := json.Unmarshal(r.Rule, &rule); err != nil {
			return nil, fmt.Errorf("rule of %s %d: %w", r.Kind, r.ID, err)
		}
		if namesLabel(rule, id) {
			uses = append(uses, segment.Use{Kind: r.Kind, ID: r.ID, Name: r.Name, Preset: r.Preset})
		}
	}
	return uses, nil
}

func namesLabel(r segment.Rule, id label.ID) bool {
	for _, p := range append(r.Paths(), segment.Part{Rule: r}) {
		var ids []int64
		if p.Rule.Field == "label" && json.Unmarshal(p.Rule.Value, &ids) == nil && slices.Contains(ids, int64(id)) {
			return true
		}
	}
	return false
}

// Undo implements label.Store.
func (s *Labels) Undo(ctx context.Context, id label.BatchID, d label.Deed) (label.Batch, error) {
	return s.once(ctx, d.Key, func(t *tx) error {
		was, touched, err := s.beginUndo(ctx, t, id, d.At)
		if err != nil {
			return err
		}
		batch, err := newBatch(ctx, t, was.Label, label.Undo, id, d)
		if err != nil {
			return err
		}
		var n struct{ Gone, Back int64 }
		if err := t.NewRaw(undoing, int64(id), d.At, d.By.ID, d.By.Name, batch, d.At, batch, d.At).Scan(ctx, &n); err != nil {
			return err
		}
		asked, people := was.People, n.Gone+n.Back
		if was.Action == label.Merge { // somebody leaves one tag and gets another: one person
			asked, people = was.Asked, n.Back
		}
		errs := []error{closeBatch(ctx, t, batch, asked, people)}
		for _, l := range touched {
			errs = append(errs, countLabel(ctx, t, l, d.Day))
		}
		return errors.Join(errs...)
	})
}

// undoing takes back the changes of a batch, but those on which a later one stands. What was itself
// undone, and the undoing, are as if they had never been.
const undoing = `WITH was AS MATERIALIZED (SELECT c.label_id, c.learner_id, c.added FROM crm_label_changes c WHERE c.batch_id = ? AND NOT EXISTS (
		SELECT FROM crm_label_changes x JOIN crm_label_batches b ON b.id = x.batch_id
		WHERE x.learner_id = c.learner_id AND x.label_id = c.label_id AND x.id > c.id AND b.action <> 'undo' AND b.undone_at IS NULL)),
	gone AS (DELETE FROM crm_label_people p USING was w WHERE w.added AND p.learner_id = w.learner_id AND p.label_id = w.label_id RETURNING p.label_id, p.learner_id),
	back AS (INSERT INTO crm_label_people (label_id, learner_id, at, by_id, by_name) SELECT label_id, learner_id, ?, ?, ? FROM was WHERE NOT added
		ON CONFLICT DO NOTHING RETURNING label_id, learner_id),
	noted AS (INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at)
		SELECT ?::bigint, label_id, learner_id, false, ?::timestamptz FROM gone UNION ALL SELECT ?, label_id, learner_id, true, ? FROM back)
	SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM back) AS back`

// beginUndo gives a batch that can be undone and the tags it touched, locked, and brings its tag
// back where it ended one.
func (s *Labels) beginUndo(ctx context.Context, t *tx, id label.BatchID, at time.Time) (label.Batch, []label.ID, error) {
	if _, err := t.exec(ctx, "SELECT FROM crm_label_batches WHERE id = ? FOR UPDATE", int64(id)); err != nil {
		return label.Batch{}, nil, err
	}
	list, err := batches(ctx, t.Tx, "b.id = ? AND b.key NOT LIKE ?", int64(id), label.Personal+"%")
	switch {
	case err != nil:
		return label.Batch{}, nil, err
	case len(list) == 0:
		return label.Batch{}, nil, fault.ErrNotFound
	case list[0].Action == label.Undo:
		return label.Batch{}, nil, fmt.Errorf("%w: undo of an undo", fault.ErrInvalid)
	case !list[0].UndoneAt.IsZero():
		return label.Batch{}, nil, fmt.Errorf("undone already: %w", fault.ErrConflict)
	}
	was := list[0]
	touched := []label.ID{was.Label}
	if was.Action == label.Merge {
		touched, err = mergedLabels(ctx, t, was.Label)
	}
	if err != nil {
		return was, nil, err
	}
	if was.Action == label.Merge || was.Action == label.Delete {
		err = reviveLabel(ctx, t, was.Label, touched)
	} else if err = lockLabels(ctx, t, "UPDATE", was.Label); errors.Is(err, fault.ErrNotFound) {
		err = fmt.Errorf("%w: %w", fault.ErrConflict, fault.Fields{"undo": {Key: "problem.label_ended"}})
	}
	if err != nil {
		return was, nil, err
	}
	_, err = t.exec(ctx, "UPDATE crm_label_batches SET undone_at = ? WHERE id = ?", at, int64(id))
	return was, touched, err
}

// mergedLabels gives a tag and the one that took its people over.
func mergedLabels(ctx context.Context, t *tx, id label.ID) ([]label.ID, error) {
	var into int64
	err := t.NewRaw("SELECT merged_into FROM crm_labels WHERE id = ?", int64(id)).Scan(ctx, &into)
	return []label.ID{id, label.ID(into)}, err
}

// reviveLabel brings a tag back, unless its name is taken by now, and locks all of the tags.
func reviveLabel(ctx context.Context, t *tx, id label.ID, touched []label.ID) error {
	if err := roomForLabel(ctx, t); err != nil {
		return err
	}
	ids := make([]int64, len(touched))
	for i, l := range touched {
		ids[i] = int64(l)
	}
	if _, err := t.exec(ctx, "SELECT FROM crm_labels WHERE id = ANY (?) ORDER BY id FOR UPDATE", int64Array(ids)); err != nil {
		return err
	}
	_, err := t.exec(ctx, "UPDATE crm_labels SET deleted_at = NULL, merged_into = NULL WHERE id = ?", int64(id))
	return taken(err)
}

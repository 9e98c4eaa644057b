package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// OfPerson implements label.Store.
func (s *Labels) OfPerson(ctx context.Context, who segment.PersonID) (label.Tags, error) {
	var out label.Tags
	err := s.reading(ctx, func(tx bun.Tx) error {
		var known bool
		if err := tx.NewRaw("SELECT true FROM crm_learners WHERE id = ?", int64(who)).Scan(ctx, &known); err != nil {
			return err
		}
		if err := tx.NewRaw(`SELECT t.id, t.name FROM crm_learners l, unnest(l.tag_ids) WITH ORDINALITY u (id, place) JOIN crm_tags t ON t.id = u.id
			WHERE l.id = ? ORDER BY u.place`, int64(who)).Scan(ctx, &out.Interests); err != nil {
			return err
		}
		var rows []struct {
			ID           int64
			Name, ByName string
			At           time.Time
		}
		err := tx.NewRaw(`SELECT b.id, b.name, p.by_name, p.at FROM crm_label_people p JOIN crm_labels b ON b.id = p.label_id
			WHERE p.learner_id = ? AND `+liveLabel+` ORDER BY p.at, b.id`, int64(who)).Scan(ctx, &rows)
		for _, r := range rows {
			out.Given = append(out.Given, label.Given{ID: label.ID(r.ID), Name: r.Name, ByName: r.ByName, At: r.At.UTC()})
		}
		return err
	})
	return out, err
}

// ChangePerson implements label.Store.
func (s *Labels) ChangePerson(ctx context.Context, id label.ID, a label.Action, who segment.PersonID, d label.Deed) (bool, error) {
	done := false
	err := s.inTx(ctx, func(t *tx) error {
		// Shared: any number of people can be given the tag at once, but not while it is counted.
		if err := lockLabels(ctx, t, "SHARE", id); err != nil {
			return err
		}
		var alive bool
		if err := t.NewRaw("SELECT "+people+" FROM crm_learners l WHERE l.id = ?", int64(who)).Scan(ctx, &alive); err != nil {
			return err
		}
		change, by, args := "INSERT INTO crm_label_people (label_id, learner_id, at, by_id, by_name) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", 1,
			[]any{int64(id), int64(who), d.At, d.By.ID, d.By.Name}
		switch a {
		case label.Add:
		case label.Remove:
			change, by, args = "DELETE FROM crm_label_people WHERE label_id = ? AND learner_id = ?", -1, args[:2]
		case label.Merge, label.Delete, label.Undo:
			return fmt.Errorf("%w: action", fault.ErrInvalid)
		}
		n, err := t.exec(ctx, change, args...)
		if err != nil || n == 0 {
			return err
		}
		done = true
		batch, err := newBatch(ctx, t, id, a, 0, d)
		if err != nil {
			return err
		}
		if err := closeBatch(ctx, t, batch, 1, 1); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "INSERT INTO crm_label_changes (batch_id, label_id, learner_id, added, at) VALUES (?, ?, ?, ?, ?)",
			batch, int64(id), int64(who), a == label.Add, d.At); err != nil || !alive {
			return err
		}
		return bumpLabel(ctx, t, id, by, d.Day)
	})
	if err != nil {
		return false, fmt.Errorf("change a person's tag %d: %w", id, err)
	}
	return done, nil
}

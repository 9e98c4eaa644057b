package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Labels implements label.Store.
type Labels struct{ *DB }

// liveLabel tells which tags b there are: not those that were deleted or merged into another.
const liveLabel = "b.deleted_at IS NULL AND b.merged_into IS NULL"

// lastCount is how many people tag b had when it was last counted.
const lastCount = "coalesce((SELECT c.count FROM crm_tag_counts c WHERE c.kind = 'label' AND c.tag_id = b.id ORDER BY c.day DESC LIMIT 1), 0)"

type labelRow struct {
	ID, People   int64
	Name, ByName string
	CreatedAt    time.Time
}

func (r labelRow) label() label.Label {
	return label.Label{ID: label.ID(r.ID), Name: r.Name, People: r.People, ByName: r.ByName, CreatedAt: r.CreatedAt.UTC()}
}

const labelColumns = "b.id, b.name, b.by_name, b.created_at, " + lastCount + " AS people"

// labels reads the tags there are.
func labels(ctx context.Context, db bun.IDB, rest string, args ...any) ([]label.Label, error) {
	var rows []labelRow
	if err := db.NewRaw("SELECT "+labelColumns+" FROM crm_labels b WHERE "+liveLabel+rest, args...).Scan(ctx, &rows); err != nil {
		return nil, translate(err)
	}
	out := make([]label.Label, len(rows))
	for i, r := range rows {
		out[i] = r.label()
	}
	return out, nil
}

// All implements label.Store.
func (s *Labels) All(ctx context.Context) ([]label.Label, error) {
	return labels(ctx, s.bun, " ORDER BY lower(b.name), b.id")
}

// Find implements label.Store.
func (s *Labels) Find(ctx context.Context, id label.ID) (label.Label, error) {
	list, err := labels(ctx, s.bun, " AND b.id = ?", int64(id))
	if err == nil && len(list) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return label.Label{}, fmt.Errorf("find tag %d: %w", id, err)
	}
	return list[0], nil
}

// Create implements label.Store. One tag is made at a time, so that there are never too many.
func (s *Labels) Create(ctx context.Context, name string, d label.Deed) (label.ID, error) {
	var id int64
	err := s.inTx(ctx, func(t *tx) error {
		if err := roomForLabel(ctx, t); err != nil {
			return err
		}
		err := t.NewRaw("INSERT INTO crm_labels (name, by_id, by_name, created_at) VALUES (?, ?, ?, ?) RETURNING id",
			name, d.By.ID, d.By.Name, d.At).Scan(ctx, &id)
		if err != nil {
			return taken(err)
		}
		return countLabel(ctx, t, label.ID(id), d.Day)
	})
	if err != nil {
		return 0, fmt.Errorf("make a tag: %w", err)
	}
	return label.ID(id), nil
}

// roomForLabel lets one at a time add to the tags, as long as there are not too many.
func roomForLabel(ctx context.Context, t *tx) error {
	if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(hashtext('crm_labels'))"); err != nil {
		return err
	}
	var n int
	if err := t.NewRaw("SELECT count(*) FROM crm_labels b WHERE "+liveLabel).Scan(ctx, &n); err != nil {
		return err
	}
	if n >= label.MaxLabels {
		return fault.Fields{"name": {Key: "problem.label_many", Args: []any{label.MaxLabels}}}
	}
	return nil
}

// taken says of a name that another tag has it.
func taken(err error) error {
	if !isDuplicate(err) {
		return err
	}
	return fmt.Errorf("%w: %w", fault.ErrConflict, fault.Fields{"name": {Key: "problem.taken"}})
}

// Rename implements label.Store.
func (s *Labels) Rename(ctx context.Context, id label.ID, name string) error {
	res, err := s.bun.NewRaw("UPDATE crm_labels b SET name = ? WHERE b.id = ? AND "+liveLabel, name, int64(id)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("rename tag %d: %w", id, translate(taken(err)))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("rename tag %d: %w", id, fault.ErrNotFound)
	}
	return nil
}

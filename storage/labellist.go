package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/segment"
)

// List implements label.Store.
func (s *Labels) List(ctx context.Context, since time.Time) (label.Listing, error) {
	var out label.Listing
	err := s.reading(ctx, func(tx bun.Tx) (err error) {
		if out.Labels, err = labels(ctx, tx, " ORDER BY people DESC, lower(b.name), b.id"); err != nil {
			return err
		}
		if out.Interests, err = countedInterests(ctx, tx); err != nil {
			return fmt.Errorf("interest tags: %w", err)
		}
		if err := trends(ctx, tx, since, &out); err != nil {
			return fmt.Errorf("trends: %w", err)
		}
		if out.Batches, err = batches(ctx, tx, "b.key NOT LIKE ? ORDER BY b.id DESC LIMIT ?", label.Personal+"%", label.Recent); err != nil {
			return fmt.Errorf("batches: %w", err)
		}
		out.CountedAt, err = countedAt(ctx, tx)
		return err
	})
	return out, err
}

// countedInterests gives the interest tags that somebody had at the last count.
func countedInterests(ctx context.Context, tx bun.Tx) ([]label.Interest, error) {
	var rows []struct {
		ID, People int64
		Name       string
	}
	err := tx.NewRaw(`SELECT t.id, t.name, c.count AS people FROM crm_tag_counts c JOIN crm_tags t ON t.id = c.tag_id
		WHERE c.kind = 'interest' AND c.count > 0 AND c.day = (SELECT max(day) FROM crm_tag_counts WHERE kind = 'interest')
		ORDER BY c.count DESC, t.name LIMIT ?`, label.MaxInterests).Scan(ctx, &rows)
	out := make([]label.Interest, len(rows))
	for i, r := range rows {
		out[i] = label.Interest{ID: r.ID, Name: r.Name, People: r.People}
	}
	return out, err
}

// trends reads the counts by day of the tags of a listing.
func trends(ctx context.Context, tx bun.Tx, since time.Time, out *label.Listing) error {
	into := map[string]map[int64]*[]segment.Point{"label": {}, "interest": {}}
	var given, interests []int64
	for i := range out.Labels {
		l := &out.Labels[i]
		given, into["label"][int64(l.ID)] = append(given, int64(l.ID)), &l.Trend
	}
	for i := range out.Interests {
		t := &out.Interests[i]
		interests, into["interest"][t.ID] = append(interests, t.ID), &t.Trend
	}
	var rows []struct {
		Kind         string
		TagID, Count int64
		Day          time.Time
	}
	if err := tx.NewRaw(`SELECT kind, tag_id, count, day FROM crm_tag_counts WHERE day >= ?::date
		AND (kind = 'label' AND tag_id = ANY (?::integer[]) OR kind = 'interest' AND tag_id = ANY (?::integer[])) ORDER BY day`,
		since.Format(time.DateOnly), int64Array(given), int64Array(interests)).Scan(ctx, &rows); err != nil {
		return err
	}
	for _, r := range rows {
		trend := into[r.Kind][r.TagID]
		*trend = append(*trend, segment.Point{Day: r.Day.UTC(), Count: r.Count})
	}
	return nil
}

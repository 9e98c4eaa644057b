package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type queryRow struct {
	ID                               int32
	Preset, Name, OwnerID, OwnerName string
	Rule                             json.RawMessage
	Shared, Pinned                   bool
	UpdatedAt                        time.Time
	Count                            int64
	CountedAt                        bun.NullTime
}

const queryColumns = "id, preset, name, owner_id, owner_name, rule, shared, pinned, updated_at, count, counted_at"

func (r queryRow) saved() (segment.Saved, error) {
	s := segment.Saved{ID: segment.QueryID(r.ID), Preset: r.Preset, Name: r.Name, OwnerID: r.OwnerID, OwnerName: r.OwnerName,
		Shared: r.Shared, Pinned: r.Pinned, UpdatedAt: r.UpdatedAt.UTC(), Count: r.Count, CountedAt: utc(r.CountedAt)}
	if err := json.Unmarshal(r.Rule, &s.Rule); err != nil {
		return s, fmt.Errorf("rule of quick query %d: %w", r.ID, err)
	}
	return s, nil
}

// allQueries reads the quick queries in their order.
func allQueries(ctx context.Context, db bun.IDB) ([]segment.Saved, error) {
	var rows []queryRow
	if err := db.NewRaw("SELECT "+queryColumns+" FROM crm_queries ORDER BY position, id").Scan(ctx, &rows); err != nil {
		return nil, err
	}
	out := make([]segment.Saved, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.saved(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// maxCustom is how many of the host's own fields can be asked about; a host that makes a key for
// each person has too many to choose from.
const maxCustom = 200

// Queries implements segment.Library.
func (s *Segments) Queries(ctx context.Context) ([]segment.Saved, []segment.CustomField, error) {
	saved, err := allQueries(ctx, s.bun)
	if err != nil {
		return nil, nil, translate(err)
	}
	var words []struct{ Value, Note string }
	if err := s.bun.NewRaw("SELECT value, note FROM crm_words WHERE kind = 'custom' ORDER BY value LIMIT ?", maxCustom).Scan(ctx, &words); err != nil {
		return nil, nil, translate(err)
	}
	types := map[h.CustomKind]segment.Type{h.CustomText: segment.String, h.CustomNumber: segment.Real, h.CustomDate: segment.Time, h.CustomBool: segment.Flag}
	var custom []segment.CustomField
	for _, w := range words {
		if t, ok := types[h.CustomKind(w.Note)]; ok {
			custom = append(custom, segment.CustomField{Key: w.Value, Type: t})
		}
	}
	return saved, custom, nil
}

// lockQueries lets one at a time change quick queries: a change is checked against all others.
func lockQueries(ctx context.Context, t *tx) error {
	_, err := t.exec(ctx, "LOCK TABLE crm_queries IN SHARE ROW EXCLUSIVE MODE")
	return err
}

// SaveQuery implements segment.Library.
func (s *Segments) SaveQuery(ctx context.Context, q segment.Saved, check func(all []segment.Saved) error) (segment.QueryID, error) {
	id := int32(q.ID)
	err := s.inTx(ctx, func(t *tx) error {
		if err := lockQueries(ctx, t); err != nil {
			return err
		}
		all, err := allQueries(ctx, t)
		if err != nil {
			return err
		}
		if err := check(all); err != nil {
			return err
		}
		if id == 0 {
			return t.NewRaw(`INSERT INTO crm_queries (name, rule, owner_id, owner_name, shared, pinned, position, updated_at)
				SELECT ?, ?::jsonb, ?, ?, ?, ?, coalesce(max(position), 0) + 1, ? FROM crm_queries RETURNING id`,
				q.Name, string(q.Rule.JSON()), q.OwnerID, q.OwnerName, q.Shared, q.Pinned, q.UpdatedAt).Scan(ctx, &id)
		}
		// A changed rule begins a new trend; the old figures were of other people.
		if _, err := t.exec(ctx, `DELETE FROM crm_query_counts c USING crm_queries q WHERE q.id = ? AND c.query_id = q.id AND q.rule <> ?::jsonb`,
			id, string(q.Rule.JSON())); err != nil {
			return err
		}
		n, err := t.exec(ctx, `UPDATE crm_queries SET name = ?, counted_at = CASE WHEN rule = ?::jsonb THEN counted_at END, rule = ?::jsonb,
			shared = ?, pinned = ?, updated_at = ? WHERE id = ?`,
			q.Name, string(q.Rule.JSON()), string(q.Rule.JSON()), q.Shared, q.Pinned, q.UpdatedAt, id)
		if err == nil && n == 0 {
			return fault.ErrNotFound
		}
		return err
	})
	return segment.QueryID(id), err
}

// DeleteQuery implements segment.Library. Campaigns need a query until their audience is frozen.
func (s *Segments) DeleteQuery(ctx context.Context, id segment.QueryID) error {
	return s.inTx(ctx, func(t *tx) error {
		if err := lockQueries(ctx, t); err != nil {
			return err
		}
		all, err := allQueries(ctx, t)
		if err != nil {
			return err
		}
		var uses []segment.Use
		for _, q := range all {
			if q.ID != id && q.Rule.Refers(id) {
				uses = append(uses, segment.Use{Kind: "query", ID: int64(q.ID), Name: q.Name, Preset: q.Preset})
			}
		}
		var campaigns []struct {
			ID   int64
			Name string
			Rule json.RawMessage
		}
		if err := t.NewRaw("SELECT id, name, rule FROM crm_campaigns WHERE state IN ('scheduled', 'late', 'planning')").Scan(ctx, &campaigns); err != nil {
			return err
		}
		for _, c := range campaigns {
			var r segment.Rule
			if err := json.Unmarshal(c.Rule, &r); err != nil {
				return fmt.Errorf("rule of campaign %d: %w", c.ID, err)
			}
			if r.Refers(id) {
				uses = append(uses, segment.Use{Kind: "campaign", ID: c.ID, Name: c.Name})
			}
		}
		if len(uses) > 0 {
			return &segment.InUseError{Uses: uses}
		}
		n, err := t.exec(ctx, "DELETE FROM crm_queries WHERE id = ?", int32(id))
		if err == nil && n == 0 {
			return fault.ErrNotFound
		}
		return err
	})
}

// OrderQueries implements segment.Library.
func (s *Segments) OrderQueries(ctx context.Context, ids []segment.QueryID) error {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	_, err := s.bun.NewRaw(`UPDATE crm_queries q SET position = o.n FROM unnest(?::integer[]) WITH ORDINALITY o (id, n)
		WHERE q.id = o.id AND q.position <> o.n`, int64Array(list)).Exec(ctx)
	return translate(err)
}

// SaveCount implements segment.Library.
func (s *Segments) SaveCount(ctx context.Context, q segment.Saved, count int64, now, day time.Time) error {
	return s.inTx(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "UPDATE crm_queries SET count = ?, counted_at = ? WHERE id = ? AND updated_at = ?", count, now, int32(q.ID), q.UpdatedAt)
		if err != nil || n == 0 { // changed or deleted meanwhile: it was another question
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO crm_query_counts (query_id, day, count) VALUES (?, ?::date, ?)
			ON CONFLICT (query_id, day) DO UPDATE SET count = EXCLUDED.count`, int32(q.ID), day.Format(time.DateOnly), count)
		return err
	})
}

// Trend implements segment.Library.
func (s *Segments) Trend(ctx context.Context, id segment.QueryID, since time.Time) ([]segment.Point, error) {
	var out []segment.Point
	err := s.bun.NewRaw("SELECT day, count FROM crm_query_counts WHERE query_id = ? AND day >= ?::date ORDER BY day",
		int32(id), since.Format(time.DateOnly)).Scan(ctx, &out)
	return out, translate(err)
}

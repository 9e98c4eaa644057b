package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/crm/health"
)

// Health implements health.Store.
type Health struct{ *DB }

// Database implements health.Store.
func (s *Health) Database(ctx context.Context) (health.Database, error) {
	var row struct {
		Version  string
		Size     int64
		Sessions int
		Oldest   float64 // seconds
	}
	err := s.bun.NewRaw(`SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
		(SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'm') AND c.relname LIKE 'crm\_%') AS size,
		(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS sessions,
		(SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()) AS oldest`).Scan(ctx, &row)
	if err != nil {
		return health.Database{}, fmt.Errorf("look at the database: %w", translate(err))
	}
	return health.Database{Version: row.Version, Size: row.Size, Sessions: row.Sessions, Oldest: seconds(row.Oldest)}, nil
}

// Keepers implements health.Store.
func (s *Health) Keepers(ctx context.Context) ([]health.Keeper, error) {
	var rows []health.Keeper
	if err := s.bun.NewRaw("SELECT name, owner, until FROM crm_leases ORDER BY name").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("look at leases: %w", translate(err))
	}
	for i := range rows {
		rows[i].Until = rows[i].Until.UTC()
	}
	return rows, nil
}

// Backlog implements health.Store.
func (s *Health) Backlog(ctx context.Context, now time.Time) (health.Backlog, error) {
	var out health.Backlog
	err := s.bun.NewRaw(`SELECT
		(SELECT count(*) FROM crm_chunks k JOIN crm_campaigns c ON c.id = k.campaign_id
			WHERE NOT k.done AND (k.until IS NULL OR k.until < now()) AND (k.next_at IS NULL OR k.next_at <= ?)
				AND c.state IN ('scheduled', 'planning', 'sending', 'cancelled')) AS chunks,
		(SELECT count(*) FROM crm_campaigns WHERE state NOT IN ('done', 'cancelled') AND stalled NOT IN ('', 'quiet', 'staff')) AS stalled,
		(SELECT count(*) FROM crm_hit_batches WHERE NOT refused) AS batches,
		(SELECT count(*) FROM crm_hit_batches WHERE refused) AS refused,
		(SELECT count(*) FROM crm_click_spans) AS spans,
		(SELECT count(*) FROM crm_facts_due) AS facts`, now).Scan(ctx, &out)
	if err != nil {
		return out, fmt.Errorf("look at what waits: %w", translate(err))
	}
	return out, nil
}

// Runs implements health.Store.
func (s *Health) Runs(ctx context.Context) (health.Runs, error) {
	var out health.Runs
	var queries, figures bun.NullTime
	err := s.bun.NewRaw("SELECT (SELECT max(counted_at) FROM crm_queries), (SELECT max(counted_at) FROM crm_home_figures)").Scan(ctx, &queries, &figures)
	if err != nil {
		return out, fmt.Errorf("look at keepers: %w", translate(err))
	}
	out.Queries, out.Figures = utc(queries), utc(figures)
	if out.Tags, err = countedAt(ctx, s.bun); err != nil {
		return out, fmt.Errorf("look at keepers: %w", translate(err))
	}
	return out, nil
}

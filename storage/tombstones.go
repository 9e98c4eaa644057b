package storage

import (
	"context"
	"fmt"

	"github.com/coursecrm/coursecrm/internal/projection"
)

// Tombstones of orders and enrollments name no learner, so one that comes before its row (events
// may arrive in any order) cannot become a row. It is remembered instead, and the older snapshot
// is not taken when it comes.

// bury remembers the staged tombstones that met no row, and sweeps those nobody waits for any more.
func (a *applier) bury(ctx context.Context, feed projection.Feed, table, stageName string) error {
	if _, err := a.exec(ctx, `
		INSERT INTO crm_tombstones AS g (feed, host_id, updated_at)
		SELECT ?, s.host_id, s.updated_at FROM `+stageName+` s
		WHERE s.deleted AND NOT EXISTS (SELECT FROM `+table+` r WHERE r.host_id = s.host_id) ORDER BY s.host_id
		ON CONFLICT (feed, host_id) DO UPDATE SET updated_at = greatest(g.updated_at, EXCLUDED.updated_at)`, string(feed)); err != nil {
		return fmt.Errorf("remember tombstones: %w", err)
	}
	return nil
}

// buried is the condition on stage s that a younger tombstone of the row is remembered.
func buried(feed string) string {
	return "EXISTS (SELECT FROM crm_tombstones g WHERE g.feed = '" + feed + "' AND g.host_id = s.host_id AND g.updated_at >= s.updated_at)"
}

// movedFrom touches the learners from whom staged rows are about to be taken away: an order that
// changes hands changes the facts of both.
func (a *applier) movedFrom(ctx context.Context, table, stageName string) error {
	if a.batch.SkipFacts {
		return nil // everybody's facts are still to come
	}
	_, err := a.exec(ctx, `INSERT INTO crm_in_touched
		SELECT r.learner_id FROM `+table+` r JOIN `+stageName+` s ON s.host_id = r.host_id
		JOIN crm_learners l ON l.host_id = s.learner_host_id WHERE r.learner_id <> l.id`)
	if err != nil {
		return fmt.Errorf("touch former owners: %w", err)
	}
	if a.skipFunnel {
		return nil
	}
	pairs := map[string]string{"crm_orders": "unnest(r.offering_ids), true, false", "crm_enrollments": "r.offering_id, false, true"}[table]
	if _, err := a.exec(ctx, "INSERT INTO crm_in_pairs SELECT r.learner_id, "+pairs+" FROM "+table+" r JOIN "+stageName+" s ON s.host_id = r.host_id"); err != nil {
		return fmt.Errorf("touch former pairs: %w", err)
	}
	return nil
}

package projection

import (
	"context"
	"time"
)

// Desk is what staff see and do about the sync; storage and the Syncer serve it together.
type Desk struct {
	Syncer  *Syncer
	Reading Reading
}

// Reading lists problem rows for people; storage.Projection implements it.
type Reading interface {
	// ProblemRows gives problem rows, the latest first, and the cursor of the next page.
	ProblemRows(ctx context.Context, after string, limit int) ([]ProblemRow, string, error)
}

// ProblemRow is a problem row as staff see it: without its content.
type ProblemRow struct {
	Feed    Feed
	HostID  string
	Reason  Reason
	Tries   int
	FirstAt time.Time
	LastAt  time.Time
}

// State reads where the sync stands.
func (d *Desk) State(ctx context.Context) (State, error) { return d.Syncer.Store.State(ctx) }

// Problems gives problem rows, the latest first.
func (d *Desk) Problems(ctx context.Context, after string, limit int) ([]ProblemRow, string, error) {
	return d.Reading.ProblemRows(ctx, after, limit)
}

// StartRepair begins a full pass now; one under way goes on.
func (d *Desk) StartRepair(ctx context.Context) error { return d.Syncer.StartRepair(ctx) }

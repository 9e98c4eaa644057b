package segment

import (
	"context"
	"log/slog"
	"time"
)

// Leases let one process at a time do a job; storage.DB is one.
type Leases interface {
	// Acquire takes or renews a lease for ttl. False: another owner has it.
	Acquire(ctx context.Context, name, owner string, ttl time.Duration) (bool, error)
}

// Keeper counts quick queries again and again, so that the menu shows sizes of these minutes and
// each day gets its point of the trend. Any number of processes may run one; one at a time works.
type Keeper struct {
	Service *Service
	Leases  Leases
	Owner   string // names this process
	Log     *slog.Logger

	tried map[QueryID]try // a Keeper is run by one goroutine
}

// try is the last count of a query.
type try struct {
	at   time.Time
	wait time.Duration // until the next
}

const (
	keepEvery = 5 * time.Second // between two looks
	keepLease = time.Minute
	// A size may be a hundred times as old as counting it takes, within these bounds: quick queries
	// stay fresh, and none costs more than a hundredth of a core.
	keepLeast = 10 * time.Second
	keepMost  = 10 * time.Minute
	keepShare = 100
)

// Run works until ctx ends, and returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := k.Tick(ctx); err != nil && ctx.Err() == nil {
			k.Log.WarnContext(ctx, "segment: recount quick queries", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick counts those quick queries whose size is old, one after the other.
func (k *Keeper) Tick(ctx context.Context) error {
	_, all, err := k.Service.env(ctx)
	if err != nil {
		return err
	}
	if k.tried == nil {
		k.tried = map[QueryID]try{}
	}
	for _, q := range all {
		now, last := k.Service.now(), k.tried[q.ID]
		if now.Sub(q.CountedAt) < keepLeast || now.Sub(last.at) < last.wait {
			continue
		}
		if mine, err := k.Leases.Acquire(ctx, "queries", k.Owner, keepLease); err != nil || !mine {
			return err
		}
		began := time.Now()
		_, err := k.Service.Recount(ctx, q.ID)
		next := try{now, min(max(keepShare*time.Since(began), keepLeast), keepMost)}
		if err != nil && ctx.Err() == nil {
			// A course of it may be gone, or it takes too long: the others are counted all the same.
			k.Log.DebugContext(ctx, "segment: quick query not counted", "query", q.ID, "err", err)
			next.wait = keepMost
		}
		k.tried[q.ID] = next
	}
	return ctx.Err()
}

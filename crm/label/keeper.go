package label

import (
	"context"
	"log/slog"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// Keeper counts the people of tags again and again, so that the page of tags costs nothing and each
// day gets its point of the trends. Any number of processes may run one; one at a time counts.
type Keeper struct {
	Service *Service
	Leases  segment.Leases
	Owner   string // names this process
	Log     *slog.Logger
}

const (
	keepEvery = time.Minute // between two looks
	keepLease = 5 * time.Minute
	// keepFor is how old counts get: counting a million people takes a second.
	keepFor = 10 * time.Minute
)

// Run works until ctx ends, and returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := k.Tick(ctx); err != nil && ctx.Err() == nil {
			k.Log.WarnContext(ctx, "label: count tags", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick counts unless the counts are younger than ten minutes and of today.
func (k *Keeper) Tick(ctx context.Context) error {
	if young, err := k.young(ctx); err != nil || young {
		return err
	}
	if mine, err := k.Leases.Acquire(ctx, "tags", k.Owner, keepLease); err != nil || !mine {
		return err
	}
	if young, err := k.young(ctx); err != nil || young { // somebody else has just counted
		return err
	}
	now := k.Service.now()
	return k.Service.store.Count(ctx, now, k.Service.day(now))
}

func (k *Keeper) young(ctx context.Context) (bool, error) {
	at, err := k.Service.store.CountedAt(ctx)
	if err != nil {
		return false, err
	}
	now := k.Service.now()
	return !at.IsZero() && now.Sub(at) < keepFor && k.Service.day(at).Equal(k.Service.day(now)), nil
}

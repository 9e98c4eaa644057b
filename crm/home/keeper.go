package home

import (
	"context"
	"log/slog"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// Keeper counts the figures of the first page again and again, so that the page costs a handful of
// small questions. Any number of processes may run one; one at a time counts.
type Keeper struct {
	Service *Service
	Leases  segment.Leases
	Owner   string // names this process
	Log     *slog.Logger
}

const (
	keepLook  = 5 * time.Second // between two looks at how old the figures are
	keepEvery = 30 * time.Second
	keepLease = time.Minute
)

// Run works until ctx ends, and returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(keepLook)
	defer tick.Stop()
	for {
		if err := k.Tick(ctx); err != nil && ctx.Err() == nil {
			k.Log.WarnContext(ctx, "home: count figures", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick counts unless the figures are younger than half a minute; once a night, and at first, also
// everything that was sent.
func (k *Keeper) Tick(ctx context.Context) error {
	if young, err := k.young(ctx); err != nil || young {
		return err
	}
	if mine, err := k.Leases.Acquire(ctx, "home", k.Owner, keepLease); err != nil || !mine {
		return err
	}
	if young, err := k.young(ctx); err != nil || young { // somebody else has just counted
		return err
	}
	if _, err := k.Service.count(ctx); err != nil {
		return err
	}
	return k.Service.recount(ctx)
}

func (k *Keeper) young(ctx context.Context) (bool, error) {
	f, ok, err := k.Service.store.Last(ctx)
	return ok && err == nil && k.Service.good(f, keepEvery), err
}

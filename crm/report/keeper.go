package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
)

// Mark is how old the figures of a campaign are.
type Mark struct {
	ID        campaign.ID
	PlannedAt time.Time
	Open      bool      // it may still send
	CountedAt time.Time // zero: not yet
	TouchedAt time.Time // when something that its figures are made of was last written; zero: not lately
}

// How old figures get. Whoever clicks, buys or asks for money back touches a campaign; what nothing
// touches changes all the same, when hits are judged anew or a receipt comes months late, so that
// each is counted again some time.
const (
	freshFor  = time.Minute      // of a campaign that sends, or began today
	youngFor  = 10 * time.Minute // of one within the window and a month, and of one that was touched
	restFor   = 24 * time.Hour
	youngAge  = campaign.AttributionWindow + 30*24*time.Hour
	settleFor = 10 * time.Minute // how long a transaction that touches may take to be seen
)

// due reports whether the figures are too old.
func (m Mark) due(now time.Time) bool {
	age, since := now.Sub(m.CountedAt), now.Sub(m.PlannedAt)
	switch {
	case m.CountedAt.IsZero():
		return true
	case m.Open || since < 24*time.Hour:
		return age >= freshFor
	case since < youngAge || m.CountedAt.Before(m.TouchedAt.Add(settleFor)):
		return age >= youngFor
	}
	return age >= restFor
}

// Due gives the campaigns whose figures are too old, those that were never counted first and then
// those that were counted longest ago.
func Due(marks []Mark, now time.Time) []campaign.ID {
	late := slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return !m.due(now) })
	slices.SortStableFunc(late, func(a, b Mark) int {
		return cmp.Or(a.CountedAt.Compare(b.CountedAt), cmp.Compare(b.ID, a.ID))
	})
	out := make([]campaign.ID, len(late))
	for i, m := range late {
		out[i] = m.ID
	}
	return out
}

// Books keeps the figures; storage.Reports implements it.
type Books interface {
	// Marks gives all batch campaigns whose audience is frozen. What touched them is looked for from
	// a while before now, and further back when nobody counted for longer.
	Marks(ctx context.Context, window time.Duration, now time.Time) ([]Mark, error)
	// Count counts a campaign's figures and keeps them.
	Count(ctx context.Context, id campaign.ID, window time.Duration, now time.Time) error
	// GrowthAt tells when growth was last counted; zero: never.
	GrowthAt(ctx context.Context) (time.Time, error)
	// CountGrowth counts all days anew.
	CountGrowth(ctx context.Context, now time.Time) error
}

// Keeper counts again and again, so that the pages cost little. Any number of processes may run
// one; one at a time counts.
type Keeper struct {
	Books  Books
	Leases segment.Leases
	Owner  string // names this process
	Now    func() time.Time
	Log    *slog.Logger
}

const (
	keepEvery  = time.Minute
	keepLease  = 5 * time.Minute
	growthLast = 5 * time.Minute // how old growth gets: it takes a walk over all people
)

// Run works until ctx ends, and returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := k.Tick(ctx); err != nil && ctx.Err() == nil {
			k.Log.WarnContext(ctx, "report: count", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Tick counts what is due. A campaign that cannot be counted holds up no other.
func (k *Keeper) Tick(ctx context.Context) error {
	if mine, err := k.mine(ctx); err != nil || !mine {
		return err
	}
	now := k.Now()
	var errs []error
	at, err := k.Books.GrowthAt(ctx)
	if err == nil && (at.IsZero() || now.Sub(at) >= growthLast) {
		err = k.Books.CountGrowth(ctx, now)
	}
	errs = append(errs, err)
	marks, err := k.Books.Marks(ctx, campaign.AttributionWindow, now)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, id := range Due(marks, now) {
		// The lease is renewed as it goes: after a long pause there may be hundreds.
		if mine, err := k.mine(ctx); err != nil || !mine {
			return errors.Join(append(errs, err)...)
		}
		if err := k.Books.Count(ctx, id, campaign.AttributionWindow, k.Now()); err != nil {
			errs = append(errs, fmt.Errorf("campaign %d: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (k *Keeper) mine(ctx context.Context) (bool, error) {
	return k.Leases.Acquire(ctx, "reports", k.Owner, keepLease)
}

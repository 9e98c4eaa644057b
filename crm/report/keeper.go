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

// How old figures get. Whoever clicks, buys or asks for money back touches a campaign, and so does a
// receipt; what nothing touches changes all the same, when hits are judged anew, so that each is
// counted again some time.
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

	failed map[campaign.ID]time.Time // when what could not be counted was last tried
}

const (
	keepEvery  = time.Minute
	keepLease  = 5 * time.Minute
	keepStep   = keepLease - time.Minute // how long one count may take: nobody else begins meanwhile
	growthLast = 5 * time.Minute         // how old growth gets: it takes a walk over all people
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

// Tick counts what is due. A campaign that cannot be counted, or not within some minutes, holds up no
// other: it comes after them the next time. Not safe for concurrent use.
func (k *Keeper) Tick(ctx context.Context) error {
	now := k.Now()
	err := k.step(ctx, func(ctx context.Context) error { return k.grow(ctx, now) })
	if errors.Is(err, errTaken) {
		return nil
	}
	errs := []error{err}
	var marks []Mark
	err = k.step(ctx, func(ctx context.Context) (err error) {
		marks, err = k.Books.Marks(ctx, campaign.AttributionWindow, now)
		return err
	})
	for _, id := range k.order(Due(marks, now)) {
		if err != nil {
			break
		}
		err = k.step(ctx, func(ctx context.Context) error { return k.count(ctx, id, &errs) })
	}
	if !errors.Is(err, errTaken) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// grow counts growth where that is due.
func (k *Keeper) grow(ctx context.Context, now time.Time) error {
	at, err := k.Books.GrowthAt(ctx)
	if err != nil || !at.IsZero() && now.Sub(at) < growthLast {
		return err
	}
	return k.Books.CountGrowth(ctx, now)
}

// count counts a campaign and notes a failure. An error ends the tick: it took all its time, and the
// next tick begins with what has not failed.
func (k *Keeper) count(ctx context.Context, id campaign.ID, errs *[]error) error {
	err := k.Books.Count(ctx, id, campaign.AttributionWindow, k.Now())
	if err == nil {
		delete(k.failed, id)
		return nil
	}
	err = fmt.Errorf("campaign %d: %w", id, err)
	if k.failed == nil {
		k.failed = map[campaign.ID]time.Time{}
	}
	k.failed[id] = k.Now()
	if ctx.Err() != nil {
		return err
	}
	*errs = append(*errs, err)
	return nil
}

// order puts those that failed last, the one that was tried longest ago first.
func (k *Keeper) order(ids []campaign.ID) []campaign.ID {
	slices.SortStableFunc(ids, func(a, b campaign.ID) int { return k.failed[a].Compare(k.failed[b]) })
	return ids
}

// errTaken: another process counts.
var errTaken = errors.New("another process keeps the reports")

// step does one thing under a renewed lease: after a long pause there may be hundreds to do. It ends
// before the lease does, whatever hangs.
func (k *Keeper) step(ctx context.Context, do func(context.Context) error) error {
	mine, err := k.Leases.Acquire(ctx, "reports", k.Owner, keepLease)
	if err != nil {
		return err
	}
	if !mine {
		return errTaken
	}
	ctx, cancel := context.WithTimeout(ctx, keepStep)
	defer cancel()
	return do(ctx)
}

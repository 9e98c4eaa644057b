package projection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Syncer walks the host's feeds. Any number of processes may Run one; the lease lets one work.
type Syncer struct {
	Host     h.HostAdapter
	Store    Store
	Leases   Leases
	Contacts Contacts
	Owner    string        // names this process among the holders of leases
	Poll     time.Duration // between two looks for changes
	RepairAt func(now, last time.Time) bool
	Log      *slog.Logger
	Now      func() time.Time
	PageSize int // 0: hostadapter.MaxPage
}

// The lease must outlast a slow renewal and end soon after a crash: nobody syncs meanwhile.
const (
	leaseName  = "sync"
	leaseTTL   = 4 * time.Second
	leaseRenew = time.Second

	hostTimeout   = 60 * time.Second // one page
	repairSlice   = 2 * time.Second  // of the repair pass between two looks for changes
	problemsOnce  = 500
	giveUpFacts   = 3 // failures after which the facts do not wait for a feed
	backoffFirst  = time.Second
	backoffLimit  = time.Minute
	rateSmoothing = 0.3
	logEvery      = 2 * time.Second // of the first sync's progress
)

// Run syncs until ctx ends. It returns nil then.
func (s *Syncer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.term(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "sync: interrupted", "err", err)
		}
		sleep(ctx, min(s.Poll, time.Second))
	}
	return nil
}

// term works as long as the lease is held.
func (s *Syncer) term(ctx context.Context) error {
	held, err := s.Leases.Acquire(ctx, leaseName, s.Owner, leaseTTL)
	if err != nil || !held {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go s.keepLease(ctx, cancel)
	defer func() { // hand over at once, also when ctx is over
		release, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		if err := s.Leases.Release(release, leaseName, s.Owner); err != nil {
			s.Log.WarnContext(ctx, "sync: release lease", "err", err)
		}
	}()
	for ctx.Err() == nil {
		if err := s.Tick(ctx); err != nil {
			return err
		}
		sleep(ctx, s.Poll)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func (s *Syncer) keepLease(ctx context.Context, cancel context.CancelCauseFunc) {
	last := time.Now()
	for {
		sleep(ctx, leaseRenew)
		if ctx.Err() != nil {
			return
		}
		held, err := s.Leases.Acquire(ctx, leaseName, s.Owner, leaseTTL)
		switch {
		case err == nil && held:
			last = time.Now()
		case err == nil:
			cancel(errors.New("lease went to another process"))
			return
		case time.Since(last) > leaseTTL:
			cancel(fmt.Errorf("renew lease: %w", err))
			return
		}
	}
}

// Tick does everything that is due once: each feed until it has caught up, facts, problem rows,
// a slice of the repair pass. It returns an error only when our own storage fails; the host's
// errors are noted in the state. Tests and the benchmark call it directly.
func (s *Syncer) Tick(ctx context.Context) error {
	state, err := s.Store.State(ctx)
	if err != nil {
		return fmt.Errorf("read sync state: %w", err)
	}
	rs := readers(s.Host)
	for _, feed := range Feeds() {
		fs := state.Feed(feed)
		if rs[feed] == nil || s.Now().Before(fs.RetryAt) || !s.mayStart(state, feed) {
			continue
		}
		w := s.newWalk(ctx, rs[feed], fs, !state.FactsReady() && fs.CaughtUpAt.IsZero())
		if err := w.run(ctx, time.Time{}); err != nil {
			return err
		}
		if state, err = s.Store.State(ctx); err != nil {
			return fmt.Errorf("read sync state: %w", err)
		}
	}
	if err := s.facts(ctx, state, rs); err != nil {
		return err
	}
	if err := s.funnel(ctx); err != nil {
		return err
	}
	if err := s.problems(ctx); err != nil {
		return err
	}
	return s.repair(ctx, state, rs)
}

// mayStart holds back the first walk of what points to learners until those have been read, or
// every order would be a problem row.
func (s *Syncer) mayStart(state State, feed Feed) bool {
	if feed == Offerings || feed == Learners {
		return true
	}
	return !state.Feed(Learners).CaughtUpAt.IsZero()
}

// facts computes the facts of all learners when the first walks are done (or have failed for
// good), and afterwards those that time or a changed offering made stale.
func (s *Syncer) facts(ctx context.Context, state State, rs map[Feed]reader) error {
	all := !state.FactsReady()
	if all {
		for feed := range rs {
			fs := state.Feed(feed)
			if fs.CaughtUpAt.IsZero() && fs.Failures < giveUpFacts {
				return nil
			}
		}
	}
	for ctx.Err() == nil {
		n, err := s.Store.ComputeFacts(ctx, all, s.Now())
		if err != nil {
			return fmt.Errorf("compute facts: %w", err)
		}
		if n == 0 {
			if all {
				s.Log.InfoContext(ctx, "sync: first sync complete")
			}
			return nil
		}
		if all {
			s.Log.InfoContext(ctx, "sync: facts computed", "learners", n)
		}
	}
	return ctx.Err()
}

// funnelAtOnce is how long a tick works at where learners stand: feeds do not wait for longer.
const funnelAtOnce = 5 * time.Second

// funnel computes where learners stand once the first sync is done, and afterwards what time made
// stale.
func (s *Syncer) funnel(ctx context.Context) error {
	state, err := s.Store.State(ctx)
	if err != nil {
		return fmt.Errorf("read sync state: %w", err)
	}
	if !state.FactsReady() {
		return nil
	}
	all := !state.FunnelReady()
	for began := time.Now(); ctx.Err() == nil && time.Since(began) < funnelAtOnce; {
		n, err := s.Store.ComputeFunnel(ctx, all, s.Now())
		if err != nil {
			return fmt.Errorf("compute funnel: %w", err)
		}
		if n == 0 {
			return nil
		}
		if all {
			s.Log.InfoContext(ctx, "sync: funnel computed", "learners", n)
		}
	}
	return ctx.Err()
}

// problems tries problem rows again: an order's learner may have arrived meanwhile.
func (s *Syncer) problems(ctx context.Context) error {
	list, err := s.Store.Problems(ctx, s.Now(), problemsOnce) // some in each tick: feeds come first
	if err != nil {
		return fmt.Errorf("read problem rows: %w", err)
	}
	if len(list) == 0 {
		return nil
	}
	b := Batch{Now: s.Now()}
	c := s.checker()
	for _, p := range list {
		retry(c, &b, p)
	}
	return s.apply(ctx, b)
}

// Push saves what the host says has changed. The rows are visible when it returns. Unsound
// events are listed as problem rows like those of a feed.
func (s *Syncer) Push(ctx context.Context, events []h.Event) error {
	c := s.checker()
	for len(events) > 0 {
		n := min(len(events), h.MaxPage)
		b := Batch{Now: s.Now()}
		for _, e := range events[:n] {
			addEvent(c, &b, e)
		}
		if err := s.apply(ctx, b); err != nil {
			return fmt.Errorf("push events: %w", err)
		}
		events = events[n:]
	}
	return nil
}

func (s *Syncer) checker() *Checker { return &Checker{Contacts: s.Contacts, Now: s.Now()} }

// apply saves a batch. When the database refuses a value that our checks let through, the batch
// is halved until the row is found, so that one row never stops a feed.
func (s *Syncer) apply(ctx context.Context, b Batch) error {
	_, err := s.Store.Apply(ctx, b)
	if err == nil || !errors.Is(err, fault.ErrInvalid) {
		return err
	}
	if b.Size() <= 1 {
		s.Log.WarnContext(ctx, "sync: row refused by the database", "err", err)
		_, err = s.Store.Apply(ctx, b.refused())
		return err
	}
	first, second := b.halve()
	if err := s.apply(ctx, first); err != nil {
		return err
	}
	return s.apply(ctx, second)
}

// classify names a failure of the host.
func classify(err error) Failure {
	switch {
	case errors.Is(err, h.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return FailureUnavailable
	case errors.Is(err, errPanic):
		return FailurePanic
	case errors.Is(err, errStuck):
		return FailureStuck
	}
	return FailureHost
}

// backoff doubles from a second to a minute.
func backoff(failures int) time.Duration {
	return min(backoffFirst<<min(failures, 10), backoffLimit)
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

package projection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// errStuck says that a feed claims to have more while its cursor stays where it is.
var errStuck = errors.New("feed has more but its cursor does not move")

// walk goes over one feed from where it was left.
type walk struct {
	s         *Syncer
	read      reader
	at        FeedState
	skipFacts bool
	size      int
	total     int64
	saved     time.Time // when the page before was about to be saved; for the rate
	logged    time.Time
}

func (s *Syncer) newWalk(ctx context.Context, r reader, at FeedState, skipFacts bool) *walk {
	w := &walk{s: s, read: r, at: at, skipFacts: skipFacts, size: s.PageSize, total: at.Total}
	if w.size == 0 {
		w.size = h.MaxPage
	}
	if at.CaughtUpAt.IsZero() && at.Total == 0 {
		w.total = s.total(ctx, at.Feed)
	}
	return w
}

// total asks the host how long a feed is; not knowing is no failure.
func (s *Syncer) total(ctx context.Context, feed Feed) (n int64) {
	defer func() {
		if r := recover(); r != nil {
			s.Log.WarnContext(ctx, "sync: host panicked when counting its feeds", "feed", feed)
			n = 0
		}
	}()
	source := h.CapabilitiesOf(s.Host).Totals
	if source == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, hostTimeout)
	defer cancel()
	t, err := source.Totals(ctx)
	if err != nil {
		s.Log.WarnContext(ctx, "sync: host did not count its feeds", "err", err)
		return 0
	}
	return map[Feed]int64{Learners: t.Learners, Offerings: t.Offerings, Orders: t.Orders,
		Enrollments: t.Enrollments, Memberships: t.Memberships, Activities: t.Activities}[feed]
}

type fetched struct {
	page page
	err  error
}

// fetch reads the page after a cursor in the background, so that the host and our database work
// at the same time.
func (w *walk) fetch(ctx context.Context, after h.Cursor) <-chan fetched {
	out := make(chan fetched, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, hostTimeout)
		defer cancel()
		p, err := w.read(ctx, w.s.checker(), after, w.size)
		if err == nil && p.more && p.next == after {
			err = fmt.Errorf("read %s: %w", w.at.Feed, errStuck)
		}
		out <- fetched{p, err}
	}()
	return out
}

// run reads and saves pages until the feed has caught up or until is past (zero: no limit).
// Failures of the host are noted and end the walk without an error.
func (w *walk) run(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithCancel(ctx) // ends a fetch that nobody waits for any more
	defer cancel()
	next := w.fetch(ctx, w.at.Cursor)
	for {
		got := w.await(ctx, next)
		if got.err != nil {
			return w.failed(ctx, got.err)
		}
		last := !got.page.more || (!until.IsZero() && w.s.Now().After(until))
		if !last {
			next = w.fetch(ctx, got.page.next)
		}
		if err := w.save(ctx, got.page); err != nil {
			return w.refused(ctx, err)
		}
		if last {
			return nil
		}
	}
}

// await takes the page that is being fetched. A host that does not listen to its context must
// hold up neither the other feeds nor the end of the process.
func (w *walk) await(ctx context.Context, next <-chan fetched) fetched {
	patience := time.NewTimer(hostTimeout + hostTimeout/10)
	defer patience.Stop()
	select {
	case got := <-next:
		return got
	case <-ctx.Done():
		return fetched{err: ctx.Err()}
	case <-patience.C:
		return fetched{err: fmt.Errorf("read %s: host does not heed its context: %w", w.at.Feed, h.ErrUnavailable)}
	}
}

// save stores a page and moves the cursor behind it.
func (w *walk) save(ctx context.Context, p page) error {
	if p.read == 0 && !p.more && !w.at.CaughtUpAt.IsZero() && p.next == w.at.Cursor &&
		w.s.Now().Sub(w.at.LastOKAt) < time.Second {
		return nil // nothing new: once a second is often enough to say so
	}
	b := p.batch
	b.Now, b.SkipFacts = w.s.Now(), w.skipFacts
	b.Step = &Step{Feed: w.at.Feed, Walk: w.at.Walk, From: w.at.Cursor, To: p.next, Read: p.read,
		CaughtUp: !p.more, Total: w.total, Rate: w.at.Rate}
	b.Step.Rate = w.rate(p.read)
	if err := w.s.apply(ctx, b); err != nil {
		return err
	}
	w.at.Cursor, w.at.Rate = p.next, b.Step.Rate
	w.at.Rows += int64(p.read)
	if w.at.CaughtUpAt.IsZero() && p.read > 0 && (!p.more || time.Since(w.logged) > logEvery) {
		w.logged = time.Now()
		w.s.Log.InfoContext(ctx, "sync: page saved", "feed", w.at.Feed, "walk", w.at.Walk, "rows", w.at.Rows,
			"of", w.total, "rows_per_second", int(w.at.Rate), "problems", len(b.Problems))
	}
	return nil
}

// rate smooths rows per second over the time from one page to the next, in which both the host
// and our database had their turn.
func (w *walk) rate(read int) float64 {
	now := time.Now()
	took := now.Sub(w.saved).Seconds()
	first := w.saved.IsZero()
	w.saved = now
	switch {
	case first || took <= 0 || read == 0:
		return w.at.Rate
	case w.at.Rate == 0:
		return float64(read) / took
	}
	return w.at.Rate + rateSmoothing*(float64(read)/took-w.at.Rate)
}

// failed notes what the host did wrong and when to ask again.
func (w *walk) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, h.ErrCursorExpired) && w.at.Cursor != "" {
		w.s.Log.WarnContext(ctx, "sync: cursor expired, reading from the beginning", "feed", w.at.Feed)
		return w.s.Store.Rewind(ctx, w.at.Feed, w.at.Walk)
	}
	now := w.s.Now()
	retryAt := now.Add(backoff(w.at.Failures))
	w.s.Log.WarnContext(ctx, "sync: host failed", "feed", w.at.Feed, "err", err, "retry_at", retryAt)
	return w.s.Store.Failed(ctx, w.at.Feed, w.at.Walk, classify(err), now, retryAt)
}

// refused handles an error of our own storage. A conflict means that another process went on
// meanwhile: its work is as good as ours.
func (w *walk) refused(ctx context.Context, err error) error {
	if errors.Is(err, fault.ErrConflict) {
		w.s.Log.InfoContext(ctx, "sync: another process moved the cursor", "feed", w.at.Feed)
		return nil
	}
	return fmt.Errorf("save %s: %w", w.at.Feed, err)
}

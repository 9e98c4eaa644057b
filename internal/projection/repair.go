package projection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrTooManyVanished stops a repair pass that met too little of what we hold: more likely the
// host's feed is broken than most of a school is gone.
var ErrTooManyVanished = errors.New("most of the feed has vanished")

// repair begins a pass when one is due and works on a running one for a while. The pass reads
// every feed again from the beginning, mends rows that differ and marks as gone those that the
// host no longer has. Activities never change, so they are left out.
func (s *Syncer) repair(ctx context.Context, state State, rs map[Feed]reader) error {
	if !state.RepairRunning() {
		var last time.Time
		for _, fs := range state.Repair {
			last = fs.StartedAt
		}
		if last.IsZero() {
			last = state.Facts.CaughtUpAt // the first sync was a full pass
		}
		if !state.FirstDone() || s.RepairAt == nil || !s.RepairAt(s.Now(), last) {
			return nil
		}
		return s.StartRepair(ctx)
	}
	until := s.Now().Add(repairSlice)
	for _, fs := range state.Repair {
		if !fs.CaughtUpAt.IsZero() || s.Now().Before(fs.RetryAt) {
			continue
		}
		if rs[fs.Feed] == nil { // the host offered this source when the pass began, and does no more
			if err := s.Store.DropRepair(ctx, fs.Feed); err != nil {
				return fmt.Errorf("drop repair of %s: %w", fs.Feed, err)
			}
			continue
		}
		if err := s.newWalk(ctx, rs[fs.Feed], fs, false).run(ctx, until); err != nil {
			return err
		}
		if err := s.endRepair(ctx, fs.Feed); err != nil {
			return err
		}
		if s.Now().After(until) {
			return nil
		}
	}
	return nil
}

// StartRepair begins a repair pass now. One that is under way goes on instead.
func (s *Syncer) StartRepair(ctx context.Context) error {
	rs := readers(s.Host)
	feeds := slices.DeleteFunc(Feeds(), func(f Feed) bool { return rs[f] == nil || f == Activities })
	if err := s.Store.BeginRepair(ctx, feeds, s.Now()); err != nil {
		return fmt.Errorf("begin repair: %w", err)
	}
	s.Log.InfoContext(ctx, "sync: repair pass begins")
	return nil
}

// endRepair closes a feed's pass when its walk has reached the end.
func (s *Syncer) endRepair(ctx context.Context, feed Feed) error {
	state, err := s.Store.State(ctx)
	if err != nil {
		return fmt.Errorf("read sync state: %w", err)
	}
	i := slices.IndexFunc(state.Repair, func(fs FeedState) bool { return fs.Feed == feed })
	if i < 0 || !state.Repair[i].Walked {
		return nil
	}
	fs := state.Repair[i]
	gone, err := s.Store.EndRepair(ctx, feed, s.Now())
	switch {
	case errors.Is(err, ErrTooManyVanished):
		s.Log.ErrorContext(ctx, "sync: repair would remove most rows, left alone", "feed", feed)
		return nil // the pass over this feed is closed with the failure; the next one starts afresh
	case err != nil:
		return fmt.Errorf("end repair of %s: %w", feed, err)
	}
	s.Log.InfoContext(ctx, "sync: feed repaired", "feed", feed, "read", fs.Rows, "mended", fs.Mended, "vanished", gone)
	return nil
}

package shortlink

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/memo"
)

// StatStore reads hits for Statistics; storage.Links implements it.
type StatStore interface {
	// EachVisit reads a scope as it is at one moment: what is known of it as a whole, then each human
	// hit on the links of the survey. Hits of one person stand together: of a campaign in the order of
	// ordinals; of a free link by day (UTC), visitor and agent. fault.ErrNotFound: there is no such
	// link.
	EachVisit(ctx context.Context, of Scope, survey func(Survey), each func(Visit)) error
	// LinkTotals adds up the hits of free links. Those without any are absent.
	LinkTotals(ctx context.Context, ids []LinkID) (map[LinkID]Totals, error)
}

// Statistics tells who followed links, when, where and with what. However many ask at once, each
// question is asked of the database once, and not again before a second has passed, or as long as
// the answer took. It is safe for concurrent use.
type Statistics struct {
	store StatStore
	memo  memo.Memo[statKey, Stats]
}

type statKey struct {
	of  Scope
	loc *time.Location
}

// NewStatistics makes a service.
func NewStatistics(store StatStore) *Statistics {
	return &Statistics{store: store, memo: memo.Memo[statKey, Stats]{Least: time.Second}}
}

// Stats tells all about a scope, with days of a zone.
//
// Errors: fault.ErrNotFound when there is no such campaign or link, or the link is not one of the
// campaign's that people see; fault.ErrUnavailable when the answer takes too long.
func (s *Statistics) Stats(ctx context.Context, of Scope, loc *time.Location) (Stats, error) {
	if of == (Scope{}) {
		return Stats{}, fmt.Errorf("count clicks: no scope: %w", fault.ErrNotFound)
	}
	return s.memo.Get(ctx, statKey{of, loc}, func(ctx context.Context) (Stats, error) { return s.count(ctx, of, loc) })
}

func (s *Statistics) count(ctx context.Context, of Scope, loc *time.Location) (Stats, error) {
	t := newTally(of, Survey{}, loc)
	if err := s.store.EachVisit(ctx, of, func(known Survey) { t = newTally(of, known, loc) }, func(v Visit) { t.add(v) }); err != nil {
		return Stats{}, err
	}
	return t.stats(), nil
}

// LinkTotals adds up the hits of free links; one that was never followed has none.
func (s *Statistics) LinkTotals(ctx context.Context, ids []LinkID) (map[LinkID]Totals, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.LinkTotals(ctx, ids)
}

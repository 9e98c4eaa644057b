package home

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

const (
	// moving is how old a list of what is on its way may be: as often as an open page asks.
	moving = 2 * time.Second
	// patience bounds what a visitor waits for beside kept figures.
	patience = 5 * time.Second
)

// lately is what was on its way when it was last counted.
type lately struct {
	turn chan struct{} // holds one who counts
	mu   sync.Mutex
	at   time.Time
	list []campaign.Listed
}

// recent gives the list unless it is older than age, or of a clock that was ahead.
func (r *lately) recent(now time.Time, age time.Duration) ([]campaign.Listed, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := now.Sub(r.at)
	return slices.Clone(r.list), old < age && old >= 0
}

func (r *lately) keep(list []campaign.Listed, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.at = slices.Clone(list), at
}

// running lists what is on its way, counted by one visitor of a process for all that ask meanwhile.
// While counting fails or takes too long, the list of the last minute stands.
func (s *Service) running(ctx context.Context) ([]campaign.Listed, error) {
	if list, ok := s.lately.recent(s.now(), moving); ok {
		return list, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	list, err := s.countRunning(ctx)
	if err == nil {
		return list, nil
	}
	if list, ok := s.lately.recent(s.now(), fresh); ok {
		return list, nil
	}
	return nil, fmt.Errorf("running campaigns: %w", err)
}

// countRunning waits for its turn and counts, unless somebody else has done so meanwhile.
func (s *Service) countRunning(ctx context.Context) ([]campaign.Listed, error) {
	select {
	case s.lately.turn <- struct{}{}:
		defer func() { <-s.lately.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := s.now()
	if list, ok := s.lately.recent(now, moving); ok {
		return list, nil
	}
	list, err := s.store.Running(ctx, runningMost)
	if err == nil {
		s.lately.keep(list, now)
	}
	return list, err
}

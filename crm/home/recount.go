package home

import (
	"context"
	"fmt"
	"time"
)

// recountHour is when all that was sent is counted anew each day, by the site's clock. What workers
// of an older version sent during an upgrade, who write no changes down, counts from then on.
const recountHour = 4

// recountDue is when the last such hour was.
func recountDue(now time.Time) time.Time {
	due := time.Date(now.Year(), now.Month(), now.Day(), recountHour, 0, 0, 0, now.Location())
	if due.After(now) {
		due = time.Date(now.Year(), now.Month(), now.Day()-1, recountHour, 0, 0, 0, now.Location())
	}
	return due
}

// recount counts all that was sent where nobody has since the last night.
func (s *Service) recount(ctx context.Context) error {
	now := s.now().In(s.site.Location)
	if err := s.store.Recount(ctx, recountDue(now), now); err != nil {
		return fmt.Errorf("count what was sent: %w", err)
	}
	return nil
}

// counted reports whether all that was sent was ever counted. No visitor does it: it takes a walk
// over all messages.
func (s *Service) counted(ctx context.Context) (bool, error) {
	if s.once.Load() {
		return true, nil
	}
	ok, err := s.store.Counted(ctx)
	if ok && err == nil {
		s.once.Store(true)
	}
	return ok, err
}

// deliveries puts what was sent to the figures, once it is known.
func (s *Service) deliveries(ctx context.Context, t *Totals) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if t.DeliveriesKnown, err = s.counted(ctx); err != nil || !t.DeliveriesKnown {
		return err
	}
	month, last, same := monthDays(dateOf(s.now().In(s.site.Location)))
	t.Deliveries, t.DeliveriesMonth, t.DeliveriesBefore, err = s.store.Deliveries(ctx, month, last, same)
	return err
}

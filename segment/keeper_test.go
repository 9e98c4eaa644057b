package segment

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// tired has one query, and takes too long to count it.
type tired struct {
	Store
	asked int
}

func (s *tired) Queries(context.Context) ([]Saved, []CustomField, error) {
	return []Saved{{ID: 1, Rule: Everyone(), Shared: true}}, nil, nil
}

func (s *tired) Total(context.Context, Predicate) (int64, error) {
	s.asked++
	return 0, fault.ErrUnavailable
}

// Acquire gives the lease to everybody.
func (s *tired) Acquire(context.Context, string, string, time.Duration) (bool, error) {
	return true, nil
}

// TestKeeperLeavesAlone what cannot be counted, for a while.
func TestKeeperLeavesAlone(t *testing.T) {
	t.Parallel()
	now, s := time.Now(), &tired{}
	service := NewService(s, DefaultCatalog(), Site{Location: time.UTC, Currency: "CNY"}, func() time.Time { return now })
	keeper := &Keeper{Service: service, Leases: s, Owner: "me", Log: slog.New(slog.DiscardHandler)}
	for range 20 * time.Minute / keepEvery {
		if err := keeper.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(keepEvery)
	}
	if s.asked != 2 {
		t.Errorf("asked %d times in twenty minutes", s.asked)
	}
}

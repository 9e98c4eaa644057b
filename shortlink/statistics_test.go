package shortlink

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// countingStore answers after a while and counts how often it is asked.
type countingStore struct {
	takes  time.Duration
	visits atomic.Int64
	fail   error
}

func (s *countingStore) EachVisit(_ context.Context, of Scope, survey func(Survey), each func(Visit)) error {
	n := s.visits.Add(1)
	time.Sleep(s.takes)
	if s.fail != nil {
		return s.fail
	}
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	survey(Survey{Totals: Totals{Hits: n, First: at, Last: at}})
	each(Visit{Link: of.Link, At: at, Ordinal: 1})
	return nil
}

func (s *countingStore) LinkTotals(_ context.Context, ids []LinkID) (map[LinkID]Totals, error) {
	return map[LinkID]Totals{ids[0]: {Hits: 1}}, nil
}

// TestStatisticsRest holds how often the database is asked, however many ask at once.
func TestStatisticsRest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		takes  time.Duration
		visits int64
	}{
		{10 * time.Millisecond, 8}, // of five who ask every two seconds one is the first
		{800 * time.Millisecond, 8},
		{3 * time.Second, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			store := &countingStore{takes: tt.takes}
			s := NewStatistics(store)
			var all sync.WaitGroup
			for range 5 {
				all.Go(func() {
					for range 8 { // 16 s
						asked := time.Now()
						out, err := s.Stats(t.Context(), Scope{Campaign: 1}, time.UTC)
						if err != nil || out.People != 1 || out.Hits != store.visits.Load() {
							t.Errorf("%+v, %v", out, err)
						}
						time.Sleep(2*time.Second - time.Since(asked)%(2*time.Second))
					}
				})
			}
			all.Wait()
			if n := store.visits.Load(); n < tt.visits || n > tt.visits+2 {
				t.Errorf("what takes %v was asked %d times", tt.takes, n)
			}
		})
	}
}

func TestStatisticsFail(t *testing.T) {
	t.Parallel()
	store := &countingStore{fail: fault.ErrUnavailable}
	s := NewStatistics(store)
	for range 2 { // a failure is not remembered
		if _, err := s.Stats(t.Context(), Scope{Campaign: 1}, time.UTC); !errors.Is(err, fault.ErrUnavailable) {
			t.Error(err)
		}
	}
	store.fail = nil
	if out, err := s.Stats(t.Context(), Scope{Link: 7}, time.UTC); err != nil || out.People != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := s.Stats(t.Context(), Scope{}, time.UTC); !errors.Is(err, fault.ErrNotFound) {
		t.Error(err)
	}
	if out, err := s.LinkTotals(t.Context(), nil); err != nil || out != nil {
		t.Errorf("%v, %v", out, err)
	}
}

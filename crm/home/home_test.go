package home

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// shelf keeps figures in memory and counts how often they are counted.
type shelf struct {
	Store
	mu     sync.Mutex
	kept   *Figures
	counts int
	fail   error
	due    []time.Time // of what was asked to be counted anew

	looks   int // how often what is running was counted
	lookErr error
	never   bool // what was sent was never counted
}

func (s *shelf) Last(context.Context) (Figures, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		return Figures{}, false, nil
	}
	return *s.kept, true, nil
}

func (s *shelf) Count(_ context.Context, q Question) (Figures, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts++
	return Figures{Bands: make([]int64, len(q.Bands))}, s.fail
}

func (s *shelf) Keep(_ context.Context, f Figures) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = &f
	return nil
}

func (s *shelf) Fold(context.Context) error { return nil }

func (s *shelf) Deliveries(context.Context, time.Time, time.Time, time.Time) (int64, int64, int64, error) {
	return 0, 0, 0, nil
}

func (s *shelf) Recount(_ context.Context, due, _ time.Time) error {
	s.due = append(s.due, due)
	return nil
}

func (s *shelf) Counted(context.Context) (bool, error) { return !s.never, nil }

func (s *shelf) Running(context.Context, int) ([]campaign.Listed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return []campaign.Listed{{Settled: int64(s.looks)}}, s.lookErr
}

// Acquire implements segment.Leases.
func (s *shelf) Acquire(context.Context, string, string, time.Duration) (bool, error) {
	return true, nil
}

func newShelf(bounds func() []int64) (*shelf, *Service, *time.Time) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	s := &shelf{}
	return s, NewService(s, Site{Location: time.UTC, Currency: "CNY", Members: true, SpendBounds: bounds}, func() time.Time { return now }), &now
}

// TestOneVisitorCounts: of many who come when nobody keeps the figures.
func TestOneVisitorCounts(t *testing.T) {
	t.Parallel()
	set := []int64{100}
	store, service, now := newShelf(func() []int64 { return set })
	visit := func(want int) {
		t.Helper()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if f, err := service.Totals(t.Context()); err != nil || len(f.Compositions) != 4 || now.Sub(f.At) >= time.Minute {
					t.Errorf("%+v: %v", f, err)
				}
			})
		}
		all.Wait()
		if store.counts != want {
			t.Errorf("counted %d times, want %d", store.counts, want)
		}
	}
	visit(1)
	*now = now.Add(59 * time.Second)
	visit(1)
	*now = now.Add(time.Second)
	visit(2)
	set = []int64{100, 200} // staff change the bands
	visit(3)
	*now = now.Add(-2 * time.Minute) // a clock was wrong
	visit(4)
	store.fail = errors.New("too long")
	*now = now.Add(time.Hour)
	if _, err := service.Totals(t.Context()); !errors.Is(err, store.fail) {
		t.Errorf("failed with %v", err)
	}
}

func TestKeeperCountsTwiceAMinute(t *testing.T) {
	t.Parallel()
	store, service, now := newShelf(nil)
	keeper := &Keeper{Service: service, Leases: store, Owner: "a", Log: slog.New(slog.DiscardHandler)}
	for i, want := range []int{1, 1, 2} {
		if err := keeper.Tick(t.Context()); err != nil || store.counts != want {
			t.Errorf("tick %d: counted %d times, want %d: %v", i, store.counts, want, err)
		}
		*now = now.Add(16 * time.Second)
	}
	night := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	if want := []time.Time{night, night}; !slices.Equal(store.due, want) {
		t.Errorf("counted all that was sent due at %v, want %v", store.due, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := keeper.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestVisitorsCountNothingThatWasSent: a figure that nobody knows is none, and a visit makes no walk.
func TestVisitorsCountNothingThatWasSent(t *testing.T) {
	t.Parallel()
	store, service, _ := newShelf(nil)
	for _, store.never = range []bool{true, false} {
		f, err := service.Totals(t.Context())
		if err != nil || f.DeliveriesKnown == store.never || len(store.due) > 0 {
			t.Errorf("never counted %t: known %t, counted %d times: %v", store.never, f.DeliveriesKnown, len(store.due), err)
		}
	}
}

// TestRunningIsCountedOnce in two seconds, for all who look; a list of the last minute stands while
// counting fails.
func TestRunningIsCountedOnce(t *testing.T) {
	t.Parallel()
	store, service, now := newShelf(nil)
	look := func(want int64) {
		t.Helper()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if f, err := service.Totals(t.Context()); err != nil || len(f.Running) != 1 || f.Running[0].Settled != want {
					t.Errorf("%+v: %v", f.Running, err)
				}
			})
		}
		all.Wait()
	}
	look(1)
	*now = now.Add(1999 * time.Millisecond)
	look(1)
	*now = now.Add(time.Millisecond)
	look(2)
	store.lookErr = context.DeadlineExceeded
	*now = now.Add(59 * time.Second)
	look(2)
	*now = now.Add(time.Second)
	if _, err := service.Totals(t.Context()); !errors.Is(err, store.lookErr) {
		t.Errorf("an old list stands: %v", err)
	}
}

func TestNights(t *testing.T) {
	t.Parallel()
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{"2026-11-22 03:59": "2026-11-21 04:00", "2026-11-22 04:00": "2026-11-22 04:00", "2026-03-01 00:00": "2026-02-28 04:00"} {
		at, err := time.ParseInLocation("2006-01-02 15:04", now, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if got := recountDue(at).Format("2006-01-02 15:04"); got != want {
			t.Errorf("%s: due at %s, want %s", now, got, want)
		}
	}
}

// TestMonthsAreCompared day by day; a shorter month before counts as a whole.
func TestMonthsAreCompared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ now, month, last, until, same string }{
		{"2026-11-20 09:30", "2026-11-01", "2026-10-01", "2026-10-20 09:30", "2026-10-20"},
		{"2026-03-31 23:59", "2026-03-01", "2026-02-01", "2026-03-01 00:00", "2026-02-28"},
		{"2026-01-01 00:00", "2026-01-01", "2025-12-01", "2025-12-01 00:00", "2025-12-01"},
		{"2026-05-31 08:00", "2026-05-01", "2026-04-01", "2026-05-01 00:00", "2026-04-30"},
	} {
		now, err := time.Parse("2006-01-02 15:04", tt.now)
		if err != nil {
			t.Fatal(err)
		}
		q := question(now)
		_, _, same := monthDays(dateOf(now))
		got := []string{q.Month.Format(time.DateOnly), q.LastMonth.Format(time.DateOnly), q.LastMonthSame.Format("2006-01-02 15:04"), same.Format(time.DateOnly)}
		if want := []string{tt.month, tt.last, tt.until, tt.same}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", tt.now, got, want)
		}
	}
}

func TestBoundsAreTidied(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ set, want []int64 }{
		{nil, DefaultBounds()},
		{[]int64{0, -5, 1}, DefaultBounds()},
		{[]int64{500, 100, 500}, []int64{100, 500}},
	} {
		_, service, _ := newShelf(func() []int64 { return tt.set })
		if got := service.bounds(); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.set, got, tt.want)
		}
	}
}

// TestPeriodsFollowEachOther in every step, on any day of a year.
func TestPeriodsFollowEachOther(t *testing.T) {
	t.Parallel()
	for i := range 400 {
		today := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		for by, n := range map[Step]int{ByDay: 30, ByWeek: 12, ByMonth: 12} {
			list := periods(by, today)
			if len(list) != n || list[n-1].After(today) || !slices.IsSortedFunc(list, time.Time.Compare) || len(slices.Compact(slices.Clone(list))) != n {
				t.Fatalf("%s on %s: %v", by, today, list)
			}
			if by == ByWeek && list[0].Weekday() != time.Monday || by == ByMonth && list[0].Day() != 1 {
				t.Fatalf("%s begins on %s", by, list[0])
			}
		}
	}
}

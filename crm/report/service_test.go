package report

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// shelf is a Store, Books and Leases in memory.
type shelf struct {
	lines    []Line
	growth   []Growth
	at       time.Time
	marks    []Mark
	counted  []campaign.ID
	bad      campaign.ID
	hangs    []campaign.ID
	grown    int
	fail     error
	refusing bool // somebody else has the lease
}

func (s *shelf) Lines(context.Context, time.Time) ([]Line, error)    { return s.lines, s.fail }
func (s *shelf) Growth(context.Context) ([]Growth, time.Time, error) { return s.growth, s.at, s.fail }
func (s *shelf) Marks(context.Context, time.Duration, time.Time) ([]Mark, error) {
	return s.marks, s.fail
}
func (s *shelf) GrowthAt(context.Context) (time.Time, error) { return s.at, s.fail }
func (s *shelf) CountGrowth(_ context.Context, now time.Time) error {
	s.grown++
	s.at = now
	return nil
}
func (s *shelf) Count(ctx context.Context, id campaign.ID, _ time.Duration, now time.Time) error {
	if slices.Contains(s.hangs, id) {
		<-ctx.Done()
		return ctx.Err()
	}
	if id == s.bad {
		return fault.ErrUnavailable
	}
	s.counted = append(s.counted, id)
	for i := range s.marks {
		if s.marks[i].ID == id {
			s.marks[i].CountedAt = now
		}
	}
	return nil
}
func (s *shelf) Acquire(context.Context, string, string, time.Duration) (bool, error) {
	return !s.refusing, nil
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	now := noon
	s := &shelf{marks: []Mark{{ID: 1, PlannedAt: noon}, {ID: 2, PlannedAt: noon.AddDate(-1, 0, 0)}, {ID: 3, PlannedAt: noon}}, bad: 3}
	k := &Keeper{Books: s, Leases: s, Owner: "a", Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	if err := k.Tick(t.Context()); !errors.Is(err, fault.ErrUnavailable) || !reflect.DeepEqual(s.counted, []campaign.ID{2, 1}) || s.grown != 1 {
		t.Errorf("counted %v, grown %d, %v", s.counted, s.grown, err)
	}
	s.bad, s.counted, now = 0, nil, noon.Add(2*time.Minute)
	if err := k.Tick(t.Context()); err != nil || !reflect.DeepEqual(s.counted, []campaign.ID{1, 3}) || s.grown != 1 {
		t.Errorf("counted %v, grown %d, %v", s.counted, s.grown, err)
	}
	now, s.refusing, s.counted = noon.Add(time.Hour), true, nil
	if err := k.Tick(t.Context()); err != nil || s.counted != nil || s.grown != 1 {
		t.Errorf("without the lease counted %v", s.counted)
	}
	s.refusing, s.fail = false, fault.ErrUnavailable
	if err := k.Tick(t.Context()); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("a failure is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Run(ctx); err != nil {
		t.Error(err)
	}
}

// TestKeeperGivesUpWhatHangs before the lease ends, and what hangs keeps nothing else from being
// counted.
func TestKeeperGivesUpWhatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{marks: []Mark{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}}, hangs: []campaign.ID{3, 4}}
		k := &Keeper{Books: s, Leases: s, Owner: "a", Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		for i, want := range [][]campaign.ID{nil, nil, {2, 1}, {2, 1}} {
			s.counted = nil
			began := time.Now()
			err := k.Tick(t.Context())
			if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != keepLease-time.Minute {
				t.Errorf("tick %d took %v, %v", i, took, err)
			}
			for j := range s.marks {
				s.marks[j].CountedAt = time.Time{} // due again
			}
			if !reflect.DeepEqual(s.counted, want) {
				t.Errorf("tick %d counted %v", i, s.counted)
			}
		}
		if !k.failed[4].Before(k.failed[3]) || s.grown != 2 {
			t.Errorf("failed %v, grown %d", k.failed, s.grown)
		}
		s.hangs, s.counted = nil, nil
		if err := k.Tick(t.Context()); err != nil || !reflect.DeepEqual(s.counted, []campaign.ID{2, 1, 4, 3}) || len(k.failed) != 0 {
			t.Errorf("counted %v, failed %v, %v", s.counted, k.failed, err)
		}
	})
}

func TestService(t *testing.T) {
	t.Parallel()
	s := &shelf{lines: []Line{line(1, noon, Figures{Taken: 4}), line(2, noon, Figures{Taken: 6})}, at: noon,
		growth: []Growth{{Registered: 3}, {Day: date("1970-01-01"), Registered: 2}, {Day: date("2026-11-20"), Registered: 4}}}
	s.lines[0].CountedAt, s.lines[1].CountedAt = noon.Add(-time.Hour), time.Time{}
	service := NewService(s, cst, func() time.Time { return noon })
	c, err := service.Campaigns(t.Context(), Query{Sort: SortTaken})
	if err != nil || c.Campaigns != 2 || c.Uncounted != 1 || !c.CountedAt.Equal(noon.Add(-time.Hour)) || c.Total.Taken != 10 || c.Groups[0].Latest.ID != 2 {
		t.Errorf("%+v, %v", c, err)
	}
	a, err := service.Audience(t.Context(), 0, "")
	if err != nil || a.Unit != Monthly || len(a.Spans) != maxSpans || a.Today.Registered != 9 || a.Total.Registered != 4 {
		t.Errorf("%s, %d spans, %+v, %+v, %v", a.Unit, len(a.Spans), a.Today, a.Total, err)
	}
	if a, err := service.Audience(t.Context(), 30, Daily); err != nil || len(a.Spans) != 30 || !a.Spans[0].Day.Equal(date("2026-10-22")) {
		t.Errorf("%d spans, %v", len(a.Spans), err)
	}
	var fields fault.Fields
	if _, err := service.Campaigns(t.Context(), Query{Period: 7, By: "x", Sort: "y"}); !errors.As(err, &fields) || len(fields) != 3 {
		t.Errorf("bad input is %v", err)
	}
	if _, err := service.Audience(t.Context(), 7, "year"); !errors.As(err, &fields) || len(fields) != 2 {
		t.Errorf("bad input is %v", err)
	}
	s.fail = fault.ErrUnavailable
	_, err1 := service.Campaigns(t.Context(), Query{})
	_, err2 := service.Audience(t.Context(), 0, "")
	if !errors.Is(err1, s.fail) || !errors.Is(err2, s.fail) {
		t.Errorf("%v, %v", err1, err2)
	}
}

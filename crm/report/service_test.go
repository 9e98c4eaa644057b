package report

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"testing"
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
func (s *shelf) Count(_ context.Context, id campaign.ID, _ time.Duration, now time.Time) error {
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
	if err := k.Tick(t.Context()); err != nil || !reflect.DeepEqual(s.counted, []campaign.ID{3, 1}) || s.grown != 1 {
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

package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Store reads what the keeper counted; storage.Reports implements it.
type Store interface {
	// Lines gives the batch campaigns whose audiences were frozen at from or later, the latest first.
	Lines(ctx context.Context, from time.Time) ([]Line, error)
	// Growth gives all days on which something happened, in order, and when they were counted.
	Growth(ctx context.Context) ([]Growth, time.Time, error)
}

// Service compares. It is safe for concurrent use.
type Service struct {
	store Store
	zone  *time.Location
	now   func() time.Time
}

// NewService makes a service; zone is the site's.
func NewService(store Store, zone *time.Location, now func() time.Time) *Service {
	return &Service{store: store, zone: zone, now: now}
}

// Query asks for a comparison of campaigns. The zero value compares all of them, each by itself.
type Query struct {
	Period Period
	By     By // empty: ByCampaign
	Sort   Sort
	Asc    bool // the smallest first
}

// Comparison is what a query asked for.
type Comparison struct {
	Groups    []Group
	Total     Figures
	Campaigns int
	Uncounted int       // of them, not counted yet: their figures are missing
	CountedAt time.Time // the oldest figures in it; zero: there are none
}

// Campaigns compares campaigns.
//
// Errors: fault.Fields with "days", "by" or "sort" for what is none.
func (s *Service) Campaigns(ctx context.Context, q Query) (Comparison, error) {
	q.By = cmp.Or(q.By, ByCampaign)
	problems := fault.Fields{}
	for field, sound := range map[string]bool{"days": slices.Contains(Periods(), q.Period), "by": slices.Contains(Bys(), q.By), "sort": slices.Contains(Sorts(), q.Sort)} {
		if !sound {
			problems.Add(field, "problem.choice")
		}
	}
	if err := problems.Err(); err != nil {
		return Comparison{}, err
	}
	lines, err := s.store.Lines(ctx, q.Period.From(s.now()))
	if err != nil {
		return Comparison{}, fmt.Errorf("compare campaigns: %w", err)
	}
	out := Comparison{Groups: Grouped(lines, q.By, s.zone), Total: Total(lines), Campaigns: len(lines)}
	Order(out.Groups, q.Sort, q.Asc)
	for _, l := range lines {
		switch {
		case l.CountedAt.IsZero():
			out.Uncounted++
		case out.CountedAt.IsZero() || l.CountedAt.Before(out.CountedAt):
			out.CountedAt = l.CountedAt
		}
	}
	return out, nil
}

// Audience is how the audience grew over a period.
type Audience struct {
	Unit      Unit
	Spans     []Growth // the oldest first
	Total     Growth   // of the spans
	Today     Growth   // everybody there is, whenever they registered
	CountedAt time.Time
}

// Audience tells how the audience grew; an empty unit is chosen by the length of the period, and one
// too short for it is replaced by the next.
//
// Errors: fault.Fields with "days" or "by" for what is none.
func (s *Service) Audience(ctx context.Context, p Period, u Unit) (Audience, error) {
	problems := fault.Fields{}
	if !slices.Contains(Periods(), p) {
		problems.Add("days", "problem.choice")
	}
	if u != "" && !slices.Contains(Units(), u) {
		problems.Add("by", "problem.choice")
	}
	if err := problems.Err(); err != nil {
		return Audience{}, err
	}
	days, at, err := s.store.Growth(ctx)
	if err != nil {
		return Audience{}, fmt.Errorf("growth of the audience: %w", err)
	}
	out := Audience{CountedAt: at}
	for _, d := range days {
		out.Today.Add(d)
	}
	y, m, d := s.now().In(s.zone).Date()
	to := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	from := to.AddDate(0, 0, 1-int(p))
	if p == 0 {
		from = to
		for _, d := range days {
			if !d.Day.IsZero() && d.Day.Before(from) {
				from = d.Day
			}
		}
		// Hosts tell of people who registered in 1970; their days are in Today alone.
		if oldest := to.AddDate(0, 1-maxSpans, 0); from.Before(oldest) {
			from = oldest
		}
	}
	out.Unit = UnitFor(u, from, to)
	out.Spans = Spans(days, out.Unit, from, to)
	for _, g := range out.Spans {
		out.Total.Add(g)
	}
	return out, nil
}

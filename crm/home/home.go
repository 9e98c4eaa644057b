// Package home gives the figures of the first page: totals with their change, what the people are
// made of, and how much was sent when. Whole tables are counted twice a minute by one process
// ([Keeper]) and kept; what moves faster is summed up when asked.
package home

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
)

// Totals are the figures so far. Amounts are minor units of the site's currency. A figure called
// Before is of the period that the one beside it is compared with.
type Totals struct {
	// At is when all but deliveries and running campaigns were counted; at most a minute ago.
	At        time.Time
	Accounts  int64 // all but deleted ones; what audiences are a share of
	People    int64 // of them: active, and neither staff nor robot
	NewPeople int64 // of them: registered within 30 days
	Payers    int64 // of them: with a paid order
	Revenue   int64 // their paid totals

	Campaigns       int64 // launched (营销总次数), those to one person included
	CampaignsMonth  int64 // of them: this month, by the site's calendar
	CampaignsBefore int64 // last month, until the same day and hour

	DeliveriesKnown  bool  // false: what was sent before this version is being counted; those below are 0
	Deliveries       int64 // accepted (营销总人次)
	DeliveriesMonth  int64 // of them: on the days of this month
	DeliveriesBefore int64 // on the days of last month until the same day

	RateKnown    bool        // false: no campaign with a link that anybody got is an hour old
	ClickRate    float64     // people who clicked, of those whose message the provider took (campaign.Result.Taken)
	RateCampaign campaign.ID // the campaign it is of
	MeanKnown    bool
	MeanRate     float64 // of up to ten such campaigns before it

	Attributed       int64 // revenue that counts for campaigns, paid within 30 days
	AttributedBefore int64 // within the 30 days before

	Compositions []Composition
	Running      []campaign.Listed // on their way, the latest first; at most five
}

// Site is where a service works.
type Site struct {
	Location *time.Location // the site's time zone
	Currency string         // ISO 4217
	Members  bool           // the host knows memberships
	// SpendBounds are the edges of the bands of spending in minor units, as [DefaultBounds]; nil: the
	// defaults. It is asked each time.
	SpendBounds func() []int64
}

// What the figures are about (DOMAIN §3, "Home page").
const (
	rateAge     = time.Hour // before that a click rate says nothing
	span        = 30        // days of what is called new or recent
	runningMost = 5
	// fresh is how old counted figures may be. The keeper renews them twice as often.
	fresh = time.Minute
)

// Question is what is counted over whole tables.
type Question struct {
	Now           time.Time
	Since, Before time.Time // 30 and 60 days ago
	Month         time.Time // this month began
	LastMonth     time.Time // the one before began
	LastMonthSame time.Time // as far into it as now is into this one
	Rated         time.Time // the latest moment an audience was frozen whose click rate counts
	Window        time.Duration
	Bands         []segment.Predicate // over people who are active, and neither staff nor robot
}

// Figures are counted figures, as they are kept. Totals holds neither compositions, deliveries nor
// what is running.
type Figures struct {
	Totals  Totals
	Bands   []int64 // people of each band of the question
	Bounds  []int64 // the edges of spending that it was asked with
	Members bool    // members were asked about
}

// Store counts and keeps; storage.Home implements it.
type Store interface {
	// Last gives the figures kept last; false: none yet.
	Last(ctx context.Context) (Figures, bool, error)
	// Count counts over whole tables.
	Count(ctx context.Context, q Question) (Figures, error)
	// Keep keeps figures until younger ones come.
	Keep(ctx context.Context, f Figures) error
	// Fold adds changes of what was sent up by days. It waits for nobody: while somebody else does so,
	// and until everything was counted in the site's zone, it does nothing.
	Fold(ctx context.Context) error
	// Recount counts everything that was sent, unless that was done in the site's zone at due or later.
	// It takes a walk over all messages. While somebody else adds up or counts, it does nothing.
	Recount(ctx context.Context, due, now time.Time) error
	// Counted reports whether everything was ever counted.
	Counted(ctx context.Context) (bool, error)
	// Deliveries sums up what was accepted: in all, since a day, and from a day through another.
	Deliveries(ctx context.Context, since, from, to time.Time) (all, month, before int64, err error)
	// Usage sums up what was accepted since a day, by channel and day, week or month.
	Usage(ctx context.Context, by Step, since time.Time) ([]Sent, error)
	// Running lists campaigns on their way, the latest first. It does not count their clicks.
	Running(ctx context.Context, limit int) ([]campaign.Listed, error)
	// Trends gives sizes of quick queries by day, oldest first, from a day on.
	Trends(ctx context.Context, ids []segment.QueryID, since time.Time) (map[segment.QueryID][]segment.Point, error)
}

// Service gives the figures. It is safe for concurrent use.
type Service struct {
	store Store
	site  Site
	now   func() time.Time
	turn  chan struct{} // holds one who counts

	lately lately
	once   atomic.Bool // what was sent is known to have been counted
}

// NewService makes a service.
func NewService(store Store, site Site, now func() time.Time) *Service {
	return &Service{store: store, site: site, now: now, turn: make(chan struct{}, 1), lately: lately{turn: make(chan struct{}, 1)}}
}

// Location is the site's time zone.
func (s *Service) Location() *time.Location { return s.site.Location }

// Totals gives the figures of this moment. Where nobody keeps them they are counted, by one
// visitor of a process for all that ask meanwhile. What is on its way is at most two seconds old.
func (s *Service) Totals(ctx context.Context) (Totals, error) {
	f, err := s.figures(ctx)
	if err != nil {
		return Totals{}, fmt.Errorf("home totals: %w", err)
	}
	t := f.Totals
	t.Compositions = compose(bands(f.Bounds, f.Members), f.Bands)
	if err := s.deliveries(ctx, &t); err != nil {
		return Totals{}, fmt.Errorf("home deliveries: %w", err)
	}
	if t.Running, err = s.running(ctx); err != nil {
		return Totals{}, err
	}
	return t, nil
}

// figures gives kept figures, or counts them.
func (s *Service) figures(ctx context.Context) (Figures, error) {
	f, ok, err := s.store.Last(ctx)
	if err != nil || ok && s.good(f, fresh) {
		return f, err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Figures{}, ctx.Err()
	}
	if f, ok, err = s.store.Last(ctx); err != nil || ok && s.good(f, fresh) {
		return f, err // somebody else has just counted
	}
	return s.count(ctx)
}

// good reports whether figures are young enough, or of a clock that was a little ahead, and about
// what is asked now.
func (s *Service) good(f Figures, age time.Duration) bool {
	old := s.now().Sub(f.Totals.At)
	return old < age && old > -fresh && f.Members == s.site.Members && slices.Equal(f.Bounds, s.bounds())
}

// count counts and keeps.
func (s *Service) count(ctx context.Context) (Figures, error) {
	if err := s.store.Fold(ctx); err != nil {
		return Figures{}, fmt.Errorf("add up what was sent: %w", err)
	}
	now := s.now().In(s.site.Location)
	bounds := s.bounds()
	q := question(now)
	for _, b := range bands(bounds, s.site.Members) {
		p, err := segment.Compile(b.asked(), segment.Env{Catalog: segment.DefaultCatalog(), Now: now, Currency: s.site.Currency})
		if err != nil {
			return Figures{}, fmt.Errorf("a band of %s: %w", b.Kind, err)
		}
		q.Bands = append(q.Bands, p)
	}
	f, err := s.store.Count(ctx, q)
	if err != nil {
		return f, fmt.Errorf("count: %w", err)
	}
	f.Totals.At, f.Bounds, f.Members = now, bounds, s.site.Members
	if err := s.store.Keep(ctx, f); err != nil {
		return f, fmt.Errorf("keep: %w", err)
	}
	return f, nil
}

// Trends gives sizes of quick queries of the last days, oldest first; days on which nobody counted
// are absent.
func (s *Service) Trends(ctx context.Context, ids []segment.QueryID, days int) (map[segment.QueryID][]segment.Point, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := s.store.Trends(ctx, ids, dateOf(s.now().In(s.site.Location)).AddDate(0, 0, 1-days))
	if err != nil {
		return nil, fmt.Errorf("trends of quick queries: %w", err)
	}
	return list, nil
}

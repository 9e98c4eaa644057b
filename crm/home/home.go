// Package home gives the figures of the first page.
package home

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// Totals are the figures so far. Amounts are minor units of the site's currency.
type Totals struct {
	Accounts     int64 // all but deleted ones; what audiences are a share of
	People       int64 // of them: active, and neither staff nor robot
	NewPeople    int64 // of them: registered within 30 days
	Payers       int64 // of them: with a paid order
	Revenue      int64 // their paid totals
	Campaigns    int64 // launched (营销总次数)
	Deliveries   int64 // accepted (营销总人次)
	RateKnown    bool  // false: no campaign with a link is an hour old
	ClickRate    float64
	RateCampaign campaign.ID // the campaign it is of
	Attributed   int64       // revenue that counts for campaigns, paid within 30 days
	Running      []campaign.Listed
}

// rateAge is how old a campaign must be before its click rate says something (DOMAIN §3, "Home
// page").
const rateAge = time.Hour

// Store computes the totals; storage.Home implements it.
type Store interface {
	// Totals adds up. since bounds what counts as new; rated is the latest launch of a campaign
	// whose click rate is shown.
	Totals(ctx context.Context, since, rated time.Time, window time.Duration) (Totals, error)
}

// Service gives the figures. It is safe for concurrent use.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service.
func NewService(store Store, now func() time.Time) *Service { return &Service{store: store, now: now} }

// Totals gives the figures of this moment.
func (s *Service) Totals(ctx context.Context) (Totals, error) {
	now := s.now()
	t, err := s.store.Totals(ctx, now.AddDate(0, 0, -30), now.Add(-rateAge), campaign.AttributionWindow)
	if err != nil {
		return Totals{}, fmt.Errorf("home totals: %w", err)
	}
	return t, nil
}

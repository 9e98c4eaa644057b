package campaign

import (
	"context"
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// ClickStore reads when and on which link people clicked; storage.Campaigns implements it.
type ClickStore interface {
	// Clicks counts, for each of so many hours after from, the recipients whose first human click
	// fell into it.
	Clicks(ctx context.Context, id ID, from time.Time, hours int) ([]int64, error)
	// Targets adds up the clicks of each address that a campaign's links lead to, in the order of
	// the text.
	Targets(ctx context.Context, id ID) ([]TargetClicks, error)
}

// TargetClicks is what a campaign's links to one address brought.
type TargetClicks struct {
	Target   string
	Hits     int64 // raw clicks
	Clickers int64 // recipients with a human click
}

// ClickHours is how many hours of clicks are shown.
const ClickHours = 48

// ClickTimes counts recipients by the hour of their first human click. The hours are those of the
// clock in the site's zone; the first is the one in which sending began.
type ClickTimes struct {
	From   time.Time // in the site's zone
	People []int64   // by hour; nil: sending has not begun
}

// ClickTimes tells when a campaign's recipients first clicked, over ClickHours hours.
func (s *Service) ClickTimes(ctx context.Context, c Campaign) (ClickTimes, error) {
	if c.PlannedAt.IsZero() {
		return ClickTimes{}, nil
	}
	at := c.PlannedAt.In(s.set.Location)
	past := time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second + time.Duration(at.Nanosecond())
	out := ClickTimes{From: at.Add(-past)}
	var err error
	if out.People, err = s.clicks.Clicks(ctx, c.ID, out.From, ClickHours); err != nil {
		return ClickTimes{}, fmt.Errorf("clicks by the hour: %w", err)
	}
	return out, nil
}

// Targets adds up the clicks of each address that a campaign's links lead to.
func (s *Service) Targets(ctx context.Context, id ID) ([]TargetClicks, error) {
	return s.clicks.Targets(ctx, id)
}

// Receipts reports whether a channel's provider tells later what became of a message.
func (s *Service) Receipts(ch h.Channel) bool {
	c, ok := s.channels[ch]
	return ok && c.Traits().Receipts
}

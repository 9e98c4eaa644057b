package home_test

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// figures is a store with fixed figures; the real one is storage.Home.
type figures struct{ home.Store }

func (figures) Usage(_ context.Context, by home.Step, since time.Time) ([]home.Sent, error) {
	fmt.Println("by", by, "since", since.Format(time.DateOnly))
	return []home.Sent{{From: time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC), Channel: hostadapter.ChannelSMS, Accepted: 4_809}}, nil
}

func (figures) Counted(context.Context) (bool, error) { return true, nil }

func ExampleService_Usage() {
	now := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC) // a Sunday
	s := home.NewService(figures{}, home.Site{Location: time.UTC, Currency: "CNY"}, func() time.Time { return now })
	u, err := s.Usage(context.Background(), home.ByWeek)
	last := u.Periods[len(u.Periods)-1]
	fmt.Println(len(u.Periods), "weeks, the last from", last.From.Format(time.DateOnly), last.All(), u.Of(hostadapter.ChannelSMS), err)
	// Output:
	// by week since 2026-08-31
	// 12 weeks, the last from 2026-11-16 4809 4809 <nil>
}

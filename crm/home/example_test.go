package home_test

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
)

// figures is a store with fixed figures; the real one is storage.Home.
type figures struct{}

func (figures) Totals(_ context.Context, since, _ time.Time, window time.Duration) (home.Totals, error) {
	fmt.Println("new since", since.Format(time.DateOnly), "and orders up to", window, "after a click")
	return home.Totals{People: 19_651, Deliveries: 4_809}, nil
}

func ExampleService_Totals() {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	s := home.NewService(figures{}, func() time.Time { return now })
	t, err := s.Totals(context.Background())
	fmt.Println(t.People, t.Deliveries, t.RateKnown, err)
	// Output:
	// new since 2026-10-23 and orders up to 168h0m0s after a click
	// 19651 4809 false <nil>
}

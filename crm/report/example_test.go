package report_test

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/report"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// books are the figures of three campaigns; the real store is storage.Reports.
type books struct{ report.Store }

func (books) Lines(context.Context, time.Time) ([]report.Line, error) {
	return []report.Line{
		{ID: 3, Channel: h.ChannelSMS, Figures: report.Figures{Taken: 1000, Linked: 1000, Clickers: 80}},
		{ID: 2, Channel: h.ChannelEmail, Figures: report.Figures{Taken: 4000, Linked: 4000, Clickers: 200}},
		{ID: 1, Channel: h.ChannelSMS, Figures: report.Figures{Taken: 500}},
	}, nil
}

func ExampleService_Campaigns() {
	s := report.NewService(books{}, time.UTC, time.Now)
	c, err := s.Campaigns(context.Background(), report.Query{Period: 90, By: report.ByChannel, Sort: report.SortRate})
	for _, g := range c.Groups {
		rate, _ := g.ClickRate()
		fmt.Printf("%s: %d campaigns, %d sent, %.1f %%\n", g.Key, g.Campaigns, g.Taken, 100*rate)
	}
	fmt.Println(c.Total.Taken, err)
	// Output:
	// sms: 2 campaigns, 1500 sent, 8.0 %
	// email: 1 campaigns, 4000 sent, 5.0 %
	// 5500 <nil>
}

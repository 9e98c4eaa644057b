package web

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// homeStore answers from the world's fixed totals; each band has as many people as its number.
type homeStore world

func (s *homeStore) Last(context.Context) (home.Figures, bool, error) {
	return home.Figures{}, false, s.fail
}

func (s *homeStore) Count(_ context.Context, q home.Question) (home.Figures, error) {
	f := home.Figures{Totals: s.totals}
	for i := range q.Bands {
		f.Bands = append(f.Bands, int64(1000*i))
	}
	return f, s.fail
}

func (s *homeStore) Keep(context.Context, home.Figures) error { return s.fail }

func (s *homeStore) Fold(context.Context) error { return s.fail }

func (s *homeStore) Recount(context.Context, time.Time, time.Time) error { return s.fail }

func (s *homeStore) Counted(context.Context) (bool, error) { return !s.uncounted, s.fail }

func (s *homeStore) Deliveries(context.Context, time.Time, time.Time, time.Time) (all, month, before int64, err error) {
	return s.totals.Deliveries, s.totals.DeliveriesMonth, s.totals.DeliveriesBefore, s.fail
}

func (s *homeStore) Usage(_ context.Context, by home.Step, since time.Time) ([]home.Sent, error) {
	if s.totals.Deliveries == 0 {
		return nil, s.fail
	}
	step := map[home.Step]int{home.ByDay: 1, home.ByWeek: 7, home.ByMonth: 0}[by]
	return []home.Sent{{From: since, Channel: h.ChannelSMS, Accepted: 12_480}, {From: since, Channel: h.ChannelEmail, Accepted: 8_120},
		{From: since.AddDate(0, 0, step), Channel: h.ChannelMessage, Accepted: 4_210}}, s.fail
}

func (s *homeStore) Running(context.Context, int) ([]campaign.Listed, error) {
	return s.totals.Running, s.fail
}

func (s *homeStore) Trends(_ context.Context, ids []segment.QueryID, since time.Time) (map[segment.QueryID][]segment.Point, error) {
	out := map[segment.QueryID][]segment.Point{}
	for _, id := range ids {
		out[id] = []segment.Point{{Day: since, Count: 21_000}, {Day: since.AddDate(0, 0, 29), Count: 22_576}}
	}
	return out, s.fail
}

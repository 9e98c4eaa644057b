package home

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Step is how long the periods of a trend are.
type Step string

// Steps.
const (
	ByDay   Step = "day"   // 30 days
	ByWeek  Step = "week"  // 12 weeks, which begin on Monday
	ByMonth Step = "month" // 12 months
)

// Steps lists them in the order of the page.
func Steps() []Step { return []Step{ByDay, ByWeek, ByMonth} }

// Sent is how many messages providers accepted over a channel in a period that begins at a date,
// which is a midnight UTC. It stays when a campaign is cancelled later, and it goes when a message
// that was accepted bounces.
type Sent struct {
	From     time.Time
	Channel  hostadapter.Channel
	Accepted int64
}

// Period is one period of a trend.
type Period struct {
	From     time.Time // its first day, as midnight UTC
	Accepted map[hostadapter.Channel]int64
}

// All is what was accepted over all channels.
func (p Period) All() int64 {
	var n int64
	for _, one := range p.Accepted {
		n += one
	}
	return n
}

// Usage is what was sent, period by period without a gap, the last of which is running.
type Usage struct {
	By       Step
	Channels []hostadapter.Channel // in the order of the page
	Periods  []Period
	Known    bool // false: what was sent before this version is being counted; all periods are empty
}

// Of is what was accepted over a channel.
func (u Usage) Of(ch hostadapter.Channel) int64 {
	var n int64
	for _, p := range u.Periods {
		n += p.Accepted[ch]
	}
	return n
}

// Usage gives the trend of this moment. An unknown step counts as days.
func (s *Service) Usage(ctx context.Context, by Step) (Usage, error) {
	if !slices.Contains(Steps(), by) {
		by = ByDay
	}
	u := Usage{By: by, Channels: []hostadapter.Channel{hostadapter.ChannelSMS, hostadapter.ChannelEmail, hostadapter.ChannelMessage}}
	place := map[time.Time]int{}
	for _, day := range periods(by, dateOf(s.now().In(s.site.Location))) {
		place[day] = len(u.Periods)
		u.Periods = append(u.Periods, Period{From: day, Accepted: map[hostadapter.Channel]int64{}})
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if u.Known, err = s.counted(ctx); err != nil {
		return Usage{}, fmt.Errorf("usage: %w", err)
	}
	if !u.Known {
		return u, nil
	}
	sent, err := s.store.Usage(ctx, by, u.Periods[0].From)
	if err != nil {
		return Usage{}, fmt.Errorf("usage: %w", err)
	}
	for _, one := range sent {
		if i, ok := place[one.From]; ok {
			u.Periods[i].Accepted[one.Channel] += one.Accepted
		}
	}
	return u, nil
}

// periods lists the first days of the periods up to today's.
func periods(by Step, today time.Time) []time.Time {
	n, first, next := 30, today, func(d time.Time, n int) time.Time { return d.AddDate(0, 0, n) }
	switch by {
	case ByWeek:
		n, first = 12, today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
		next = func(d time.Time, n int) time.Time { return d.AddDate(0, 0, 7*n) }
	case ByMonth:
		n, first = 12, today.AddDate(0, 0, 1-today.Day())
		next = func(d time.Time, n int) time.Time { return d.AddDate(0, n, 0) }
	}
	out := make([]time.Time, n)
	for i := range out {
		out[i] = next(first, i+1-n)
	}
	return out
}

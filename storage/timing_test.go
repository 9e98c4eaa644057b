package storage

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func TestSchedules(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(10))
	launch := func(key string) campaign.ID {
		d := mail(key, segment.Everyone())
		d.SendAt = s.now.Add(2 * time.Hour)
		return s.launchDraft(t, d)
	}
	state := func(id campaign.ID, when string, want campaign.State, sent int) {
		t.Helper()
		if c := s.campaign(t, id); c.State != want || s.wire.total() != sent {
			t.Errorf("%s: %s with %d messages sent", when, c.State, s.wire.total())
		}
	}
	patient := s.sender("a")
	strict := s.senderFor("b", s.wire, func(c *campaign.SenderConfig) { c.Settings.LateAfter = time.Hour })

	punctual, dropped := launch("punctual"), launch("dropped")
	s.now = s.now.Add(2*time.Hour - time.Second)
	s.work(t, patient)
	state(punctual, "a second before", campaign.Scheduled, 0)
	if err := s.service.Cancel(t.Context(), dropped); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Second)
	s.work(t, strict)
	state(punctual, "on time", campaign.Done, 10)
	state(dropped, "cancelled while it waited", campaign.CalledOff, 10)

	late, called := launch("late"), launch("called off")
	s.now = s.now.Add(3*time.Hour + time.Second)
	for range 2 {
		s.work(t, strict)
		s.now = s.now.Add(time.Hour)
	}
	state(late, "an hour too late", campaign.Late, 10)
	if err := s.service.Cancel(t.Context(), called); err != nil {
		t.Fatal(err)
	}
	if err := s.service.SendLate(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	s.work(t, strict)
	state(late, "sent all the same", campaign.Done, 20)
	state(called, "called off when it was late", campaign.CalledOff, 20)
	if err := s.service.SendLate(t.Context(), late); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("sent late twice: %v", err)
	}

	never := launch("never asked")
	s.now = s.now.Add(100 * 24 * time.Hour)
	s.work(t, patient)
	state(never, "after a hundred days", campaign.Done, 30)

	d := mail("past", segment.Everyone())
	for name, at := range map[string]time.Time{"in the past": s.now.Add(-time.Hour), "years ahead": s.now.AddDate(2, 0, 0)} {
		d.SendAt = at
		var problems fault.Fields
		if _, err := s.service.Launch(t.Context(), d, marketer); !errors.As(err, &problems) || problems["send_at"].Key == "" {
			t.Errorf("scheduled %s: %v", name, err)
		}
	}
}

func TestQuietHoursHold(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(20))
	sms := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 8}}
	s.serve(sms, s.wire)
	sender := s.senderFor("a", sms, func(c *campaign.SenderConfig) {
		c.Channels = []campaign.Channel{sms, s.wire}
		c.Settings.Quiet = map[h.Channel]campaign.QuietHours{h.ChannelSMS: {Start: 21 * time.Hour, End: 8 * time.Hour}}
	})
	s.now = time.Date(2026, 7, 1, 20, 59, 0, 0, time.UTC)
	id := s.launchDraft(t, short("sms", h.ChannelSMS, segment.Everyone()))
	s.onMessage(10, func() { s.now = s.now.Add(time.Hour) }) // the night falls in the second batch
	s.work(t, sender)
	morning := time.Date(2026, 7, 2, 8, 0, 0, 0, time.UTC)
	c, r := s.campaign(t, id), s.result(t, id)
	if c.State != campaign.Sending || c.Stalled != campaign.StallQuiet || !c.StalledUntil.Equal(morning) || r.ByState[campaign.Accepted] != 16 || r.ByState[campaign.Queued] != 4 {
		t.Errorf("at night: %s, %q until %v, %+v", c.State, c.Stalled, c.StalledUntil, r)
	}
	letters := s.launch(t, "mail", segment.Everyone())
	direct := short("direct", h.ChannelSMS, among(s.person(t, 20)))
	direct.Direct = true
	one := s.launchDraft(t, direct)
	s.work(t, sender)
	if r, m := s.result(t, one), s.result(t, letters); r.ByState[campaign.Accepted] != 1 || m.ByState[campaign.Accepted] != 20 {
		t.Errorf("at night a message to one person: %+v, mails: %+v", r, m)
	}
	s.now = morning.Add(-time.Second)
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Queued] != 4 {
		t.Errorf("a second before the morning: %+v", r)
	}
	s.now = morning.Add(14 * time.Hour) // nobody worked all day
	s.work(t, sender)
	if c := s.campaign(t, id); c.Stalled != campaign.StallQuiet || !c.StalledUntil.Equal(morning.Add(24*time.Hour)) {
		t.Errorf("in the second night: %q until %v", c.Stalled, c.StalledUntil)
	}
	s.now = morning.Add(24 * time.Hour)
	s.work(t, sender)
	if c, r := s.campaign(t, id), s.result(t, id); c.State != campaign.Done || c.Stalled != "" || !c.StalledUntil.IsZero() || r.ByState[campaign.Accepted] != 20 {
		t.Errorf("in the morning: %s, %q until %v, %+v", c.State, c.Stalled, c.StalledUntil, r)
	}
}

// TestQuietHoursAreChanged while a campaign waits for their end.
func TestQuietHoursAreChanged(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	quiet := map[h.Channel]campaign.QuietHours{h.ChannelEmail: {Start: 21 * time.Hour, End: 8 * time.Hour}}
	sender := s.senderFor("a", s.wire, func(c *campaign.SenderConfig) {
		c.Settings.Change = func(set *campaign.Settings) { set.Quiet = quiet }
	})
	s.now = time.Date(2026, 7, 1, 23, 0, 0, 0, time.UTC)
	id := s.launch(t, "mail", segment.Everyone())
	s.work(t, sender)
	if c := s.campaign(t, id); c.Stalled != campaign.StallQuiet {
		t.Fatalf("at night: %s, %q", c.State, c.Stalled)
	}
	old := quiet
	quiet = nil
	s.work(t, sender)
	if c := s.campaign(t, id); c.State == campaign.Done {
		t.Error("looked again before anybody saved")
	}
	if err := (&Settings{s.db}).SaveSettings(t.Context(), setting.Stored{Version: 1, At: s.now}); err != nil {
		t.Fatal(err)
	}
	s.now, quiet = s.now.Add(setting.Spread-time.Millisecond), old // a worker that has not heard of it yet
	s.work(t, sender)
	s.now, quiet = s.now.Add(time.Millisecond), nil
	s.work(t, sender)
	if c := s.campaign(t, id); c.State != campaign.Done {
		t.Errorf("by the new hours: %s, %q", c.State, c.Stalled)
	}
}

// TestTurnsNobodyTakesCostNothing: who does not want to wait pushes nobody further away. Else
// workers that come back again and again for a turn would keep each other from ever getting one.
func TestTurnsNobodyTakesCostNothing(t *testing.T) {
	t.Parallel()
	ledger := &Campaigns{DB: open(t)}
	reserve := func(patience time.Duration) time.Duration {
		t.Helper()
		wait, err := ledger.Reserve(t.Context(), h.ChannelSMS, 1000, 10, patience) // a turn takes 100 s
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	if wait := reserve(time.Second); wait != 0 {
		t.Errorf("the first turn comes after %v", wait)
	}
	for range 20 {
		if wait := reserve(time.Second); wait < 50*time.Second || wait > 100*time.Second {
			t.Fatalf("the second turn comes after %v", wait)
		}
	}
	if wait := reserve(time.Hour); wait < 50*time.Second || wait > 100*time.Second {
		t.Errorf("the second turn comes after %v", wait)
	}
	if wait := reserve(time.Second); wait < 150*time.Second || wait > 200*time.Second {
		t.Errorf("the third turn comes after %v", wait)
	}
	if wait, err := ledger.Reserve(t.Context(), h.ChannelEmail, 1, 10, time.Second); wait != 0 || err != nil {
		t.Errorf("another channel waits %v, %v", wait, err)
	}
}

// TestAMessageToOnePersonReservesOneTurn, not a second's worth of the channel.
func TestAMessageToOnePersonReservesOneTurn(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	d := mail("k", among[int64](1))
	d.Direct = true
	id := s.launchDraft(t, d)
	s.work(t, s.senderOver("a", line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 1000, Rate: 1000}}))
	ahead := s.text(t, "SELECT (ready - clock_timestamp() < interval '0.5 s')::text FROM crm_rates")
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 1 || ahead != "true" {
		t.Errorf("%+v; less than half a second is reserved: %s", r, ahead)
	}
}

// metered notes by the database's clock when messages came.
type metered struct {
	line
	clock func() float64
	seen  *[]float64 // seconds since the epoch, under the wire's lock
}

func (m metered) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	at := m.clock()
	m.wire.set(func(*wire) {
		for range batch {
			*m.seen = append(*m.seen, at)
		}
	})
	return m.line.Send(ctx, batch)
}

// TestRateOverProcesses: two processes together hand over no more than the channel's rate.
func TestRateOverProcesses(t *testing.T) {
	t.Parallel()
	const rate, batch = 100.0, 8
	s := newSending(t, crowd(30))
	clock := func() (at float64) {
		if err := s.db.bun.NewRaw("SELECT extract(epoch FROM clock_timestamp())::float8").Scan(context.WithoutCancel(t.Context()), &at); err != nil {
			t.Error(err)
		}
		return at
	}
	far := metered{line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: batch, Rate: rate}}, clock, new([]float64)}
	for i := range 5 {
		s.launch(t, fmt.Sprint(i), segment.Everyone())
	}
	start := clock()
	s.together(t, s.senderOver("a", far), s.senderOver("b", far))
	if len(*far.seen) != 150 || s.wire.total() != 150 {
		t.Fatalf("%d messages", s.wire.total())
	}
	for i, at := range *far.seen {
		if most := rate*(at-start) + batch; float64(i+1) > most+0.001 && (i+1 == len(*far.seen) || (*far.seen)[i+1] > at) {
			t.Fatalf("%d messages in %.3f s", i+1, at-start)
		}
	}
}

package proof

import (
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// inFlight is how much one worker process has in flight at most: four chunks, a batch each.
const inFlight = 4 * 100

// TestCampaignKilled: two worker processes send, and are killed with kill -9 at random moments,
// while Redis is flushed and PostgreSQL restarted and the gateway fails now and then. The far end
// tells who was reached.
func TestCampaignKilled(t *testing.T) {
	t.Parallel()
	for _, channel := range []h.Channel{h.ChannelEmail, h.ChannelSMS, h.ChannelMessage} {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			f := takeOff(t, channel, recipients)
			disturb(t, f)
			waitFor(t, 10*time.Minute, "campaign is done", func() bool { return f.state(t) == campaign.Done })
			r := f.result(t)
			reached, twice := f.arrived(t)
			unknown := r.ByState[campaign.Unknown]
			t.Logf("%d kills: %v, reasons %v, left out %v; at most %d in flight; %d reached", kills, r.ByState, r.ByReason, r.LateOut, kills*inFlight, reached)
			if twice > 0 {
				t.Errorf("%d people were reached twice", twice)
			}
			if accepted := int(r.AcceptedTotal()); reached < accepted || reached > accepted+int(unknown) {
				t.Errorf("%d reached, %d accepted, %d unknown", reached, accepted, unknown)
			}
			switch {
			case channel == h.ChannelEmail && unknown > kills*inFlight:
				t.Errorf("%d unknown, but only %d can have been in flight", unknown, kills*inFlight)
			case channel != h.ChannelEmail && (unknown > 0 || r.AcceptedTotal()+r.ByReason[campaign.ReasonInvalid] != r.Sendable):
				t.Errorf("the provider knows messages by their keys, and yet: %+v", r)
			}
		})
	}
}

// disturb kills workers in turn, flushes Redis three times and restarts PostgreSQL twice.
func disturb(t *testing.T, f *flight) {
	t.Helper()
	workers := [2]*process{f.work(t), f.work(t)}
	for i := range kills {
		before := max(f.settled(t), 0)
		waitFor(t, 2*time.Minute, "workers send", func() bool { return f.settled(t) > before+100 || f.state(t) == campaign.Done })
		if f.state(t) == campaign.Done {
			t.Errorf("the campaign was done after %d kills: too few to mean anything", i)
			return
		}
		time.Sleep(rand.N(200 * time.Millisecond)) // any moment is as good as another
		workers[i%2].kill()
		if i < 3 {
			pgtest.Flush(t, f.redis.Addr())
		}
		if i == kills/3 || i == 2*kills/3 {
			if err := f.server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		workers[i%2] = f.work(t)
	}
}

// TestToldToStop: a worker that is told to stop in the middle finishes what is in flight; nothing
// becomes unknown, and another process goes on. One in a hundred is put off with 451 at first, and
// reached in the end.
func TestToldToStop(t *testing.T) {
	t.Parallel()
	f := takeOff(t, h.ChannelEmail, 3000)
	f.box.putOff = func(to string) bool { return strings.Contains(to, "00@") }
	first := f.work(t)
	waitFor(t, time.Minute, "it sends", func() bool { return f.box.reached() > 500 })
	first.tell(t)
	if r := f.result(t); r.ByState[campaign.InFlight] != 0 || r.ByState[campaign.Unknown] != 0 || r.ByState[campaign.Queued] == 0 {
		t.Errorf("after the stop: %+v", r.ByState)
	}
	f.work(t)
	waitFor(t, 2*time.Minute, "campaign is done", func() bool { return f.state(t) == campaign.Done })
	f.everybodyOnce(t)
	if len(f.box.put) != 29 { // 100, 200 … 2900
		t.Errorf("%d were put off, want 29", len(f.box.put))
	}
}

func (f *flight) everybodyOnce(t *testing.T) {
	t.Helper()
	r := f.result(t)
	reached, twice := f.arrived(t)
	if twice > 0 || r.ByState[campaign.Accepted] != r.Sendable || reached != int(r.Sendable) {
		t.Errorf("%d of %d reached, %d twice; %+v", reached, r.Sendable, twice, r.ByState)
	}
}

// TestMailServerAway: the campaign stands still and says why, goes on by itself when the server is
// back, and everybody is reached once.
func TestMailServerAway(t *testing.T) {
	t.Parallel()
	f := takeOff(t, h.ChannelEmail, 3000)
	listener := listen(t)
	f.mail = listener.Addr().String()
	stop := f.box.serve(t, listener)
	f.work(t)
	waitFor(t, time.Minute, "it sends", func() bool { return f.box.reached() > 500 })
	stop()
	waitFor(t, time.Minute, "it says why it stands still", func() bool {
		c, err := f.service.Find(t.Context(), f.id)
		return err == nil && c.Stalled == campaign.StallUnreachable
	})
	again, err := net.Listen("tcp", f.mail)
	if err != nil {
		t.Fatal(err)
	}
	f.box.serve(t, again)
	waitFor(t, 2*time.Minute, "campaign is done", func() bool { return f.state(t) == campaign.Done })
	r := f.result(t)
	reached, twice := f.arrived(t)
	// What was being answered when the server went away may have been taken.
	if unknown := int(r.ByState[campaign.Unknown]); twice > 0 || unknown > inFlight || reached < int(r.AcceptedTotal()) || int(r.AcceptedTotal())+unknown != int(r.Sendable) {
		t.Errorf("%d reached, %d twice; %+v", reached, twice, r.ByState)
	}
}

func waitFor(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}

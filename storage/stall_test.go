package storage

import (
	"fmt"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// always makes the wire answer everything alike.
func (s *sending) always(kind campaign.OutcomeKind) {
	s.wire.set(func(w *wire) { w.answer = func(campaign.Message) campaign.OutcomeKind { return kind } })
}

// TestAProviderThatRefusesEverything burns no list: whatever the reason it gives and however small
// the batches are that it takes, the campaign is paused after one batch, or ten refusals.
func TestAProviderThatRefusesEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		batch  int
		rate   float64
		reason campaign.Reason
		burnt  int64
	}{{50, 0, campaign.ReasonRejected, 50}, {8, 0, campaign.ReasonRejected, 16}, {50, 0, campaign.ReasonInvalid, 50}, {20, 5, campaign.ReasonComplaint, 10}} {
		t.Run(fmt.Sprint(c.batch, c.rate, c.reason), func(t *testing.T) {
			t.Parallel()
			s := newSending(t, crowd(120))
			s.always(campaign.OutcomePermanent)
			id := s.launch(t, "k", segment.Everyone())
			sender := s.senderOver("a", line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: c.batch, Rate: c.rate}, reason: c.reason})
			s.work(t, sender)
			camp, r := s.campaign(t, id), s.result(t, id)
			if camp.State != campaign.Paused || camp.Stalled != campaign.StallRejecting || r.ByReason[c.reason] != c.burnt || r.ByState[campaign.Queued] != 120-c.burnt {
				t.Errorf("%s, %q, %+v", camp.State, camp.Stalled, r)
			}
			if tries := s.text(t, "SELECT sum(tries)::text FROM crm_deliveries"); tries != fmt.Sprint(c.burnt) {
				t.Errorf("%s tries", tries)
			}
			if c.rate > 0 {
				return // it would take its time
			}
			s.always(campaign.OutcomeAccepted) // the setting is mended
			if err := s.service.Resume(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			s.work(t, sender)
			if r := s.result(t, id); r.ByState[campaign.Accepted] != 120-c.burnt || s.campaign(t, id).State != campaign.Done {
				t.Errorf("afterwards: %+v", r)
			}
		})
	}
}

// TestRefusalsAmongOthers pause nothing.
func TestRefusalsAmongOthers(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(100))
	n := 0
	s.wire.set(func(w *wire) {
		w.answer = func(campaign.Message) campaign.OutcomeKind {
			if n++; n%8 == 0 {
				return campaign.OutcomeAccepted
			}
			return campaign.OutcomePermanent
		}
	})
	id := s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	if r := s.result(t, id); r.ByReason[campaign.ReasonRejected] != 88 || r.ByState[campaign.Accepted] != 12 {
		t.Errorf("%+v", r)
	}
}

// TestTwoWorkersBurnABatchEach at most.
func TestTwoWorkersBurnABatchEach(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1100))
	s.always(campaign.OutcomePermanent)
	id := s.launch(t, "k", segment.Everyone())
	line := line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 50}}
	s.workPlan(t, s.sender("planner"))
	s.together(t, s.senderOver("a", line), s.senderOver("b", line))
	if r := s.result(t, id); r.ByState[campaign.Failed] > 100 || s.campaign(t, id).Stalled != campaign.StallRejecting {
		t.Errorf("%+v", r)
	}
}

// TestAProviderThatDoesNotWantUs: nothing is a try, and it goes on by itself.
func TestAProviderThatDoesNotWantUs(t *testing.T) {
	t.Parallel()
	for stall, err := range map[campaign.Stall]error{campaign.StallRefused: campaign.ErrRefused, campaign.StallUnreachable: campaign.ErrUnreachable} {
		t.Run(string(stall), func(t *testing.T) {
			t.Parallel()
			s := newSending(t, crowd(20))
			s.wire.set(func(w *wire) { w.fail = fmt.Errorf("test: %w", err) })
			id := s.launch(t, "k", segment.Everyone())
			sender := s.sender("a")
			var since time.Time
			for range 9 {
				s.work(t, sender)
				c := s.campaign(t, id)
				if c.State != campaign.Sending || c.Stalled != stall || !c.StalledUntil.IsZero() || !since.IsZero() && !c.StalledAt.Equal(since) {
					t.Fatalf("%s, %q since %v until %v", c.State, c.Stalled, c.StalledAt, c.StalledUntil)
				}
				since = c.StalledAt
				s.now = s.now.Add(5 * time.Second)
			}
			if tries := s.text(t, "SELECT max(tries)::text FROM crm_deliveries"); tries != "0" {
				t.Errorf("%s tries", tries)
			}
			s.wire.set(func(w *wire) { w.fail = nil })
			s.work(t, sender)
			s.everybodyOnce(t, 20)
			if c := s.campaign(t, id); c.State != campaign.Done || c.Stalled != "" || !c.StalledAt.IsZero() {
				t.Errorf("afterwards: %s, %q", c.State, c.Stalled)
			}
		})
	}
}

// TestAProviderThatSaysNothing and knows no keys: every message is unknown, so it is asked no more.
func TestAProviderThatSaysNothing(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(120))
	s.always(campaign.OutcomeUnknown)
	id := s.launch(t, "k", segment.Everyone())
	s.work(t, s.senderOver("a", line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 20}}))
	if c, r := s.campaign(t, id), s.result(t, id); c.State != campaign.Paused || c.Stalled != campaign.StallUnanswered || r.ByState[campaign.Unknown] != 20 {
		t.Errorf("%s, %q, %+v", c.State, c.Stalled, r)
	}
}

// TestALastBatchOfDirectRefusals: one refused message to one person pauses nothing.
func TestALastBatchOfDirectRefusals(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	s.always(campaign.OutcomePermanent)
	d := mail("k", among[int64](1))
	d.Direct = true
	id := s.launchDraft(t, d)
	s.work(t, s.sender("a"))
	if c := s.campaign(t, id); c.State != campaign.Done || c.Stalled != "" {
		t.Errorf("%s, %q", c.State, c.Stalled)
	}
}

package storage

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// keyed is a line whose provider knows a message by its key.
func (s *sending) keyed() line {
	return line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 8, Idempotent: true}}
}

// silentTo makes the wire take every message and say nothing about those to some.
func (s *sending) silentTo(names ...string) {
	s.wire.set(func(w *wire) {
		w.answer = func(m campaign.Message) campaign.OutcomeKind {
			for _, name := range names {
				if strings.HasPrefix(m.To, name+"@") {
					return campaign.OutcomeUnknown
				}
			}
			return campaign.OutcomeAccepted
		}
	})
}

// TestKnownKeysAreHandedOverAgain: with backoff, under the same key, and not for ever.
func TestKnownKeysAreHandedOverAgain(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(20))
	s.silentTo("learner3", "learner7")
	id := s.launch(t, "k", segment.Everyone())
	sender := s.senderOver("a", s.keyed())
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 18 || r.ByState[campaign.Queued] != 2 {
		t.Fatalf("first try: %+v", r)
	}
	s.silentTo("learner7")
	tries := len(s.got["learner7@example.com"])
	for seconds := range 60 { // each second somebody looks
		s.now = s.now.Add(time.Second)
		s.work(t, sender)
		if n := len(s.got["learner7@example.com"]); n != tries {
			tries = n
			if due := 1<<(tries-1) - 2; seconds < due {
				t.Errorf("try %d after %d s", tries, seconds)
			}
		}
		if s.campaign(t, id).State == campaign.Done {
			break
		}
	}
	r := s.result(t, id)
	if r.ByState[campaign.Accepted] != 19 || r.ByReason[campaign.ReasonBroken] != 1 || tries != 5 || len(s.got["learner3@example.com"]) != 2 {
		t.Errorf("after %d tries: %+v", tries, r)
	}
	for to, keys := range s.got {
		for _, key := range keys {
			if key != keys[0] {
				t.Errorf("%s was sent to under %v", to, keys)
			}
		}
	}
}

// TestASilentProviderUsesNoTriesUp: one that answers for nothing is away, and may know the keys.
func TestASilentProviderUsesNoTriesUp(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(8))
	s.silentTo("learner1", "learner2", "learner3", "learner4", "learner5", "learner6", "learner7", "learner8")
	id := s.launch(t, "k", segment.Everyone())
	sender := s.senderOver("a", s.keyed())
	for range 10 {
		s.work(t, sender)
		s.now = s.now.Add(time.Minute)
	}
	if c := s.campaign(t, id); c.Stalled != campaign.StallUnreachable {
		t.Errorf("stalled %q", c.Stalled)
	}
	// It had taken them after all, and says so before we come again.
	if n, err := s.receiver().Receive(t.Context(), h.ChannelEmail, []h.Receipt{{Key: s.got["learner2@example.com"][0], Delivered: true}}); n != 1 || err != nil {
		t.Errorf("%d receipts, %v", n, err)
	}
	before := len(s.got["learner2@example.com"])
	s.silentTo()
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 7 || r.ByState[campaign.Delivered] != 1 || len(s.got["learner2@example.com"]) != before {
		t.Errorf("afterwards: %+v", r)
	}
}

// inFlight plans and takes n deliveries for a worker that dies.
func (s *sending) inFlight(t *testing.T, id campaign.ID, n int) (*Campaigns, campaign.Claim, []campaign.Addressee) {
	t.Helper()
	ledger := &Campaigns{DB: s.db, Currency: "CNY"}
	s.workPlan(t, s.sender("planner"))
	due, err := ledger.Due(t.Context(), s.now, 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	claim, ok, err := ledger.Claim(t.Context(), due[0], "dead", time.Minute, nil, s.now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	taken, err := ledger.Take(t.Context(), claim, campaign.Sieve{Channel: h.ChannelEmail, Campaign: id}, n, time.Minute, s.now)
	if err != nil || len(taken) != n {
		t.Fatal(len(taken), err)
	}
	s.exec(t, "UPDATE crm_chunks SET until = now() - interval '1 second' WHERE campaign_id = ? AND NOT done", int64(id)) // it is dead
	return ledger, claim, taken
}

// TestADeadWorkersMessagesWithKnownKeys are handed over again: nothing is unknown.
func TestADeadWorkersMessagesWithKnownKeys(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(20))
	id := s.launch(t, "k", segment.Everyone())
	s.inFlight(t, id, 8)
	s.work(t, s.senderOver("b", s.keyed()))
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 20 || s.campaign(t, id).State != campaign.Done {
		t.Errorf("%+v", r)
	}
	s.everybodyOnce(t, 20) // the dead one had sent nothing yet
}

// TestResendUnknown sends once more exactly what is unknown, when somebody says so.
func TestResendUnknown(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(20))
	s.silentTo("learner3", "learner7")
	id := s.launch(t, "k", segment.Everyone())
	s.onMessage(12, func() {
		if err := s.service.Pause(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
	sender := s.sender("a")
	s.work(t, sender)
	if err := s.service.ResendUnknown(t.Context(), id); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("resent while the rest is paused: %v", err)
	}
	if err := s.service.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		s.work(t, sender)
		s.now = s.now.Add(time.Hour)
	}
	if r := s.result(t, id); r.ByState[campaign.Unknown] != 2 || s.wire.total() != 20 {
		t.Errorf("before: %+v, %d sent", r, s.wire.total())
	}
	s.silentTo("learner7")
	for range 2 { // the second time it is unknown again
		if err := s.service.ResendUnknown(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		s.work(t, sender)
	}
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 19 || r.ByState[campaign.Unknown] != 1 || len(s.got["learner3@example.com"]) != 2 || len(s.got["learner7@example.com"]) != 3 || s.wire.total() != 23 {
		t.Errorf("after: %+v, %d sent", r, s.wire.total())
	}
	if n, err := s.receiver().Receive(t.Context(), h.ChannelEmail, []h.Receipt{{Key: s.got["learner7@example.com"][0], Delivered: true}}); n != 1 || err != nil {
		t.Errorf("%d receipts, %v", n, err)
	}
	if err := s.service.ResendUnknown(t.Context(), id); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("resent though nothing is unknown: %v", err)
	}
	if c := s.campaign(t, id); c.State != campaign.Done || c.DoneAt.IsZero() {
		t.Errorf("campaign is %s", c.State)
	}
}

// TestLateWordPreventsTheSecondTry: an answer and a receipt of the first try that come in time.
func TestLateWordPreventsTheSecondTry(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(8))
	id := s.launch(t, "k", segment.Everyone())
	ledger, _, taken := s.inFlight(t, id, 4)
	s.work(t, s.sender("b"))
	if r := s.result(t, id); r.ByReason[campaign.ReasonCrash] != 4 || s.wire.total() != 4 {
		t.Fatalf("%+v", r)
	}
	if err := s.service.ResendUnknown(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	receipts := []h.Receipt{{Key: s.keys().Of(id, taken[0].Ordinal), Delivered: true}, {Key: s.keys().Of(id, taken[1].Ordinal), Failure: h.FailureInvalid}}
	if n, err := s.receiver().Receive(t.Context(), h.ChannelEmail, receipts); n != 2 || err != nil {
		t.Errorf("%d receipts, %v", n, err)
	}
	if err := ledger.Finish(t.Context(), id, []campaign.Attempt{{Ordinal: taken[2].Ordinal, Try: 1, State: campaign.Accepted}}, s.now); err != nil {
		t.Fatal(err)
	}
	s.work(t, s.sender("b"))
	r := s.result(t, id)
	if r.ByState[campaign.Delivered] != 1 || r.ByReason[campaign.ReasonInvalid] != 1 || r.ByState[campaign.Accepted] != 6 || s.wire.total() != 5 {
		t.Errorf("%d sent, %+v", s.wire.total(), r)
	}
}

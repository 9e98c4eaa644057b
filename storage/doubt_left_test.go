package storage

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// receiver takes receipts.
func (s *sending) receiver() *campaign.Receiver {
	return campaign.NewReceiver(&Campaigns{DB: s.db}, s.set.Secret, s.clock)
}

// keys names messages.
func (s *sending) keys() campaign.Keys { return campaign.NewKeys(s.set.Secret) }

// inDoubt sends to ten people over a provider that knows keys and says nothing about two of them.
func inDoubt(t *testing.T, capDays int) (*sending, campaign.ID, *campaign.Sender) {
	t.Helper()
	s := newSending(t, crowd(10))
	s.silentTo("learner3", "learner7")
	d := mail("k", segment.Everyone())
	d.CapDays = capDays
	id := s.launchDraft(t, d)
	sender := s.senderOver("a", s.keyed())
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Queued] != 2 {
		t.Fatalf("%+v", r)
	}
	return s, id, sender
}

// TestWhatMayHaveLeftIsNotLeftOut: nobody can say that a message was left out, or cancelled, whose
// first try may have arrived. It is unknown.
func TestWhatMayHaveLeftIsNotLeftOut(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *sending, id campaign.ID) error{
		"opted out": func(s *sending, _ campaign.ID) error {
			return s.consents.Set(t.Context(), s.person(t, 3), h.ChannelEmail, h.ConsentDenied, marketer)
		},
		"cancelled": func(s *sending, id campaign.ID) error { return s.service.Cancel(t.Context(), id) },
		"the host says no": func(s *sending, _ campaign.ID) error {
			s.tell(3, func(l *h.Learner) { l.Consent = h.Consent{h.ChannelEmail: h.ConsentDenied} })
			return nil
		},
		"locked": func(s *sending, _ campaign.ID) error {
			s.exec(t, "UPDATE crm_learners SET status = 'locked' WHERE nickname = 'learner3'")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, id, _ := inDoubt(t, 0)
			if err := change(s, id); err != nil {
				t.Fatal(err)
			}
			s.silentTo()
			s.now = s.now.Add(time.Minute)
			sender := s.senderFor("a", s.keyed(), func(c *campaign.SenderConfig) { c.Consent = s.Memory })
			s.work(t, sender)
			if got := s.stateOf(t, id, "learner3"); got != "unknown broken" || len(s.got["learner3@example.com"]) != 1 {
				t.Errorf("%s after %d tries", got, len(s.got["learner3@example.com"]))
			}
			if r := s.result(t, id); r.Settled() != 10 || r.LateOutTotal() != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestWhatMayHaveLeftIsAContact: it keeps other campaigns away, and is not kept away by them.
func TestWhatMayHaveLeftIsAContact(t *testing.T) {
	t.Parallel()
	s, id, sender := inDoubt(t, 7)
	d := mail("other", among(s.person(t, 3), s.person(t, 7)))
	sum, err := s.service.DryRun(t.Context(), mail("", d.Rule))
	if err != nil || sum.Sendable != 2 {
		t.Fatal(sum, err)
	}
	uncapped := s.launchDraft(t, mail("uncapped", among(s.person(t, 7))))
	d.CapDays = 7
	if sum, err = s.service.DryRun(t.Context(), d); err != nil || sum.Excluded[campaign.Contacted] != 2 {
		t.Errorf("dry run of another one: %+v, %v", sum, err)
	}
	s.silentTo("learner3")
	s.work(t, sender)
	if r := s.result(t, uncapped); r.ByState[campaign.Accepted] != 1 {
		t.Errorf("one without a cap: %+v", r)
	}
	s.now = s.now.Add(time.Minute)
	s.silentTo()
	s.work(t, sender)
	if got := s.stateOf(t, id, "learner3") + ", " + s.stateOf(t, id, "learner7"); got != "accepted, unknown broken" {
		t.Errorf("%s", got)
	}
}

// TestTemporaryAfterSilence: that the provider does not want the second try says nothing of the first.
func TestTemporaryAfterSilence(t *testing.T) {
	t.Parallel()
	s, id, sender := inDoubt(t, 0)
	s.wire.set(func(w *wire) {
		w.answer = func(campaign.Message) campaign.OutcomeKind { return campaign.OutcomeTemporary }
	})
	for range 10 {
		s.now = s.now.Add(10 * time.Minute)
		s.work(t, sender)
	}
	if got := s.stateOf(t, id, "learner3"); got != "unknown broken" {
		t.Errorf("gave up as %s", got)
	}
}

// TestASlowWorkerDoesNotUndoItsSuccessor: what it learns of its own try settles no later one.
func TestASlowWorkerDoesNotUndoItsSuccessor(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	id := s.launch(t, "k", segment.Everyone())
	ledger, _, slow := s.inFlight(t, id, 3)
	s.work(t, s.sender("b")) // all unknown
	if err := s.service.ResendUnknown(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	due, err := ledger.Due(t.Context(), s.now, 1)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	claim, ok, err := ledger.Claim(t.Context(), due[0], "c", time.Minute, nil, s.now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	taken, err := ledger.Take(t.Context(), claim, campaign.Sieve{Channel: h.ChannelEmail, Campaign: id}, 3, time.Minute, s.now)
	if err != nil || len(taken) != 3 || taken[0].Tries != slow[0].Tries+1 {
		t.Fatal(taken, err)
	}
	finish := func(list []campaign.Addressee, at int, a campaign.Attempt) {
		t.Helper()
		a.Ordinal, a.Try = list[at].Ordinal, list[at].Tries
		if err := ledger.Finish(t.Context(), id, []campaign.Attempt{a}, s.now); err != nil {
			t.Fatal(err)
		}
	}
	finish(slow, 0, campaign.Attempt{State: campaign.Queued, Reason: campaign.ReasonTemporary, NextAt: s.now})
	finish(slow, 1, campaign.Attempt{State: campaign.Unknown, Reason: campaign.ReasonBroken})
	finish(slow, 2, campaign.Attempt{State: campaign.Failed, Reason: campaign.ReasonRejected})
	if n := s.text(t, "SELECT string_agg(state, ' ' ORDER BY ordinal) FROM crm_deliveries"); n != "sending sending failed" {
		t.Errorf("after the slow one: %s", n)
	}
	for i := range taken {
		finish(taken, i, campaign.Attempt{State: campaign.Unknown, Reason: campaign.ReasonBroken})
	}
	if err := ledger.Release(t.Context(), claim, "", time.Time{}, s.now); err != nil {
		t.Fatal(err)
	}
	if n := s.text(t, "SELECT string_agg(state, ' ' ORDER BY ordinal) FROM crm_deliveries"); n != "unknown unknown failed" {
		t.Errorf("at the end: %s", n)
	}
	s.work(t, s.sender("b"))
	if s.wire.total() != 0 {
		t.Errorf("%d unknown messages were sent again by themselves", s.wire.total())
	}
}

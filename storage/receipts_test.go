package storage

import (
	"fmt"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// receive enters receipts and checks how many were ours.
func (s *sending) receive(t testing.TB, ch h.Channel, want int, list ...h.Receipt) {
	t.Helper()
	if n, err := s.receiver().Receive(t.Context(), ch, list); n != want || err != nil {
		t.Errorf("%d receipts are ours, want %d: %v", n, want, err)
	}
}

// keyOf gives the key of a person's message.
func (s *sending) keyOf(t testing.TB, id campaign.ID, learner string) string {
	t.Helper()
	var ordinal int64
	if err := s.db.bun.NewRaw("SELECT ordinal FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id WHERE campaign_id = ? AND nickname = ?", int64(id), learner).
		Scan(t.Context(), &ordinal); err != nil {
		t.Fatal(err)
	}
	return s.keys().Of(id, ordinal)
}

func TestReceiptsInAnyOrder(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(6))
	id := s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	delivered := func(learner string) h.Receipt { return h.Receipt{Key: s.keyOf(t, id, learner), Delivered: true} }
	failed := func(learner string) h.Receipt {
		return h.Receipt{Key: s.keyOf(t, id, learner), Failure: h.FailureRejected}
	}
	s.receive(t, h.ChannelEmail, 2, delivered("learner1"), failed("learner2"))
	s.receive(t, h.ChannelEmail, 1, delivered("learner1"))                      // twice
	s.receive(t, h.ChannelEmail, 1, failed("learner1"))                         // failed after delivered
	s.receive(t, h.ChannelEmail, 1, delivered("learner2"))                      // delivered after failed
	s.receive(t, h.ChannelEmail, 1, failed("learner3"), delivered("learner3"))  // both at once
	s.receive(t, h.ChannelEmail, 1, delivered("learner4"), failed("learner4"))  // in the other order
	s.receive(t, h.ChannelEmail, 1, failed("learner5"), failed("learner5"))     // the same twice at once
	s.receive(t, h.ChannelEmail, 1, h.Receipt{Key: s.keyOf(t, id, "learner6")}) // no word of ours: a refusal
	for learner, want := range map[string]string{"learner1": "delivered", "learner2": "delivered", "learner3": "delivered", "learner4": "delivered", "learner5": "failed rejected", "learner6": "failed rejected"} {
		if got := s.stateOf(t, id, learner); got != want {
			t.Errorf("%s is %s, want %s", learner, got, want)
		}
	}
	rows, _, err := s.service.Recipients(t.Context(), id, campaign.FilterDelivered, "", "", 10)
	if err != nil || len(rows) != 4 || rows[0].DeliveredAt.IsZero() || rows[0].AcceptedAt.IsZero() {
		t.Errorf("%+v, %v", rows, err)
	}
	if c := s.campaign(t, id); c.State != campaign.Done {
		t.Errorf("campaign is %s", c.State)
	}
	if r := s.result(t, id); r.Bounced != 2 || r.AcceptedTotal() != 4 || r.Taken() != 6 {
		t.Errorf("%d bounced of %d taken, %d stand", r.Bounced, r.Taken(), r.AcceptedTotal())
	}
}

// TestReceiptsBeforeTheAnswer tell the outcome; the answer still tells what it costs.
func TestReceiptsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(9))
	sms := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 3, Receipts: true}}
	s.serve(sms)
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		switch m.To {
		case "13800000003":
			s.receive(t, h.ChannelSMS, 1, h.Receipt{Key: m.Key, Delivered: true})
		case "13800000004":
			s.receive(t, h.ChannelSMS, 1, h.Receipt{Key: m.Key, Failure: h.FailureRejected})
		case "13800000005": // neither may the answer be lost
			s.receive(t, h.ChannelSMS, 1, h.Receipt{Key: m.Key, Delivered: true})
			return campaign.OutcomeUnknown
		}
		return campaign.OutcomeAccepted
	}
	id := s.launchDraft(t, short("k", h.ChannelSMS, segment.Everyone()))
	s.work(t, s.senderOver("a", sms))
	r := s.result(t, id)
	if r.ByState[campaign.Delivered] != 2 || r.ByState[campaign.Failed] != 1 || r.ByState[campaign.Accepted] != 6 || r.Parts != 7 {
		t.Errorf("%+v", r)
	}
	if n := s.text(t, "SELECT count(*)::text FROM crm_deliveries WHERE accepted_at IS NULL"); n != "0" {
		t.Errorf("%s of what was taken has no time", n)
	}
	if got := s.stateOf(t, id, "learner4"); got != "failed rejected" {
		t.Errorf("learner4 is %s", got)
	}
}

// TestReceiptsThatAreNotOurs change nothing: of ids we do not know, of another channel's campaign, of people
// who were left out and of messages that never left.
func TestReceiptsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(20))
	d := mail("k", segment.Everyone())
	d.Unticked = []segment.PersonID{s.person(t, 1)}
	id := s.launchDraft(t, d)
	s.workPlan(t, s.sender("a"))
	if err := s.consents.Set(t.Context(), s.person(t, 2), h.ChannelEmail, h.ConsentDenied, marketer); err != nil {
		t.Fatal(err)
	}
	s.onMessage(8, func() {
		if err := s.service.Pause(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
	s.work(t, s.sender("a"))
	contents := func() string {
		return s.text(t, "SELECT string_agg(d::text, ' ' ORDER BY ordinal) || (SELECT count(*) FROM crm_suppressions) || (SELECT count(*) FROM crm_learners WHERE dead_email OR dead_mobile) FROM crm_deliveries d")
	}
	before := contents()
	key := func(ordinal int64) string { return s.keys().Of(id, ordinal) }
	unticked, out, waiting, sent := s.keyOf(t, id, "learner1"), s.keyOf(t, id, "learner2"), "", ""
	for n := 3; n <= 20; n++ {
		switch who := fmt.Sprint("learner", n); s.stateOf(t, id, who) {
		case "queued":
			waiting = s.keyOf(t, id, who)
		case "accepted":
			sent = s.keyOf(t, id, who)
		}
	}
	for _, r := range []h.Receipt{{Delivered: true}, {Failure: h.FailureInvalid}, {Failure: h.FailureComplaint}, {Failure: "\xff\x00"}} {
		with := func(key string) h.Receipt { r.Key = key; return r }
		s.receive(t, h.ChannelEmail, 0, with(""), with("c"), with("t"), with("x1.2"), with("c1.2.00000000"), with(campaign.NewKeys([]byte("another's")).Of(id, 0)))
		s.receive(t, h.ChannelEmail, 0, with(key(4711)), with(s.keys().Of(id+1, 0)), with(key(1<<62)), with(s.keys().OfTest(1)), with(unticked))
		s.receive(t, h.ChannelSMS, 0, with(sent))
		s.receive(t, h.ChannelMessage, 0, with(sent))
		s.receive(t, h.ChannelEmail, 2, with(waiting), with(out)) // ours, but nothing that left
	}
	if after := contents(); after != before {
		t.Errorf("before %s\nafter  %s", before, after)
	}
	// Among sound ones too: a supplier of SMS has nothing to say about mails.
	texts := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 30}}
	s.serve(s.wire, texts)
	s.wire.set(func(w *wire) { w.die = nil })
	sms := s.launchDraft(t, short("sms", h.ChannelSMS, segment.Everyone()))
	s.work(t, s.senderOver("b", texts))
	s.receive(t, h.ChannelSMS, 1, h.Receipt{Key: sent, Failure: h.FailureInvalid}, h.Receipt{Key: s.keyOf(t, sms, "learner5"), Failure: h.FailureInvalid})
	if n := s.text(t, "SELECT string_agg(channel, ' ') || (SELECT count(*) FILTER (WHERE dead_email) || ' ' || count(*) FILTER (WHERE dead_mobile) FROM crm_learners) FROM crm_suppressions"); n != "sms0 1" {
		t.Errorf("suppressed and marked: %s", n)
	}
	if err := s.service.Resume(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.work(t, s.sender("a"))
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 18 {
		t.Errorf("%+v", r)
	}
}

// TestReceiptsOfWhatWasPutBack: a message that was taken and never left has nothing to report.
func TestReceiptsOfWhatWasPutBack(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(2))
	s.wire.fail = campaign.ErrUnreachable
	id := s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	s.receive(t, h.ChannelEmail, 2, h.Receipt{Key: s.keyOf(t, id, "learner1"), Failure: h.FailureInvalid}, h.Receipt{Key: s.keyOf(t, id, "learner2"), Delivered: true})
	if got := s.stateOf(t, id, "learner1") + ", " + s.stateOf(t, id, "learner2") + s.suppressed(t); got != "queued temporary, queued temporary | " {
		t.Errorf("%s", got)
	}
}

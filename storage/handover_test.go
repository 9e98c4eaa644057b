package storage

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// tell changes a learner in the host, of which we do not hear.
func (s *sending) tell(n int, change func(*h.Learner)) {
	for _, l := range s.Snapshot().Learners {
		if l.ID == h.LearnerID(fmt.Sprint(n)) {
			change(&l)
			l.UpdatedAt = time.Time{}
			s.PutLearners(l)
		}
	}
}

// change changes a learner in the host and lets us hear of it.
func (s *sending) change(t testing.TB, n int, change func(*h.Learner)) {
	t.Helper()
	s.tell(n, change)
	s.sync(t)
}

// TestAskedAgainAtHandOver: what changed after planning leaves people out with the right reason.
func TestAskedAgainAtHandOver(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(14))
	other := s.launch(t, "other", among(s.person(t, 10)))
	d := mail("k", segment.Everyone())
	d.CapDays = 7
	d.Content.Subject = "{{ 用户名 }}，你好"
	id := s.launchDraft(t, d)
	sender := s.sender("a")
	for range 2 {
		due, err := sender.Due(t.Context(), 1)
		if err != nil || len(due) != 1 || due[0].Chunk != campaign.PlanChunk {
			t.Fatal(due, err)
		}
		if err := sender.Do(t.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
	}
	s.change(t, 1, func(l *h.Learner) { l.Status = h.LearnerLocked })
	s.change(t, 2, func(l *h.Learner) { l.Deleted = true })
	s.change(t, 3, func(l *h.Learner) { l.Email = "" })
	s.change(t, 4, func(l *h.Learner) { l.Email = "new4@example.com" })
	s.change(t, 5, func(l *h.Learner) { l.Consent = h.Consent{h.ChannelEmail: h.ConsentDenied} })
	s.change(t, 6, func(l *h.Learner) { l.Consent = h.Consent{h.ChannelSMS: h.ConsentDenied} })
	s.change(t, 7, func(l *h.Learner) { l.Roles = []h.Role{h.RoleTeacher} })
	s.change(t, 8, func(l *h.Learner) { l.Nickname = " " })
	if err := s.consents.Set(t.Context(), s.person(t, 9), h.ChannelEmail, h.ConsentDenied, marketer); err != nil {
		t.Fatal(err)
	}
	if _, err := s.consents.Import(t.Context(), "learner11@example.com", marketer); err != nil {
		t.Fatal(err)
	}
	s.PutMemberships(h.Membership{LearnerID: "12", LevelID: "1", LevelName: "年度会员"}) // nothing to do with it
	s.sync(t)
	due, err := sender.Due(t.Context(), 10)
	if err != nil || len(due) != 2 {
		t.Fatal(due, err)
	}
	for _, w := range due { // the other one first
		if err := sender.Do(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	if r := s.result(t, other); r.ByState[campaign.Accepted] != 1 {
		t.Errorf("the other campaign: %+v", r)
	}
	r := s.result(t, id)
	want := map[campaign.Exclusion]int64{campaign.NotActive: 2, campaign.NoContact: 1, campaign.NoConsent: 2, campaign.NotLearner: 1, campaign.NoVariable: 1,
		campaign.Contacted: 1, campaign.Suppressed: 1}
	if fmt.Sprint(r.LateOut) != fmt.Sprint(want) || r.ByState[campaign.Accepted] != 5 || r.Sendable != 14 {
		t.Errorf("left out %v and %d accepted of %d, want %v", r.LateOut, r.ByState[campaign.Accepted], r.Sendable, want)
	}
	if len(s.got["new4@example.com"]) != 1 || len(s.got["learner4@example.com"]) != 0 {
		t.Error("who changed the address was written to at the old one")
	}
	for e := range want {
		if rows, _, err := s.service.Recipients(t.Context(), id, campaign.FilterLate, string(e), "", 10); err != nil || len(rows) != int(want[e]) {
			t.Errorf("%d recipients listed as %s, %v", len(rows), e, err)
		}
	}
	if c := s.campaign(t, id); c.State != campaign.Done {
		t.Errorf("campaign is %s", c.State)
	}
}

// TestTheHostIsAskedBeforeEachBatch: its word comes before ours, and without it nothing leaves.
func TestTheHostIsAskedBeforeEachBatch(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(20))
	id := s.launch(t, "k", segment.Everyone())
	sender := s.senderFor("a", s.wire, func(c *campaign.SenderConfig) { c.Consent = s.Memory })
	s.workPlan(t, sender)
	s.Fail(hosttest.CallConsents, errors.New("the host is away"))
	for range 8 {
		s.work(t, sender)
		s.now = s.now.Add(10 * time.Second)
	}
	c := s.campaign(t, id)
	if r := s.result(t, id); c.Stalled != campaign.StallConsent || c.StalledAt.IsZero() || r.ByState[campaign.Queued] != 20 || s.wire.total() != 0 {
		t.Errorf("without the host's word: stalled %q, %+v", c.Stalled, r)
	}
	if tries := s.text(t, "SELECT max(tries)::text FROM crm_deliveries"); tries != "0" {
		t.Errorf("that the host is away counts as %s tries", tries)
	}
	s.Clear(hosttest.CallConsents)
	for _, n := range []int{5, 6} { // we have not heard of it
		s.tell(n, func(l *h.Learner) { l.Consent = h.Consent{h.ChannelEmail: h.ConsentDenied} })
	}
	s.work(t, sender)
	if r := s.result(t, id); r.LateOut[campaign.NoConsent] != 2 || r.ByState[campaign.Accepted] != 18 || s.wire.total() != 18 {
		t.Errorf("with it: %+v", r)
	}
	if c := s.campaign(t, id); c.State != campaign.Done || c.Stalled != "" {
		t.Errorf("campaign is %s, %q", c.State, c.Stalled)
	}
	if calls := s.Calls(hosttest.CallConsents); calls < 3+8 || calls > 3+9 {
		t.Errorf("asked %d times for 3 batches and 8 vain ones", calls)
	}
	// It is kept as the host's word: what we know ourselves cannot overrule it, and the host can
	// take it back.
	if own := s.text(t, "SELECT own_email || consent_email FROM crm_learners WHERE nickname = 'learner5'"); own != "denied" {
		t.Errorf("kept as %q", own)
	}
	record, err := s.consents.Record(t.Context(), s.person(t, 5))
	if err != nil || len(record) != 1 || record[0].Source != campaign.FromHost || record[0].State != h.ConsentDenied {
		t.Errorf("record %+v, %v", record, err)
	}
	s.change(t, 5, func(l *h.Learner) { l.Consent = nil })
	sum, err := s.service.DryRun(t.Context(), mail("", segment.Everyone()))
	if err != nil || sum.Excluded[campaign.NoConsent] != 1 {
		t.Errorf("after the host took one back: %+v, %v", sum, err)
	}
}

// TestAHostThatHangsSendsNothing: the batch gives up and goes on when the host answers.
func TestAHostThatHangsSendsNothing(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	id := s.launch(t, "k", segment.Everyone())
	sender := s.senderFor("a", s.wire, func(c *campaign.SenderConfig) { c.Consent = s.Memory })
	s.workPlan(t, sender)
	s.Intercept(hosttest.CallConsents, func(context.Context) error { return context.DeadlineExceeded })
	s.work(t, sender)
	if c := s.campaign(t, id); c.Stalled != campaign.StallConsent || s.wire.total() != 0 {
		t.Errorf("stalled %q, %d sent", c.Stalled, s.wire.total())
	}
	s.Clear(hosttest.CallConsents)
	if err := s.service.Resume(t.Context(), id); err != nil { // at once, not in five seconds
		t.Fatal(err)
	}
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 3 {
		t.Errorf("afterwards: %+v", r)
	}
}

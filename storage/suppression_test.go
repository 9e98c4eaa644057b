package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// suppressed lists the suppressed contacts and who is marked as having one.
func (s *sending) suppressed(t testing.TB) string {
	t.Helper()
	return s.text(t, `SELECT coalesce((SELECT string_agg(contact || ' ' || reason, ', ' ORDER BY contact) FROM crm_suppressions), '') || ' | ' ||
		coalesce((SELECT string_agg(nickname || CASE WHEN dead_email THEN ' email' ELSE '' END || CASE WHEN dead_mobile THEN ' sms' ELSE '' END, ', ' ORDER BY nickname)
			FROM crm_learners WHERE dead_email OR dead_mobile), '')`)
}

// TestDeadContacts: what proves dead is suppressed for everybody who has it, whether the answer or
// a receipt says so, and what nobody wrote to is not.
func TestDeadContacts(t *testing.T) {
	t.Parallel()
	seed := crowd(8)
	seed.Learners[3].Email, seed.Learners[4].Email = seed.Learners[2].Email, seed.Learners[2].Email // three people, one address
	s := newSending(t, seed)
	dying := line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 8}, reason: campaign.ReasonInvalid}
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		if m.To == "learner3@example.com" {
			return campaign.OutcomePermanent
		}
		return campaign.OutcomeAccepted
	}
	id := s.launch(t, "k", segment.Everyone())
	s.work(t, s.senderOver("a", dying))
	if got := s.suppressed(t); got != "learner3@example.com invalid | learner3 email, learner4 email, learner5 email" {
		t.Errorf("after a hard bounce: %s", got)
	}
	sum, err := s.service.DryRun(t.Context(), mail("", segment.Everyone()))
	if err != nil || sum.Excluded[campaign.Suppressed] != 3 || sum.Excluded[campaign.SameContact] != 0 || sum.Sendable != 5 {
		t.Errorf("dry run: %+v, %v", sum, err)
	}
	s.change(t, 6, func(l *h.Learner) { l.Email = "new6@example.com" })
	s.change(t, 8, func(l *h.Learner) { l.Email = "learner6@example.com" }) // which is now somebody else's
	s.receive(t, h.ChannelEmail, 3, h.Receipt{Key: s.keyOf(t, id, "learner6"), Failure: h.FailureInvalid},
		h.Receipt{Key: s.keyOf(t, id, "learner7"), Failure: h.FailureComplaint}, h.Receipt{Key: s.keyOf(t, id, "learner1"), Delivered: true})
	s.receive(t, h.ChannelEmail, 1, h.Receipt{Key: s.keyOf(t, id, "learner1"), Failure: h.FailureComplaint}) // it arrived, and was not wanted
	if got := s.suppressed(t); got != "learner1@example.com complaint, learner3@example.com invalid, learner7@example.com complaint | learner1 email, learner3 email, learner4 email, learner5 email, learner7 email" {
		t.Errorf("after receipts: %s", got)
	}
	if got := s.stateOf(t, id, "learner1") + ", " + s.stateOf(t, id, "learner7") + ", " + s.stateOf(t, id, "learner6"); got != "delivered, failed complaint, failed invalid" {
		t.Errorf("states: %s", got)
	}
	list, next, err := s.consents.Suppressions(t.Context(), h.ChannelEmail, "LEARNER7@example.com ", "", 10)
	if err != nil || next != "" || len(list) != 1 || list[0].Campaign != id || list[0].Reason != campaign.SuppressedComplaint || list[0].At.IsZero() {
		t.Errorf("listed %+v, %v", list, err)
	}
}

// TestMarksFollowAddresses: who changes to a suppressed address is marked, who changes away is not.
func TestMarksFollowAddresses(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(4))
	if _, err := s.consents.Import(t.Context(), "learner1@example.com\n13800000002\nlater@example.com", marketer); err != nil {
		t.Fatal(err)
	}
	expect := func(when, want string) {
		t.Helper()
		const list = "13800000002 import, later@example.com import, learner1@example.com import | "
		if got := s.suppressed(t); got != list+want {
			t.Errorf("%s: %s", when, got)
		}
	}
	expect("at first", "learner1 email, learner2 sms")
	s.change(t, 1, func(l *h.Learner) { l.Email = "fresh@example.com" })
	s.change(t, 3, func(l *h.Learner) { l.Email, l.Mobile = "Later@Example.com", "+86 138-0000-0002" })
	expect("after changes", "learner2 sms, learner3 email sms")
	s.change(t, 2, func(l *h.Learner) { l.Mobile = "" })
	s.change(t, 3, func(l *h.Learner) { l.Deleted = true })
	s.PutLearners(h.Learner{ID: "5", Nickname: "learner5", Email: "later@example.com", EmailVerified: true, Status: h.LearnerActive, RegisteredAt: s.now})
	s.sync(t)
	expect("after somebody new", "learner5 email")
	if err := s.consents.Unsuppress(t.Context(), h.ChannelEmail, " LATER@example.com"); err != nil {
		t.Fatal(err)
	}
	if got := s.suppressed(t); got != "13800000002 import, learner1@example.com import | " {
		t.Errorf("taken off: %s", got)
	}
	for contact, want := range map[string]error{"later@example.com": fault.ErrNotFound, "13800000002": fault.ErrInvalid, "nonsense": campaign.ErrNoContact, "": fault.ErrInvalid} {
		if err := s.consents.Unsuppress(t.Context(), h.ChannelEmail, contact); !errors.Is(err, want) {
			t.Errorf("%q taken off: %v", contact, err)
		}
	}
}

// TestSuppressionsArePaged, the latest first, also where many were entered at once.
func TestSuppressionsArePaged(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	var want []string
	for batch := range 3 {
		var mails, numbers []string
		for i := range 5 {
			mails = append(mails, fmt.Sprintf("p%d-%d@example.com", batch, i))
			numbers = append(numbers, fmt.Sprint(13800000000+batch*10+i))
		}
		contacts := append(mails, numbers...)
		got, err := s.consents.Import(t.Context(), strings.Join(contacts, "\r\n")+"\r\n", marketer)
		if err != nil || got.New != 10 || got.Known != 0 || got.Wrong != nil {
			t.Fatal(got, err)
		}
		want = append(contacts, want...)
		s.now = s.now.Add(time.Millisecond)
	}
	var all []string
	for after := ""; ; {
		list, next, err := s.consents.Suppressions(t.Context(), "", "", after, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			all = append(all, x.Contact)
		}
		if after = next; after == "" {
			break
		}
	}
	if !slices.Equal(all, want) {
		t.Errorf("%v\nwant %v", all, want)
	}
	if list, _, err := s.consents.Suppressions(t.Context(), h.ChannelSMS, "", "", 100); err != nil || len(list) != 15 {
		t.Errorf("%d numbers, %v", len(list), err)
	}
	if list, _, err := s.consents.Suppressions(t.Context(), "", "13800000011", "", 100); err != nil || len(list) != 1 {
		t.Errorf("%d found, %v", len(list), err)
	}
	if _, _, err := s.consents.Suppressions(t.Context(), "", "", "garbage", 10); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a cursor of nonsense: %v", err)
	}
}

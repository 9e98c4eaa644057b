package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// tokens sends to everybody and gives the token of each address's unsubscribe link.
func (s *sending) tokens(t testing.TB, id campaign.ID) map[string]string {
	t.Helper()
	out := map[string]string{}
	s.wire.set(func(w *wire) {
		w.answer = func(m campaign.Message) campaign.OutcomeKind {
			token, ok := strings.CutPrefix(m.Unsubscribe, s.set.PublicURL+"/u/")
			if !ok || !strings.Contains(m.HTML, m.Unsubscribe) || !strings.Contains(m.Text, m.Unsubscribe) {
				t.Errorf("a mail of campaign %d without its unsubscribe link", id)
			}
			out[m.To] = token
			return campaign.OutcomeAccepted
		}
	})
	s.work(t, s.sender("a"))
	return out
}

// entries renders a person's record, the latest first.
func (s *sending) entries(t testing.TB, p segment.PersonID) string {
	t.Helper()
	list, err := s.consents.Record(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		if c.Person != p || !c.At.Equal(s.now) {
			t.Errorf("entry %+v", c)
		}
		out = append(out, fmt.Sprintf("%s %s by %s%s of %d", c.Channel, c.State, c.Source, c.ByID, c.Campaign))
	}
	return strings.Join(out, ", ")
}

// TestUnsubscribing: by the link of a mail, once however often it is pressed, and back.
func TestUnsubscribing(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(3))
	id := s.launch(t, "k", segment.Everyone())
	tokens := s.tokens(t, id)
	token, person := tokens["learner2@example.com"], s.person(t, 2)
	if o, err := s.consents.Find(t.Context(), token); err != nil || o.Out || o.Campaign != id || o.Channel != h.ChannelEmail {
		t.Errorf("the page: %+v, %v", o, err)
	}
	sum := func() string {
		t.Helper()
		mails, err1 := s.service.DryRun(t.Context(), mail("", segment.Everyone()))
		texts, err2 := s.service.DryRun(t.Context(), short("", h.ChannelSMS, segment.Everyone()))
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(mails.Excluded, texts.Excluded)
	}
	for _, source := range []campaign.ConsentSource{campaign.FromOneClick, campaign.FromPage, campaign.FromOneClick} {
		if o, err := s.consents.Answer(t.Context(), token, h.ConsentDenied, source); err != nil || !o.Out {
			t.Errorf("unsubscribed by %s: %+v, %v", source, o, err)
		}
	}
	if got := sum(); got != "map[no_consent:1] map[]" {
		t.Errorf("unsubscribed: %s", got)
	}
	if o, err := s.consents.Find(t.Context(), token); err != nil || !o.Out {
		t.Errorf("the page afterwards: %+v, %v", o, err)
	}
	if o, err := s.consents.Answer(t.Context(), token, h.ConsentGranted, campaign.FromPage); err != nil || o.Out {
		t.Errorf("subscribed again: %+v, %v", o, err)
	}
	if got := s.entries(t, person); got != fmt.Sprintf("email granted by page of %d, email denied by one_click of %d", id, id) {
		t.Errorf("record: %s", got)
	}
	// The host's word is its own: granting here does not overrule it.
	s.change(t, 2, func(l *h.Learner) {
		l.Consent = h.Consent{h.ChannelEmail: h.ConsentDenied, h.ChannelSMS: h.ConsentGranted}
	})
	if _, err := s.consents.Answer(t.Context(), token, h.ConsentGranted, campaign.FromPage); err != nil {
		t.Error(err)
	}
	if err := s.consents.Set(t.Context(), person, h.ChannelSMS, h.ConsentDenied, marketer); err != nil {
		t.Error(err)
	}
	if got := sum(); got != "map[no_consent:1] map[no_consent:1]" {
		t.Errorf("one denied by the host, one here: %s", got)
	}
	s.change(t, 2, func(l *h.Learner) { l.Consent = nil })
	if got := sum(); got != "map[] map[no_consent:1]" {
		t.Errorf("the host took it back: %s", got)
	}
}

// TestHostileTokens open no page and change nothing.
func TestHostileTokens(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(2))
	id := s.launch(t, "k", segment.Everyone())
	token := s.tokens(t, id)["learner1@example.com"]
	list := []string{"", "x", "../..", strings.Repeat("A", 10_000), "\x00", "💥", token + "A", token[1:], token[:len(token)-1], strings.ToUpper(token),
		campaign.OptOutToken{Campaign: id, Ordinal: 2}.Seal(s.set.Secret), campaign.OptOutToken{Campaign: id + 1}.Seal(s.set.Secret),
		campaign.OptOutToken{Campaign: -1, Ordinal: -1}.Seal(s.set.Secret), campaign.OptOutToken{Campaign: id}.Seal([]byte("another's"))}
	for i := range token {
		changed := []byte(token)
		changed[i] ^= 3
		list = append(list, string(changed))
	}
	for _, x := range list {
		if _, err := s.consents.Answer(t.Context(), x, h.ConsentDenied, campaign.FromPage); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%.40q: %v", x, err)
		}
	}
	if o, err := s.consents.Answer(t.Context(), campaign.OptOutToken{}.Seal(s.set.Secret), h.ConsentDenied, campaign.FromPage); err != nil || !o.Test || o.Out {
		t.Errorf("the link of a test: %+v, %v", o, err)
	}
	if n := s.text(t, "SELECT count(*)::text FROM crm_consents"); n != "0" {
		t.Errorf("%s entries", n)
	}
}

// TestRepliesOptOut: whoever has the number, and the number itself when nobody has it.
func TestRepliesOptOut(t *testing.T) {
	t.Parallel()
	seed := reachable(3)
	seed.Learners[1].Mobile = "+86 138 0000 0001" // a family's
	s := newSending(t, seed)
	for _, number := range []string{"+8613800000001", "138-0000-0001", "nonsense", "", "13999999999", "\x00", "110"} {
		if err := s.consents.Reply(t.Context(), number); err != nil {
			t.Errorf("%q: %v", number, err)
		}
	}
	for n, want := range map[int]string{1: "sms denied by reply of 0", 2: "sms denied by reply of 0", 3: ""} {
		if got := s.entries(t, s.person(t, n)); got != want {
			t.Errorf("learner%d: %s", n, got)
		}
	}
	if got := s.suppressed(t); got != "13999999999 complaint | " {
		t.Errorf("suppressed: %s", got)
	}
	sum, err := s.service.DryRun(t.Context(), short("", h.ChannelSMS, segment.Everyone()))
	if err != nil || sum.Excluded[campaign.NoConsent] != 2 || sum.Sendable != 1 {
		t.Errorf("dry run: %+v, %v", sum, err)
	}
}

func TestStaffEnterConsent(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	for _, c := range []struct {
		ch    h.Channel
		state h.ConsentState
		want  error
	}{{h.ChannelEmail, h.ConsentDenied, nil}, {h.ChannelEmail, h.ConsentDenied, nil}, {h.ChannelMessage, h.ConsentGranted, nil},
		{h.ChannelEmail, h.ConsentUnknown, fault.ErrInvalid}, {"fax", h.ConsentDenied, fault.ErrInvalid}, {h.ChannelSMS, "maybe", fault.ErrInvalid}} {
		if err := s.consents.Set(t.Context(), 1, c.ch, c.state, marketer); !errors.Is(err, c.want) {
			t.Errorf("%s %s: %v", c.ch, c.state, err)
		}
	}
	if got := s.entries(t, 1); got != "message granted by staff1 of 0, email denied by staff1 of 0" {
		t.Errorf("record: %s", got)
	}
	if err := s.consents.Set(t.Context(), 4711, h.ChannelEmail, h.ConsentDenied, marketer); err != nil {
		t.Errorf("somebody who is not there: %v", err)
	}
}

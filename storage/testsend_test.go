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

// TestMessagesToOneself: filled in as for a recipient, marked, counted nowhere, and sent once for
// each time the button is pressed.
func TestMessagesToOneself(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(3))
	sms := line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 8}}
	message := line{wire: s.wire, name: h.ChannelMessage, traits: campaign.Traits{BatchSize: 8}}
	s.serve(s.wire, sms, message)
	var got []campaign.Message
	outcome := campaign.OutcomeAccepted
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		got = append(got, m)
		return outcome
	}
	d := mail("k", segment.Everyone())
	d.Name = "" // it is being written still
	for range 2 {
		if err := s.service.SendTest(t.Context(), d, "press 1", " ME@school.example ", 1, marketer); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 1 || got[0].To != "me@school.example" || got[0].Key != s.keys().OfTest(1) || !strings.Contains(got[0].Subject, "测试") || !strings.Contains(got[0].Subject, "learner2") {
		t.Fatalf("%+v", got)
	}
	tests := func() string {
		t.Helper()
		list, err := s.service.Tests(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, x := range list {
			out = append(out, strings.TrimRight(fmt.Sprintf("%s %s %s", x.Channel, x.State, x.Reason), " "))
		}
		return strings.Join(out, ", ")
	}
	for i, c := range []struct {
		kind campaign.OutcomeKind
		fail error
		want string
	}{{campaign.OutcomePermanent, nil, "email failed rejected"}, {campaign.OutcomeTemporary, nil, "email failed temporary"}, {campaign.OutcomeUnknown, nil, "email unknown broken"},
		{0, campaign.ErrRefused, "email failed refused"}, {0, campaign.ErrUnreachable, "email failed unreachable"}} {
		outcome = c.kind
		s.wire.fail = c.fail
		if err := s.service.SendTest(t.Context(), d, fmt.Sprint("outcome", i), "me@school.example", 99, marketer); err != nil {
			t.Fatal(err)
		}
		if list := tests(); !strings.HasPrefix(list, c.want+", ") {
			t.Errorf("outcome %d: %s, want %s", i, list, c.want)
		}
	}
	outcome, s.wire.fail = campaign.OutcomeAccepted, nil

	// Receipts find them, by their channel only.
	s.receive(t, h.ChannelSMS, 0, h.Receipt{Key: s.keys().OfTest(1), Delivered: true})
	s.receive(t, h.ChannelEmail, 1, h.Receipt{Key: s.keys().OfTest(1), Delivered: true})
	s.receive(t, h.ChannelEmail, 1, h.Receipt{Key: s.keys().OfTest(1), Failure: h.FailureInvalid})
	if list := tests(); !strings.HasSuffix(list, ", email delivered") {
		t.Errorf("after receipts: %s", list)
	}

	text, private := short("k2", h.ChannelSMS, segment.Everyone()), short("k3", h.ChannelMessage, segment.Everyone())
	text.Content.Text, private.Rule = "{{ 用户名 }}，{{ 链接 }}", segment.Condition("nothing", segment.OpEq, 1, "")
	text.Fill.Link = "https://learn.example/"
	if err := errors.Join(s.service.SendTest(t.Context(), text, "sms", "139-0000-0000", 0, marketer), s.service.SendTest(t.Context(), private, "pm", "somebody", 0, marketer)); err != nil {
		t.Fatal(err)
	}
	last := got[len(got)-2:]
	if last[0].To != "13900000000" || !strings.Contains(last[0].Text, "learner1，"+s.set.PublicURL) || last[1].To != marketer.ID || last[1].Text != "今晚八点开课" {
		t.Errorf("%+v", last)
	}
	if n := s.text(t, "SELECT (SELECT count(*) FROM crm_campaigns) + (SELECT count(*) FROM crm_deliveries) + (SELECT count(*) FROM crm_suppressions) || ''"); n != "0" {
		t.Errorf("tests count somewhere: %s rows", n)
	}
}

// TestHowManyTests a draft may have, and what none can be sent with.
func TestHowManyTests(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	d := mail("k", segment.Everyone())
	send := func(key, to string) string {
		err := s.service.SendTest(t.Context(), d, key, to, 0, marketer)
		var problems fault.Fields
		if errors.As(err, &problems) {
			return problems["test_to"].Key + problems["key"].Key + problems["subject"].Key
		} else if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	for key, to := range map[string]string{"a": "", "b": "nobody", "c": "a@b", "d": "me@school.example\r\nBcc: all@school.example", "e": "13800000000"} {
		if got := send(key, to); got != "problem.contact" {
			t.Errorf("to %q: %s", to, got)
		}
	}
	for _, key := range []string{"", strings.Repeat("k", 101)} {
		if got := send(key, "me@school.example"); got != "problem.missing" {
			t.Errorf("under the key %q: %s", key, got)
		}
	}
	for i := range 20 {
		if got := send(fmt.Sprint(i), "me@school.example"); got != "" {
			t.Fatalf("test %d: %s", i, got)
		}
	}
	if got := send("19", "me@school.example"); got != "" {
		t.Errorf("the last one pressed twice: %s", got)
	}
	if got := send("20", "me@school.example"); got != "problem.many_tests" {
		t.Errorf("one too many: %q", got)
	}
	d.Key, d.Content.Subject = "other", "{% if %}"
	if got := send("21", "me@school.example"); got != "problem.template" {
		t.Errorf("with a text that does not compile: %q", got)
	}
	if n := s.wire.total(); n != 20 {
		t.Errorf("%d tests were sent", n)
	}
}

// TestChannelsAreTried: with a fixed message, written down among no draft's tests.
func TestChannelsAreTried(t *testing.T) {
	t.Parallel()
	s := newSending(t, reachable(1))
	s.serve(s.wire, line{wire: s.wire, name: h.ChannelSMS, traits: campaign.Traits{BatchSize: 8}}, line{wire: s.wire, name: h.ChannelMessage, traits: campaign.Traits{BatchSize: 8}})
	var got []campaign.Message
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		got = append(got, m)
		return campaign.OutcomeAccepted
	}
	try := func(ch h.Channel, key, to string) error {
		return s.service.TestChannel(t.Context(), ch, key, to, "渠道测试", "这是一条测试消息", marketer)
	}
	for range 2 {
		if err := errors.Join(try(h.ChannelEmail, "a", " ME@school.example"), try(h.ChannelSMS, "b", "138 0013 8001"), try(h.ChannelMessage, "c", "")); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 3 || got[0].To != "me@school.example" || !strings.Contains(got[0].Subject, "渠道测试") || !strings.Contains(got[0].HTML, "这是一条测试消息") ||
		got[1].To != "13800138001" || got[1].Text != "【启明网校】这是一条测试消息" || got[2].To != "1" || got[2].From != "1" {
		t.Fatalf("%+v", got)
	}
	list, err := s.service.ChannelTests(t.Context())
	if err != nil || len(list) != 3 || list[0].Channel != h.ChannelMessage || list[2].State != campaign.Accepted {
		t.Errorf("%+v, %v", list, err)
	}
	var problems fault.Fields
	if err := try(h.ChannelSMS, "d", "me"); !errors.As(err, &problems) || problems["to"].Key != "problem.contact" {
		t.Errorf("to nobody: %v", err)
	}
	if err := try("fax", "e", "13800138001"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("no such channel: %v", err)
	}
}

package hosttest

import (
	"errors"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestMemoryMessages(t *testing.T) {
	t.Parallel()
	m := NewMemory(SmallSeed())
	m.SetSenders(h.Staff{ID: "9", Name: "周敏"})
	message := func(key string, change func(*h.PrivateMessage)) h.PrivateMessage {
		p := h.PrivateMessage{Key: key, From: "9", To: "12", Text: "你好"}
		change(&p)
		return p
	}
	sent, err := m.SendMessages(t.Context(), []h.PrivateMessage{
		message("a", func(*h.PrivateMessage) {}),
		message("a", func(p *h.PrivateMessage) { p.Text = "又一次" }),
		message("b", func(p *h.PrivateMessage) { p.To = "33" }), // deleted
		message("c", func(p *h.PrivateMessage) { p.To = "32" }), // closed by its owner
		message("d", func(p *h.PrivateMessage) { p.From = "1" }),
		message("e", func(p *h.PrivateMessage) { p.Text = "" }),
		message("f", func(p *h.PrivateMessage) { p.Text = strings.Repeat("长", h.MaxPrivateMessage+1) }),
	})
	want := []h.Sent{{Accepted: true, ID: "m1"}, {Accepted: true, ID: "m1"}, {Failure: h.FailureInvalid}, {Failure: h.FailureInvalid},
		{Failure: h.FailureRejected}, {Failure: h.FailureRejected}, {Failure: h.FailureRejected}}
	if err != nil || diff("Sent", sent, want) != nil {
		t.Errorf("sent %+v, %v", sent, err)
	}
	if got := m.Delivered(); len(got) != 1 || got[0].Text != "你好" {
		t.Errorf("delivered %+v", got)
	}
	m.Fail(CallMessages, h.ErrUnavailable)
	if _, err := m.SendMessages(t.Context(), nil); !errors.Is(err, h.ErrUnavailable) || m.Calls(CallMessages) != 2 {
		t.Errorf("told to fail: %v", err)
	}
	m.Fail(CallSenders, h.ErrUnavailable)
	if _, err := m.MessageSenders(t.Context()); !errors.Is(err, h.ErrUnavailable) {
		t.Errorf("told to fail: %v", err)
	}
}

func TestMemorySMS(t *testing.T) {
	t.Parallel()
	m := NewMemorySMS()
	id, err := m.SubmitSMSTemplate(t.Context(), h.SMSTemplate{Key: "t1", Name: "a", Text: "x"})
	again, _ := m.SubmitSMSTemplate(t.Context(), h.SMSTemplate{Key: "t1", Name: "b", Text: "x"})
	other, _ := m.SubmitSMSTemplate(t.Context(), h.SMSTemplate{Key: "t1", Name: "a", Text: "y"})
	if err != nil || id != again || id == other {
		t.Errorf("ids %q, %q, %q, %v", id, again, other, err)
	}
	message := h.SMS{Key: "k1", Mobile: "19900000012", Template: id}
	if sent, _ := m.SendSMS(t.Context(), []h.SMS{message}); sent[0] != (h.Sent{Failure: h.FailureRejected}) {
		t.Errorf("with a template that waits: %+v", sent)
	}
	m.Decide(id, h.Approval{State: h.ApprovalApproved})
	for range 2 {
		if sent, _ := m.SendSMS(t.Context(), []h.SMS{message}); sent[0] != (h.Sent{Accepted: true, ID: "s1"}) {
			t.Errorf("sent %+v", sent)
		}
	}
	if n, err := m.SMSBalance(t.Context()); n != 999 || err != nil || len(m.SentSMS()) != 1 {
		t.Errorf("balance %d, %v, %d sent", n, err, len(m.SentSMS()))
	}
}

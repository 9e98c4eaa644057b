package hosttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// complete is the reference host with text messages.
type complete struct {
	*Memory
	*MemorySMS
}

// trial is what whole lets the suite send.
var trial = &SMSTrial{Mobile: "19900000012", Text: "【启明网校】您好，拒收请回复R", Template: "7", Submit: h.SMSTemplate{Key: "t1v1", Name: "问候", Text: "您好，拒收请回复R"}}

func whole(seed Seed) complete {
	c := complete{NewMemory(seed), NewMemorySMS()}
	c.Decide("7", h.Approval{State: h.ApprovalApproved})
	return c
}

func TestWholeHostPasses(t *testing.T) {
	t.Parallel()
	RunWith(t, Options{SMS: trial}, func(_ *testing.T, seed Seed) h.HostAdapter { return whole(seed) })
}

// silent hides what was delivered.
type silent struct {
	h.HostAdapter
	h.MessageSender
}

func TestWhatCannotBeSeenIsSkippedOutLoud(t *testing.T) {
	t.Parallel()
	r := record(func(t reporter) {
		run(t, Options{}, func(seed Seed) h.HostAdapter {
			m := NewMemory(seed)
			return struct {
				silent
				*MemorySMS
			}{silent{required{m}, m}, NewMemorySMS()}
		})
	})
	if len(r.failed) > 0 {
		t.Errorf("failed:%s", r.failures())
	}
	for check, want := range map[string]string{
		"Messages/the same key once": noReader, "Messages/text as it was given": noReader,
		"SMS/a message of the trial": noTrial, "SMS/a template of the trial": noTrial,
	} {
		if r.skipped[check] != want {
			t.Errorf("%s: skipped with %q", check, r.skipped[check])
		}
	}
}

// badMessages is the reference host that sends private messages in another way.
type badMessages struct {
	complete
	send    func(ctx context.Context, m *Memory, batch []h.PrivateMessage) ([]h.Sent, error)
	senders func([]h.Staff) []h.Staff
}

func (b badMessages) SendMessages(ctx context.Context, batch []h.PrivateMessage) ([]h.Sent, error) {
	if b.send == nil {
		return b.Memory.SendMessages(ctx, batch)
	}
	return b.send(ctx, b.Memory, batch)
}

func (b badMessages) MessageSenders(ctx context.Context) ([]h.Staff, error) {
	staff, err := b.Memory.MessageSenders(ctx)
	if b.senders != nil {
		staff = b.senders(staff)
	}
	return staff, err
}

// rekeyed delivers every message anew.
func rekeyed(ctx context.Context, m *Memory, batch []h.PrivateMessage) ([]h.Sent, error) {
	var fresh []h.PrivateMessage
	for _, p := range batch {
		p.Key = fmt.Sprint(p.Key, m.Calls(CallMessages))
		fresh = append(fresh, p)
	}
	return m.SendMessages(ctx, fresh)
}

// looksFirst knows which keys it has delivered, but looks before it delivers: two that come at once
// both find a key free.
func looksFirst() func(context.Context, *Memory, []h.PrivateMessage) ([]h.Sent, error) {
	var mu sync.Mutex
	seen, calls, many := map[string]bool{}, 0, 0
	second := make(chan struct{})
	return func(ctx context.Context, m *Memory, batch []h.PrivateMessage) ([]h.Sent, error) {
		mu.Lock()
		calls++
		var fresh []h.PrivateMessage
		for _, p := range batch {
			if !seen[p.Key] {
				p.Key = fmt.Sprint(p.Key, " ", calls)
				fresh = append(fresh, p)
			}
		}
		if len(fresh) > 15 {
			many++
		}
		mine := many
		mu.Unlock()
		switch {
		case len(fresh) > 15 && mine == 1:
			<-second
		case len(fresh) > 15 && mine == 2:
			close(second)
		}
		_, err := m.SendMessages(ctx, fresh)
		mu.Lock()
		defer mu.Unlock()
		sent := make([]h.Sent, len(batch))
		for i, p := range batch {
			seen[p.Key], sent[i] = true, h.Sent{Accepted: true}
		}
		return sent, err
	}
}

// answers changes what the host answers.
func answers(change func(batch []h.PrivateMessage, sent []h.Sent) ([]h.Sent, error)) func(context.Context, *Memory, []h.PrivateMessage) ([]h.Sent, error) {
	return func(ctx context.Context, m *Memory, batch []h.PrivateMessage) ([]h.Sent, error) {
		sent, err := m.SendMessages(ctx, batch)
		if err != nil {
			return sent, err
		}
		return change(batch, sent)
	}
}

const inOrder = "one answer for each, in order"

func TestBrokenMessagesFail(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		check string
		host  badMessages
	}{
		"delivers twice":          {"the same key once", badMessages{send: rekeyed}},
		"looks before it inserts": {"the same key once", badMessages{send: looksFirst()}},
		"refuses the second time": {"the same key once", badMessages{send: func() func(context.Context, *Memory, []h.PrivateMessage) ([]h.Sent, error) {
			var mu sync.Mutex
			seen := map[string]bool{}
			return answers(func(batch []h.PrivateMessage, sent []h.Sent) ([]h.Sent, error) {
				mu.Lock()
				defer mu.Unlock()
				for i, p := range batch {
					if seen[p.Key] {
						sent[i] = h.Sent{Failure: h.FailureRejected}
					}
					seen[p.Key] = true
				}
				return sent, nil
			})
		}()}},
		"error for a stranger": {inOrder, badMessages{send: answers(func(_ []h.PrivateMessage, sent []h.Sent) ([]h.Sent, error) {
			for _, s := range sent {
				if s.Failure == h.FailureInvalid {
					return nil, errors.New("no such user")
				}
			}
			return sent, nil
		})}},
		"strangers left out": {inOrder, badMessages{send: answers(func(_ []h.PrivateMessage, sent []h.Sent) ([]h.Sent, error) {
			var kept []h.Sent
			for _, s := range sent {
				if s.Failure == "" {
					kept = append(kept, s)
				}
			}
			return kept, nil
		})}},
		"strangers accepted": {inOrder, badMessages{send: answers(func(_ []h.PrivateMessage, sent []h.Sent) ([]h.Sent, error) {
			for i := range sent {
				sent[i] = h.Sent{Accepted: true}
			}
			return sent, nil
		})}},
		"strangers come last": {inOrder, badMessages{send: answers(func(_ []h.PrivateMessage, sent []h.Sent) ([]h.Sent, error) {
			var good, bad []h.Sent
			for _, s := range sent {
				if s.Failure == "" {
					good = append(good, s)
				} else {
					bad = append(bad, s)
				}
			}
			return append(good, bad...), nil
		})}},
		"text trimmed and escaped": {"text as it was given", badMessages{send: func(ctx context.Context, m *Memory, batch []h.PrivateMessage) ([]h.Sent, error) {
			var changed []h.PrivateMessage
			for _, p := range batch {
				p.Text = strings.ReplaceAll(p.Text, "<", "&lt;")
				changed = append(changed, p)
			}
			return m.SendMessages(ctx, changed)
		}}},
		"ignored context": {"cancelled context", badMessages{send: func(ctx context.Context, m *Memory, batch []h.PrivateMessage) ([]h.Sent, error) {
			return m.SendMessages(context.WithoutCancel(ctx), batch)
		}}},
		"sender without a name": {"senders", badMessages{senders: func(s []h.Staff) []h.Staff { return append(s, h.Staff{ID: "2"}) }}},
		"sender listed twice":   {"senders", badMessages{senders: func(s []h.Staff) []h.Staff { return append(s, s...) }}},
		"nobody may send":       {"senders", badMessages{senders: func([]h.Staff) []h.Staff { return nil }}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expectFailure(t, "Messages/", "Messages/"+broken.check, func(seed Seed) h.HostAdapter {
				b := broken.host
				b.complete = whole(seed)
				return b
			})
		})
	}
}

package hosttest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// mailroom holds the private messages of a [Memory].
type mailroom struct {
	mu        sync.Mutex
	senders   []hostadapter.Staff
	delivered []hostadapter.PrivateMessage
	ids       map[string]string // by key
}

func newMailroom() *mailroom {
	return &mailroom{senders: []hostadapter.Staff{{ID: "1", Name: "教务王老师"}}, ids: map[string]string{}}
}

// SetSenders changes in whose name private messages may be sent.
func (m *Memory) SetSenders(staff ...hostadapter.Staff) {
	m.mail.mu.Lock()
	defer m.mail.mu.Unlock()
	m.mail.senders = slices.Clone(staff)
}

// MessageSenders implements [hostadapter.MessageSender].
func (m *Memory) MessageSenders(ctx context.Context) ([]hostadapter.Staff, error) {
	if err := m.enter(ctx, CallSenders); err != nil {
		return nil, err
	}
	m.mail.mu.Lock()
	defer m.mail.mu.Unlock()
	return slices.Clone(m.mail.senders), nil
}

// SendMessages implements [hostadapter.MessageSender].
func (m *Memory) SendMessages(ctx context.Context, batch []hostadapter.PrivateMessage) ([]hostadapter.Sent, error) {
	if err := m.enter(ctx, CallMessages); err != nil {
		return nil, err
	}
	m.mail.mu.Lock()
	defer m.mail.mu.Unlock()
	sent := make([]hostadapter.Sent, len(batch))
	for i, message := range batch {
		l, there := m.learners.get(string(message.To))
		sent[i] = m.mail.take(message, there && !l.Deleted && l.Status != hostadapter.LearnerDeleted)
	}
	return sent, nil
}

// take delivers a message, unless one with its key was delivered before.
func (r *mailroom) take(message hostadapter.PrivateMessage, there bool) hostadapter.Sent {
	n := utf8.RuneCountInString(message.Text)
	known := slices.ContainsFunc(r.senders, func(s hostadapter.Staff) bool { return s.ID == message.From })
	id, before := r.ids[message.Key]
	switch {
	case before:
		return hostadapter.Sent{Accepted: true, ID: id}
	case !there:
		return hostadapter.Sent{Failure: hostadapter.FailureInvalid}
	case n == 0, n > hostadapter.MaxPrivateMessage, !known:
		return hostadapter.Sent{Failure: hostadapter.FailureRejected}
	}
	r.delivered = append(r.delivered, message)
	id = "m" + strconv.Itoa(len(r.delivered))
	r.ids[message.Key] = id
	return hostadapter.Sent{Accepted: true, ID: id}
}

// Delivered lists the private messages that were delivered, the first one first.
func (m *Memory) Delivered() []hostadapter.PrivateMessage {
	m.mail.mu.Lock()
	defer m.mail.mu.Unlock()
	return slices.Clone(m.mail.delivered)
}

// DeliveredMessages implements [MessageReader].
func (m *Memory) DeliveredMessages(_ context.Context, to hostadapter.LearnerID) ([]string, error) {
	var texts []string
	for _, message := range m.Delivered() {
		if message.To == to {
			texts = append(texts, message.Text)
		}
	}
	return texts, nil
}

package hosttest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// MemorySMS is the reference for [hostadapter.SMSGateway]: it keeps what it is given, keeps keys,
// and leaves templates pending until it is told. A host with it is
//
//	struct { *Memory; *MemorySMS }
//
// Its methods may be called by several goroutines at once.
type MemorySMS struct {
	mu        sync.Mutex
	sent      []hostadapter.SMS
	ids       map[string]string // by key
	approvals map[string]hostadapter.Approval
	templates map[hostadapter.SMSTemplate]string // to its id
}

var _ hostadapter.SMSGateway = (*MemorySMS)(nil)

// NewMemorySMS makes an account without messages and templates.
func NewMemorySMS() *MemorySMS {
	return &MemorySMS{ids: map[string]string{}, approvals: map[string]hostadapter.Approval{}, templates: map[hostadapter.SMSTemplate]string{}}
}

// SMSTraits implements [hostadapter.SMSGateway].
func (m *MemorySMS) SMSTraits() hostadapter.SMSTraits {
	return hostadapter.SMSTraits{Signature: "启明网校", Idempotent: true, Approval: true, Price: 4500}
}

// SendSMS implements [hostadapter.SMSGateway]. A number that is not one of mainland China is
// invalid, and a message without an approved template is rejected.
func (m *MemorySMS) SendSMS(ctx context.Context, batch []hostadapter.SMS) ([]hostadapter.Sent, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	sent := make([]hostadapter.Sent, len(batch))
	for i, message := range batch {
		sent[i] = m.take(message)
	}
	return sent, nil
}

func (m *MemorySMS) take(message hostadapter.SMS) hostadapter.Sent {
	id, before := m.ids[message.Key]
	switch {
	case before:
		return hostadapter.Sent{Accepted: true, ID: id}
	case len(message.Mobile) != 11 || !strings.HasPrefix(message.Mobile, "1"):
		return hostadapter.Sent{Failure: hostadapter.FailureInvalid}
	case m.approvals[message.Template].State != hostadapter.ApprovalApproved:
		return hostadapter.Sent{Failure: hostadapter.FailureRejected}
	}
	message.Params = slices.Clone(message.Params)
	m.sent = append(m.sent, message)
	id = "s" + strconv.Itoa(len(m.sent))
	m.ids[message.Key] = id
	return hostadapter.Sent{Accepted: true, ID: id}
}

// SubmitSMSTemplate implements [hostadapter.SMSGateway].
func (m *MemorySMS) SubmitSMSTemplate(ctx context.Context, t hostadapter.SMSTemplate) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t.Name = "" // the same key and text are the same submission
	if m.templates[t] == "" {
		id := "t" + strconv.Itoa(len(m.templates)+1)
		m.templates[t], m.approvals[id] = id, hostadapter.Approval{State: hostadapter.ApprovalPending}
	}
	return m.templates[t], nil
}

// SMSApprovals implements [hostadapter.SMSGateway].
func (m *MemorySMS) SMSApprovals(ctx context.Context, ids []string) (map[string]hostadapter.Approval, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string]hostadapter.Approval{}
	for _, id := range ids {
		if a, ok := m.approvals[id]; ok {
			found[id] = a
		}
	}
	return found, nil
}

// SMSBalance implements [hostadapter.SMSGateway]: a thousand parts, one less for each message.
func (m *MemorySMS) SMSBalance(ctx context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(1000 - len(m.sent)), ctx.Err()
}

// Decide sets where a template stands. An id that was not given out may be decided too.
func (m *MemorySMS) Decide(id string, a hostadapter.Approval) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.approvals[id] = a
}

// SentSMS lists the messages that were accepted, the first one first.
func (m *MemorySMS) SentSMS() []hostadapter.SMS {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

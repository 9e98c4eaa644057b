package hosttest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// badSMS is the reference host whose text messages are broken in one place.
type badSMS struct {
	*Memory
	h.SMSGateway
}

type noSignature struct{ *MemorySMS }

func (noSignature) SMSTraits() h.SMSTraits { return h.SMSTraits{Signature: "【启明网校】"} }

type knowsAll struct{ *MemorySMS }

func (knowsAll) SMSApprovals(ctx context.Context, ids []string) (map[string]h.Approval, error) {
	all := map[string]h.Approval{}
	for _, id := range ids {
		all[id] = h.Approval{State: h.ApprovalApproved}
	}
	return all, ctx.Err()
}

type deafSMS struct{ *MemorySMS }

func (b deafSMS) SMSApprovals(_ context.Context, ids []string) (map[string]h.Approval, error) {
	return b.MemorySMS.SMSApprovals(context.Background(), ids)
}

type poorSMS struct{ *MemorySMS }

func (poorSMS) SMSBalance(context.Context) (int64, error) { return 0, errors.New("not supported") }

type errsOnInvalid struct{ *MemorySMS }

func (b errsOnInvalid) SendSMS(ctx context.Context, batch []h.SMS) ([]h.Sent, error) {
	sent, err := b.MemorySMS.SendSMS(ctx, batch)
	for _, s := range sent {
		if s.Failure != "" {
			return nil, errors.New("isv.MOBILE_NUMBER_ILLEGAL")
		}
	}
	return sent, err
}

type shortAnswer struct{ *MemorySMS }

func (b shortAnswer) SendSMS(ctx context.Context, batch []h.SMS) ([]h.Sent, error) {
	sent, err := b.MemorySMS.SendSMS(ctx, batch)
	return sent[:min(len(sent), 1)], err
}

type newTemplateEachTime struct{ *MemorySMS }

func (b newTemplateEachTime) SubmitSMSTemplate(ctx context.Context, t h.SMSTemplate) (string, error) {
	b.mu.Lock()
	t.Key = fmt.Sprint(t.Key, len(b.templates))
	b.mu.Unlock()
	return b.MemorySMS.SubmitSMSTemplate(ctx, t)
}

type wordsOfItsOwn struct{ *MemorySMS }

func (b wordsOfItsOwn) SMSApprovals(ctx context.Context, ids []string) (map[string]h.Approval, error) {
	found, err := b.MemorySMS.SMSApprovals(ctx, ids)
	for id := range found {
		found[id] = h.Approval{State: "AUDIT_STATE_INIT"}
	}
	return found, err
}

func TestBrokenSMSFails(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		check string
		host  func(*MemorySMS) h.SMSGateway
	}{
		"signature with brackets":  {"traits", func(m *MemorySMS) h.SMSGateway { return noSignature{m} }},
		"knows every template":     {"templates nobody knows", func(m *MemorySMS) h.SMSGateway { return knowsAll{m} }},
		"ignored context":          {"cancelled context", func(m *MemorySMS) h.SMSGateway { return deafSMS{m} }},
		"no balance is an error":   {"balance", func(m *MemorySMS) h.SMSGateway { return poorSMS{m} }},
		"invalid is an error":      {"a message of the trial", func(m *MemorySMS) h.SMSGateway { return errsOnInvalid{m} }},
		"answers cut short":        {"a message of the trial", func(m *MemorySMS) h.SMSGateway { return shortAnswer{m} }},
		"submitted anew each time": {"a template of the trial", func(m *MemorySMS) h.SMSGateway { return newTemplateEachTime{m} }},
		"states of its own words":  {"a template of the trial", func(m *MemorySMS) h.SMSGateway { return wordsOfItsOwn{m} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(func(t reporter) {
				run(t, Options{SMS: trial}, func(seed Seed) h.HostAdapter {
					c := whole(seed)
					return badSMS{c.Memory, broken.host(c.MemorySMS)}
				})
			})
			if r.failed["SMS/"+broken.check] == "" {
				t.Errorf("%q did not fail; failed:%s", broken.check, r.failures())
			}
			for path := range r.failed {
				if !strings.HasPrefix(path, "SMS/") {
					t.Errorf("%q failed, but nothing is wrong there: %s", path, r.failed[path])
				}
			}
		})
	}
}

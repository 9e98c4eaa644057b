package sms

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// account is a host's account that does as it is told.
type account struct {
	traits h.SMSTraits
	send   func([]h.SMS) ([]h.Sent, error)
	id     string
	states map[string]h.Approval
	err    error
	asked  int
}

func (a *account) SMSTraits() h.SMSTraits { return a.traits }
func (a *account) SendSMS(_ context.Context, batch []h.SMS) ([]h.Sent, error) {
	return a.send(batch)
}
func (a *account) SubmitSMSTemplate(context.Context, h.SMSTemplate) (string, error) {
	return a.id, a.err
}
func (a *account) SMSApprovals(_ context.Context, ids []string) (map[string]h.Approval, error) {
	a.asked++
	if len(ids) > maxApprovals {
		panic("too many")
	}
	return a.states, a.err
}
func (a *account) SMSBalance(context.Context) (int64, error) { return -5, a.err }

func TestHostSends(t *testing.T) {
	t.Parallel()
	broken := errors.New("driver: bad connection to 13800138000")
	for _, c := range []struct {
		name       string
		idempotent bool
		send       func([]h.SMS) ([]h.Sent, error)
		want       []campaign.OutcomeKind
		err        error
	}{
		{"answers", false, func(b []h.SMS) ([]h.Sent, error) {
			if b[1].Mobile != "13800138001" || b[1].Key != "c1-1" || b[1].Template != "7" || b[1].Params[0] != (h.SMSParam{Name: "nickname", Value: "小满"}) {
				t.Errorf("handed over %+v", b[1])
			}
			return []h.Sent{{Accepted: true}, {Failure: h.FailureInvalid}}, nil
		}, []campaign.OutcomeKind{accepted, permanent}, nil},
		{"too few answers", false, func([]h.SMS) ([]h.Sent, error) { return []h.Sent{{Accepted: true}}, nil }, []campaign.OutcomeKind{unknown, unknown}, nil},
		{"too many answers", false, func([]h.SMS) ([]h.Sent, error) { return make([]h.Sent, 3), nil }, []campaign.OutcomeKind{unknown, unknown}, nil},
		{"away", false, func([]h.SMS) ([]h.Sent, error) { return nil, fmt.Errorf("x: %w", h.ErrUnavailable) }, nil, campaign.ErrUnreachable},
		{"not let in", false, func([]h.SMS) ([]h.Sent, error) { return nil, h.ErrUnauthenticated }, nil, campaign.ErrRefused},
		{"another error", false, func([]h.SMS) ([]h.Sent, error) { return nil, broken }, []campaign.OutcomeKind{unknown, unknown}, nil},
		{"another error, keys kept", true, func([]h.SMS) ([]h.Sent, error) { return nil, broken }, nil, campaign.ErrUnreachable},
		{"out of time", false, func([]h.SMS) ([]h.Sent, error) { return nil, context.DeadlineExceeded }, []campaign.OutcomeKind{unknown, unknown}, nil},
		{"panic", false, func([]h.SMS) ([]h.Sent, error) { panic("13800138000") }, []campaign.OutcomeKind{unknown, unknown}, nil},
		{"panic, keys kept", true, func([]h.SMS) ([]h.Sent, error) { panic("13800138000") }, []campaign.OutcomeKind{unknown, unknown}, nil},
	} {
		got, err := New(FromHost(&account{traits: h.SMSTraits{Idempotent: c.idempotent}, send: c.send})).Send(t.Context(), batch(2))
		if !errors.Is(err, c.err) || fmt.Sprint(kinds(got)) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, kinds(got), err, c.want, c.err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	host := FromHost(&account{send: func([]h.SMS) ([]h.Sent, error) { t.Error("handed over"); return nil, nil }})
	if _, err := New(host).Send(ended, batch(1)); !errors.Is(err, campaign.ErrUnreachable) {
		t.Errorf("no time left: %v", err)
	}
}

func TestHostTraits(t *testing.T) {
	t.Parallel()
	for given, want := range map[h.SMSTraits]h.SMSTraits{
		{}: {BatchSize: 100},
		{BatchSize: -1, Rate: -2, Price: -3, Signature: "启明", Receipts: true}:   {BatchSize: 100, Signature: "启明", Receipts: true},
		{BatchSize: 20, Rate: 5, Price: 4500, Idempotent: true, Approval: true}: {BatchSize: 20, Rate: 5, Price: 4500, Idempotent: true, Approval: true},
	} {
		if got := FromHost(&account{traits: given}).Traits(); got != want {
			t.Errorf("%+v: %+v", given, got)
		}
	}
	if got := FromHost(&account{traits: h.SMSTraits{Rate: math.NaN()}}).Traits().Rate; got != 0 {
		t.Errorf("rate %v", got)
	}
}

func TestHostTemplates(t *testing.T) {
	t.Parallel()
	ids := []string{"7", "8", "9"}
	for i := range 230 {
		ids = append(ids, fmt.Sprint("x", i))
	}
	a := &account{id: "7", states: map[string]h.Approval{"7": {State: h.ApprovalRejected, Reason: strings.Repeat("长", 600)}, "8": {State: "soon"}, "other": {State: h.ApprovalApproved}}}
	s := FromHost(a)
	states, err := s.Approvals(t.Context(), ids)
	if err != nil || len(states) != 1 || states["7"].Reason != strings.Repeat("长", 500) || a.asked != 3 {
		t.Errorf("%d states, asked %d times, %v", len(states), a.asked, err)
	}
	if id, err := s.Submit(t.Context(), h.SMSTemplate{}); id != "7" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	if n, err := s.Balance(t.Context()); n != -1 || err != nil {
		t.Errorf("balance %d, %v", n, err)
	}
	for _, bad := range []string{"", "a\n", long} {
		a.id = bad
		if _, err := s.Submit(t.Context(), h.SMSTemplate{}); !errors.Is(err, campaign.ErrRefused) {
			t.Errorf("id %q: %v", bad, err)
		}
	}
	for given, want := range map[error]error{h.ErrUnavailable: campaign.ErrUnreachable, h.ErrUnauthenticated: campaign.ErrRefused, errors.New("x"): campaign.ErrUnreachable} {
		a.err = given
		_, submitted := s.Submit(t.Context(), h.SMSTemplate{})
		_, asked := s.Approvals(t.Context(), ids)
		_, counted := s.Balance(t.Context())
		for _, err := range []error{submitted, asked, counted} {
			if !errors.Is(err, want) || !errors.Is(err, given) {
				t.Errorf("%v became %v", given, err)
			}
		}
	}
}

package sms

import (
	"context"
	"errors"
	"fmt"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// FromHost makes a supplier of the host's own account. A host that panics does not take the CRM
// with it: after a panic nobody knows what has left.
func FromHost(g h.SMSGateway) Supplier {
	traits, _ := guard(func() (h.SMSTraits, error) { return g.SMSTraits(), nil })
	return &host{gateway: g, traits: sound(traits)}
}

type host struct {
	gateway h.SMSGateway
	traits  h.SMSTraits
}

var errPanic = errors.New("host panicked")

// guard turns a panic into errPanic. What the host panicked with stays out: it may be about a person.
func guard[R any](call func() (R, error)) (result R, err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return call()
}

// Traits implements Supplier.
func (s *host) Traits() h.SMSTraits { return s.traits }

// Send implements Supplier.
func (s *host) Send(ctx context.Context, batch []h.SMS) ([]h.Sent, error) {
	if ctx.Err() != nil { // nothing is handed over, so nothing is unknown
		return nil, fmt.Errorf("send over the host: %w: no time left", campaign.ErrUnreachable)
	}
	sent, err := guard(func() ([]h.Sent, error) { return s.gateway.SendSMS(ctx, batch) })
	switch {
	case err == nil:
		return sent, nil
	case errors.Is(err, errPanic):
		return make([]h.Sent, len(batch)), nil
	case errors.Is(err, h.ErrUnauthenticated), errors.Is(err, h.ErrUnavailable), s.traits.Idempotent:
		return nil, hostError("send over the host", err)
	}
	return make([]h.Sent, len(batch)), nil // an error that does not say that none has left
}

// Submit implements Supplier.
func (s *host) Submit(ctx context.Context, t h.SMSTemplate) (string, error) {
	id, err := guard(func() (string, error) { return s.gateway.SubmitSMSTemplate(ctx, t) })
	if err != nil {
		return "", hostError("submit a template to the host", err)
	}
	if !named(id, maxID) {
		return "", fmt.Errorf("submit a template to the host: %w: its id cannot be used", campaign.ErrRefused)
	}
	return id, nil
}

// Approvals implements Supplier.
func (s *host) Approvals(ctx context.Context, ids []string) (map[string]h.Approval, error) {
	return approvals(ctx, ids, func(ctx context.Context, ids []string) (map[string]h.Approval, error) {
		found, err := guard(func() (map[string]h.Approval, error) { return s.gateway.SMSApprovals(ctx, ids) })
		if err != nil {
			return nil, hostError("ask the host about templates", err)
		}
		return found, nil
	})
}

// approvals asks in portions and takes only answers that were asked for and say something.
func approvals(ctx context.Context, ids []string, ask func(context.Context, []string) (map[string]h.Approval, error)) (map[string]h.Approval, error) {
	all := make(map[string]h.Approval, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), maxApprovals)
		found, err := ask(ctx, ids[:n])
		if err != nil {
			return nil, err
		}
		for _, id := range ids[:n] {
			if a, ok := approval(found[id]); ok {
				all[id] = a
			}
		}
		ids = ids[n:]
	}
	return all, nil
}

// Balance implements Supplier.
func (s *host) Balance(ctx context.Context) (int64, error) {
	n, err := guard(func() (int64, error) { return s.gateway.SMSBalance(ctx) })
	if err != nil {
		return -1, hostError("ask the host for the balance", err)
	}
	return max(n, -1), nil
}

// hostError puts a host's error into the channel's words.
func hostError(doing string, err error) error {
	kind := campaign.ErrUnreachable
	if errors.Is(err, h.ErrUnauthenticated) {
		kind = campaign.ErrRefused
	}
	return fmt.Errorf("%s: %w: %w", doing, kind, err)
}

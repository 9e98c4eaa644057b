package sms

import (
	"context"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Supplier is an account with somebody who sends text messages. Implementations are safe for
// concurrent use.
//
// Errors wrap campaign.ErrUnreachable (not now: ask again later) or campaign.ErrRefused (the
// supplier does not accept us or the request: somebody has to look). They hold no personal data.
type Supplier interface {
	// Traits says what the supplier can do. They do not change. BatchSize is 1 or more.
	Traits() h.SMSTraits
	// Send hands messages over, at most Traits().BatchSize, and says for each, in order, what became
	// of it. An error means that all may be handed over again: none has left, or the supplier is
	// idempotent.
	Send(ctx context.Context, batch []h.SMS) ([]h.Sent, error)
	// Submit asks for a template to be approved and gives the supplier's id, 1 to 100 bytes.
	Submit(ctx context.Context, t h.SMSTemplate) (id string, err error)
	// Approvals tells where templates stand; an absent one is not known to the supplier. States are
	// those of package hostadapter, reasons at most 500 characters.
	Approvals(ctx context.Context, ids []string) (map[string]h.Approval, error)
	// Balance is how many parts are left; -1: not known.
	Balance(ctx context.Context) (int64, error)
}

// Limits of what a supplier may be asked for at once, and of what it may say.
const (
	defaultBatch = 100
	maxBatch     = 1000
	maxApprovals = 100
	maxReason    = 500 // characters
	maxID        = 100 // bytes
)

// sound puts traits into the bounds that the rest relies on.
func sound(t h.SMSTraits) h.SMSTraits {
	if t.BatchSize < 1 {
		t.BatchSize = defaultBatch
	}
	t.BatchSize = min(t.BatchSize, maxBatch)
	if !(t.Rate > 0) { // NaN too
		t.Rate = 0
	}
	t.Price = max(t.Price, 0)
	return t
}

// approval reads one answer about a template; false: it says nothing that we understand.
func approval(a h.Approval) (h.Approval, bool) {
	switch a.State {
	case h.ApprovalPending, h.ApprovalApproved:
		return h.Approval{State: a.State}, true
	case h.ApprovalRejected:
		a.Reason = clip(a.Reason, maxReason)
		return a, true
	}
	return h.Approval{}, false
}

package campaign

import (
	"context"
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Receipt is what a provider told later about one of our messages.
type Receipt struct {
	Campaign  ID    // 0: a test
	Ordinal   int64 // of a test: its id
	Delivered bool
	Reason    Reason // when not delivered
}

// Receipts enters receipts; storage.Campaigns implements it in one transaction for each call.
type Receipts interface {
	// Receive enters receipts of a channel and tells how many named a message of ours. A receipt
	// may come before the answer to the message, twice, or in any order: delivered stands.
	Receive(ctx context.Context, ch h.Channel, list []Receipt, now time.Time) (int, error)
}

// Receiver takes what providers report. It is safe for concurrent use.
type Receiver struct {
	store Receipts
	keys  Keys
	now   func() time.Time
}

// NewReceiver makes a receiver. secret is the installation's.
func NewReceiver(store Receipts, secret []byte, now func() time.Time) *Receiver {
	return &Receiver{store: store, keys: NewKeys(secret), now: now}
}

// Receive enters receipts of a channel. Those about messages that are not ours are ignored: a
// provider would only send them again. It tells how many were ours.
func (r *Receiver) Receive(ctx context.Context, ch h.Channel, list []h.Receipt) (int, error) {
	var ours []Receipt
	for _, in := range list {
		id, ordinal, ok := r.keys.Parse(in.Key)
		if !ok {
			continue
		}
		out := Receipt{Campaign: id, Ordinal: ordinal, Delivered: in.Delivered}
		if !in.Delivered {
			out.Reason = ReasonOf(in.Failure)
		}
		ours = append(ours, out)
	}
	if len(ours) == 0 {
		return 0, nil
	}
	n, err := r.store.Receive(ctx, ch, ours, r.now())
	if err != nil {
		return 0, fmt.Errorf("receipts: %w", err)
	}
	return n, nil
}

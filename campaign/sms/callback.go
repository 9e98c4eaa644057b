package sms

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Limits of one callback. A larger body need not be read.
const (
	MaxCallback        = 1 << 20 // bytes
	maxCallbackEntries = 1000
	maxInboundText     = 1000 // characters; what is longer is cut, for it is no opt-out
	maxKey             = 200  // bytes
)

// ErrMalformed says that a callback is from the gateway but not as the protocol has it.
var ErrMalformed = errors.New("sms: malformed callback")

// Callback is what a gateway tells later. Everything in it may have been told before, may be about
// what we do not know, and comes in any order.
type Callback struct {
	Receipts  []h.Receipt
	Inbound   []Inbound
	Approvals map[string]h.Approval // by the supplier's id of a template; nil: none
}

// Inbound is a text message from a person.
type Inbound struct {
	Mobile string // as in Learner.Mobile
	Text   string // at most 1,000 characters
	At     time.Time
}

// ParseCallback reads a gateway's callback. It is pure: now is what the signed time is held against.
//
// Errors: ErrForged, and nothing was read; ErrMalformed, and nothing is to be believed.
func ParseCallback(secret []byte, head http.Header, now time.Time, body []byte) (Callback, error) {
	if len(body) > MaxCallback {
		return Callback{}, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, MaxCallback)
	}
	if err := Verify(secret, head, now, http.MethodPost, CallbackPath, body); err != nil {
		return Callback{}, err
	}
	var in wireCallback
	if err := decode(body, &in); err != nil { // whose text may quote a person's words
		return Callback{}, fmt.Errorf("%w: not the JSON that is needed", ErrMalformed)
	}
	if n := len(in.Receipts) + len(in.Inbound) + len(in.Templates); n > maxCallbackEntries {
		return Callback{}, fmt.Errorf("%w: more than %d entries", ErrMalformed, maxCallbackEntries)
	}
	var c Callback
	for _, read := range []func(wireCallback) error{c.readReceipts, c.readInbound, c.readApprovals} {
		if err := read(in); err != nil {
			return Callback{}, err
		}
	}
	return c, nil
}

func (c *Callback) readReceipts(in wireCallback) error {
	for i, r := range in.Receipts {
		out := h.Receipt{Key: r.Key, Delivered: r.Status == statusDelivered}
		if r.Status == statusFailed {
			out.Failure = failure(r.Reason)
		}
		if !named(r.Key, maxKey) || !out.Delivered && out.Failure == "" {
			return fmt.Errorf("%w: receipt %d has no key or no known status", ErrMalformed, i)
		}
		c.Receipts = append(c.Receipts, out)
	}
	return nil
}

var mobile = regexp.MustCompile(`^\+?[0-9]{3,20}$`)

func (c *Callback) readInbound(in wireCallback) error {
	for i, m := range in.Inbound {
		if !mobile.MatchString(m.From) || m.At.IsZero() {
			return fmt.Errorf("%w: inbound message %d has no number or no time", ErrMalformed, i)
		}
		c.Inbound = append(c.Inbound, Inbound{Mobile: m.From, Text: clip(m.Text, maxInboundText), At: m.At.UTC()})
	}
	return nil
}

func (c *Callback) readApprovals(in wireCallback) error {
	for i, t := range in.Templates {
		a, ok := approval(h.Approval{State: t.State, Reason: t.Reason})
		if !ok || !named(t.ID, maxID) {
			return fmt.Errorf("%w: template %d has no id or no known state", ErrMalformed, i)
		}
		if c.Approvals == nil {
			c.Approvals = map[string]h.Approval{}
		}
		c.Approvals[t.ID] = a
	}
	return nil
}

package campaign

import (
	"context"
	"errors"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Channel hands messages to a provider. Implementations are safe for concurrent use.
type Channel interface {
	// Name says which channel it is.
	Name() h.Channel
	// Traits says what the provider can do. They do not change.
	Traits() Traits
	// Send hands over messages and gives one outcome for each, in order. An error means that
	// none has left and all may be sent again later: ErrUnreachable or ErrRefused, wrapped.
	Send(ctx context.Context, batch []Message) ([]Outcome, error)
}

// Traits of a provider.
type Traits struct {
	// BatchSize is how many messages Send takes at most. So many may become unknown when a
	// process dies.
	BatchSize int
	// Rate is how many messages a second all processes together hand over at most; 0: no limit.
	Rate float64
	// Idempotent says that the provider delivers a message once, however often it is handed over
	// under the same Key. Such a message is handed over again where others become unknown.
	Idempotent bool
	// Receipts says that the provider tells later what became of a message.
	Receipts bool
}

// Errors of a channel as a whole.
var (
	ErrUnreachable = errors.New("provider unreachable")
	ErrRefused     = errors.New("provider refuses us")
)

// Message is rendered for one recipient.
type Message struct {
	Key         string  // the same for every try of one delivery: idempotency key, Message-ID
	To          string  // address, number, or the host's id of the learner
	From        string  // private message: the host's id of the member of staff
	ReplyTo     string  // e-mail; empty: the sender's address
	Subject     string  // e-mail
	Text        string  // SMS: with the signature, as it arrives
	HTML        string  // e-mail
	Unsubscribe string  // e-mail: address for List-Unsubscribe (RFC 8058); empty: none
	Template    string  // SMS: the supplier's id of the approved template
	Params      []Param // SMS: the template's values, in its order
}

// Param is a named value of an SMS template.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// OutcomeKind is what the provider said.
type OutcomeKind int

// Outcome kinds. The zero value is unknown, so a forgotten outcome is never taken for a success.
const (
	OutcomeUnknown   OutcomeKind = iota // it may have left
	OutcomeAccepted                     // the provider took it
	OutcomeTemporary                    // not now; it has not left
	OutcomePermanent                    // never
)

// Outcome is what happened to one message.
type Outcome struct {
	Kind       OutcomeKind
	ProviderID string // of an accepted message, where the provider names it; at most 100 bytes
	// Untried says of a temporary failure that the message was not even begun: it counts as no try.
	Untried bool
	// Reason of a permanent failure; empty means ReasonRejected. ReasonInvalid and
	// ReasonComplaint prove the contact dead: it is suppressed.
	Reason Reason
}

// reason of a permanent failure.
func (o Outcome) reason() Reason {
	switch o.Reason {
	case ReasonInvalid, ReasonComplaint, ReasonTemplate:
		return o.Reason
	}
	return ReasonRejected
}

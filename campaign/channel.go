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
	// BatchSize is how many messages Send takes at most. So many may become unknown when a
	// process dies.
	BatchSize() int
	// Send hands over messages and gives one outcome for each, in order. An error means that
	// none has left and all may be sent again later: ErrUnreachable or ErrRefused, wrapped.
	Send(ctx context.Context, batch []Message) ([]Outcome, error)
}

// Errors of a channel as a whole.
var (
	ErrUnreachable = errors.New("provider unreachable")
	ErrRefused     = errors.New("provider refuses us")
)

// Message is rendered for one recipient.
type Message struct {
	Key     string // the same for every try of one delivery: idempotency key, Message-ID
	To      string
	Subject string
	Text    string
	HTML    string
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
	ProviderID string
}

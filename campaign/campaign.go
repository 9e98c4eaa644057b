package campaign

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// ID is our id of a campaign.
type ID int64

// State of a campaign.
type State string

// States. A campaign moves down this list and never back.
const (
	Planning State = "planning" // launched; its audience is being frozen
	Sending  State = "sending"
	Done     State = "done" // every delivery has an outcome
)

// Campaign is one batch send.
type Campaign struct {
	ID         ID
	Key        string // idempotency key of the launch
	Name       string
	Channel    h.Channel
	Rule       segment.Rule // the audience as it was launched
	Subject    string       // template
	Body       string       // template
	LinkTarget string       // where the short link leads; empty: none
	State      State
	Stalled    Stall // why nothing goes out at the moment; empty: it does
	StalledAt  time.Time
	ByID       string // the member of staff
	ByName     string
	LaunchedAt time.Time
	DoneAt     time.Time // zero: not done
}

// Stall says why a sending campaign stands still. It goes on by itself when the cause is gone.
type Stall string

// Stalls.
const (
	NotStalled       Stall = ""
	StallUnreachable Stall = "unreachable" // the provider cannot be reached, or refuses the connection
	StallRefused     Stall = "refused"     // the provider does not accept our login or sender
)

// DeliveryState is what happened to one recipient's message.
type DeliveryState string

// Delivery states, DOMAIN §3.
const (
	Excluded  DeliveryState = "excluded"
	Queued    DeliveryState = "queued"
	InFlight  DeliveryState = "sending" // committed before the provider is called
	Accepted  DeliveryState = "accepted"
	Delivered DeliveryState = "delivered"
	Failed    DeliveryState = "failed"
	Unknown   DeliveryState = "unknown"
	Cancelled DeliveryState = "cancelled"
)

// DeliveryStates lists all states in order.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{Excluded, Queued, InFlight, Accepted, Delivered, Failed, Unknown, Cancelled}
}

// Exclusion is why a matched person is not sent to.
type Exclusion string

// Exclusions in the order in which they are asked; the first that holds counts.
const (
	NotActive   Exclusion = "not_active"   // account deleted or locked
	NotLearner  Exclusion = "not_learner"  // staff, teacher, robot
	NoContact   Exclusion = "no_contact"   // no usable address or number
	SameContact Exclusion = "same_contact" // shares it with an earlier recipient
	NoConsent   Exclusion = "no_consent"   // unsubscribed or consent denied
)

// Exclusions lists all exclusions in order.
func Exclusions() []Exclusion {
	return []Exclusion{NotActive, NotLearner, NoContact, SameContact, NoConsent}
}

// Reason why a delivery failed or is unknown.
type Reason string

// Reasons.
const (
	NoReason        Reason = ""
	ReasonRejected  Reason = "rejected"   // the provider refused it for good
	ReasonInvalid   Reason = "invalid"    // no such address or number; the contact is suppressed
	ReasonComplaint Reason = "complaint"  // the recipient does not want us; the contact is suppressed
	ReasonGaveUp    Reason = "gave_up"    // temporary failures up to the limit
	ReasonContact   Reason = "no_contact" // the contact went away after planning
	ReasonTemplate  Reason = "template"   // it could not be rendered for this person
	ReasonCrash     Reason = "crash"      // the sending process died
	ReasonBroken    Reason = "broken"     // the connection broke before the provider's answer
	ReasonTemporary Reason = "temporary"  // waiting for another try
)

// Reasons lists all reasons a delivery can carry.
func Reasons() []Reason {
	return []Reason{ReasonRejected, ReasonInvalid, ReasonComplaint, ReasonGaveUp, ReasonContact, ReasonTemplate, ReasonCrash, ReasonBroken, ReasonTemporary}
}

// Sum is an audience broken down: Matched = Σ Excluded + Sendable, always.
type Sum struct {
	Matched  int64
	Excluded map[Exclusion]int64
	Sendable int64
}

// ExcludedTotal adds up the exclusions.
func (s Sum) ExcludedTotal() int64 {
	var n int64
	for _, v := range s.Excluded {
		n += v
	}
	return n
}

// Result is where a campaign stands.
type Result struct {
	Sum
	ByState  map[DeliveryState]int64
	ByReason map[Reason]int64 // of failed and unknown deliveries
	Hits     int64            // raw clicks
	Clickers int64            // recipients with a human click
	// Attributed orders: see Attribute.
	Orders  int64
	Buyers  int64
	Revenue int64 // minor units, net of refunds
}

// Settled counts the deliveries that have an outcome; of Sendable.
func (r Result) Settled() int64 {
	return r.ByState[Accepted] + r.ByState[Delivered] + r.ByState[Failed] + r.ByState[Unknown] + r.ByState[Cancelled]
}

// AcceptedTotal counts what the provider took.
func (r Result) AcceptedTotal() int64 { return r.ByState[Accepted] + r.ByState[Delivered] }

// Recipient is a row of a campaign's list of recipients.
type Recipient struct {
	Ordinal    int64
	Person     segment.PersonID
	Name       string
	State      DeliveryState
	Reason     string // an Exclusion or a Reason
	AcceptedAt time.Time
	ClickedAt  time.Time // first human click; zero: none
}

// Listed is a row of the list of campaigns.
type Listed struct {
	Campaign
	Sendable, Accepted, Settled, Clickers int64
}

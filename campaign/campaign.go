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

// States. Scheduled, Planning, Sending and Done are the usual way.
const (
	Scheduled State = "scheduled" // waits for its time
	Late      State = "late"      // its time passed while nothing ran: staff are asked whether it should still go out
	Planning  State = "planning"  // its audience is being frozen
	Sending   State = "sending"
	Paused    State = "paused"    // by staff, or because the provider refuses everything
	Done      State = "done"      // every delivery has an outcome
	CalledOff State = "cancelled" // what had not left by then never will
)

// Open reports whether the campaign may still send something.
func (s State) Open() bool { return s != Done && s != CalledOff }

// Campaign is one batch send, or a message to one person.
type Campaign struct {
	ID       ID
	Key      string // idempotency key of the launch
	Name     string
	Channel  h.Channel
	Rule     segment.Rule       // the audience as it was launched
	Unticked []segment.PersonID // people of it who were taken out by hand
	Content  Content
	Fill     Fill
	Template TemplateRef // zero: written for this campaign
	CapDays  int         // leave out who was contacted within so many days; 0: nobody
	Control  int         // percent of the audience held back to measure lift; 0 to 50
	Direct   bool        // point-to-point: caps neither hold it back nor count it
	Tracked  bool        // holds a short link
	Price    int64       // of one SMS part, in thousandths of a minor unit; 0: not known
	Promised Sum         // the dry run at launch

	State        State
	Stalled      Stall // why nothing goes out at the moment; empty: it does
	StalledAt    time.Time
	StalledUntil time.Time // when it goes on by itself, where that is known
	ByID         string    // the member of staff
	ByName       string
	LaunchedAt   time.Time
	SendAt       time.Time // zero: at once
	PlannedAt    time.Time // when the audience was frozen; zero: not yet
	DoneAt       time.Time // zero: not done
}

// TemplateRef names a version of a template.
type TemplateRef struct {
	ID      TemplateID `json:"id,omitempty"`
	Version int        `json:"version,omitempty"`
}

// Stall says why a campaign stands still. But for the last three it goes on by itself when the
// cause is gone.
type Stall string

// Stalls.
const (
	NotStalled       Stall = ""
	StallUnreachable Stall = "unreachable" // the provider cannot be reached, or takes nothing
	StallRefused     Stall = "refused"     // the provider does not accept our login or sender
	StallQuiet       Stall = "quiet"       // quiet hours
	StallConsent     Stall = "consent"     // the host does not say who has opted out
	StallContent     Stall = "content"     // audience or text do not compile any more; nothing is planned
	StallRejecting   Stall = "rejecting"   // the provider refuses one message after the other
	StallUnanswered  Stall = "unanswered"  // the provider answers nothing that can be understood
	StallStaff       Stall = "staff"       // paused by staff
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
	Unticked    Exclusion = "unticked"     // taken out by hand
	NotActive   Exclusion = "not_active"   // account deleted or locked
	NotLearner  Exclusion = "not_learner"  // staff, teacher, robot
	NoContact   Exclusion = "no_contact"   // no usable address or number
	SameContact Exclusion = "same_contact" // shares it with an earlier recipient
	NoConsent   Exclusion = "no_consent"   // unsubscribed or consent denied
	Suppressed  Exclusion = "suppressed"   // hard bounce, invalid number, complaint
	Contacted   Exclusion = "contacted"    // by another campaign within the days of the cap
	NoVariable  Exclusion = "no_variable"  // lacks a value that the text needs
	Control     Exclusion = "control"      // held back to measure lift
)

// Exclusions lists all exclusions in order.
func Exclusions() []Exclusion {
	return []Exclusion{Unticked, NotActive, NotLearner, NoContact, SameContact, NoConsent, Suppressed, Contacted, NoVariable, Control}
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
	// Of tests only: the provider took nothing at all.
	ReasonUnreachable Reason = "unreachable"
	ReasonRefused     Reason = "refused"
)

// Reasons lists all reasons a campaign's delivery can carry.
func Reasons() []Reason {
	return []Reason{ReasonRejected, ReasonInvalid, ReasonComplaint, ReasonGaveUp, ReasonContact, ReasonTemplate, ReasonCrash, ReasonBroken, ReasonTemporary}
}

// Sum is an audience broken down: Matched = Σ Excluded + Sendable, always.
type Sum struct {
	Matched  int64               `json:"matched"`
	Excluded map[Exclusion]int64 `json:"excluded"`
	Sendable int64               `json:"sendable"`
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
	Sum                          // as planned
	LateOut  map[Exclusion]int64 // left out at hand-over, of Sendable
	ByState  map[DeliveryState]int64
	ByReason map[Reason]int64 // of failed and unknown deliveries
	Hits     int64            // raw clicks
	Clickers int64            // recipients with a human click
	Bounced  int64            // failed by a receipt after the provider had taken them; of ByState[Failed]
	Parts    int64            // SMS parts of accepted messages
	// Attributed orders: see Attribute.
	Orders  int64
	Buyers  int64
	Revenue int64 // minor units, net of refunds
}

// LateOutTotal adds up who was left out at hand-over.
func (r Result) LateOutTotal() int64 {
	var n int64
	for _, v := range r.LateOut {
		n += v
	}
	return n
}

// Settled counts the deliveries that have an outcome; of Sendable.
func (r Result) Settled() int64 {
	return r.ByState[Accepted] + r.ByState[Delivered] + r.ByState[Failed] + r.ByState[Unknown] + r.ByState[Cancelled] + r.LateOutTotal()
}

// AcceptedTotal counts what the provider took and has not failed since.
func (r Result) AcceptedTotal() int64 { return r.ByState[Accepted] + r.ByState[Delivered] }

// Taken counts what the provider took, whatever a receipt said later: what rates are of.
func (r Result) Taken() int64 { return r.AcceptedTotal() + r.Bounced }

// Recipient is a row of a campaign's list of recipients.
type Recipient struct {
	Ordinal     int64
	Person      segment.PersonID
	HostID      h.LearnerID
	Name        string
	State       DeliveryState
	Reason      string // an Exclusion or a Reason
	AcceptedAt  time.Time
	DeliveredAt time.Time // by receipt; zero: none
	ClickedAt   time.Time // first human click; zero: none
}

// Listed is a row of the list of campaigns.
type Listed struct {
	Campaign
	Sendable, Accepted, Settled, Clickers int64
}

package dossier

import (
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// What says what an event of the timeline is.
type What string

// Events of a timeline. Of those of one moment the later in this list is taken for the later.
const (
	Registered  What = "registered"
	Sent        What = "sent"    // a message, whatever became of it
	Clicked     What = "clicked" // by the person, not by a program
	Active      What = "active"  // looked, tried, learned …: all of one sort, offering and day
	Ordered     What = "ordered"
	Paid        What = "paid"
	Joined      What = "joined"
	Completed   What = "completed"
	Expired     What = "expired" // a place ran out
	Left        What = "left"
	RefundAsked What = "refund_asked"
	RefundEnded What = "refund_ended" // done, refused or taken back
	Closed      What = "closed"       // an order that was never paid
	Noted       What = "noted"        // a follow-up
	Levelled    What = "levelled"     // staff said how keen the person is
	Labelled    What = "labelled"     // a tag given or taken by hand
	Consented   What = "consented"    // said yes or no to being written to
)

// Whats lists the events, the order of one moment.
func Whats() []What {
	return []What{Registered, Sent, Clicked, Active, Ordered, Paid, Joined, Completed, Expired, Left,
		RefundAsked, RefundEnded, Closed, Noted, Levelled, Labelled, Consented}
}

// Filter narrows a timeline.
type Filter string

// Filters of a timeline.
const (
	All       Filter = "all"
	Buying    Filter = "buying"
	Learning  Filter = "learning"
	Marketing Filter = "marketing"
	Following Filter = "followup"
)

// Filters lists the filters, everything first.
func Filters() []Filter { return []Filter{All, Buying, Learning, Marketing, Following} }

// Keeps reports whether a filter shows an event.
func (f Filter) Keeps(w What) bool {
	switch f {
	case All:
		return true
	case Buying:
		return slices.Contains([]What{Ordered, Paid, RefundAsked, RefundEnded, Closed}, w)
	case Learning:
		return slices.Contains([]What{Active, Joined, Completed, Expired, Left}, w)
	case Marketing:
		return slices.Contains([]What{Sent, Clicked, Consented}, w)
	case Following:
		return slices.Contains([]What{Noted, Levelled, Labelled}, w)
	}
	return false
}

// Event is something that happened. Fields that say nothing about its What are empty.
type Event struct {
	What What
	At   time.Time // of several activities the last
	ID   int64     // of the row it is made of; of a message the campaign's
	Part int64     // a number beside it, where one row makes several events of a What; else 0

	// Count is how many activities of a sort there were on that day, else 1.
	Count    int
	Activity h.ActivityType

	Offering funnel.OfferingID // canonical; 0: none, or one that we do not know
	Type     h.TargetType      // of the offering
	Titles   []string          // of the offering, or the items of the order
	Order    string            // the order's number
	Amount   int64             // payable, paid, or asked back
	Currency string
	Refund   h.RefundStatus
	Join     h.JoinReason
	Exit     h.ExitReason

	Campaign campaign.ID // also the one that a paid order counts for; 0: none
	Name     string      // its name; empty: a message to one person, or none
	Channel  h.Channel
	State    campaign.DeliveryState
	Reason   campaign.Reason
	Consent  h.ConsentState
	Source   campaign.ConsentSource

	By       string // the name of the member of staff; an id where there is no name; empty: nobody
	Method   string // of a follow-up, one of followup.Method
	Text     string // of a follow-up, a refund's reason, or why a level was set
	Level    funnel.Level
	Before   funnel.Level // the level that it was
	Label    string
	Added    bool      // the tag was given; else taken
	Undone   bool      // by undoing what was done before
	Many     bool      // together with other people
	EditedAt time.Time // zero: never
	NextAt   time.Time // when to come back to it; zero: not
}

// Package dossier gathers all that is known about one person: a head with what matters most, and
// lists that are read page by page, however long the history is.
package dossier

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Dossier is the head of a person's dossier. Amounts are minor units of the site's currency.
type Dossier struct {
	segment.Person
	Marketable   bool // false: teacher, staff, robot
	EmailUsable  bool
	MobileUsable bool
	Consent      h.Consent // what counts of the host's word and ours: either can deny
	HostConsent  h.Consent // the host's word alone
	EmailDead    bool      // the address is suppressed
	MobileDead   bool
	MemberUntil  time.Time // zero: no end, or no member
	FirstPaidAt  time.Time // zero: never
	RefundCount  int
	RefundTotal  int64
	OpenCount    int
	OpenTotal    int64
	Size         Size
	Lately       Lately
	Places       []Place    // the latest few
	Recent       []Delivery // the latest campaign messages; Revenue is not told
}

// Size is how many rows the lists of a dossier have.
type Size struct{ Orders, Places, Deliveries, Followups int64 }

// Lately is what marketing did with a person within LatelyDays.
type Lately struct {
	Sent   int64 // messages that a provider took
	Clicks int64 // by the person, not by programs
	Orders int64 // paid within the window of a click
}

// LatelyDays is how many days Lately looks back.
const LatelyDays = 90

// Details are the fields of a person that the head does not show.
type Details struct {
	HostID         h.LearnerID
	Birthday       time.Time // the date at 00:00 UTC; zero: not known
	MobileVerified bool
	EmailVerified  bool
	Device         h.Device
	Locale         string // BCP 47; empty: not known
	Roles          []h.Role
	Inviter        Inviter
	LevelFrom      time.Time // when the membership began; zero: not known
	UpdatedAt      time.Time // when the host last changed the account
	Custom         []Custom  // the host's own fields, by key
	Size           Size      // of the lists
}

// Inviter is who brought a person. ID 0: nobody whom we know; HostID is empty when nobody did.
type Inviter struct {
	HostID h.LearnerID
	ID     segment.PersonID
	Name   string
}

// Custom is a field of the host's own.
type Custom struct {
	Key   string
	Value h.CustomValue
}

// Order is a line of the order history.
type Order struct {
	ID        int64
	SN        string
	Items     []Item
	Status    h.OrderStatus
	Currency  string
	Payable   int64
	Paid      int64
	Refunded  int64
	Coupon    string // empty: none
	CreatedAt time.Time
	PaidOn    time.Time // zero: not paid
	ClosesAt  time.Time // when an open order closes by itself; zero: never
	Refund    Refund    // the last that was asked for
	Credit    Credit
}

// Item is a line of an order.
type Item struct {
	Title    string
	Quantity int
	Amount   int64
}

// Refund is a request for money back; an empty Status: there is none.
type Refund struct {
	Status h.RefundStatus
	Cash   int64
	Reason string    // the learner's own words; empty: none
	At     time.Time // handled, or asked for; zero: not known
}

// Credit is the campaign that an order counts for. Campaign 0: none.
type Credit struct {
	Campaign campaign.ID
	Name     string // empty: a message to one person
	Channel  h.Channel
}

// Place is a place in a course or classroom.
type Place struct {
	ID           int64             // of the enrollment; 0: there is none
	Offering     funnel.OfferingID // canonical
	Title        string
	Type         h.TargetType
	Status       h.EnrollmentStatus // an active one past its end is given as expired
	ViaClassroom string             // the title of the classroom that it came with; empty: none
	Join         h.JoinReason
	Exit         h.ExitReason
	JoinedAt     time.Time
	ExpiresAt    time.Time // zero: never
	LastLearnAt  time.Time
	CompletedAt  time.Time
	ExitedAt     time.Time
	Done, Units  int // required units done, of all that are required; Units 0: not known
	Standing     Standing
}

// Standing is where a person stands with an offering.
type Standing struct {
	Stage funnel.Stage
	Since time.Time // zero: not known
	Level funnel.Level
	ByID  string    // who set the level; empty: it follows the score
	By    string    // their name
	SetAt time.Time // when
}

// Delivery is a campaign that the person received or was to receive.
type Delivery struct {
	Campaign  campaign.ID
	Name      string // empty: a message to one person
	Channel   h.Channel
	Direct    bool // a message to one person, which no cap counts
	State     campaign.DeliveryState
	Reason    campaign.Reason // why it failed; empty: it did not, or nobody knows
	At        time.Time       // accepted, or launched when it was not
	ClickedAt time.Time       // first human click; zero: none
	Orders    int             // that count for it
	Revenue   int64           // of them, net of refunds
}

// Page is a part of a list.
type Page[T any] struct {
	Rows []T
	Next string // the cursor of the next page; empty: this is the last
	Size Size   // of all lists; with the first page only
}

// Limit is how many rows a page of a dossier shows; MaxLimit how many can be asked for at once.
const (
	Limit    = 30
	MaxLimit = 200
)

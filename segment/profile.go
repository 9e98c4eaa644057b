package segment

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Profile is what is known about one person, as rules see it. Times are UTC; a zero time is
// missing. Amounts are minor units.
type Profile struct {
	Person PersonID

	Status                        h.LearnerStatus
	Nickname, RealName            string
	Gender                        h.Gender
	Birthday                      time.Time
	RegisterSource                string
	Device                        h.Device
	Province, City                string
	Roles                         []h.Role
	Inviter                       string
	HasMobile, HasEmail           bool
	MobileDead, EmailDead         bool // the contact is suppressed
	MobileVerified, EmailVerified bool
	RegisteredAt, LastLoginAt     time.Time
	Refused                       []h.Channel
	Custom                        map[string]h.CustomValue

	PaidCount, PaidTotal     int64
	FirstPaidAt, LastPaidAt  time.Time
	RefundCount, RefundTotal int64
	OpenCount, OpenTotal     int64
	EnrolledCount            int64
	LastLearnAt              time.Time
	Bought, Enrolled, Tags   []int64
	MemberLevel              string
	MemberExpiresAt          time.Time

	Offerings   map[int64]ProfileOffering // all there are
	Orders      []ProfileOrder
	Enrollments []ProfileEnrollment
	Activities  []ProfileActivity
	Deliveries  []ProfileDelivery
	Clicks      []ProfileClick // human ones
	Lists       []int64
	Pairs       []ProfilePair
	FollowUps   []ProfileFollowUp
	Labels      []int64 // given by hand
}

// ProfileOffering is an offering by our id.
type ProfileOffering struct {
	Canonical     int64 // itself, or the course that it is a copy of
	Categories    []string
	Tags          []int64
	Price         int64
	RequiredUnits int64
}

// ProfileOrder is an order.
type ProfileOrder struct {
	Status    h.OrderStatus
	Origin    h.OrderOrigin
	Currency  string
	Paid      int64 // money that came in; 0 unless it was paid
	Refunded  int64
	Coupon    string
	CreatedAt time.Time
	PaidOn    time.Time
}

// ProfileEnrollment is a place in an offering.
type ProfileEnrollment struct {
	Offering     int64
	Role         h.EnrollmentRole
	Status       h.EnrollmentStatus
	JoinReason   h.JoinReason
	ExitReason   h.ExitReason
	RequiredDone int64
	JoinedAt     time.Time
	ExpiresAt    time.Time
	LastLearnAt  time.Time
	CompletedAt  time.Time
	ExitedAt     time.Time
}

// ProfileActivity is something the person did.
type ProfileActivity struct {
	Type     string
	Offering int64 // 0: not about an offering
	At       time.Time
}

// ProfileDelivery is a message that reached a provider, or may have.
type ProfileDelivery struct {
	Direct   bool // a message to one person, which no cap counts
	Campaign int64
	Channel  h.Channel
	At       time.Time
	Clicked  bool // the link of this message, by a human
}

// ProfileClick is a human click.
type ProfileClick struct {
	Campaign int64
	Link     int64
	At       time.Time
}

// ProfilePair is how the person stands with an offering, as it was last written down.
type ProfilePair struct {
	Offering  int64 // canonical
	Stage     string
	Past      bool    // a place ran out, and there is none now
	SetLevel  string  // of intent, by staff; empty: by the score
	Heat      float64 // what the score of intent was worth, or would have been, when 2026 began
	Refunding int64   // paid, and wanted back

	OrderedAt, PaidAt   time.Time // the latest
	JoinedAt, LearnedAt time.Time
}

// ProfileFollowUp is a note by staff, or a reminder.
type ProfileFollowUp struct {
	Planned bool // nothing was done yet
	At      time.Time
	Open    bool // NextAt is still to be dealt with
	NextAt  time.Time
	Owner   string
}

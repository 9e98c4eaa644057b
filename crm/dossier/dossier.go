// Package dossier gathers all that is known about one person on one page.
package dossier

import (
	"context"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Dossier is a person with their history. Amounts are minor units of the site's currency.
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
	RefundCount  int
	RefundTotal  int64
	OpenCount    int
	OpenTotal    int64
	Orders       []Order      // the latest first
	Enrollments  []Enrollment // the latest first
	Deliveries   []Delivery   // the latest first; excluded ones left out
}

// Order is a line of the order history.
type Order struct {
	ID        int64
	SN        string
	Titles    []string
	Status    h.OrderStatus
	Currency  string
	Payable   int64
	Paid      int64
	Refunded  int64
	CreatedAt time.Time
	PaidOn    time.Time   // zero: not paid
	Campaign  campaign.ID // the campaign it counts for; 0: none
}

// Enrollment is a place in a course or classroom.
type Enrollment struct {
	Title       string
	Type        h.TargetType
	Status      h.EnrollmentStatus // an active one past its end is given as expired
	JoinedAt    time.Time
	ExpiresAt   time.Time // zero: never
	LastLearnAt time.Time
	Done, Units int // required units done, of all that are required; Units 0: not known
}

// Delivery is a campaign that the person received or was to receive.
type Delivery struct {
	Campaign  campaign.ID
	Name      string
	Channel   h.Channel
	Direct    bool // a message to one person, which no cap counts
	State     campaign.DeliveryState
	At        time.Time // accepted, or launched when it was not
	ClickedAt time.Time // first human click; zero: none
}

// Limit is how many rows each list of a dossier shows.
const Limit = 50

// Store reads dossiers; storage.Dossiers implements it.
type Store interface {
	// Find gives a person's dossier as of now. fault.ErrNotFound: no such person.
	Find(ctx context.Context, id segment.PersonID, window time.Duration, now time.Time) (Dossier, error)
}

// Service gives dossiers. It is safe for concurrent use.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service.
func NewService(store Store, now func() time.Time) *Service { return &Service{store: store, now: now} }

// Find gives a person's dossier.
//
// Errors: fault.ErrNotFound.
func (s *Service) Find(ctx context.Context, id segment.PersonID) (Dossier, error) {
	d, err := s.store.Find(ctx, id, campaign.AttributionWindow, s.now())
	if err != nil {
		return Dossier{}, fmt.Errorf("find dossier: %w", err)
	}
	return d, nil
}

package projection

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// The rows as they are stored: the host's snapshot, cleaned, with what is derived from the
// snapshot alone.

// Learner is a sound learner row.
type Learner struct {
	h.Learner
	UsableMobile string // empty: no number that may be used for marketing
	UsableEmail  string // empty: no address that may be used; lower case
	Marketable   bool   // false: teacher, staff, robot
	Hash         int64
}

// Offering is a sound offering row.
type Offering struct {
	h.Offering
	Hash int64
}

// Order is a sound order row.
type Order struct {
	h.Order
	PaidAmount int64     // money that came in; see DOMAIN "Purchases of a learner"
	PaidOn     time.Time // when; zero unless money-like
	Hash       int64
}

// Enrollment is a sound enrollment row.
type Enrollment struct {
	h.Enrollment
	Hash int64
}

// Membership is a sound membership row.
type Membership struct {
	h.Membership
	Hash int64
}

// Activity is a sound activity row.
type Activity = h.Activity

// paidAmount is the money an order brought in before refunds: cash, or what was payable where
// the order was settled offline and the host recorded no cash (trap 4).
func paidAmount(o *h.Order) int64 {
	switch {
	case !o.Status.Paid():
		return 0
	case o.Origin == h.OriginOffline && o.PaidCash == 0:
		return o.PayableAmount
	}
	return o.PaidCash
}

// paidOn falls back to CreatedAt where a paid order has no PaidAt (trap 4).
func paidOn(o *h.Order) time.Time {
	switch {
	case !o.Status.Paid():
		return time.Time{}
	case o.PaidAt.IsZero():
		return o.CreatedAt
	}
	return o.PaidAt
}

package funnel

import "time"

// OfferingID is our id of a course or classroom. A classroom's copy of a course counts for the
// course: funnels know canonical offerings only.
type OfferingID int64

// Stage is where a learner stands with an offering: the first that holds, in the order of
// [Stages]. It comes from all orders, enrollments and activities of the two, never from the last
// event. DOMAIN §3, "Stage of a learner with an offering".
type Stage string

// Stages of a learner with an offering.
const (
	Enrolled  Stage = "enrolled"  // an active place as a student that has not ended
	Pending   Stage = "pending"   // an open order
	Withdrawn Stage = "withdrawn" // an exit by self, removal, refund or for no known reason, or a refunded order
	Potential Stage = "potential" // looked, tried, asked, or let an order close, within [Window]
	Nowhere   Stage = ""          // none of these
)

// Stages lists the stages, the first that holds first.
func Stages() []Stage { return []Stage{Enrolled, Pending, Withdrawn, Potential} }

// Window is how long a sign of intent makes a potential learner.
const Window = 90 * 24 * time.Hour

package hostadapter

import (
	"context"
	"time"
)

// Membership is a paid level of a learner. A learner has at most one at a time.
type Membership struct {
	LearnerID LearnerID // the key
	LevelID   string    // required
	LevelName string
	Rank      int // higher is better
	StartsAt  time.Time
	ExpiresAt time.Time // zero: never
	UpdatedAt time.Time // required
	Deleted   bool      // a tombstone: only LearnerID and UpdatedAt are read
}

// MembershipSource feeds memberships. Optional.
type MembershipSource interface {
	Memberships(ctx context.Context, after Cursor, limit int) (Page[Membership], error)
}

// ActivityType is something a learner did. A host may feed types of its own; these have a
// meaning in the formulas.
type ActivityType string

// Activity types.
const (
	ActivityView     ActivityType = "view"     // looked at an offering's page
	ActivityTrial    ActivityType = "trial"    // took a free lesson
	ActivityFavorite ActivityType = "favorite" // put it on a list
	ActivityQuestion ActivityType = "question" // asked about it
	ActivityCoupon   ActivityType = "coupon"   // took a coupon
	ActivityLearn    ActivityType = "learn"    // learned a unit
	ActivityLogin    ActivityType = "login"
)

// Activity is one thing that happened. It never changes: the same EventID is the same event.
type Activity struct {
	EventID    string // required
	LearnerID  LearnerID
	Type       ActivityType // required
	Target     Target       // zero: not about an offering
	OccurredAt time.Time    // required; the feed is ordered by (OccurredAt, EventID)
}

// ActivitySource feeds activities. Optional. A view without a learner is not fed.
type ActivitySource interface {
	Activities(ctx context.Context, after Cursor, limit int) (Page[Activity], error)
}

// ConsentSource answers with the host's own opt-outs. Optional. An absent learner is unknown.
type ConsentSource interface {
	Consents(ctx context.Context, ids []LearnerID) (map[LearnerID]Consent, error)
}

// Totals tells about how many rows each feed holds, for progress and time left. Zero: not known.
type Totals struct {
	Learners, Offerings, Orders, Enrollments, Memberships, Activities int64
}

// TotalsSource counts the feeds. Optional; an estimate is enough.
type TotalsSource interface {
	Totals(ctx context.Context) (Totals, error)
}

// StaffDirectory lists who may work in the CRM, for the page of settings. Optional. It is shown and
// nothing else: rights are those that [StaffAuthenticator] gives on each request.
type StaffDirectory interface {
	// StaffMembers lists the staff with their permissions and scopes; some hundred at most are shown.
	StaffMembers(ctx context.Context) ([]Staff, error)
}

// LinkSource gives the addresses of pages of the host. Optional. An empty string: no such page.
type LinkSource interface {
	LearnerURL(id LearnerID) string
	OfferingURL(t Target) string
}

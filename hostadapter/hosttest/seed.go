package hosttest

import (
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Seed is what a host is to hold, in no particular order. A row with Deleted set is written in
// full, so that a platform may insert it and then delete it; the feed owes only its key,
// UpdatedAt and Deleted.
type Seed struct {
	Learners    []hostadapter.Learner
	Offerings   []hostadapter.Offering
	Orders      []hostadapter.Order
	Enrollments []hostadapter.Enrollment
	Memberships []hostadapter.Membership
	// Activities may hold views without a learner: page views by visitors, which a host has but
	// does not feed.
	Activities []hostadapter.Activity
}

// SeedTime is the newest time in [SmallSeed], and what "now" should be to whoever reasons about
// it: 2026-06-30 08:00 UTC.
func SeedTime() time.Time { return time.Date(2026, time.June, 30, 8, 0, 0, 0, time.UTC) }

// SmallSeed is a small school: 60 learners, 18 offerings and what happened between them, the
// same at every call. It is unkind on purpose, but sound: ids are decimal numbers (a course and
// a classroom may share one), times are whole seconds and not later than SeedTime except where
// they lie ahead by nature, and whatever a row points to is there and not deleted. The last row
// of each feed is not a removed one, so that losing it shows.
func SmallSeed() Seed {
	s := Seed{
		Learners:    seedLearners(),
		Offerings:   seedOfferings(),
		Orders:      seedOrders(),
		Enrollments: seedEnrollments(),
		Memberships: seedMemberships(),
		Activities:  seedActivities(),
	}
	for _, o := range seedSales() { // plain sales: an order and the place it paid for
		s.Orders = append(s.Orders, o)
		s.Enrollments = append(s.Enrollments, placeOf(o))
	}
	return s
}

const seedCurrency = "CNY"

// ago is a time n days and some seconds before SeedTime; negative n lies ahead.
func ago(days, seconds int) time.Time {
	return SeedTime().AddDate(0, 0, -days).Add(-time.Duration(seconds) * time.Second)
}

func number(n int) string { return strconv.Itoa(n) }

func learner(n int) hostadapter.LearnerID { return hostadapter.LearnerID(number(n)) }

func course(n int) hostadapter.Target {
	return hostadapter.Target{Type: hostadapter.TargetCourse, ID: number(n)}
}

func classroom(n int) hostadapter.Target {
	return hostadapter.Target{Type: hostadapter.TargetClassroom, ID: number(n)}
}

package hosttest

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// Names of what can be called on a [Memory], for its fault injection and its counters.
const (
	FeedLearners    = "learners"
	FeedOfferings   = "offerings"
	FeedOrders      = "orders"
	FeedEnrollments = "enrollments"
	FeedMemberships = "memberships"
	FeedActivities  = "activities"
	CallConsents    = "consents"
	CallTotals      = "totals"
	CallMessages    = "messages"
	CallSenders     = "senders"
)

// Memory is the reference host: it keeps the contract to the letter and offers every optional
// source but text messages, for which there is [MemorySMS]. It lives in memory, may be changed while it is read, and can be made to misbehave. All
// its methods may be called by several goroutines at once.
//
// To see what a CRM does without the optional sources, hide them:
//
//	struct{ hostadapter.HostAdapter }{memory}
type Memory struct {
	learners    *table[hostadapter.Learner]
	offerings   *table[hostadapter.Offering]
	orders      *table[hostadapter.Order]
	enrollments *table[hostadapter.Enrollment]
	memberships *table[hostadapter.Membership]
	activities  *table[hostadapter.Activity]
	mail        *mailroom

	mu         sync.Mutex
	now        func() time.Time
	staff      func(*http.Request) (hostadapter.Staff, error)
	generation int
	calls      map[string]int
	faults     map[string]*fault
}

var _ interface {
	hostadapter.HostAdapter
	hostadapter.MembershipSource
	hostadapter.ActivitySource
	hostadapter.ConsentSource
	hostadapter.TotalsSource
	hostadapter.LinkSource
	hostadapter.MessageSender
	hostadapter.StaffDirectory
	MessageReader
} = (*Memory)(nil)

// NewMemory makes a host that holds a copy of seed. Rows are fed as they are given, sound or
// not, with two exceptions: UpdatedAt (of activities OccurredAt) becomes UTC with microseconds,
// and a row with Deleted set keeps its key and UpdatedAt only. Nobody is logged in; see SetStaff.
func NewMemory(seed Seed) *Memory {
	now := time.Now()
	return &Memory{
		learners:    newTable(learnerKind, seed.Learners, now),
		offerings:   newTable(offeringKind, seed.Offerings, now),
		orders:      newTable(orderKind, seed.Orders, now),
		enrollments: newTable(enrollmentKind, seed.Enrollments, now),
		memberships: newTable(membershipKind, seed.Memberships, now),
		activities:  newTable(activityKind, seed.Activities, now),
		mail:        newMailroom(),
		now:         time.Now,
		calls:       map[string]int{},
		faults:      map[string]*fault{},
	}
}

// Learners implements [hostadapter.LearnerSource].
func (m *Memory) Learners(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Learner], error) {
	return feed(ctx, m, FeedLearners, m.learners, after, limit)
}

// Offerings implements [hostadapter.OfferingSource].
func (m *Memory) Offerings(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Offering], error) {
	return feed(ctx, m, FeedOfferings, m.offerings, after, limit)
}

// Orders implements [hostadapter.OrderSource].
func (m *Memory) Orders(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Order], error) {
	return feed(ctx, m, FeedOrders, m.orders, after, limit)
}

// Enrollments implements [hostadapter.EnrollmentSource].
func (m *Memory) Enrollments(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Enrollment], error) {
	return feed(ctx, m, FeedEnrollments, m.enrollments, after, limit)
}

// Memberships implements [hostadapter.MembershipSource].
func (m *Memory) Memberships(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Membership], error) {
	return feed(ctx, m, FeedMemberships, m.memberships, after, limit)
}

// Activities implements [hostadapter.ActivitySource]. Views without a learner are left out.
func (m *Memory) Activities(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[hostadapter.Activity], error) {
	return feed(ctx, m, FeedActivities, m.activities, after, limit)
}

// feed is the way of every feed: faults first, then the cursor, then the rows.
func feed[T any](ctx context.Context, m *Memory, name string, t *table[T], after hostadapter.Cursor, limit int) (hostadapter.Page[T], error) {
	var none hostadapter.Page[T]
	if err := m.enter(ctx, name); err != nil {
		return none, err
	}
	if limit < 1 || limit > hostadapter.MaxPage {
		return none, fmt.Errorf("hosttest: limit %d of %s is not 1 to %d", limit, name, hostadapter.MaxPage)
	}
	inner, generation, err := m.unseal(after)
	if err != nil {
		return none, fmt.Errorf("hosttest: %s: %w", name, err)
	}
	page, err := t.page(inner, limit)
	if err != nil {
		return none, fmt.Errorf("hosttest: %s: %w", name, err)
	}
	page.Next = seal(generation, page.Next)
	return page, nil
}

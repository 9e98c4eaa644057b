package hosttest

import (
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// SetNow sets the clock that stamps changes; the default is time.Now. A stamp is always later
// than every row of its feed, so that a change is fed to whoever has read the feed to its end,
// even when the clock stands still or is behind the seed.
func (m *Memory) SetNow(now func() time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
}

func (m *Memory) clock() time.Time {
	m.mu.Lock()
	now := m.now
	m.mu.Unlock()
	return now()
}

// PutLearners adds learners or replaces those with the same id. UpdatedAt is the caller's; zero
// means that it is stamped (see SetNow). The same holds for every Put.
func (m *Memory) PutLearners(rows ...hostadapter.Learner) { put(m, m.learners, rows) }

// PutOfferings adds or replaces offerings by type and id.
func (m *Memory) PutOfferings(rows ...hostadapter.Offering) { put(m, m.offerings, rows) }

// PutOrders adds or replaces orders.
func (m *Memory) PutOrders(rows ...hostadapter.Order) { put(m, m.orders, rows) }

// PutEnrollments adds or replaces enrollments.
func (m *Memory) PutEnrollments(rows ...hostadapter.Enrollment) { put(m, m.enrollments, rows) }

// PutMemberships adds or replaces memberships by learner.
func (m *Memory) PutMemberships(rows ...hostadapter.Membership) { put(m, m.memberships, rows) }

// PutActivities adds activities. A zero OccurredAt is stamped.
func (m *Memory) PutActivities(rows ...hostadapter.Activity) { put(m, m.activities, rows) }

func put[T any](m *Memory, t *table[T], rows []T) {
	now := m.clock()
	for _, row := range rows {
		t.put(row, now)
	}
}

// TouchLearner moves UpdatedAt and nothing else, as hosts do for reasons that mean nothing
// (trap 12). Like the other Touch methods it does nothing for a row that is not there.
func (m *Memory) TouchLearner(id hostadapter.LearnerID) { touch(m, m.learners, string(id)) }

// TouchOffering moves UpdatedAt of an offering.
func (m *Memory) TouchOffering(of hostadapter.Target) { touch(m, m.offerings, offeringKey(of)) }

// TouchOrder moves UpdatedAt of an order.
func (m *Memory) TouchOrder(id string) { touch(m, m.orders, id) }

// TouchEnrollment moves UpdatedAt of an enrollment.
func (m *Memory) TouchEnrollment(id string) { touch(m, m.enrollments, id) }

// TouchMembership moves UpdatedAt of a learner's membership.
func (m *Memory) TouchMembership(of hostadapter.LearnerID) { touch(m, m.memberships, string(of)) }

func touch[T any](m *Memory, t *table[T], id string) { t.touch(id, m.clock(), func(*T) {}) }

// DeleteLearner leaves a tombstone: the key, a stamped UpdatedAt and Deleted, which the feed
// gives once to whoever follows it. Like the other Delete methods it does nothing for a row that
// is not there.
func (m *Memory) DeleteLearner(id hostadapter.LearnerID) { remove(m, m.learners, string(id)) }

// DeleteOffering leaves a tombstone of an offering.
func (m *Memory) DeleteOffering(of hostadapter.Target) { remove(m, m.offerings, offeringKey(of)) }

// DeleteOrder leaves a tombstone of an order.
func (m *Memory) DeleteOrder(id string) { remove(m, m.orders, id) }

// DeleteEnrollment leaves a tombstone of an enrollment, without learner or offering.
func (m *Memory) DeleteEnrollment(id string) { remove(m, m.enrollments, id) }

// DeleteMembership leaves a tombstone of a learner's membership.
func (m *Memory) DeleteMembership(of hostadapter.LearnerID) {
	remove(m, m.memberships, string(of))
}

func remove[T any](m *Memory, t *table[T], id string) {
	t.touch(id, m.clock(), func(row *T) { *t.kind.deleted(row) = true })
}

// VanishLearner removes a learner without a trace, as hosts do that delete rows and tell nobody
// (trap 7). Only a full walk of the feed can notice.
func (m *Memory) VanishLearner(id hostadapter.LearnerID) { m.learners.vanish(string(id)) }

// VanishOffering removes an offering without a trace.
func (m *Memory) VanishOffering(of hostadapter.Target) { m.offerings.vanish(offeringKey(of)) }

// VanishOrder removes an order without a trace.
func (m *Memory) VanishOrder(id string) { m.orders.vanish(id) }

// VanishEnrollment removes an enrollment without a trace.
func (m *Memory) VanishEnrollment(id string) { m.enrollments.vanish(id) }

// VanishMembership removes a learner's membership without a trace.
func (m *Memory) VanishMembership(of hostadapter.LearnerID) { m.memberships.vanish(string(of)) }

// VanishActivity removes an activity, as a host that keeps its log for a while only.
func (m *Memory) VanishActivity(eventID string) { m.activities.vanish(eventID) }

// SetConsent changes what a learner says about marketing without moving UpdatedAt: the learner
// feed keeps silent, and only who asks Consents again learns of it.
func (m *Memory) SetConsent(id hostadapter.LearnerID, consent hostadapter.Consent) {
	m.learners.replace(string(id), func(l *hostadapter.Learner) { l.Consent = consent })
}

// Snapshot is what the host holds now, each kind sorted by id. To change a row, take it from
// here, clear its UpdatedAt and put it back.
func (m *Memory) Snapshot() Seed {
	return Seed{
		Learners:    m.learners.all(),
		Offerings:   m.offerings.all(),
		Orders:      m.orders.all(),
		Enrollments: m.enrollments.all(),
		Memberships: m.memberships.all(),
		Activities:  m.activities.all(),
	}
}

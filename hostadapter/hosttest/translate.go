package hosttest

import (
	"slices"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// translate writes the host's ids for the seed's, wherever one stands. A nil ids changes nothing.
func translate(seed Seed, ids func(kind, seedID string) string) Seed {
	if ids == nil {
		return seed
	}
	set := func(kind string, id *string) {
		if *id != "" {
			*id = ids(kind, *id)
		}
	}
	who := func(id *hostadapter.LearnerID) {
		if *id != "" {
			*id = hostadapter.LearnerID(ids("learner", string(*id)))
		}
	}
	target := func(t *hostadapter.Target) { set(string(t.Type), &t.ID) }

	seed.Learners = translated(seed.Learners, learnerKind, func(r *hostadapter.Learner) {
		who(&r.ID)
		who(&r.InviterID)
	})
	seed.Offerings = translated(seed.Offerings, offeringKind, func(r *hostadapter.Offering) {
		set(string(r.Type), &r.ID)
		set("group", &r.GroupID)
		set("course", &r.OriginCourseID)
		for i := range r.CourseIDs {
			set("course", &r.CourseIDs[i])
		}
	})
	seed.Orders = translated(seed.Orders, orderKind, func(r *hostadapter.Order) {
		set("order", &r.ID)
		who(&r.LearnerID)
		for i := range r.Items {
			target(&r.Items[i].Target)
		}
	})
	seed.Enrollments = translated(seed.Enrollments, enrollmentKind, func(r *hostadapter.Enrollment) {
		set("enrollment", &r.ID)
		who(&r.LearnerID)
		target(&r.Target)
		set("classroom", &r.ViaClassroomID)
		set("order", &r.OrderID)
	})
	seed.Memberships = translated(seed.Memberships, membershipKind, func(r *hostadapter.Membership) {
		who(&r.LearnerID)
		set("membership", &r.LevelID)
	})
	seed.Activities = translated(seed.Activities, activityKind, func(r *hostadapter.Activity) {
		set("activity", &r.EventID)
		who(&r.LearnerID)
		target(&r.Target)
	})
	return seed
}

// translated changes copies, since the seed may be the caller's own.
func translated[T any](rows []T, k kind[T], change func(*T)) []T {
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i] = k.clone(rows[i])
		change(&rows[i])
	}
	return rows
}

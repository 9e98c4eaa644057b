package hosttest

import (
	"slices"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func has[T any](rows []T, is func(T) bool) bool { return slices.ContainsFunc(rows, is) }

// TestSeedHoldsTheTraps keeps the seed unkind: whoever edits it cannot make it harmless.
func TestSeedHoldsTheTraps(t *testing.T) {
	t.Parallel()
	s := SmallSeed()
	order := func(is func(h.Order) bool) bool { return has(s.Orders, is) }
	enrollment := func(is func(h.Enrollment) bool) bool { return has(s.Enrollments, is) }
	learner := func(is func(h.Learner) bool) bool { return has(s.Learners, is) }
	// pair finds two different enrollments of one learner in one offering.
	pair := func(is func(a, b h.Enrollment) bool) bool {
		return enrollment(func(a h.Enrollment) bool {
			return enrollment(func(b h.Enrollment) bool {
				return a.ID != b.ID && a.LearnerID == b.LearnerID && a.Target == b.Target && is(a, b)
			})
		})
	}
	active := func(e h.Enrollment) bool { return e.Status == h.EnrollmentActive }
	for trap, there := range map[string]bool{
		"1 placeholder address":   learner(func(l h.Learner) bool { return strings.HasSuffix(l.Email, "@edusoho.net") }),
		"2 unverified phone":      learner(func(l h.Learner) bool { return l.Mobile != "" && !l.MobileVerified }),
		"2 no contact at all":     learner(func(l h.Learner) bool { return l.Status == h.LearnerActive && l.Mobile+l.Email == "" }),
		"2 two with one phone":    learner(func(l h.Learner) bool { return l.ID == "8" && l.Mobile == s.Learners[8].Mobile }),
		"3 robot":                 learner(func(l h.Learner) bool { return slices.Contains(l.Roles, h.RoleSystem) }),
		"3 closed, with an order": order(func(o h.Order) bool { return s.Learners[31].Status == h.LearnerDeleted && o.LearnerID == "32" }),
		"3 removed account":       learner(func(l h.Learner) bool { return l.Deleted }),
		"4 offline order": order(func(o h.Order) bool {
			return o.Status.Paid() && o.Origin == h.OriginOffline && o.PaidAt.IsZero() && o.PaidCash == 0 && o.PayableAmount > 0
		}),
		"5 partial refund": order(func(o h.Order) bool { return o.Status == h.OrderRefunded && o.Refunded > 0 && o.Refunded < o.PaidCash }),
		"5 asked, order silent": order(func(o h.Order) bool {
			return o.Status == h.OrderFulfilled && len(o.Refunds) == 1 && o.Refunds[0].Status == h.RefundRequested
		}),
		"6 two orders, still enrolled": order(func(o h.Order) bool {
			return o.Status == h.OrderRefunded && enrollment(func(e h.Enrollment) bool {
				return e.LearnerID == o.LearnerID && e.Target == o.Items[0].Target && e.OrderID != o.ID && active(e)
			})
		}),
		"7 removed enrollment": enrollment(func(e h.Enrollment) bool { return e.Deleted }),
		"8 gone and back": pair(func(a, b h.Enrollment) bool {
			return a.ExitReason == h.ExitSelf && active(b) && b.JoinedAt.After(a.ExitedAt)
		}),
		"8 row reused":        enrollment(func(e h.Enrollment) bool { return active(e) && e.UpdatedAt.Sub(e.JoinedAt) > 100*24*time.Hour }),
		"9 copy":              has(s.Offerings, func(o h.Offering) bool { return o.OriginCourseID != "" }),
		"9 exit from a copy":  enrollment(func(e h.Enrollment) bool { return e.ExitReason == h.ExitClassroom && e.ViaClassroomID != "" }),
		"10 twice at once":    pair(func(a, b h.Enrollment) bool { return active(a) && active(b) }),
		"10 teacher":          enrollment(func(e h.Enrollment) bool { return e.Role == h.EnrolledTeacher }),
		"11 expired, active":  enrollment(func(e h.Enrollment) bool { return active(e) && !e.ExpiresAt.IsZero() && e.ExpiresAt.Before(SeedTime()) }),
		"11 expired member":   has(s.Memberships, func(m h.Membership) bool { return !m.ExpiresAt.IsZero() && m.ExpiresAt.Before(SeedTime()) }),
		"11 member for life":  has(s.Memberships, func(m h.Membership) bool { return m.ExpiresAt.IsZero() }),
		"12 learners at once": shared(s.Learners, learnerKind) > 20, "12 offerings at once": shared(s.Offerings, offeringKind) > 5,
		"12 orders at once": shared(s.Orders, orderKind) > 10, "12 enrollments at once": shared(s.Enrollments, enrollmentKind) > 10,
		"12 memberships at once": shared(s.Memberships, membershipKind) > 2, "12 activities at once": shared(s.Activities, activityKind) > 20,
		"13 visitor": has(s.Activities, func(a h.Activity) bool { return a.LearnerID == "" }),
	} {
		if !there {
			t.Errorf("trap %s is not in the seed", trap)
		}
	}
}

// shared is the size of the largest group of rows of one time.
func shared[T any](rows []T, k kind[T]) int {
	count, most := map[time.Time]int{}, 0
	for _, row := range rows {
		count[*k.at(&row)]++
		most = max(most, count[*k.at(&row)])
	}
	return most
}

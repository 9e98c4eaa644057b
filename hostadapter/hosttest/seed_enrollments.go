package hosttest

import (
	"strconv"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// place is an active student's place.
func place(id, of int, in h.Target, joined time.Time) h.Enrollment {
	return h.Enrollment{
		ID: number(id), LearnerID: learner(of), Target: in, Role: h.EnrolledStudent,
		Status: h.EnrollmentActive, JoinReason: h.JoinPurchase, JoinedAt: joined, UpdatedAt: joined,
	}
}

// placeOf is the place that a plain sale paid for.
func placeOf(o h.Order) h.Enrollment {
	n, _ := strconv.Atoi(o.ID)
	who, _ := strconv.Atoi(string(o.LearnerID))
	e := place(n-900, who, o.Items[0].Target, o.PaidAt)
	e.OrderID, e.DoneUnits, e.UpdatedAt = o.ID, n%12, o.UpdatedAt
	e.RequiredDone = e.DoneUnits
	if e.DoneUnits > 0 {
		e.LastLearnAt = o.PaidAt.Add(time.Hour)
		if e.UpdatedAt.Before(e.LastLearnAt) {
			e.UpdatedAt = e.LastLearnAt
		}
	}
	return e
}

// seedEnrollments are the places that go wrong, numbered from 201 in the order of this list.
func seedEnrollments() []h.Enrollment {
	var rows []h.Enrollment
	add := func(of int, in h.Target, days int, change func(*h.Enrollment)) {
		e := place(201+len(rows), of, in, ago(days, 0))
		change(&e)
		rows = append(rows, e)
	}
	bought := func(order int) func(*h.Enrollment) {
		return func(e *h.Enrollment) { e.OrderID = number(order) }
	}

	add(2, course(1), 300, func(e *h.Enrollment) { e.Role, e.JoinReason = h.EnrolledTeacher, h.JoinStaff }) // trap 10
	add(4, course(1), 300, func(e *h.Enrollment) { e.Role, e.JoinReason = h.EnrolledAssistant, h.JoinStaff })
	add(9, course(1), 50, func(e *h.Enrollment) { e.Role, e.JoinReason = h.EnrolledAuditor, h.JoinFree })
	add(40, course(3), 30, bought(1101))
	add(41, course(3), 30, bought(1102)) // refunded in part, and stays
	add(42, course(3), 28, func(e *h.Enrollment) { bought(1103)(e); exit(e, 27, h.ExitRefund) })
	add(43, course(3), 26, bought(1105))
	add(44, course(4), 25, bought(1106)) // one of two orders was refunded: still enrolled (trap 6)
	// Gone and back: a new row beside the old one, and a row reused with the old JoinedAt (trap 8).
	add(45, course(6), 200, func(e *h.Enrollment) { exit(e, 150, h.ExitSelf) })
	add(45, course(6), 100, func(*h.Enrollment) {})
	add(46, course(6), 200, func(e *h.Enrollment) { e.UpdatedAt = ago(90, 0) })
	// Twice in one course at once, each in its own way (trap 10).
	add(47, course(6), 120, func(e *h.Enrollment) { e.JoinReason = h.JoinImport })
	add(47, course(6), 110, func(e *h.Enrollment) { e.JoinReason = h.JoinMarketing })
	// Expired but still listed as active; expired and said so; never expires (trap 11).
	add(25, course(6), 400, func(e *h.Enrollment) { e.ExpiresAt = ago(35, 0) })
	add(26, course(6), 400, func(e *h.Enrollment) { e.Status, e.ExpiresAt = h.EnrollmentExpired, ago(35, 0) })
	add(27, course(6), 400, func(e *h.Enrollment) { e.ExpiresAt = ago(-335, 0) })
	add(28, course(6), 390, func(e *h.Enrollment) { e.Status = h.EnrollmentLocked })
	add(52, course(8), 10, func(e *h.Enrollment) { e.JoinReason = h.JoinFree })
	add(53, course(8), 10, func(e *h.Enrollment) { e.JoinReason = "" })
	add(54, course(7), 60, func(e *h.Enrollment) {
		e.DoneUnits, e.RequiredDone, e.LastLearnAt, e.CompletedAt = 14, 12, ago(41, 0), ago(41, 0)
		e.UpdatedAt = e.CompletedAt
	})
	// A classroom puts its learner into copies of its courses; leaving it leaves all (trap 9).
	inClassroom := func(e *h.Enrollment) { e.ViaClassroomID, e.JoinReason = "1", h.JoinClassroom }
	add(58, classroom(1), 6, bought(1121))
	add(58, course(101), 6, inClassroom)
	add(58, course(102), 6, inClassroom)
	add(58, course(6), 6, bought(1121))
	add(20, classroom(1), 70, func(e *h.Enrollment) { exit(e, 15, h.ExitRemoved); e.ExitNote = "转班" })
	add(20, course(101), 70, func(e *h.Enrollment) { inClassroom(e); exit(e, 15, h.ExitClassroom) })
	add(20, course(102), 70, func(e *h.Enrollment) { inClassroom(e); exit(e, 15, h.ExitClassroom) })
	add(32, course(6), 100, bought(1122)) // the account was closed
	add(21, course(9), 40, func(e *h.Enrollment) { e.Status, e.ExitedAt = h.EnrollmentExited, ago(14, 0); e.UpdatedAt = ago(14, 0) })
	add(22, course(9), 40, func(e *h.Enrollment) { e.JoinReason = h.JoinMembership; exit(e, 13, h.ExitExpired) })
	// The host removed the row (trap 7).
	add(23, course(9), 40, func(e *h.Enrollment) { e.Deleted, e.UpdatedAt = true, ago(15, 0) })
	add(24, course(9), 40, func(e *h.Enrollment) { e.Deleted, e.UpdatedAt = true, ago(8, 0) })
	return rows
}

func exit(e *h.Enrollment, days int, why h.ExitReason) {
	e.Status, e.ExitedAt, e.ExitReason, e.UpdatedAt = h.EnrollmentExited, ago(days, 0), why, ago(days, 0)
}

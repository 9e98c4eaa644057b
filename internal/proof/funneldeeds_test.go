package proof

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// order draws an order from its placing to whatever became of it.
func (d *dice) order(id string, people []h.LearnerID, about []h.Target) life {
	o := h.Order{ID: id, LearnerID: choose(d, people...), Status: h.OrderPending, Origin: choose(d, h.OriginSelf, h.OriginSelf, h.OriginMarketing, h.OriginOffline),
		Currency: siteCurrency, CreatedAt: d.moment(), Items: d.items(about)}
	for _, it := range o.Items {
		o.PayableAmount += it.Amount
	}
	if d.one(4) {
		o.PayableAmount = d.Int64N(50000)
	}
	if d.one(12) {
		o.Currency = "USD"
	}
	var versions []h.Order
	for i, at := range d.stamps(1 + d.IntN(5)) {
		o.UpdatedAt = at
		if i > 0 || d.one(2) {
			d.next(&o, about)
		}
		if d.one(15) {
			o.LearnerID = choose(d, people...)
		}
		version := o
		version.Deleted = d.one(20)
		versions = append(versions, version)
	}
	l := told(versions...)
	if n := len(versions); n > 1 && d.one(15) && !versions[n-1].Deleted && !versions[n-2].Deleted { // another snapshot of the same second
		l.versions[n-1].Order.UpdatedAt = l.versions[n-2].Order.UpdatedAt
		l.last = true
	}
	return l
}

// items draws what an order is for: mostly one thing, sometimes several, the same one twice, a
// membership beside, or nothing.
func (d *dice) items(about []h.Target) []h.OrderItem {
	items := make([]h.OrderItem, choose(d, 1, 1, 1, 1, 2, 3, 4, 0))
	for i := range items {
		items[i] = h.OrderItem{Target: choose(d, about...), Title: "t", Quantity: 1, Amount: choose(d, 0, 1, 2, 9900, d.Int64N(100000))}
		switch d.IntN(10) {
		case 0:
			items[i].Target = h.Target{Type: h.TargetMembership, ID: "gold"}
		case 1:
			items[i].Target = h.Target{Type: h.TargetOther}
		}
	}
	return items
}

// next changes an order to one of the states an order has, or in a way that means nothing.
func (d *dice) next(o *h.Order, about []h.Target) {
	o.PaidCash, o.PaidCoin, o.Refunded, o.PaidAt, o.ClosedAt, o.Refunds = 0, 0, 0, time.Time{}, time.Time{}, nil
	if d.one(10) {
		o.Items = d.items(about)
	}
	o.Status = choose(d, h.OrderPending, h.OrderClosed, h.OrderPaid, h.OrderFulfilled, h.OrderFinished, h.OrderRefunding, h.OrderRefunded, h.OrderFinished)
	switch o.Status {
	case h.OrderPending:
		o.CloseDeadline = d.maybe()
		return
	case h.OrderClosed:
		o.ClosedAt = d.maybe()
		return
	default:
	}
	o.PaidAt = d.maybe()
	if o.PaidCash = o.PayableAmount; o.Origin == h.OriginOffline && d.one(2) {
		o.PaidCash, o.PaidAt = 0, time.Time{}
	} else if d.one(4) {
		o.PaidCoin = d.Int64N(o.PaidCash + 1)
		o.PaidCash -= o.PaidCoin
	}
	if o.Status == h.OrderRefunded || d.one(6) {
		o.Refunded = choose(d, paidFor(*o), d.Int64N(paidFor(*o)+1))
		o.Refunds = append(o.Refunds, h.Refund{Status: h.RefundDone, Cash: o.Refunded, RequestedAt: d.moment(), HandledAt: d.maybe()})
	}
	if o.Status == h.OrderRefunding || d.one(6) { // an audited request leaves the order as it was
		o.Refunds = append(o.Refunds, h.Refund{Status: choose(d, h.RefundRequested, h.RefundRequested, h.RefundRefused, h.RefundCancelled), Cash: o.PaidCash, RequestedAt: d.moment()})
	}
}

// places draws a learner's place in something: alone, or in a classroom with its copies.
func (d *dice) places(id func() string, who h.LearnerID, about []h.Target) []life {
	if !d.one(4) {
		return []life{d.place(id(), who, choose(d, about...), "")}
	}
	classroom := d.courses[7]
	lives := []life{d.place(id(), who, classroom, "")}
	left := lives[0].final().Enrollment.Status == h.EnrollmentExited
	for _, copied := range d.inside {
		l := d.place(id(), who, copied, classroom.ID)
		if e := l.final().Enrollment; left && !e.Deleted && !l.last {
			e.Status, e.ExitReason, e.ExitedAt = h.EnrollmentExited, h.ExitClassroom, d.maybe()
		}
		lives = append(lives, l)
	}
	return lives
}

// place draws a place from joining on: it runs out, is left, taken up again, or removed.
func (d *dice) place(id string, who h.LearnerID, target h.Target, via string) life {
	e := h.Enrollment{ID: id, LearnerID: who, Target: target, ViaClassroomID: via, Role: h.EnrolledStudent, Status: h.EnrollmentActive, JoinedAt: d.moment()}
	if d.one(8) {
		e.Role = choose(d, h.EnrolledTeacher, h.EnrolledAssistant, h.EnrolledAuditor, "")
	}
	var versions []h.Enrollment
	for i, at := range d.stamps(1 + d.IntN(4)) {
		e.UpdatedAt = at
		if i > 0 || d.one(2) {
			d.live(&e)
		}
		versions = append(versions, e)
	}
	l := told(versions...)
	switch n := len(versions); {
	case d.one(12): // removed
		l.last, l.only = true, d.one(4)
		gone := historyEnds
		if !l.only { // in a feed, what comes last is younger than all before
			gone = gone.Add(time.Hour)
		}
		l.versions = append(l.versions, h.Changed(h.Enrollment{ID: id, UpdatedAt: gone, Deleted: true}))
	case n > 2 && d.one(12): // removed, and back
		*l.versions[n-2].Enrollment = h.Enrollment{ID: id, UpdatedAt: l.versions[n-2].Enrollment.UpdatedAt, Deleted: true}
	case n > 1 && d.one(15):
		l.versions[n-1].Enrollment.UpdatedAt = l.versions[n-2].Enrollment.UpdatedAt
		l.last = true
	}
	return l
}

// live changes a place.
func (d *dice) live(e *h.Enrollment) {
	e.Status, e.ExitReason, e.ExitedAt, e.ExpiresAt = h.EnrollmentActive, "", time.Time{}, time.Time{}
	e.LastLearnAt = d.maybe()
	switch d.IntN(8) {
	case 0, 1: // stays, until
		e.ExpiresAt = choose(d, d.edge(0), d.edge(0), d.moment(), historyEnds.Add(time.Duration(d.IntN(200*24))*time.Hour))
	case 2: // is listed although it ran out
		e.Status, e.ExpiresAt = h.EnrollmentExpired, d.maybe()
	case 3:
		e.Status = h.EnrollmentLocked
	case 4, 5:
		e.Status, e.ExitReason, e.ExitedAt = h.EnrollmentExited, choose(d, h.ExitSelf, h.ExitRemoved, h.ExitRefund, h.ExitExpired, h.ExitClassroom, ""), d.maybe()
	case 6: // joins again, and the row keeps the time of joining or not
		if d.one(2) {
			e.JoinedAt = d.moment()
		}
	}
}

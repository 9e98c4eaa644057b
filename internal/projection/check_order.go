package projection

import (
	"slices"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Order checks an order with its items and refunds.
func (c *Checker) Order(in h.Order) (Order, Reason) {
	c.begin()
	c.id("id", in.ID)
	c.when("updated_at", &in.UpdatedAt, true, true)
	if in.Deleted {
		o := Order{Order: h.Order{ID: in.ID, UpdatedAt: in.UpdatedAt, Deleted: true}}
		o.Hash = c.hash.order(&o)
		return o, c.reason
	}
	c.id("learner_id", string(in.LearnerID))
	oneOf(c, "status", in.Status, h.OrderPending, h.OrderPaid, h.OrderFulfilled, h.OrderFinished,
		h.OrderRefunding, h.OrderRefunded, h.OrderClosed)
	if in.Origin == "" {
		in.Origin = h.OriginSelf
	}
	oneOf(c, "origin", in.Origin, h.OriginSelf, h.OriginMarketing, h.OriginOffline)
	c.orderMoney(&in)
	c.when("created_at", &in.CreatedAt, true, true)
	c.when("paid_at", &in.PaidAt, false, true)
	c.when("closed_at", &in.ClosedAt, false, true)
	c.when("close_deadline", &in.CloseDeadline, false, false)
	c.orderItems(&in)
	c.orderRefunds(&in)
	if in.SN == "" {
		in.SN = in.ID
	}
	clean(&in.SN, &in.Coupon, &in.Currency)
	o := Order{Order: in, PaidAmount: paidAmount(&in), PaidOn: paidOn(&in)}
	o.Hash = c.hash.order(&o)
	return o, c.reason
}

func (c *Checker) orderMoney(in *h.Order) {
	c.money("list_amount", in.ListAmount)
	c.money("payable_amount", in.PayableAmount)
	c.money("paid_cash", in.PaidCash)
	c.money("paid_coin", in.PaidCoin)
	c.money("refunded", in.Refunded)
	if in.ListAmount|in.PayableAmount|in.PaidCash|in.Refunded > 0 && !isCurrency(in.Currency) {
		c.fail("currency", codeCurrency)
	}
}

func (c *Checker) orderItems(in *h.Order) {
	in.Items = slices.Clone(in.Items)
	for i := range in.Items {
		it := &in.Items[i]
		oneOf(c, "items.target_type", it.Target.Type, h.TargetCourse, h.TargetClassroom, h.TargetMembership, h.TargetOther)
		if it.Target.Type != h.TargetOther {
			c.id("items.target_id", it.Target.ID)
		}
		if it.Quantity < 1 || it.Quantity > 1_000_000 {
			c.fail("items.quantity", codeQuantity)
		}
		c.money("items.amount", it.Amount)
		clean(&it.Title, &it.Target.ID)
	}
	if len(in.Items) > 1000 {
		c.fail("items", codeQuantity)
	}
}

func (c *Checker) orderRefunds(in *h.Order) {
	in.Refunds = slices.Clone(in.Refunds)
	for i := range in.Refunds {
		r := &in.Refunds[i]
		oneOf(c, "refunds.status", r.Status, h.RefundRequested, h.RefundDone, h.RefundRefused, h.RefundCancelled)
		c.money("refunds.cash", r.Cash)
		c.when("refunds.requested_at", &r.RequestedAt, false, true)
		c.when("refunds.handled_at", &r.HandledAt, false, true)
		clean(&r.Reason)
	}
	if len(in.Refunds) > 1000 {
		c.fail("refunds", codeQuantity)
	}
}

// Enrollment checks an enrollment. A tombstone becomes an exit with unknown reason: leaving
// deletes the host's row (trap 7).
func (c *Checker) Enrollment(in h.Enrollment) (Enrollment, Reason) {
	c.begin()
	c.id("id", in.ID)
	c.when("updated_at", &in.UpdatedAt, true, true)
	if in.Deleted {
		e := Enrollment{Enrollment: h.Enrollment{ID: in.ID, UpdatedAt: in.UpdatedAt, Deleted: true}}
		e.Hash = c.hash.enrollment(&e)
		return e, c.reason
	}
	c.id("learner_id", string(in.LearnerID))
	c.id("target_id", in.Target.ID)
	if in.Target.Type != h.TargetCourse && in.Target.Type != h.TargetClassroom {
		c.fail("target_type", codeWrongPlace)
	}
	if in.Role == "" {
		in.Role = h.EnrolledStudent
	}
	oneOf(c, "role", in.Role, h.EnrolledStudent, h.EnrolledAuditor, h.EnrolledTeacher, h.EnrolledAssistant)
	oneOf(c, "status", in.Status, h.EnrollmentActive, h.EnrollmentLocked, h.EnrollmentExpired, h.EnrollmentExited)
	oneOf(c, "join_reason", in.JoinReason, "", h.JoinPurchase, h.JoinFree, h.JoinMembership, h.JoinImport,
		h.JoinMarketing, h.JoinClassroom, h.JoinStaff)
	oneOf(c, "exit_reason", in.ExitReason, "", h.ExitSelf, h.ExitRemoved, h.ExitRefund, h.ExitExpired, h.ExitClassroom)
	c.when("joined_at", &in.JoinedAt, true, true)
	c.when("expires_at", &in.ExpiresAt, false, false)
	c.when("last_learn_at", &in.LastLearnAt, false, true)
	c.when("completed_at", &in.CompletedAt, false, true)
	c.when("exited_at", &in.ExitedAt, false, true)
	if in.DoneUnits < 0 || in.RequiredDone < 0 || in.DoneUnits > maxCount || in.RequiredDone > maxCount {
		c.fail("done_units", codeQuantity)
	}
	clean(&in.ViaClassroomID, &in.OrderID, &in.ExitNote)
	e := Enrollment{Enrollment: in}
	e.Hash = c.hash.enrollment(&e)
	return e, c.reason
}

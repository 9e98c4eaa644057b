package seed

import (
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

const day = 24 * time.Hour

var (
	refundReasons = []string{"时间安排不开", "内容与预期不符", "买错了课程", "难度太大", "重复购买", "改报了其他班", ""}
	exitNotes     = []string{"没有时间学习", "内容太简单", "换了方向", "", ""}
)

// buy tells the purchases of a learner, paid or not.
func (t *teller) buy() {
	r := t.r
	paid, vip := 0, 0.0
	switch t.habit {
	case light:
		paid, vip = within(r, 1, 3), .05
	case regular:
		paid, vip = within(r, 3, 9), .2
	case heavy:
		u := r.Float64()
		paid, vip = 10+int(25*u*u), .5
	case imported:
		t.arriveByImport()
		return
	case browser:
	}
	for range paid {
		t.buyOne(t.when(even))
		if chance(r, .12) {
			t.abandon(t.when(even))
		}
	}
	if chance(r, vip) {
		t.becomeMember()
	}
	if chance(r, .2) {
		t.abandon(t.when(early))
	}
	if chance(r, .006) || t.g.cal.now.Sub(t.lastSeen) < day && chance(r, .08) {
		t.leaveOpen()
	}
}

// when draws a moment of the learner's time at the school.
func (t *teller) when(l lean) time.Time {
	return t.g.cal.between(t.r, t.user.registered, t.lastSeen, l)
}

// choose picks what to buy: mostly a course that the learner is not in.
func (t *teller) choose() (target school.Target, title string, price int64) {
	cat := t.g.cat
	u := t.r.Float64()
	if u < .1 {
		c := pick(t.r, cat.classrooms)
		if target := (school.Target{Type: school.TypeClassroom, ID: c.id}); !t.in(target) {
			return target, c.title, c.price
		}
	}
	for range 6 {
		c := cat.courses[cat.popular.roll(t.r)]
		if target := (school.Target{Type: school.TypeCourse, ID: c.id}); c.price > 0 && c.status == "published" && !t.in(target) {
			return target, c.title, c.price
		}
	}
	return school.Target{Type: "goods", ID: int64(within(t.r, 1, 9))}, "配套教材", 5900
}

// in reports whether the learner is in an offering.
func (t *teller) in(target school.Target) bool {
	for i := range t.enrollments {
		if t.enrollments[i].target == target && t.enrollments[i].status == "active" {
			return true
		}
	}
	return false
}

// place makes an order that waits to be paid.
func (t *teller) place(at time.Time) order {
	target, title, price := t.choose()
	o := order{target: target, title: title, status: school.OrderCreated, source: "self", price: price, pay: price, created: at, due: at.Add(school.PayWithin)}
	if chance(t.r, .22) {
		o.coupon, o.pay = school.CouponCode, price-price/10
		if offered(target) {
			t.did(school.KindCoupon, target, at.Add(-time.Minute))
		}
	}
	if offered(target) {
		for range within(t.r, 0, 2) {
			t.did(school.KindView, target, t.g.cal.between(t.r, t.user.registered, at, late))
		}
	}
	return o
}

// buyOne tells an order that was paid, and what came of it.
func (t *teller) buyOne(at time.Time) {
	o := t.place(at)
	o.paid = earlier(t.g.cal.now, at.Add(time.Duration(t.r.ExpFloat64()*float64(20*time.Minute)))).Truncate(time.Microsecond)
	o.cash = o.pay
	switch u := t.r.Float64(); {
	case u < .03:
		o.source = "marketing"
	case u < .06: // paid outside and entered by staff: no time of payment, and no money through the cashier
		o.source, o.cash, o.paid = "outside", 0, time.Time{}
	case u < .09 && o.pay > 1000:
		o.coins = int64(within(t.r, 1, 5)) * 100 // a coin is worth a fen
		o.cash -= o.coins
	}
	o.status = school.OrderFinished
	if t.g.cal.now.Sub(at) < school.RefundWithin {
		o.status = school.OrderSuccess
	}
	if chance(t.r, .008) {
		o.status = school.OrderFail
	}
	t.maybeRefund(&o)
	o.updated = later(o.created, o.paid)
	if o.status == school.OrderFinished {
		o.updated = earlier(t.g.cal.now, o.updated.Add(school.RefundWithin))
	}
	if o.refund != nil {
		o.updated = later(o.updated, later(o.refund.created, o.refund.handled))
	}
	t.orders = append(t.orders, o)
	t.enroll(len(t.orders))
}

// maybeRefund asks for the money of some orders back; some get only a part.
func (t *teller) maybeRefund(o *order) {
	if o.cash == 0 || !chance(t.r, .06) || o.status == school.OrderFail {
		return
	}
	now := t.g.cal.now
	asked := t.g.cal.between(t.r, o.paid, earlier(now, o.paid.Add(school.RefundWithin)), early)
	handled := asked.Add(time.Duration((.2 + 2.5*t.r.Float64()) * float64(day))).Truncate(time.Microsecond)
	f := &refund{status: school.RefundDone, amount: o.cash, reason: pick(t.r, refundReasons), created: asked, handled: handled}
	switch open := handled.After(now); {
	case open && chance(t.r, .5): // asked: the order itself does not show it
		f.status, f.handled, o.status = school.RefundAuditing, time.Time{}, school.OrderSuccess
	case open:
		f.status, f.handled, o.status = school.RefundAuditing, time.Time{}, school.OrderRefunding
	case chance(t.r, .12):
		f.status = school.RefundRefused
	case chance(t.r, .25): // a part of it, and the whole order is marked refunded
		f.amount = max(1, o.cash*int64(within(t.r, 2, 8))/10)
		o.status = school.OrderRefunded
	default:
		o.status = school.OrderRefunded
	}
	o.refund = f
}

// abandon tells an order that was never paid.
func (t *teller) abandon(at time.Time) {
	o := t.place(at)
	if o.due.After(t.g.cal.now) {
		return
	}
	o.status, o.closed = school.OrderClosed, o.due
	if chance(t.r, .3) {
		o.closed = t.g.cal.between(t.r, o.created, o.due, early)
	}
	o.updated = o.closed
	t.orders = append(t.orders, o)
}

// leaveOpen tells an order of today that still waits.
func (t *teller) leaveOpen() {
	now := t.g.cal.now
	at := now.Add(-time.Duration(t.r.Float64() * .95 * float64(school.PayWithin))).Truncate(time.Microsecond)
	if at.Before(t.user.registered) {
		return
	}
	t.lastSeen = later(t.lastSeen, at)
	t.user.lastLogin = t.lastSeen
	o := t.place(at)
	if chance(t.r, .4) {
		o.status = school.OrderPaying
	}
	o.updated = at
	t.orders = append(t.orders, o)
}

// becomeMember tells a year or more of membership.
func (t *teller) becomeMember() {
	l := levels[newDice([]float64{60, 30, 10}).roll(t.r)]
	at := t.when(early)
	until := at
	for {
		o := order{target: school.Target{Type: school.TypeVIP, ID: l.id}, title: l.name, status: school.OrderFinished, source: "self", price: fen(l.yuan), pay: fen(l.yuan),
			cash: fen(l.yuan), created: at, paid: at.Add(time.Minute), due: at.Add(school.PayWithin)}
		o.paid = earlier(o.paid, t.g.cal.now)
		o.updated = o.paid
		if t.g.cal.now.Sub(o.paid) < school.RefundWithin {
			o.status = school.OrderSuccess
		}
		t.orders = append(t.orders, o)
		until = at.Add(365 * day)
		if until.After(t.lastSeen) || !chance(t.r, .5) {
			break
		}
		at = until // renewed on the last day
	}
	t.member = &member{level: l.id, since: at, updated: at, deadline: until.Unix()}
	if chance(t.r, .03) { // given for life
		t.member.deadline = pick(t.r, []int64{0, school.Never})
	}
	for range within(t.r, 0, 4) {
		c := t.g.cat.courses[t.g.cat.popular.roll(t.r)]
		t.sit(enrollment{target: school.Target{Type: school.TypeCourse, ID: c.id}, joinedBy: school.JoinedByVIP,
			joined: t.g.cal.between(t.r, at, later(at, t.lastSeen), early), deadline: t.member.deadline})
	}
}

// arriveByImport puts in a learner that staff entered, often with an order paid outside.
func (t *teller) arriveByImport() {
	c := t.g.cat.courses[t.g.cat.popular.roll(t.r)]
	target := school.Target{Type: school.TypeCourse, ID: c.id}
	at := t.user.registered
	e := enrollment{target: target, joinedBy: school.JoinedByImport, joined: at}
	if chance(t.r, .25) && c.price > 0 {
		t.orders = append(t.orders, order{target: target, title: c.title, status: school.OrderFinished, source: "outside", price: c.price, pay: c.price, created: at, updated: at})
		e.order, e.joinedBy = 1, school.JoinedByPurchase
	}
	t.sit(e)
}

// offered reports whether a target is a course or classroom.
func offered(target school.Target) bool {
	return target.Type == school.TypeCourse || target.Type == school.TypeClassroom
}

package hosttest

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// purchase is a finished order of one thing, paid in money in the minute after it was placed.
func purchase(id, by int, what h.Target, title string, price int64, placed time.Time) h.Order {
	return h.Order{
		ID: number(id), SN: "SN2026" + number(100000+id), LearnerID: learner(by),
		Status: h.OrderFinished, Origin: h.OriginSelf,
		ListAmount: price, PayableAmount: price, PaidCash: price, Currency: seedCurrency,
		CreatedAt: placed, PaidAt: placed.Add(time.Minute),
		Items:     []h.OrderItem{{Target: what, Title: title, Quantity: 1, Amount: price}},
		UpdatedAt: placed.Add(time.Minute),
	}
}

// seedSales are orders without anything to say about them, of learners 11 to 30, except that
// their ids pass from three digits to four and that the last fifteen were touched in one second,
// 999 and 1000 among them: the order of text is not the order of numbers.
func seedSales() []h.Order {
	var rows []h.Order
	for i := range 20 {
		o := purchase(990+i, 11+i, course(1), "Python 入门", 19900, ago(200-9*i, 13*i))
		if i%2 == 1 {
			o = purchase(990+i, 11+i, course(5), "考研数学", 149900, ago(200-9*i, 13*i))
		}
		if i >= 5 {
			o.UpdatedAt = ago(20, 0)
		}
		rows = append(rows, o)
	}
	return rows
}

// seedOrders are the orders that go wrong, numbered from 1101 in the order of this list.
func seedOrders() []h.Order {
	var rows []h.Order
	add := func(by int, what h.Target, title string, price int64, days int, change func(*h.Order)) {
		o := purchase(1101+len(rows), by, what, title, price, ago(days, 0))
		change(&o)
		rows = append(rows, o)
	}
	english, english2, vip := course(3), course(4), h.Target{Type: h.TargetMembership, ID: "2"}

	add(40, english, "考研英语·春季", 129900, 30, offline)                                             // trap 4
	add(41, english, "考研英语·春季", 129900, 30, func(o *h.Order) { refund(o, 29900, h.RefundDone) }) // trap 5
	add(42, english, "考研英语·春季", 129900, 28, func(o *h.Order) { refund(o, 129900, h.RefundDone) })
	add(43, english, "考研英语·春季", 129900, 27, func(o *h.Order) { o.Status = h.OrderClosed; unpaid(o) }) // trap 6: this one closed,
	add(43, english, "考研英语·春季", 129900, 26, func(*h.Order) {})                                        // this one paid
	add(44, english2, "考研英语·秋季", 139900, 25, func(*h.Order) {})                                       // trap 6: this one paid,
	add(44, english2, "考研英语·秋季", 139900, 24, func(o *h.Order) { refund(o, 139900, h.RefundDone) })    // this one refunded
	add(45, english2, "考研英语·秋季", 139900, 1, func(o *h.Order) { o.Status = h.OrderPending; unpaid(o); o.CloseDeadline = ago(-1, 0) })
	add(46, english2, "考研英语·秋季", 139900, 0, func(o *h.Order) { o.Status = h.OrderPending; unpaid(o) }) // never closes by itself
	add(47, course(2), "Python 数据分析", 39900, 5, func(o *h.Order) { o.Status = h.OrderPaid })           // delivery failed
	add(48, course(2), "Python 数据分析", 39900, 4, func(o *h.Order) { o.Status = h.OrderFulfilled })
	add(49, course(2), "Python 数据分析", 39900, 3, func(o *h.Order) {
		o.Status = h.OrderFulfilled // refund asked for, the order does not say so (EduSoho)
		refund(o, 39900, h.RefundRequested)
	})
	add(50, course(2), "Python 数据分析", 39900, 3, func(o *h.Order) { o.Status = h.OrderRefunding; refund(o, 39900, h.RefundRequested) })
	add(51, course(2), "Python 数据分析", 39900, 12, func(o *h.Order) { refund(o, 39900, h.RefundRefused) })
	add(52, course(7), "摄影 <第一课> & \"光\"", 9900, 11, func(o *h.Order) { o.PaidCash, o.PaidCoin = 4900, 500 })
	add(53, course(7), "摄影 <第一课> & \"光\"", 9900, 11, func(o *h.Order) { o.PaidCash, o.PaidCoin = 0, 990 })
	add(54, course(8), "公开课:时间管理", 0, 10, func(o *h.Order) { o.Currency = "" })
	add(55, course(9), "水彩基础", 8900, 9, func(o *h.Order) {
		o.PayableAmount, o.PaidCash, o.Items[0].Amount, o.Coupon = 6900, 6900, 6900, "SUMMER20"
	})
	add(56, vip, "年度会员", 36500, 8, func(*h.Order) {})
	add(57, h.Target{Type: h.TargetOther, ID: "77"}, "教材", 4500, 7, func(o *h.Order) { o.Items[0].Quantity = 3 })
	add(58, classroom(1), "数据分析师班", 49900, 6, func(o *h.Order) {
		o.Items = append(o.Items, h.OrderItem{Target: course(6), Title: "初级会计", Quantity: 1, Amount: 59900})
		o.ListAmount, o.PayableAmount, o.PaidCash = 109800, 109800, 109800
	})
	add(32, course(6), "初级会计", 59900, 100, func(*h.Order) {}) // the account is closed, the sale counts (trap 3)
	add(59, course(9), "水彩基础", 8900, 6, func(o *h.Order) { o.Origin = h.OriginMarketing })
	add(60, course(9), "水彩基础", 8900, 6, func(o *h.Order) { o.Deleted, o.UpdatedAt = true, ago(2, 0) })
	return rows
}

// offline is an order that staff entered: paid, but no PaidAt and nothing in PaidCash.
func offline(o *h.Order) {
	o.Origin, o.PaidCash, o.PaidAt = h.OriginOffline, 0, time.Time{}
}

func unpaid(o *h.Order) {
	o.PaidCash, o.PaidAt, o.UpdatedAt = 0, time.Time{}, o.CreatedAt
	if o.Status == h.OrderClosed {
		o.ClosedAt = o.CreatedAt.Add(30 * time.Minute)
		o.UpdatedAt = o.ClosedAt
	}
}

// refund adds a refund of cash; a done one marks the whole order refunded, however small it is.
func refund(o *h.Order, cash int64, status h.RefundStatus) {
	r := h.Refund{Status: status, Cash: cash, Reason: "时间不合适", RequestedAt: o.PaidAt.Add(time.Hour)}
	if status != h.RefundRequested {
		r.HandledAt = o.PaidAt.Add(2 * time.Hour)
	}
	if status == h.RefundDone {
		o.Status, o.Refunded = h.OrderRefunded, cash
	}
	o.Refunds = append(o.Refunds, r)
	o.UpdatedAt = o.PaidAt.Add(2 * time.Hour) // a counter moved it once more
}

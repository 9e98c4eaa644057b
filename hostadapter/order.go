package hostadapter

import "time"

// OrderStatus is where an order stands; DOMAIN words, with what common hosts call them in the
// guide "integrate in an afternoon".
type OrderStatus string

// Order states. All but pending and closed mean that money came in.
const (
	OrderPending   OrderStatus = "pending"   // placed, not paid
	OrderPaid      OrderStatus = "paid"      // money in, goods not delivered yet or delivery failed
	OrderFulfilled OrderStatus = "fulfilled" // delivered, refund window open
	OrderFinished  OrderStatus = "finished"  // delivered, window over
	OrderRefunding OrderStatus = "refunding" // refund asked for or running
	OrderRefunded  OrderStatus = "refunded"  // refund done, possibly in part
	OrderClosed    OrderStatus = "closed"    // never paid
)

// Paid reports whether money came in for an order in this state.
func (s OrderStatus) Paid() bool {
	switch s {
	case OrderPaid, OrderFulfilled, OrderFinished, OrderRefunding, OrderRefunded:
		return true
	case OrderPending, OrderClosed:
	}
	return false
}

// OrderOrigin says how an order came about.
type OrderOrigin string

// Origins of an order.
const (
	OriginSelf      OrderOrigin = "self"      // the learner ordered
	OriginMarketing OrderOrigin = "marketing" // staff or a campaign of the host
	OriginOffline   OrderOrigin = "offline"   // paid outside the host and entered by staff
)

// Order is a purchase. All amounts are minor units of Currency and not negative.
type Order struct {
	ID            string // required
	SN            string // the number people see; may equal ID
	LearnerID     LearnerID
	Status        OrderStatus
	Origin        OrderOrigin // empty means self
	ListAmount    int64       // before discounts
	PayableAmount int64       // after discounts; what the learner owes
	PaidCash      int64       // what came in as money
	PaidCoin      int64       // what came in as the host's coins or points, in coins
	Refunded      int64       // money given back so far
	Currency      string      // ISO 4217
	CreatedAt     time.Time   // required
	PaidAt        time.Time   // zero: not paid, or not known (offline orders)
	ClosedAt      time.Time
	CloseDeadline time.Time // when an unpaid order closes by itself; zero: never
	Items         []OrderItem
	Coupon        string // code or name; empty: none
	Refunds       []Refund
	UpdatedAt     time.Time // required
	Deleted       bool      // a tombstone: only ID and UpdatedAt are read
}

// OrderItem is a line of an order.
type OrderItem struct {
	Target   Target
	Title    string
	Quantity int   // at least 1
	Amount   int64 // what the learner owes for this line, all of Quantity
}

// RefundStatus is where a refund stands.
type RefundStatus string

// Refund states.
const (
	RefundRequested RefundStatus = "requested"
	RefundDone      RefundStatus = "done"
	RefundRefused   RefundStatus = "refused"
	RefundCancelled RefundStatus = "cancelled"
)

// Refund is a request for money back.
type Refund struct {
	Status      RefundStatus
	Cash        int64  // minor units of the order's currency
	Reason      string // the learner's own words; empty: none
	RequestedAt time.Time
	HandledAt   time.Time // zero: not handled
}

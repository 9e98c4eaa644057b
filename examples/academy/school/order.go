package school

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// The words in orders.status.
const (
	OrderCreated   = "created"
	OrderPaying    = "paying" // the cashier page was opened
	OrderPaid      = "paid"
	OrderSuccess   = "success" // delivered, may be refunded
	OrderFinished  = "finished"
	OrderRefunding = "refunding"
	OrderRefunded  = "refunded"
	OrderClosed    = "closed"
	OrderFail      = "fail" // paid, but the delivery failed
)

// PayWithin is how long an order stays open, RefundWithin how long it may be refunded.
const (
	PayWithin    = 24 * time.Hour
	RefundWithin = 7 * 24 * time.Hour
)

// CouponCode is the school's only coupon: 10 % off for who took it on the course's page.
const CouponCode = "WELCOME10"

// Order is a purchase of one thing.
type Order struct {
	ID               int64
	SN               string
	UserID           int64
	Title, Status    string
	Target           Target
	Price, Pay, Paid int64 // fen: before discounts, owed, received
	Coupon           string
	CreatedAt        time.Time
	PaidAt           time.Time
	CloseDeadline    time.Time
	RefundStatus     string // of the latest request; empty: none
}

// Open reports whether the order waits for its payment.
func (o Order) Open() bool { return o.Status == OrderCreated || o.Status == OrderPaying }

// Refundable reports whether the learner may ask for the money back at now.
func (o Order) Refundable(now time.Time) bool {
	return o.Status == OrderSuccess && o.Paid > 0 && o.RefundStatus != RefundAuditing &&
		now.Before(o.PaidAt.Add(RefundWithin))
}

const selectOrders = `SELECT o.id, o.sn, o.user_id, o.title, o.status, i.target_type, i.target_id, o.price_amount, o.pay_amount, o.paid_cash,
	o.coupon, o.created_at, o.paid_at, o.close_deadline,
	coalesce((SELECT r.status FROM refunds r WHERE r.order_id = o.id ORDER BY r.id DESC LIMIT 1), '')
	FROM orders o JOIN LATERAL (SELECT * FROM order_items WHERE order_id = o.id ORDER BY id LIMIT 1) i ON true `

func scanOrder(row scanner) (o Order, err error) {
	return o, row.Scan(&o.ID, &o.SN, &o.UserID, &o.Title, &o.Status, &o.Target.Type, &o.Target.ID, &o.Price, &o.Pay, &o.Paid,
		&o.Coupon, moment{&o.CreatedAt}, moment{&o.PaidAt}, moment{&o.CloseDeadline}, &o.RefundStatus)
}

// Orders lists a learner's orders, the newest first.
func (s *School) Orders(ctx context.Context, userID int64, limit int) ([]Order, error) {
	return list(ctx, s.db, "list orders", scanOrder, selectOrders+"WHERE o.user_id = $1 ORDER BY o.created_at DESC, o.id DESC LIMIT $2", userID, limit)
}

// Order finds an order of the learner.
func (s *School) Order(ctx context.Context, userID, id int64) (Order, error) {
	return one(ctx, s.db, "find order", scanOrder, selectOrders+"WHERE o.user_id = $1 AND o.id = $2", userID, id)
}

// PlaceOrder orders a course, classroom or membership and returns the order's id. An open order
// for the same thing is returned instead of a second one. What costs nothing is delivered at once.
// It returns ErrConflict when the learner is in already.
func (s *School) PlaceOrder(ctx context.Context, userID int64, t Target) (id int64, err error) {
	err = s.change(ctx, "place order", func(tx *sql.Tx, c *Change) error {
		// Two clicks at once must not make two orders: the second waits here for the first.
		if err := lockUser(ctx, tx, userID); err != nil {
			return err
		}
		o, err := offerOf(ctx, tx, t)
		if err != nil {
			return err
		}
		if in, err := enrolled(ctx, tx, userID, t); err != nil || in {
			return conflictIf(in, err)
		}
		err = tx.QueryRowContext(ctx, `SELECT o.id FROM orders o JOIN order_items i ON i.order_id = o.id
			WHERE o.user_id = $1 AND o.status IN ('created', 'paying') AND i.target_type = $2 AND i.target_id = $3 LIMIT 1`,
			userID, t.Type, t.ID).Scan(&id)
		if err != sql.ErrNoRows {
			return err
		}
		id, err = s.insertOrder(ctx, tx, userID, t, o)
		if err != nil {
			return err
		}
		c.Orders = append(c.Orders, id)
		if o.price == 0 {
			return s.deliver(ctx, tx, c, id)
		}
		return nil
	})
	return id, err
}

// insertOrder writes the order and its item, with the coupon's discount if the learner took it.
func (s *School) insertOrder(ctx context.Context, tx *sql.Tx, userID int64, t Target, o offer) (id int64, err error) {
	pay, coupon := o.price, ""
	took, err := did(ctx, tx, userID, KindCoupon, t)
	if err != nil {
		return 0, err
	}
	if took && o.price > 0 {
		pay, coupon = o.price-o.price/10, CouponCode
	}
	if err := tx.QueryRowContext(ctx, "SELECT nextval(pg_get_serial_sequence('orders', 'id'))").Scan(&id); err != nil {
		return 0, err
	}
	now := s.now()
	_, err = tx.ExecContext(ctx, `INSERT INTO orders (id, sn, user_id, title, status, price_amount, pay_amount, coupon, created_at, close_deadline, updated_at)
		VALUES ($1, $2, $3, $4, 'created', $5, $6, $7, $8, $9, $8)`,
		id, OrderSN(now, id), userID, o.title, o.price, pay, coupon, now, now.Add(PayWithin))
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO order_items (order_id, target_type, target_id, title, num, amount)
		VALUES ($1, $2, $3, $4, 1, $5)`, id, t.Type, t.ID, o.title, pay)
	return id, err
}

// OrderSN is the number that people see.
func OrderSN(at time.Time, id int64) string {
	return fmt.Sprintf("A%s%07d", at.UTC().Format("20060102"), id)
}

// Pay takes the money of an open order and delivers what was bought. It returns ErrConflict when
// the order is not open (any more).
func (s *School) Pay(ctx context.Context, userID, orderID int64) error {
	return s.change(ctx, "pay order", func(tx *sql.Tx, c *Change) error {
		if err := lockUser(ctx, tx, userID); err != nil {
			return err
		}
		if err := lockOrder(ctx, tx, userID, orderID, OrderCreated, OrderPaying); err != nil {
			return err
		}
		c.Orders = append(c.Orders, orderID)
		return s.deliver(ctx, tx, c, orderID)
	})
}

// deliver marks a locked order as paid and gives the learner what it is for.
func (s *School) deliver(ctx context.Context, tx *sql.Tx, c *Change, orderID int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE orders SET status = 'success', paid_cash = pay_amount, paid_at = $2, updated_at = $2
		WHERE id = $1`, orderID, s.now())
	if err != nil {
		return err
	}
	o, err := one(ctx, tx, "find order", scanOrder, selectOrders+"WHERE o.id = $1", orderID)
	if err != nil {
		return err
	}
	if o.Target.Type == TypeVIP {
		return s.extendMembership(ctx, tx, c, o.UserID, o.Target.ID)
	}
	joinedBy := JoinedByPurchase
	if o.Pay == 0 {
		joinedBy = JoinedFree
	}
	return s.join(ctx, tx, c, seat{user: o.UserID, target: o.Target, joinedBy: joinedBy, order: orderID})
}

// Cancel closes an open order; ErrConflict when it is not open.
func (s *School) Cancel(ctx context.Context, userID, orderID int64) error {
	return s.change(ctx, "cancel order", func(tx *sql.Tx, c *Change) error {
		if err := lockOrder(ctx, tx, userID, orderID, OrderCreated, OrderPaying); err != nil {
			return err
		}
		c.Orders = append(c.Orders, orderID)
		_, err := tx.ExecContext(ctx, "UPDATE orders SET status = 'closed', closed_at = $2, updated_at = $2 WHERE id = $1", orderID, s.now())
		return err
	})
}

// Tidy does what time brings: open orders past their deadline are closed, and delivered orders
// whose refund window is over are finished. Call it every now and then.
func (s *School) Tidy(ctx context.Context) error {
	return s.change(ctx, "tidy orders", func(tx *sql.Tx, c *Change) error {
		now := s.now()
		for _, job := range []struct {
			query string
			until time.Time
		}{
			{`UPDATE orders SET status = 'closed', closed_at = $1, updated_at = $1 WHERE id IN (SELECT id FROM orders
				WHERE status IN ('created', 'paying') AND close_deadline < $2 LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id`, now},
			{`UPDATE orders o SET status = 'finished', updated_at = $1 WHERE id IN (SELECT id FROM orders p WHERE status = 'success' AND paid_at < $2
				AND NOT EXISTS (SELECT FROM refunds r WHERE r.order_id = p.id AND r.status = 'auditing') LIMIT 500 FOR UPDATE SKIP LOCKED) RETURNING id`, now.Add(-RefundWithin)},
		} {
			ids, err := list(ctx, tx, "close orders", func(row scanner) (id int64, err error) { return id, row.Scan(&id) }, job.query, now, job.until)
			if err != nil {
				return err
			}
			c.Orders = append(c.Orders, ids...)
		}
		return nil
	})
}

// lockUser keeps two actions of one learner from running at once; a locked or deleted account may
// not act.
func lockUser(ctx context.Context, tx *sql.Tx, id int64) error {
	var status string
	if err := tx.QueryRowContext(ctx, "SELECT status FROM users WHERE id = $1 FOR NO KEY UPDATE", id).Scan(&status); err != nil {
		return err
	}
	return conflictIf(status != UserNormal, nil)
}

// lockOrder locks a learner's order, which must be in one of the states.
func lockOrder(ctx context.Context, tx *sql.Tx, userID, orderID int64, states ...string) error {
	var ok bool
	err := tx.QueryRowContext(ctx, "SELECT status = ANY($3) FROM orders WHERE id = $1 AND user_id = $2 FOR UPDATE", orderID, userID, states).Scan(&ok)
	return conflictIf(!ok, err)
}

// conflictIf returns err, or else ErrConflict if bad.
func conflictIf(bad bool, err error) error {
	if err == nil && bad {
		return ErrConflict
	}
	return err
}

package school

import (
	"context"
	"database/sql"
	"time"
)

// The words in refunds.status. While a request is audited its order stays a success.
const (
	RefundAuditing = "auditing"
	RefundDone     = "refunded"
	RefundRefused  = "refused"
	RefundCancel   = "cancel"
)

// Refund is a request for money back.
type Refund struct {
	ID, OrderID, UserID int64
	Title               string // of the order
	Status              string
	Amount              int64 // fen
	Reason              string
	CreatedAt           time.Time
}

// OpenRefunds lists the requests that wait for staff, the oldest first.
func (s *School) OpenRefunds(ctx context.Context, limit int) ([]Refund, error) {
	return list(ctx, s.db, "list refunds", func(row scanner) (r Refund, err error) {
		return r, row.Scan(&r.ID, &r.OrderID, &r.UserID, &r.Title, &r.Status, &r.Amount, &r.Reason, moment{&r.CreatedAt})
	}, `SELECT r.id, r.order_id, r.user_id, o.title, r.status, r.amount, r.reason, r.created_at
		FROM refunds r JOIN orders o ON o.id = r.order_id WHERE r.status = 'auditing' ORDER BY r.created_at DESC LIMIT $1`, limit)
}

// RequestRefund asks for the money of a paid order back. It returns ErrConflict when the order
// cannot be refunded or is being so.
func (s *School) RequestRefund(ctx context.Context, userID, orderID int64, reason string) error {
	return s.change(ctx, "request refund", func(tx *sql.Tx, c *Change) error {
		if err := lockOrder(ctx, tx, userID, orderID, OrderSuccess); err != nil {
			return err
		}
		o, err := one(ctx, tx, "find order", scanOrder, selectOrders+"WHERE o.id = $1", orderID)
		if err != nil {
			return err
		}
		now := s.now()
		if !o.Refundable(now) {
			return ErrConflict
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO refunds (order_id, user_id, status, amount, reason, created_at)
			VALUES ($1, $2, 'auditing', $3, $4, $5)`, orderID, userID, o.Paid, reason, now)
		if err != nil {
			return err
		}
		// The order's state does not change, but the CRM has to hear of the request.
		c.Orders = append(c.Orders, orderID)
		_, err = tx.ExecContext(ctx, "UPDATE orders SET updated_at = $2 WHERE id = $1", orderID, now)
		return err
	})
}

// GrantRefund gives money back and takes the learner out of what was bought. An amount of 0 is
// all of it; less than all still marks the whole order refunded, as many platforms do.
func (s *School) GrantRefund(ctx context.Context, refundID, amount int64) error {
	return s.handleRefund(ctx, refundID, func(tx *sql.Tx, c *Change, r Refund) error {
		if amount < 0 || amount > r.Amount {
			return ErrBadRequest
		}
		if amount == 0 {
			amount = r.Amount
		}
		_, err := tx.ExecContext(ctx, "UPDATE refunds SET status = 'refunded', amount = $2, handled_at = $3 WHERE id = $1", refundID, amount, s.now())
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE orders SET status = 'refunded', updated_at = $2 WHERE id = $1", r.OrderID, s.now()); err != nil {
			return err
		}
		return s.exitOrder(ctx, tx, c, r.OrderID, r.Reason)
	})
}

// RefuseRefund turns a request down; the learner stays in.
func (s *School) RefuseRefund(ctx context.Context, refundID int64) error {
	return s.handleRefund(ctx, refundID, func(tx *sql.Tx, _ *Change, r Refund) error {
		if _, err := tx.ExecContext(ctx, "UPDATE refunds SET status = 'refused', handled_at = $2 WHERE id = $1", refundID, s.now()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE orders SET updated_at = $2 WHERE id = $1", r.OrderID, s.now())
		return err
	})
}

// handleRefund locks an open request and its order for do.
func (s *School) handleRefund(ctx context.Context, refundID int64, do func(*sql.Tx, *Change, Refund) error) error {
	return s.change(ctx, "handle refund", func(tx *sql.Tx, c *Change) error {
		var r Refund
		err := tx.QueryRowContext(ctx, "SELECT order_id, user_id, status, amount, reason FROM refunds WHERE id = $1 FOR UPDATE", refundID).
			Scan(&r.OrderID, &r.UserID, &r.Status, &r.Amount, &r.Reason)
		if err := conflictIf(r.Status != RefundAuditing, err); err != nil {
			return err
		}
		if err := lockOrder(ctx, tx, r.UserID, r.OrderID, OrderSuccess, OrderRefunding); err != nil {
			return err
		}
		c.Orders = append(c.Orders, r.OrderID)
		return do(tx, c, r)
	})
}

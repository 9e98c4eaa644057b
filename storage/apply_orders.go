package storage

import (
	"context"
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
)

var orderStage = stage[projection.Order]{
	name: "crm_in_orders",
	columns: []column{
		{"host_id", "text"}, {"sn", "text"}, {"status", "text"}, {"origin", "text"},
		{"list_amount", "bigint"}, {"payable_amount", "bigint"}, {"paid_cash", "bigint"}, {"paid_coin", "bigint"},
		{"refunded", "bigint"}, {"currency", "text"}, {"paid_amount", "bigint"}, {"paid_on", "timestamptz"},
		{"created_at", "timestamptz"}, {"paid_at", "timestamptz"}, {"closed_at", "timestamptz"},
		{"close_deadline", "timestamptz"}, {"coupon", "text"}, {"content_hash", "bigint"}, {"updated_at", "timestamptz"},
		{"learner_host_id", "text"}, {"deleted", "boolean"},
	},
	values: func(o projection.Order) ([]any, error) {
		return []any{o.ID, o.SN, string(o.Status), string(o.Origin), o.ListAmount, o.PayableAmount, o.PaidCash, o.PaidCoin,
			o.Refunded, o.Currency, o.PaidAmount, orNull(o.PaidOn), orNull(o.CreatedAt), orNull(o.PaidAt), orNull(o.ClosedAt),
			orNull(o.CloseDeadline), o.Coupon, o.Hash, o.UpdatedAt, string(o.LearnerID), o.Deleted}, nil
	},
}

// itemRow is an order's line with the order's id.
type itemRow struct {
	order string
	pos   int
	h.OrderItem
}

var itemStage = stage[itemRow]{
	name: "crm_in_items",
	columns: []column{{"order_host_id", "text"}, {"pos", "smallint"}, {"target_type", "text"}, {"target_id", "text"},
		{"title", "text"}, {"quantity", "integer"}, {"amount", "bigint"}},
	values: func(r itemRow) ([]any, error) {
		return []any{r.order, r.pos, string(r.Target.Type), r.Target.ID, r.Title, r.Quantity, r.Amount}, nil
	},
}

// refundRow is a refund with the order's id.
type refundRow struct {
	order string
	pos   int
	h.Refund
}

var refundStage = stage[refundRow]{
	name: "crm_in_refunds",
	columns: []column{{"order_host_id", "text"}, {"pos", "smallint"}, {"status", "text"}, {"cash", "bigint"},
		{"reason", "text"}, {"requested_at", "timestamptz"}, {"handled_at", "timestamptz"}},
	values: func(r refundRow) ([]any, error) {
		return []any{r.order, r.pos, string(r.Status), r.Cash, r.Reason, orNull(r.RequestedAt), orNull(r.HandledAt)}, nil
	},
}

// written lists the orders that a merge wrote; only their items and refunds are replaced.
var written = stage[int64]{name: "crm_in_written", columns: []column{{"id", "bigint"}, {"host_id", "text"}, {"fresh", "boolean"}}}

// touched lists learners whose facts are to be computed before the transaction ends.
var touched = stage[int64]{
	name:    "crm_in_touched",
	columns: []column{{"learner_id", "bigint"}},
	values:  func(id int64) ([]any, error) { return []any{id}, nil },
}

func (a *applier) orders(ctx context.Context) error {
	rows := latest(a.batch.Orders, func(o projection.Order) string { return o.ID },
		func(o projection.Order) time.Time { return o.UpdatedAt })
	if len(rows) == 0 {
		return nil
	}
	if err := a.stageOrders(ctx, rows); err != nil {
		return err
	}
	if err := a.movedFrom(ctx, "crm_orders", "crm_in_orders"); err != nil {
		return err
	}
	names := orderStage.names()[:19]
	unknown, err := a.merge(ctx, `
		WITH up AS (
			INSERT INTO crm_orders (`+join(names)+`, learner_id, offering_ids, written_at)
			SELECT `+prefixed("s", names)+`, l.id, coalesce(i.ids, '{}'), now()
			FROM crm_in_orders s JOIN crm_learners l ON l.host_id = s.learner_host_id
			LEFT JOIN (
				SELECT i.order_host_id, array_agg(DISTINCT o.id) AS ids
				FROM crm_in_items i JOIN crm_offerings o ON o.type = i.target_type AND o.host_id = i.target_id
				GROUP BY 1) i ON i.order_host_id = s.host_id
			WHERE NOT s.deleted AND NOT `+buried("orders")+` ORDER BY s.host_id COLLATE "C"
			ON CONFLICT (host_id) DO UPDATE SET `+assign(names, "host_id")+`, learner_id = EXCLUDED.learner_id,
				offering_ids = EXCLUDED.offering_ids, written_at = now()
			WHERE `+newer("crm_orders")+`
			RETURNING id, host_id, learner_id, offering_ids, xmax = 0 AS fresh),
		note AS (INSERT INTO crm_in_written SELECT id, host_id, fresh FROM up),
		pair AS (INSERT INTO crm_in_pairs SELECT learner_id, unnest(offering_ids), true, false FROM up WHERE NOT ?),
		touch AS (INSERT INTO crm_in_touched SELECT learner_id FROM up WHERE NOT ?)
		`+wrote("crm_in_orders"), a.skipFunnel, a.batch.SkipFacts)
	if err != nil {
		return fmt.Errorf("save orders: %w", err)
	}
	waiting(a, unknown, projection.Orders, rows, func(o projection.Order) string { return o.ID }, func(o projection.Order) any { return o.Order })
	if err := a.goneOrders(ctx); err != nil {
		return err
	}
	return a.orderLines(ctx)
}

func (a *applier) stageOrders(ctx context.Context, rows []projection.Order) error {
	var items []itemRow
	var refunds []refundRow
	for _, o := range rows {
		for i, it := range o.Items {
			items = append(items, itemRow{o.ID, i, it})
		}
		for i, r := range o.Refunds {
			refunds = append(refunds, refundRow{o.ID, i, r})
		}
	}
	if err := orderStage.fill(ctx, a.tx, rows); err != nil {
		return err
	}
	if err := itemStage.fill(ctx, a.tx, items); err != nil {
		return err
	}
	if err := refundStage.fill(ctx, a.tx, refunds); err != nil {
		return err
	}
	if err := written.create(ctx, a.tx); err != nil {
		return err
	}
	return a.stubOfferings(ctx, itemStage.name)
}

// goneOrders marks tombstones: the order stays for the record and counts nowhere.
func (a *applier) goneOrders(ctx context.Context) error {
	n, err := a.exec(ctx, `
		WITH up AS (
			UPDATE crm_orders o SET status = 'deleted', paid_amount = 0, refunded = 0, paid_on = NULL,
				content_hash = s.content_hash, updated_at = s.updated_at, written_at = now()
			FROM crm_in_orders s WHERE s.deleted AND o.host_id = s.host_id AND o.updated_at <= s.updated_at
				AND (o.status <> 'deleted' OR o.updated_at < s.updated_at) -- a younger tombstone buries what came in between
			RETURNING o.learner_id)
		INSERT INTO crm_in_touched SELECT learner_id FROM up`)
	if err != nil {
		return fmt.Errorf("mark deleted orders: %w", err)
	}
	a.applied.Updated += int(n)
	return a.bury(ctx, projection.Orders, "crm_orders", "crm_in_orders")
}

// orderLines replaces items and refunds of the orders written.
func (a *applier) orderLines(ctx context.Context) error {
	for _, query := range []string{
		`DELETE FROM crm_order_items i USING crm_in_written w WHERE i.order_id = w.id AND NOT w.fresh`,
		`DELETE FROM crm_refunds r USING crm_in_written w WHERE r.order_id = w.id AND NOT w.fresh`,
		`INSERT INTO crm_order_items (order_id, pos, target_type, target_id, offering_id, title, quantity, amount)
			SELECT w.id, i.pos, i.target_type, i.target_id, o.id, i.title, i.quantity, i.amount
			FROM crm_in_items i JOIN crm_in_written w ON w.host_id = i.order_host_id
			LEFT JOIN crm_offerings o ON o.type = i.target_type AND o.host_id = i.target_id`,
		`INSERT INTO crm_refunds (order_id, pos, status, cash, reason, requested_at, handled_at)
			SELECT w.id, r.pos, r.status, r.cash, r.reason, r.requested_at, r.handled_at
			FROM crm_in_refunds r JOIN crm_in_written w ON w.host_id = r.order_host_id`,
	} {
		if _, err := a.exec(ctx, query); err != nil {
			return fmt.Errorf("save order lines: %w", err)
		}
	}
	return nil
}

// prefixed renders "s.a, s.b, …".
func prefixed(alias string, names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += alias + "." + n
	}
	return out
}

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// reference loads the same rows into the same tables by COPY and INSERT … SELECT and does nothing
// else: no lookups of ids (it knows them), no conflicts, no facts, no cursor.
type reference struct {
	conn *pgx.Conn
	s    *synth
}

// tables says, for each feed, what is written and with which columns.
func (r *reference) load(ctx context.Context, feed string) error {
	const size = h.MaxPage
	switch feed {
	case "learners":
		return r.pages(ctx, r.s.learners, size, "crm_learners", "host_id nickname real_name gender mobile mobile_verified email email_verified usable_mobile usable_email "+
			"status marketable registered_at register_source device last_login_at locale province city roles content_hash updated_at written_at", r.learner)
	case "orders":
		if err := r.pages(ctx, r.s.orders, size, "crm_orders", "host_id sn learner_id status origin list_amount payable_amount paid_cash paid_coin refunded currency "+
			"paid_amount paid_on offering_ids created_at paid_at closed_at content_hash updated_at written_at", r.order); err != nil {
			return err
		}
		if err := r.pages(ctx, r.s.orders, size, "crm_order_items", "order_id pos target_type target_id offering_id title quantity amount", r.item); err != nil {
			return err
		}
		return r.pages(ctx, r.s.orders, size, "crm_refunds", "order_id pos status cash reason requested_at handled_at", r.refund)
	case "enrollments":
		return r.pages(ctx, r.s.enrollments, size, "crm_enrollments", "host_id learner_id offering_id role status join_reason joined_at done_units last_learn_at "+
			"exited_at exit_reason content_hash updated_at written_at", r.enrollment)
	case "activities":
		return r.pages(ctx, r.s.activities, size, "crm_activities", "host_id learner_id type target_type target_id offering_id occurred_at", r.activity)
	}
	return nil
}

// pages writes n rows, size at a time, each page in a transaction. A nil row is left out.
func (r *reference) pages(ctx context.Context, n, size int, table, columns string, row func(i int) []any) error {
	names := strings.Fields(columns)
	list := strings.Join(names, ", ")
	stage := "ref_" + table
	if _, err := r.conn.Exec(ctx, fmt.Sprintf("CREATE TEMP TABLE %s ON COMMIT DELETE ROWS AS SELECT %s FROM %s WITH NO DATA", stage, list, table)); err != nil {
		return err
	}
	for from := 0; from < n; from += size {
		var rows [][]any
		for i := from; i < min(from+size, n); i++ {
			if v := row(i); v != nil {
				rows = append(rows, v)
			}
		}
		tx, err := r.conn.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{stage}, names, pgx.CopyFromRows(rows)); err != nil {
			return fmt.Errorf("copy %s: %w", table, err)
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s", table, list, list, stage)); err != nil {
			return fmt.Errorf("insert %s: %w", table, err)
		}
		if err := tx.Commit(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *reference) learner(i int) []any {
	l := r.s.learner(i)
	var login any
	if !l.LastLoginAt.IsZero() {
		login = l.LastLoginAt
	}
	return []any{string(l.ID), l.Nickname, l.RealName, "", l.Mobile, l.MobileVerified, l.Email, l.EmailVerified, l.Mobile, orNil(l.Email),
		"active", true, l.RegisteredAt, l.RegisterSource, string(l.Device), login, l.Locale, l.Province, l.City, []string{"student"}, int64(mix(i)), l.UpdatedAt, l.UpdatedAt}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func id(text string) int64 {
	n, err := strconv.ParseInt(strings.TrimLeft(text, "oea"), 10, 64)
	if err != nil {
		panic(err) // the synth makes only such ids
	}
	return n
}

func (r *reference) order(i int) []any {
	o := r.s.order(i)
	var paid, closed any
	if !o.PaidAt.IsZero() {
		paid = o.PaidAt
	}
	if !o.ClosedAt.IsZero() {
		closed = o.ClosedAt
	}
	return []any{o.ID, o.SN, id(string(o.LearnerID)), string(o.Status), string(o.Origin), o.ListAmount, o.PayableAmount, o.PaidCash, int64(0), o.Refunded, o.Currency,
		o.PaidCash, paid, []int32{int32(id(o.Items[0].Target.ID))}, o.CreatedAt, paid, closed, int64(mix(i)), o.UpdatedAt, o.UpdatedAt}
}

func (r *reference) item(i int) []any {
	o := r.s.order(i)
	it := o.Items[0]
	return []any{id(o.ID), int16(0), string(it.Target.Type), it.Target.ID, int32(id(it.Target.ID)), it.Title, int32(it.Quantity), it.Amount}
}

func (r *reference) refund(i int) []any {
	o := r.s.order(i)
	if len(o.Refunds) == 0 {
		return nil
	}
	f := o.Refunds[0]
	return []any{id(o.ID), int16(0), string(f.Status), f.Cash, f.Reason, f.RequestedAt, f.HandledAt}
}

func (r *reference) enrollment(i int) []any {
	e := r.s.enrollment(i)
	var exited any
	if !e.ExitedAt.IsZero() {
		exited = e.ExitedAt
	}
	return []any{e.ID, id(string(e.LearnerID)), int32(id(e.Target.ID)), string(e.Role), string(e.Status), string(e.JoinReason), e.JoinedAt, int32(e.DoneUnits), e.LastLearnAt,
		exited, string(e.ExitReason), int64(mix(i)), e.UpdatedAt, e.UpdatedAt}
}

func (r *reference) activity(i int) []any {
	a := r.s.activity(i)
	return []any{a.EventID, id(string(a.LearnerID)), string(a.Type), string(a.Target.Type), a.Target.ID, int32(id(a.Target.ID)), a.OccurredAt}
}

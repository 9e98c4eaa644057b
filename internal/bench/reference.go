package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// reference loads the same rows into the same tables by COPY and INSERT … SELECT and does nothing
// else: no lookups of ids (it knows them), no conflicts, no facts, no cursor.
type reference struct {
	conn *pgx.Conn
	s    *synth
}

// load writes one feed. Offerings are not a feed of the measured sync, which has them at once.
func (r *reference) load(ctx context.Context, feed string) error {
	const size = h.MaxPage
	switch feed {
	case "offerings":
		if err := r.pages(ctx, tags, size, "crm_tags", "name", func(i int) []any { return []any{tagName(i)} }); err != nil {
			return err
		}
		return r.pages(ctx, r.s.offerings, size, "crm_offerings", "type host_id title status price currency category_path tag_ids required_units "+
			"origin_host_id canonical_id updated_at written_at", r.offering)
	case "learners":
		return r.pages(ctx, r.s.learners, size, "crm_learners", "host_id nickname real_name gender birthday mobile mobile_verified email email_verified usable_mobile "+
			"usable_email status marketable registered_at register_source device last_login_at locale province city roles consent_email content_hash updated_at written_at", r.learner)
	case "orders":
		if err := r.pages(ctx, r.s.orders, size, "crm_orders", "host_id sn learner_id status origin list_amount payable_amount paid_cash paid_coin refunded currency "+
			"paid_amount paid_on offering_ids created_at paid_at closed_at close_deadline coupon content_hash updated_at written_at", r.order); err != nil {
			return err
		}
		if err := r.pages(ctx, r.s.orders, size, "crm_order_items", "order_id pos target_type target_id offering_id title quantity amount", r.item); err != nil {
			return err
		}
		return r.pages(ctx, r.s.orders, size, "crm_refunds", "order_id pos status cash reason requested_at handled_at", r.refund)
	case "enrollments":
		return r.pages(ctx, r.s.enrollments, size, "crm_enrollments", "host_id learner_id offering_id role status join_reason joined_at expires_at done_units "+
			"required_done last_learn_at completed_at exited_at exit_reason content_hash updated_at written_at", r.enrollment)
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

func (r *reference) offering(i int) []any {
	o := r.s.offering(i)
	var ids []int32
	for _, name := range o.Tags {
		ids = append(ids, tagID(name))
	}
	return []any{string(o.Type), o.ID, o.Title, string(o.Status), o.Price, o.Currency, o.CategoryPath, ids, int32(o.RequiredUnits),
		o.OriginCourseID, int32(origin(i) + 1), o.UpdatedAt, o.UpdatedAt}
}

func (r *reference) learner(i int) []any {
	l := r.s.learner(i)
	return []any{string(l.ID), l.Nickname, l.RealName, string(l.Gender), orNil(l.Birthday), l.Mobile, l.MobileVerified, l.Email, l.EmailVerified, l.Mobile,
		textOrNil(l.Email), string(l.Status), true, l.RegisteredAt, l.RegisterSource, string(l.Device), orNil(l.LastLoginAt), l.Locale, l.Province, l.City,
		[]string{"student"}, string(l.Consent[h.ChannelEmail]), int64(mix(i)), l.UpdatedAt, l.UpdatedAt}
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func orNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
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
	amount, on := o.PaidCash, o.PaidAt
	if o.Origin == h.OriginOffline {
		amount, on = o.PayableAmount, o.CreatedAt
	}
	return []any{o.ID, o.SN, id(string(o.LearnerID)), string(o.Status), string(o.Origin), o.ListAmount, o.PayableAmount, o.PaidCash, int64(0), o.Refunded, o.Currency,
		amount, orNil(on), []int32{int32(id(o.Items[0].Target.ID))}, o.CreatedAt, orNil(o.PaidAt), orNil(o.ClosedAt), orNil(o.CloseDeadline), o.Coupon,
		int64(mix(i)), o.UpdatedAt, o.UpdatedAt}
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
	return []any{e.ID, id(string(e.LearnerID)), int32(id(e.Target.ID)), string(e.Role), string(e.Status), string(e.JoinReason), e.JoinedAt, orNil(e.ExpiresAt),
		int32(e.DoneUnits), int32(e.RequiredDone), orNil(e.LastLearnAt), orNil(e.CompletedAt), orNil(e.ExitedAt), string(e.ExitReason), int64(mix(i)), e.UpdatedAt, e.UpdatedAt}
}

func (r *reference) activity(i int) []any {
	a := r.s.activity(i)
	var offering any
	if a.Target.ID != "" {
		offering = int32(id(a.Target.ID))
	}
	return []any{a.EventID, id(string(a.LearnerID)), string(a.Type), string(a.Target.Type), a.Target.ID, offering, a.OccurredAt}
}

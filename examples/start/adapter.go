package main

import (
	"cmp"
	"context"
	"database/sql"
	"net/http"
	"time"

	host "github.com/coursecrm/coursecrm/hostadapter"
)

// adapter tells the CRM what the school knows.
type adapter struct{ db *sql.DB }

// Learners implements host.LearnerSource.
func (a adapter) Learners(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Learner], error) {
	return feed(ctx, a.db, "SELECT id, name, phone, email, newsletter, is_teacher, registered_at, updated_at FROM users", after, limit,
		func(l host.Learner) (time.Time, string) { return l.UpdatedAt, string(l.ID) },
		func(row *sql.Rows) (l host.Learner, err error) {
			var newsletter sql.NullBool
			var teacher bool
			err = row.Scan((*string)(&l.ID), &l.Nickname, &l.Mobile, &l.Email, &newsletter, &teacher, utc{&l.RegisteredAt}, utc{&l.UpdatedAt})
			l.Status = host.LearnerActive
			if teacher {
				l.Roles = []host.Role{host.RoleTeacher} // the CRM does not market to them
			}
			if newsletter.Valid { // an unknown answer is neither yes nor no
				said := map[bool]host.ConsentState{true: host.ConsentGranted, false: host.ConsentDenied}[newsletter.Bool]
				l.Consent = host.Consent{host.ChannelEmail: said}
			}
			return l, err
		})
}

// Offerings implements host.OfferingSource.
func (a adapter) Offerings(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Offering], error) {
	return feed(ctx, a.db, "SELECT id, title, price, lessons, published, updated_at FROM courses", after, limit,
		func(o host.Offering) (time.Time, string) { return o.UpdatedAt, o.ID },
		func(row *sql.Rows) (o host.Offering, err error) {
			var published bool
			err = row.Scan(&o.ID, &o.Title, &o.Price, &o.RequiredUnits, &published, utc{&o.UpdatedAt})
			o.Type, o.Currency, o.Status = host.TargetCourse, "CNY", host.OfferingClosed
			if published {
				o.Status = host.OfferingPublished
			}
			return o, err
		})
}

// orderStatus is the dictionary of the school's words for an order.
var orderStatus = map[string]host.OrderStatus{"new": host.OrderPending, "paid": host.OrderFinished, "cancelled": host.OrderClosed}

// Orders implements host.OrderSource. An order comes whole, with its items.
func (a adapter) Orders(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Order], error) {
	return feed(ctx, a.db, "SELECT id, user_id, course_id, price, state, created_at, paid_at, updated_at FROM orders", after, limit,
		func(o host.Order) (time.Time, string) { return o.UpdatedAt, o.ID },
		func(row *sql.Rows) (o host.Order, err error) {
			var course, state string
			err = row.Scan(&o.ID, (*string)(&o.LearnerID), &course, &o.PayableAmount, &state, utc{&o.CreatedAt}, utc{&o.PaidAt}, utc{&o.UpdatedAt})
			o.SN, o.Status, o.ListAmount, o.Currency = o.ID, orderStatus[state], o.PayableAmount, "CNY"
			o.Items = []host.OrderItem{{Target: host.Target{Type: host.TargetCourse, ID: course}, Quantity: 1, Amount: o.PayableAmount}}
			if o.Status.Paid() {
				o.PaidCash = o.PayableAmount
			}
			return o, err
		})
}

// Enrollments implements host.EnrollmentSource.
func (a adapter) Enrollments(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Enrollment], error) {
	return feed(ctx, a.db, "SELECT id, user_id, course_id, coalesce(order_id::text, ''), joined_at, lessons_done, last_lesson_at, updated_at FROM places", after, limit,
		func(e host.Enrollment) (time.Time, string) { return e.UpdatedAt, e.ID },
		func(row *sql.Rows) (e host.Enrollment, err error) {
			err = row.Scan(&e.ID, (*string)(&e.LearnerID), &e.Target.ID, &e.OrderID, utc{&e.JoinedAt}, &e.DoneUnits, utc{&e.LastLearnAt}, utc{&e.UpdatedAt})
			e.Target.Type, e.Role, e.Status, e.JoinReason = host.TargetCourse, host.EnrolledStudent, host.EnrollmentActive, host.JoinFree
			if e.OrderID != "" {
				e.JoinReason = host.JoinPurchase
			}
			e.RequiredDone = e.DoneUnits
			return e, err
		})
}

// Staff implements host.StaffAuthenticator. Here your own session belongs; this school knows one
// account and no password.
func (a adapter) Staff(r *http.Request) (host.Staff, error) {
	if c, err := r.Cookie("session"); err != nil || c.Value != "owner" {
		return host.Staff{LoginURL: "/login"}, host.ErrUnauthenticated
	}
	return host.Staff{ID: "1", Name: "周敏", Permissions: host.AllPermissions(), Scope: host.ScopeAll}, nil
}

// feed reads a page of any table that has an id and an updated_at. The last second is left out: a
// row of a transaction that is still running may get an older updated_at than one that is seen.
func feed[T any](ctx context.Context, db *sql.DB, query string, after host.Cursor, limit int,
	key func(T) (time.Time, string), scan func(*sql.Rows) (T, error)) (page host.Page[T], err error) {
	since, id, err := after.After()
	if err != nil {
		return page, err
	}
	rows, err := db.QueryContext(ctx, query+` WHERE (updated_at, id) > ($1, $2::bigint) AND updated_at < now() - interval '1 second'
		ORDER BY updated_at, id LIMIT $3`, since, cmp.Or(id, "0"), limit+1)
	if err != nil {
		return page, err
	}
	defer rows.Close()
	var items []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return page, err
		}
		items = append(items, item)
	}
	return host.KeysetPage(items, after, limit, key), rows.Err()
}

// utc scans a time that may be NULL.
type utc struct{ to *time.Time }

// Scan implements sql.Scanner.
func (u utc) Scan(value any) error {
	if t, ok := value.(time.Time); ok {
		*u.to = t.UTC()
	}
	return nil
}

// Package adapter is all that a school writes to get the CRM: it reads the school's own tables and
// says the same in the words of package host. Each feed is one SELECT and one function that
// turns a row into a value. words.go is the dictionary, read.go what the feeds share, push.go sends
// what changed at once. Package hosttest checks it all.
package adapter

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
)

// Adapter implements [host.HostAdapter] and the optional sources for the school.
type Adapter struct {
	School *school.School

	// Settle keeps the newest rows out of the feeds until all transactions that began before them
	// have surely ended; see package host. A second is right; tests set 0.
	Settle time.Duration
	Now    func() time.Time // nil: time.Now
}

// New makes the adapter of a school.
func New(s *school.School) *Adapter { return &Adapter{School: s, Settle: time.Second} }

// Learners implements [host.LearnerSource].
func (a *Adapter) Learners(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Learner], error) {
	return feed(ctx, a, learners, after, limit)
}

var learners = source[host.Learner]{
	query: `SELECT id, nickname, real_name, gender, birthday, verified_mobile, profile_mobile, email, email_verified, status, roles, registered_at, source,
		device, last_login_at, locale, province, city, occupation, coins, coalesce(inviter_id::text, ''), accept_sms, accept_email, accept_message, updated_at FROM users`,
	key: func(l host.Learner) (time.Time, string) { return l.UpdatedAt, string(l.ID) },
	scan: func(row *sql.Rows) (l host.Learner, err error) {
		var gender, verified, typed, status, roles, occupation string
		var coins float64
		var sms, email, message sql.NullBool
		err = row.Scan((*string)(&l.ID), &l.Nickname, &l.RealName, &gender, utc(&l.Birthday), &verified, &typed, &l.Email, &l.EmailVerified, &status, &roles,
			utc(&l.RegisteredAt), &l.RegisterSource, &l.Device, utc(&l.LastLoginAt), &l.Locale, &l.Province, &l.City, &occupation, &coins, &l.InviterID,
			&sms, &email, &message, utc(&l.UpdatedAt))
		l.Gender, l.Status, l.Deleted = genders[gender], userStatus[status], status == school.UserDeleted
		l.Mobile, l.MobileVerified = cmp.Or(verified, typed), verified != "" // the proved number wins
		for _, r := range strings.Fields(roles) {
			l.Roles = append(l.Roles, userRoles[r])
		}
		l.Consent = consent(sms, email, message)
		l.Custom = map[string]host.CustomValue{"occupation": {Text: occupation}, "coins": {Kind: host.CustomNumber, Number: coins}}
		return l, err
	},
}

// Offerings implements [host.OfferingSource].
func (a *Adapter) Offerings(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Offering], error) {
	return feed(ctx, a, offerings, after, limit)
}

var offerings = source[host.Offering]{
	query: `SELECT type, id, coalesce(nullif(set_id, 0)::text, ''), title, status, price, coalesce((SELECT concat_ws('/', p.name, c.name) FROM categories c
		LEFT JOIN categories p ON p.id = c.parent_id WHERE c.id = category_id), ''), tags, required_units, coalesce(nullif(origin_id, 0)::text, ''), course_ids, updated_at FROM offerings`,
	idColumn: "key", // courses and classrooms count their ids apart
	key:      func(o host.Offering) (time.Time, string) { return o.UpdatedAt, offeringKey(o) },
	scan: func(row *sql.Rows) (o host.Offering, err error) {
		var path, tags, courses string
		err = row.Scan(&o.Type, &o.ID, &o.GroupID, &o.Title, &o.Status, &o.Price, &path, &tags, &o.RequiredUnits, &o.OriginCourseID, &courses, utc(&o.UpdatedAt))
		o.Currency, o.CategoryPath, o.Tags, o.CourseIDs = "CNY", split(path, "/"), split(tags, ","), split(courses, " ")
		return o, err
	},
}

// Orders implements [host.OrderSource]. Items and refunds of the whole page are read at once.
func (a *Adapter) Orders(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Order], error) {
	page, err := feed(ctx, a, orders, after, limit)
	if err != nil {
		return page, err
	}
	return page, a.addDetails(ctx, page.Items)
}

var orders = source[host.Order]{
	query: `SELECT id, sn, user_id, status, source, price_amount, pay_amount, paid_cash, paid_coins, coupon, created_at, paid_at, closed_at, close_deadline, updated_at FROM orders`,
	key:   func(o host.Order) (time.Time, string) { return o.UpdatedAt, o.ID },
	scan: func(row *sql.Rows) (o host.Order, err error) {
		var status, origin string
		err = row.Scan(&o.ID, &o.SN, (*string)(&o.LearnerID), &status, &origin, &o.ListAmount, &o.PayableAmount, &o.PaidCash, &o.PaidCoin, &o.Coupon,
			utc(&o.CreatedAt), utc(&o.PaidAt), utc(&o.ClosedAt), utc(&o.CloseDeadline), utc(&o.UpdatedAt))
		o.Status, o.Origin, o.Currency = orderStatus[status], orderOrigin[origin], "CNY"
		return o, err
	},
}

// addDetails puts items and refunds into orders. A refund that staff still look into leaves the
// school's order a success: the CRM sees the request beside it.
func (a *Adapter) addDetails(ctx context.Context, page []host.Order) error {
	ids, byID := make([]string, len(page)), make(map[string]*host.Order, len(page))
	for i := range page {
		ids[i], byID[page[i].ID] = page[i].ID, &page[i]
	}
	_, err := rows(ctx, a, func(row *sql.Rows) (i host.OrderItem, err error) {
		var order, kind string
		err = row.Scan(&order, &kind, &i.Target.ID, &i.Title, &i.Quantity, &i.Amount)
		i.Target.Type = targetType[kind]
		byID[order].Items = append(byID[order].Items, i)
		return i, err
	}, "SELECT order_id, target_type, target_id, title, num, amount FROM order_items WHERE order_id = ANY($1::bigint[]) ORDER BY id", ids)
	if err != nil {
		return err
	}
	_, err = rows(ctx, a, func(row *sql.Rows) (f host.Refund, err error) {
		var order, status string
		err = row.Scan(&order, &status, &f.Cash, &f.Reason, utc(&f.RequestedAt), utc(&f.HandledAt))
		f.Status = refundStatus[status]
		o := byID[order]
		o.Refunds = append(o.Refunds, f)
		if f.Status == host.RefundDone {
			o.Refunded += f.Cash
		}
		return f, err
	}, "SELECT order_id, status, amount, reason, created_at, handled_at FROM refunds WHERE order_id = ANY($1::bigint[]) ORDER BY id", ids)
	return err
}

// Enrollments implements [host.EnrollmentSource].
func (a *Adapter) Enrollments(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Enrollment], error) {
	return feed(ctx, a, enrollments, after, limit)
}

var enrollments = source[host.Enrollment]{
	query: `SELECT id, user_id, target_type, target_id, coalesce(nullif(classroom_id, 0)::text, ''), role, status, joined_by, joined_at, deadline, coalesce(nullif(order_id, 0)::text, ''),
		learned, learned_required, last_learn_at, finished_at, exited_at, exit_reason, exit_note, updated_at FROM enrollments`,
	key: func(e host.Enrollment) (time.Time, string) { return e.UpdatedAt, e.ID },
	scan: func(row *sql.Rows) (e host.Enrollment, err error) {
		var joined, exit string
		var deadline int64
		err = row.Scan(&e.ID, (*string)(&e.LearnerID), &e.Target.Type, &e.Target.ID, &e.ViaClassroomID, &e.Role, &e.Status, &joined, utc(&e.JoinedAt), &deadline, &e.OrderID,
			&e.DoneUnits, &e.RequiredDone, utc(&e.LastLearnAt), utc(&e.CompletedAt), utc(&e.ExitedAt), &exit, &e.ExitNote, utc(&e.UpdatedAt))
		e.JoinReason, e.ExitReason, e.ExpiresAt = joinReason[joined], exitReason[exit], expiry(deadline)
		return e, err
	},
}

// Memberships implements [host.MembershipSource].
func (a *Adapter) Memberships(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Membership], error) {
	return feed(ctx, a, memberships, after, limit)
}

var memberships = source[host.Membership]{
	query:    `SELECT user_id, level_id, name, rank, created_at, deadline, updated_at FROM memberships JOIN member_levels l ON l.id = level_id`,
	idColumn: "user_id",
	key:      func(m host.Membership) (time.Time, string) { return m.UpdatedAt, string(m.LearnerID) },
	scan: func(row *sql.Rows) (m host.Membership, err error) {
		var deadline int64
		err = row.Scan((*string)(&m.LearnerID), &m.LevelID, &m.LevelName, &m.Rank, utc(&m.StartsAt), &deadline, utc(&m.UpdatedAt))
		m.ExpiresAt = expiry(deadline)
		return m, err
	},
}

// Activities implements [host.ActivitySource]. Visitors who are not logged in are left out.
func (a *Adapter) Activities(ctx context.Context, after host.Cursor, limit int) (host.Page[host.Activity], error) {
	return feed(ctx, a, activities, after, limit)
}

var activities = source[host.Activity]{
	query:      `SELECT id, user_id, kind, target_type, coalesce(nullif(target_id, 0)::text, ''), occurred_at FROM (SELECT * FROM activities WHERE user_id IS NOT NULL) a`,
	timeColumn: "occurred_at",
	key:        func(x host.Activity) (time.Time, string) { return x.OccurredAt, x.EventID },
	scan: func(row *sql.Rows) (x host.Activity, err error) {
		var kind string
		err = row.Scan(&x.EventID, (*string)(&x.LearnerID), &kind, &x.Target.Type, &x.Target.ID, utc(&x.OccurredAt))
		x.Type = activityType[kind]
		return x, err
	},
}

// Staff implements [host.StaffAuthenticator] with the school's own login.
func (a *Adapter) Staff(r *http.Request) (host.Staff, error) {
	var token string
	if c, err := r.Cookie(school.SessionCookie); err == nil {
		token = c.Value
	}
	u, err := a.School.SessionUser(r.Context(), token)
	if errors.Is(err, school.ErrNotFound) {
		return host.Staff{LoginURL: "/login?next=" + url.QueryEscape(r.RequestURI)}, host.ErrUnauthenticated
	} else if err != nil {
		return host.Staff{}, fmt.Errorf("%w: %w", host.ErrUnavailable, err)
	}
	return staffOf(u), nil // a learner has no permissions: the CRM answers 403
}

// staffOf says what an account may do in the CRM.
func staffOf(u school.User) host.Staff {
	staff := host.Staff{ID: strconv.FormatInt(u.ID, 10), Name: u.Name()}
	switch {
	case u.Is(school.RoleOperator):
		staff.Permissions, staff.Scope = host.AllPermissions(), host.ScopeAll
	case u.Is(school.RoleViewer):
		staff.Permissions, staff.Scope = []host.Permission{host.PermView, host.PermSegmentEdit, host.PermFollowup}, host.ScopeAll
	}
	return staff
}

// StaffMembers implements [host.StaffDirectory].
func (a *Adapter) StaffMembers(ctx context.Context) ([]host.Staff, error) {
	users, err := a.School.StaffUsers(ctx)
	if err != nil {
		return nil, unavailable(ctx, err)
	}
	staff := make([]host.Staff, len(users))
	for i, u := range users {
		staff[i] = staffOf(u)
	}
	return staff, nil
}

// Consents implements [host.ConsentSource].
func (a *Adapter) Consents(ctx context.Context, ids []host.LearnerID) (map[host.LearnerID]host.Consent, error) {
	all := make(map[host.LearnerID]host.Consent, len(ids))
	_, err := rows(ctx, a, func(row *sql.Rows) (id host.LearnerID, err error) {
		var sms, email, message sql.NullBool
		err = row.Scan((*string)(&id), &sms, &email, &message)
		all[id] = consent(sms, email, message)
		return id, err
	}, "SELECT id, accept_sms, accept_email, accept_message FROM users WHERE id = ANY($1::bigint[])", numbers(ids))
	return all, err
}

// Totals implements [host.TotalsSource] with what PostgreSQL estimates, at no cost.
func (a *Adapter) Totals(ctx context.Context) (t host.Totals, err error) {
	const size = "(SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = '%s'::regclass), "
	query := "SELECT "
	for _, table := range []string{"users", "orders", "enrollments", "memberships", "activities"} {
		query += fmt.Sprintf(size, table)
	}
	err = a.School.DB().QueryRowContext(ctx, query+"(SELECT count(*) FROM offerings)").
		Scan(&t.Learners, &t.Orders, &t.Enrollments, &t.Memberships, &t.Activities, &t.Offerings)
	return t, err
}

// LearnerURL implements [host.LinkSource].
func (a *Adapter) LearnerURL(id host.LearnerID) string {
	return "/admin/users/" + url.PathEscape(string(id))
}

// OfferingURL implements [host.LinkSource].
func (a *Adapter) OfferingURL(t host.Target) string {
	page := map[host.TargetType]string{host.TargetCourse: "/courses/", host.TargetClassroom: "/classrooms/"}[t.Type]
	if page == "" {
		return ""
	}
	return page + url.PathEscape(t.ID)
}

package adapter

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/internal/schooltest"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// TestConformance runs the contract's own suite. The school keeps every row that it has ever had but
// for accounts, so the seed's other tombstones are left out, and so is what it has no word for.
func TestConformance(t *testing.T) {
	t.Parallel()
	seed := hosttest.SmallSeed()
	seed.Offerings = slices.DeleteFunc(seed.Offerings, func(o host.Offering) bool { return o.Deleted })
	seed.Orders = slices.DeleteFunc(seed.Orders, func(o host.Order) bool { return o.Deleted })
	seed.Enrollments = slices.DeleteFunc(seed.Enrollments, func(e host.Enrollment) bool { return e.Deleted })
	seed.Memberships = slices.DeleteFunc(seed.Memberships, func(m host.Membership) bool { return m.Deleted })
	seed.Activities = slices.DeleteFunc(seed.Activities, func(x host.Activity) bool { return word(activityType, x.Type) == "" })
	for i, l := range seed.Learners { // a wiped account is fed as a tombstone
		seed.Learners[i].Deleted = l.Deleted || l.Status == host.LearnerDeleted
		seed.Learners[i].MobileVerified = l.MobileVerified && l.Mobile != ""
	}
	for i, o := range seed.Offerings { // a classroom's units are those of its courses
		if o.Type == host.TargetClassroom {
			seed.Offerings[i].RequiredUnits = 0
		}
	}
	hosttest.RunWith(t, hosttest.Options{
		Seed: &seed,
		Ignore: []string{
			"Learner.Custom", // the school has two fields of its own
			"Order.Currency", // always CNY
		},
	}, func(t *testing.T, seed hosttest.Seed) host.HostAdapter {
		db := schooltest.Database(t)
		for _, table := range split("users categories courses classrooms classroom_courses member_levels memberships orders order_items refunds enrollments activities", " ") {
			run(t, db, "TRUNCATE "+table)
		}
		w := seedWriter{t: t, db: db, categories: map[string]int64{}}
		w.write(seed)
		return readable{&Adapter{School: school.New(db, hosttest.SeedTime), Now: hosttest.SeedTime}}
	})
}

// readable shows the suite which private messages have arrived.
type readable struct{ *Adapter }

// DeliveredMessages implements [hosttest.MessageReader].
func (r readable) DeliveredMessages(ctx context.Context, to host.LearnerID) ([]string, error) {
	return rows(ctx, r.Adapter, func(row *sql.Rows) (text string, err error) { return text, row.Scan(&text) },
		"SELECT content FROM messages WHERE to_id = ANY($1::bigint[])", numbers([]host.LearnerID{to}))
}

// seedWriter puts the suite's rows into the school's tables: the adapter, the other way round.
type seedWriter struct {
	t          *testing.T
	db         *sql.DB
	categories map[string]int64
}

func (w *seedWriter) write(seed hosttest.Seed) {
	for _, l := range seed.Learners {
		w.learner(l)
	}
	for _, o := range seed.Offerings {
		w.offering(o)
	}
	for _, o := range seed.Orders {
		w.order(o)
	}
	for _, e := range seed.Enrollments {
		w.insert("enrollments", "id user_id target_type target_id classroom_id role status joined_by joined_at deadline order_id learned learned_required last_learn_at finished_at exited_at exit_reason exit_note updated_at",
			id(e.ID), id(e.LearnerID), e.Target.Type, id(e.Target.ID), id(e.ViaClassroomID), e.Role, e.Status, word(joinReason, e.JoinReason), e.JoinedAt, deadline(e.ExpiresAt), id(e.OrderID),
			e.DoneUnits, e.RequiredDone, null(e.LastLearnAt), null(e.CompletedAt), null(e.ExitedAt), word(exitReason, e.ExitReason), e.ExitNote, e.UpdatedAt)
	}
	for _, m := range seed.Memberships {
		run(w.t, w.db, "INSERT INTO member_levels VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING", id(m.LevelID), m.LevelName, m.Rank)
		w.insert("memberships", "user_id level_id created_at deadline updated_at", id(m.LearnerID), id(m.LevelID), m.StartsAt, deadline(m.ExpiresAt), m.UpdatedAt)
	}
	for _, x := range seed.Activities {
		var user any
		if x.LearnerID != "" {
			user = id(x.LearnerID)
		}
		w.insert("activities", "id user_id kind target_type target_id occurred_at", id(x.EventID), user, word(activityType, x.Type), x.Target.Type, id(x.Target.ID), x.OccurredAt)
	}
}

func (w *seedWriter) learner(l host.Learner) {
	var roles []string
	for _, r := range l.Roles {
		roles = append(roles, word(userRoles, r))
	}
	if len(roles) == 0 {
		roles = []string{school.RoleUser}
	}
	verified, typed := l.Mobile, ""
	if !l.MobileVerified {
		verified, typed = "", l.Mobile
	}
	status := word(userStatus, l.Status)
	if l.Deleted {
		status = school.UserDeleted
	}
	var inviter any
	if l.InviterID != "" {
		inviter = id(l.InviterID)
	}
	answer := func(c host.Channel) any {
		if l.Consent[c] == host.ConsentUnknown {
			return nil
		}
		return l.Consent[c] == host.ConsentGranted
	}
	w.insert("users", "id nickname real_name gender birthday verified_mobile profile_mobile email email_verified status roles registered_at source device last_login_at province city locale inviter_id accept_sms accept_email accept_message updated_at",
		id(l.ID), l.Nickname, l.RealName, word(genders, l.Gender), null(l.Birthday), verified, typed, l.Email, l.EmailVerified, status, strings.Join(roles, " "), l.RegisteredAt, l.RegisterSource, l.Device,
		null(l.LastLoginAt), l.Province, l.City, l.Locale, inviter, answer(host.ChannelSMS), answer(host.ChannelEmail), answer(host.ChannelMessage), l.UpdatedAt)
}

func (w *seedWriter) offering(o host.Offering) {
	tags, category := strings.Join(o.Tags, ","), w.category(o.CategoryPath)
	if o.Type == host.TargetCourse {
		w.insert("courses", "id set_id title status price category_id tags required_units origin_id created_at updated_at",
			id(o.ID), id(o.GroupID), o.Title, o.Status, o.Price, category, tags, o.RequiredUnits, id(o.OriginCourseID), o.UpdatedAt, o.UpdatedAt)
		return
	}
	w.insert("classrooms", "id title status price category_id tags created_at updated_at", id(o.ID), o.Title, o.Status, o.Price, category, tags, o.UpdatedAt, o.UpdatedAt)
	for seq, course := range o.CourseIDs {
		w.insert("classroom_courses", "classroom_id course_id seq", id(o.ID), id(course), seq)
	}
}

// category finds or makes the category of a path; 0 for none.
func (w *seedWriter) category(path []string) int64 {
	var parent int64
	for i, name := range path {
		key := strings.Join(path[:i+1], "/")
		if w.categories[key] == 0 {
			w.categories[key] = int64(len(w.categories) + 1)
			w.insert("categories", "id parent_id name", w.categories[key], parent, name)
		}
		parent = w.categories[key]
	}
	return parent
}

func (w *seedWriter) order(o host.Order) {
	w.insert("orders", "id sn user_id title status source price_amount pay_amount paid_cash paid_coins coupon created_at paid_at closed_at close_deadline updated_at",
		id(o.ID), o.SN, id(o.LearnerID), o.Items[0].Title, word(orderStatus, o.Status), word(orderOrigin, o.Origin), o.ListAmount, o.PayableAmount, o.PaidCash, o.PaidCoin, o.Coupon,
		o.CreatedAt, null(o.PaidAt), null(o.ClosedAt), null(o.CloseDeadline), o.UpdatedAt)
	for _, i := range o.Items {
		w.insert("order_items", "order_id target_type target_id title num amount", id(o.ID), word(targetType, i.Target.Type), id(i.Target.ID), i.Title, i.Quantity, i.Amount)
	}
	for _, f := range o.Refunds {
		w.insert("refunds", "order_id user_id status amount reason created_at handled_at", id(o.ID), id(o.LearnerID), word(refundStatus, f.Status), f.Cash, f.Reason, f.RequestedAt, null(f.HandledAt))
	}
}

// insert writes a row; columns are separated by spaces.
func (w *seedWriter) insert(table, columns string, values ...any) {
	w.t.Helper()
	names := strings.Fields(columns)
	marks := make([]string, len(values))
	for i := range values {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	run(w.t, w.db, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", values...)
}

func run(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// word finds the school's word for ours: the first of the alphabet, where there are several.
func word[V comparable](words map[string]V, ours V) string {
	found := ""
	for w, v := range words {
		if v == ours && (found == "" || w < found) {
			found = w
		}
	}
	return found
}

// id reads an id; an empty one is 0.
func id[S ~string](text S) int64 {
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return n
}

func null(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at
}

func deadline(at time.Time) int64 {
	if at.IsZero() {
		return school.Never
	}
	return at.Unix()
}

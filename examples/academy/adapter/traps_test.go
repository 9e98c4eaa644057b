package adapter_test

import (
	"database/sql"
	"strconv"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/examples/academy/internal/schooltest"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
)

func idOf(id int64) host.LearnerID { return host.LearnerID(strconv.FormatInt(id, 10)) }

// exec changes the school's tables as its history might have.
func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// find reads the one row of a feed that meets a condition.
func find[T any](t *testing.T, all func(func(T, error) bool), match func(T) bool) T {
	t.Helper()
	for row, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		if match(row) {
			return row
		}
	}
	t.Fatalf("no such %T in the feed", *new(T))
	return *new(T)
}

func learner(t *testing.T, a *adapter.Adapter, id int64) host.Learner {
	t.Helper()
	return find(t, host.All(t.Context(), a.Learners), func(l host.Learner) bool { return l.ID == idOf(id) })
}

func TestTrapsOfLearners(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 0)
	db, me := s.DB(), s.Learner(t, "13800000001")

	l := learner(t, a, me)
	if l.Mobile != "13800000001" || !l.MobileVerified || l.Email != "u"+string(idOf(me))+"@"+school.PlaceholderDomain {
		t.Errorf("sign-up by phone: %+v", l)
	}
	if len(l.Roles) != 1 || l.Roles[0] != host.RoleStudent || l.Status != host.LearnerActive || len(l.Consent) != 0 || !l.LastLoginAt.IsZero() {
		t.Errorf("new learner: %+v", l)
	}
	if l.Custom["coins"].Kind != host.CustomNumber || l.Custom["occupation"].Kind != host.CustomText {
		t.Errorf("own fields: %+v", l.Custom)
	}

	exec(t, db, "UPDATE users SET profile_mobile = '13900000009', status = 'locked', gender = 'female', birthday = '1999-12-31' WHERE id = $1", me)
	s.Pass(24 * time.Hour)
	a.Now = time.Now // the trigger set updated_at
	if l = learner(t, a, me); l.Mobile != "13800000001" || !l.MobileVerified || l.Status != host.LearnerLocked || l.Gender != host.GenderFemale {
		t.Errorf("two phones: the proved one wins: %+v", l)
	}
	if want := time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC); !l.Birthday.Equal(want) {
		t.Errorf("birthday %v", l.Birthday)
	}
	exec(t, db, "UPDATE users SET verified_mobile = '' WHERE id = $1", me)
	if l = learner(t, a, me); l.Mobile != "13900000009" || l.MobileVerified {
		t.Errorf("typed phone only: %+v", l)
	}
	if err := s.DeleteUser(t.Context(), me); err != nil {
		t.Fatal(err)
	}
	if l = learner(t, a, me); !l.Deleted || l.Status != host.LearnerDeleted || l.Mobile+l.Email+l.RealName != "" {
		t.Errorf("closed account: %+v", l)
	}
	for id, role := range map[int64]host.Role{school.OperatorID: host.RoleStaff, school.ViewerID: host.RoleStaff, school.RobotID: host.RoleSystem, 11: host.RoleTeacher} {
		if l := learner(t, a, id); l.Roles[len(l.Roles)-1] != role {
			t.Errorf("user %d: roles %v, want %v", id, l.Roles, role)
		}
	}
}

func TestTrapsOfOrders(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 0)
	db, me := s.DB(), s.Learner(t, "13800000001")
	for i, c := range []struct {
		status, source string
		cash, coins    int64
		paidAt         any
		refunds        string // status:amount
		want           host.OrderStatus
		refunded       int64
	}{
		{"created", "self", 0, 0, nil, "", host.OrderPending, 0},
		{"paying", "self", 0, 0, nil, "", host.OrderPending, 0},
		{"paid", "self", 900, 0, schooltest.Noon, "", host.OrderPaid, 0},
		{"fail", "self", 900, 0, schooltest.Noon, "", host.OrderPaid, 0},
		{"success", "self", 800, 100, schooltest.Noon, "", host.OrderFulfilled, 0},
		{"finished", "marketing", 900, 0, schooltest.Noon, "", host.OrderFinished, 0},
		{"finished", "outside", 0, 0, nil, "", host.OrderFinished, 0},                    // paid outside: no time, no money here
		{"success", "self", 900, 0, schooltest.Noon, "auditing", host.OrderFulfilled, 0}, // only the refund says so
		{"success", "self", 900, 0, schooltest.Noon, "refused", host.OrderFulfilled, 0},
		{"refunding", "self", 900, 0, schooltest.Noon, "auditing", host.OrderRefunding, 0},
		{"refunded", "self", 900, 0, schooltest.Noon, "refunded", host.OrderRefunded, 300}, // a part of it
		{"closed", "self", 0, 0, nil, "", host.OrderClosed, 0},
	} {
		id := int64(i + 1)
		exec(t, db, `INSERT INTO orders (id, sn, user_id, title, status, source, price_amount, pay_amount, paid_cash, paid_coins, created_at, paid_at, updated_at)
			VALUES ($1, 'S', $2, '课', $3, $4, 1000, 900, $5, $6, $7, $8, $7)`, id, me, c.status, c.source, c.cash, c.coins, schooltest.Noon, c.paidAt)
		exec(t, db, "INSERT INTO order_items (order_id, target_type, target_id, title, amount) VALUES ($1, 'vip', 2, '金卡', 500), ($1, 'goods', 9, '书', 400)", id)
		if c.refunds != "" {
			exec(t, db, "INSERT INTO refunds (order_id, user_id, status, amount, reason, created_at) VALUES ($1, $2, $3, 300, '', $4)", id, me, c.refunds, schooltest.Noon)
		}
		o := find(t, host.All(t.Context(), a.Orders), func(o host.Order) bool { return o.ID == strconv.FormatInt(id, 10) })
		if o.Status != c.want || o.Refunded != c.refunded || o.PaidCash != c.cash || o.PaidCoin != c.coins || o.PaidAt.IsZero() != (c.paidAt == nil) {
			t.Errorf("order %d (%s): %+v, want %s", id, c.status, o, c.want)
		}
		if len(o.Items) != 2 || o.Items[0].Target != (host.Target{Type: host.TargetMembership, ID: "2"}) || o.Items[1].Target.Type != host.TargetOther || o.Items[1].Quantity != 1 {
			t.Errorf("order %d: items %+v", id, o.Items)
		}
		if (o.Origin == host.OriginOffline) != (c.source == "outside") || o.Currency != "CNY" || o.ListAmount != 1000 || o.PayableAmount != 900 {
			t.Errorf("order %d: %+v", id, o)
		}
	}
}

func TestTrapsOfEnrollments(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 0)
	db, me := s.DB(), s.Learner(t, "13800000001")
	exec(t, db, "DELETE FROM enrollments")
	insert := `INSERT INTO enrollments (user_id, target_type, target_id, classroom_id, status, joined_by, joined_at, deadline, exit_reason, updated_at)
		VALUES ($1, 'course', $2, $3, $4, $5, $6, $7, $8, $6) RETURNING id`
	for i, c := range []struct {
		classroom, deadline int64
		status, by, exit    string
		want                host.Enrollment
	}{
		{0, 0, "active", "buy", "", host.Enrollment{Status: host.EnrollmentActive, JoinReason: host.JoinPurchase}},
		{0, school.Never, "active", "vip", "", host.Enrollment{Status: host.EnrollmentActive, JoinReason: host.JoinMembership}},
		{0, 1_000_000_000, "active", "import", "", host.Enrollment{Status: host.EnrollmentActive, JoinReason: host.JoinImport, ExpiresAt: time.Unix(1_000_000_000, 0).UTC()}},
		{3, 0, "exited", "classroom", "classroom", host.Enrollment{Status: host.EnrollmentExited, JoinReason: host.JoinClassroom, ViaClassroomID: "3", ExitReason: host.ExitClassroom}},
		{0, 0, "exited", "free", "refund", host.Enrollment{Status: host.EnrollmentExited, JoinReason: host.JoinFree, ExitReason: host.ExitRefund}},
		{0, 0, "exited", "staff", "self", host.Enrollment{Status: host.EnrollmentExited, JoinReason: host.JoinStaff, ExitReason: host.ExitSelf}},
		{0, 0, "locked", "buy", "", host.Enrollment{Status: host.EnrollmentLocked, JoinReason: host.JoinPurchase}},
	} {
		id := schooltest.Value[string](t, s.School, insert, me, i+1, c.classroom, c.status, c.by, schooltest.Noon, c.deadline, c.exit)
		want := c.want
		want.ID, want.LearnerID, want.Role = id, idOf(me), host.EnrolledStudent
		want.Target = host.Target{Type: host.TargetCourse, ID: strconv.Itoa(i + 1)}
		want.JoinedAt, want.UpdatedAt = schooltest.Noon, schooltest.Noon
		if got := find(t, host.All(t.Context(), a.Enrollments), func(e host.Enrollment) bool { return e.ID == id }); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	exec(t, db, "INSERT INTO memberships (user_id, level_id, created_at, deadline, updated_at) VALUES ($1, 3, $2, 2147483647, $2)", me, schooltest.Noon)
	m := find(t, host.All(t.Context(), a.Memberships), func(m host.Membership) bool { return m.LearnerID == idOf(me) })
	if !m.ExpiresAt.IsZero() || m.LevelID != "3" || m.LevelName != "钻石会员" || m.Rank != 3 {
		t.Errorf("membership for ever: %+v", m)
	}
}

func TestOfferings(t *testing.T) {
	t.Parallel()
	_, a := newAdapter(t, 0)
	get := func(kind host.TargetType, id string) host.Offering {
		return find(t, host.All(t.Context(), a.Offerings), func(o host.Offering) bool { return o.Type == kind && o.ID == id })
	}
	c := get(host.TargetCourse, "1")
	if c.Title != "零基础 Python 编程" || c.Price != 29900 || c.Currency != "CNY" || len(c.Tags) != 2 || c.OriginCourseID != "" || c.RequiredUnits == 0 ||
		len(c.CategoryPath) != 2 || c.CategoryPath[0] != "编程开发" || c.CategoryPath[1] != "编程入门" {
		t.Errorf("course: %+v", c)
	}
	r := get(host.TargetClassroom, "1")
	if len(r.CourseIDs) != 5 || len(r.CategoryPath) != 1 || r.Status != host.OfferingPublished {
		t.Fatalf("classroom: %+v", r)
	}
	if inside := get(host.TargetCourse, r.CourseIDs[0]); inside.OriginCourseID != "1" || inside.GroupID == "" {
		t.Errorf("copy: %+v", inside)
	}
}

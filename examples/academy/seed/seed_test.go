package seed

import (
	"context"
	"database/sql"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

var noon = time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC)

func TestSameSeedSameLives(t *testing.T) {
	t.Parallel()
	a, b, other := newGenerator(500, 7, noon), newGenerator(500, 7, noon), newGenerator(500, 8, noon)
	same := 0
	for i := range 500 {
		if !reflect.DeepEqual(a.learner(i), b.learner(i)) {
			t.Fatalf("learner %d differs between two runs with one seed", i)
		}
		if reflect.DeepEqual(a.learner(i), other.learner(i)) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("%d learners are the same with another seed", same)
	}
}

func TestLivesMakeSense(t *testing.T) {
	t.Parallel()
	g := newGenerator(5000, 1, noon)
	phone := regexp.MustCompile(`^1[3-9]\d{9}$`)
	mail := regexp.MustCompile(`^[a-z0-9]+@(example\.(com|net|org)|phone\.academy\.invalid)$`)
	phones := map[string]bool{}
	before := time.Time{}
	for i := range 5000 {
		l := g.learner(i)
		u := l.user
		if u.registered.Before(before) || u.registered.After(noon) || u.lastLogin.After(noon) || u.updated.After(noon) {
			t.Fatalf("learner %d: registered %v, last seen %v, updated %v", i, u.registered, u.lastLogin, u.updated)
		}
		before = u.registered
		if u.verifiedMobile != "" && (!phone.MatchString(u.verifiedMobile) || phones[u.verifiedMobile]) {
			t.Fatalf("learner %d: phone number is malformed or used twice", i)
		}
		phones[u.verifiedMobile] = true
		if u.email != "" && !mail.MatchString(u.email) {
			t.Fatalf("learner %d: address on a domain that may be real", i)
		}
		for _, o := range l.orders {
			checkOrder(t, i, u, o)
		}
		for _, e := range l.enrollments {
			c := len(g.cat.courses)
			if e.joined.Before(u.registered) || e.updated.After(noon) || e.order > len(l.orders) || e.target.ID < 1 || int(e.target.ID) > c {
				t.Fatalf("learner %d: enrollment %+v", i, e)
			}
			if (e.status == "exited") != (!e.exited.IsZero() && e.exitReason != "") {
				t.Fatalf("learner %d: exit without reason or time: %+v", i, e)
			}
		}
		for _, a := range l.activities {
			if a.at.After(noon) || a.at.Before(u.registered) {
				t.Fatalf("learner %d: activity at %v", i, a.at)
			}
		}
	}
}

func checkOrder(t *testing.T, i int, u user, o order) {
	t.Helper()
	paid := o.status != school.OrderCreated && o.status != school.OrderPaying && o.status != school.OrderClosed
	switch {
	case o.updated.After(noon), o.created.Before(u.registered), o.updated.Before(o.created):
		t.Fatalf("learner %d: times of order %+v", i, o)
	case o.pay > o.price, o.cash+o.coins > o.pay, paid && o.source != "outside" && o.cash+o.coins != o.pay:
		t.Fatalf("learner %d: money of order %+v", i, o)
	case !paid && (o.cash > 0 || !o.paid.IsZero()), o.status == school.OrderClosed && o.closed.IsZero():
		t.Fatalf("learner %d: unpaid order %+v", i, o)
	case (o.status == school.OrderCreated || o.status == school.OrderPaying) && !o.due.After(noon):
		t.Fatalf("learner %d: open order past its deadline %+v", i, o)
	case o.refund != nil && (o.refund.amount > o.cash || o.refund.amount == 0):
		t.Fatalf("learner %d: refund of more than was paid %+v", i, *o.refund)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t)
	if err := school.CreateTables(ctx, db); err != nil {
		t.Fatal(err)
	}
	last := 0
	if err := Fill(ctx, db, Options{Learners: 4000, Seed: 3, Now: noon, Progress: func(done, _ int) { last = done }}); err != nil {
		t.Fatal(err)
	}
	if full, err := Filled(ctx, db); !full || err != nil || last != 4000 {
		t.Fatalf("Filled() = %v, %v after %d learners", full, err, last)
	}
	learners := count(t, db, "users WHERE roles = 'user'")
	for _, c := range []struct {
		what     string
		from     string
		min, max float64 // per learner
	}{
		{"orders", "orders", 2.2, 4},
		{"enrollments", "enrollments WHERE role = 'student'", 3, 6},
		{"activities", "activities WHERE user_id IS NOT NULL", 8, 14},
		{"visits of strangers", "activities WHERE user_id IS NULL", .1, 1},
		{"never paid", "users u WHERE roles = 'user' AND NOT EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.status NOT IN ('created', 'paying', 'closed'))", .5, .75},
		{"ten orders or more", "(SELECT user_id FROM orders WHERE status NOT IN ('created', 'paying', 'closed') GROUP BY 1 HAVING count(*) >= 10) o", .03, .1},
		{"own e-mail", "users WHERE email LIKE '%@example.%'", .52, .68},
		{"shared e-mail", "(SELECT email FROM users WHERE email LIKE '%@example.%' GROUP BY 1 HAVING count(*) > 1) u", .001, .05},
		{"made-up e-mail", "users WHERE email LIKE '%@" + school.PlaceholderDomain + "'", .1, .4},
		{"never logged in", "users WHERE roles = 'user' AND last_login_at IS NULL", .03, .15},
		{"here this week", "users WHERE last_login_at > '2026-03-07'", .08, .3},
		{"members", "memberships", .02, .2},
		{"members for ever", "memberships WHERE deadline IN (0, 2147483647)", .0001, .02},
		{"open orders", "orders WHERE status IN ('created', 'paying')", .002, .05},
		{"offline orders", "orders WHERE source = 'outside' AND paid_at IS NULL", .02, .3},
		{"partial refunds", "refunds r JOIN orders o ON o.id = r.order_id WHERE r.status = 'refunded' AND r.amount < o.paid_cash", .002, .1},
		{"refunds asked", "refunds WHERE status = 'auditing'", .0002, .02},
		{"deleted", "users WHERE status = 'deleted'", .004, .03},
		{"rows of one instant", "(SELECT updated_at FROM users GROUP BY 1 HAVING count(*) > 30) u", .0001, .01},
	} {
		if got := count(t, db, c.from) / learners; got < c.min || got > c.max {
			t.Errorf("%s: %.4f per learner, want %.4f to %.4f", c.what, got, c.min, c.max)
		}
	}
	for what, from := range map[string]string{
		"items without order":             "order_items i WHERE NOT EXISTS (SELECT FROM orders o WHERE o.id = i.order_id)",
		"orders without items":            "orders o WHERE NOT EXISTS (SELECT FROM order_items i WHERE o.id = i.order_id)",
		"orders without user":             "orders o WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = o.user_id)",
		"items without offering":          "order_items i WHERE target_type IN ('course', 'classroom') AND NOT EXISTS (SELECT FROM offerings o WHERE o.type = i.target_type AND o.id = i.target_id)",
		"enrollments without offering":    "enrollments e WHERE NOT EXISTS (SELECT FROM offerings o WHERE o.type = e.target_type AND o.id = e.target_id)",
		"enrollments of another's order":  "enrollments e JOIN orders o ON o.id = e.order_id WHERE o.user_id <> e.user_id",
		"two active seats":                "(SELECT FROM enrollments WHERE status = 'active' AND role = 'student' GROUP BY user_id, target_type, target_id HAVING count(*) > 1) e",
		"copies without origin":           "courses c WHERE origin_id > 0 AND NOT EXISTS (SELECT FROM courses o WHERE o.id = c.origin_id)",
		"counters that are wrong":         "courses c WHERE student_count <> (SELECT count(*) FROM enrollments WHERE target_type = 'course' AND target_id = c.id AND status = 'active' AND role = 'student')",
		"inviters from the future":        "users u JOIN users i ON i.id = u.inviter_id WHERE i.registered_at > u.registered_at",
		"rows changed in the future":      "users WHERE updated_at > '2026-03-14 04:00+00'",
		"courses changed in the future":   "offerings WHERE updated_at > '2026-03-14 04:00+00'",
		"personal fields of the deleted":  "users WHERE status = 'deleted' AND (email || verified_mobile || profile_mobile || real_name) <> ''",
		"ids that the sequence will hand": "(SELECT nextval(pg_get_serial_sequence('orders', 'id')) AS n) s WHERE n <= (SELECT max(id) FROM orders)",
	} {
		if n := count(t, db, from); n > 0 {
			t.Errorf("%s: %v", what, n)
		}
	}
}

// TestFillStops checks that an interrupted run says so and can be repeated.
func TestFillStops(t *testing.T) {
	t.Parallel()
	db := open(t)
	if err := school.CreateTables(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := Fill(ctx, db, Options{Learners: 100_000, Seed: 3, Now: noon, Progress: func(done, _ int) {
		if done == 3000 {
			cancel()
		}
	}})
	if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
		t.Fatalf("Fill() = %v, want %v", err, context.Canceled)
	}
	if full, err := Filled(t.Context(), db); full || err != nil {
		t.Fatalf("Filled() = %v, %v after an interruption", full, err)
	}
	if n := count(t, db, "users"); n != 0 {
		t.Errorf("%v users of an interrupted run", n)
	}
	if err := Fill(t.Context(), db, Options{Learners: 50, Seed: 3, Now: noon}); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := school.Open(t.Context(), pgtest.DSN(t), "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { db.Close() })
	return db
}

func count(t *testing.T, db *sql.DB, from string) (n float64) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		t.Fatalf("count %s: %v", from, err)
	}
	return n
}

package school_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/internal/schooltest"
	"github.com/coursecrm/coursecrm/examples/academy/school"
)

var (
	python    = school.Target{Type: school.TypeCourse, ID: 1}
	free      = school.Target{Type: school.TypeCourse, ID: 6}
	fullStack = school.Target{Type: school.TypeClassroom, ID: 1} // of five courses
	gold      = school.Target{Type: school.TypeVIP, ID: 2}
)

func TestOrderPayLearnRefund(t *testing.T) {
	t.Parallel()
	s, ctx := schooltest.New(t, 0), t.Context()
	me := s.Learner(t, "13800000001")
	if err := s.Record(ctx, me, school.KindCoupon, python, ""); err != nil {
		t.Fatal(err)
	}
	id := must(s.PlaceOrder(ctx, me, python))(t)
	if again := must(s.PlaceOrder(ctx, me, python))(t); again != id {
		t.Errorf("a second order %d beside the open %d", again, id)
	}
	o := must(s.Order(ctx, me, id))(t)
	if !o.Open() || o.Price != 29900 || o.Pay != 26910 || o.Coupon != school.CouponCode || !o.CloseDeadline.Equal(o.CreatedAt.Add(school.PayWithin)) {
		t.Fatalf("order %+v", o)
	}
	if err := s.Learn(ctx, me, 1); !errors.Is(err, school.ErrNotFound) {
		t.Errorf("learning before paying: %v", err)
	}
	s.Pass(time.Minute)
	s.Changes()
	check(t, s.Pay(ctx, me, id))
	if err := s.Pay(ctx, me, id); !errors.Is(err, school.ErrConflict) {
		t.Errorf("paying twice: %v", err)
	}
	if c := s.Changes(); len(c) != 1 || len(c[0].Orders) != 1 || len(c[0].Enrollments) != 1 {
		t.Errorf("paying told %+v", c)
	}
	if _, err := s.PlaceOrder(ctx, me, python); !errors.Is(err, school.ErrConflict) {
		t.Errorf("ordering what one has: %v", err)
	}
	for range 48 {
		check(t, s.Learn(ctx, me, 1))
	}
	if seat := must(s.Enrollment(ctx, me, python))(t); seat.Percent() != 100 || seat.FinishedAt.IsZero() {
		t.Errorf("after the last unit: %+v", seat)
	}
	check(t, s.RequestRefund(ctx, me, id, "时间安排不开"))
	if err := s.RequestRefund(ctx, me, id, ""); !errors.Is(err, school.ErrConflict) {
		t.Errorf("asking twice: %v", err)
	}
	if o := must(s.Order(ctx, me, id))(t); o.Status != school.OrderSuccess || o.RefundStatus != school.RefundAuditing {
		t.Errorf("while the request is audited: %+v", o)
	}
	refund := schooltest.Value[int64](t, s.School, "SELECT id FROM refunds")
	if err := s.GrantRefund(ctx, refund, 99999); !errors.Is(err, school.ErrBadRequest) {
		t.Errorf("giving back more than was paid: %v", err)
	}
	s.Changes()
	check(t, s.GrantRefund(ctx, refund, 10000))
	if c := s.Changes(); len(c) != 1 || len(c[0].Orders) != 1 || len(c[0].Enrollments) != 1 {
		t.Errorf("a granted refund told %+v", c)
	}
	if o := must(s.Order(ctx, me, id))(t); o.Status != school.OrderRefunded {
		t.Errorf("after a refund in part: %+v", o)
	}
	if _, err := s.Enrollment(ctx, me, python); !errors.Is(err, school.ErrNotFound) {
		t.Errorf("still in after the refund: %v", err)
	}
	if why := schooltest.Value[string](t, s.School, "SELECT exit_reason FROM enrollments WHERE user_id = $1", me); why != school.ExitRefund {
		t.Errorf("exit reason %q", why)
	}
	if n := schooltest.Value[int](t, s.School, "SELECT student_count FROM courses WHERE id = 1"); n != 0 {
		t.Errorf("%d students left on the counter", n)
	}
}

func TestClassroom(t *testing.T) {
	t.Parallel()
	s, ctx := schooltest.New(t, 0), t.Context()
	me := s.Learner(t, "13800000001")
	check(t, s.Pay(ctx, me, must(s.PlaceOrder(ctx, me, fullStack))(t)))
	seats := must(s.Enrollments(ctx, me))(t)
	if len(seats) != 6 {
		t.Fatalf("%d places, want the classroom and five courses", len(seats))
	}
	for _, seat := range seats {
		if seat.Target.Type != school.TypeCourse {
			continue
		}
		if c := must(s.Course(ctx, seat.Target.ID))(t); c.OriginID == 0 || seat.ClassroomID != fullStack.ID {
			t.Errorf("place %+v is not in a copy", seat)
		}
		if err := s.Leave(ctx, me, seat.Target, ""); !errors.Is(err, school.ErrConflict) {
			t.Errorf("leaving one course of a classroom: %v", err)
		}
	}
	s.Changes()
	check(t, s.Leave(ctx, me, fullStack, "换了方向"))
	if c := s.Changes(); len(c) != 1 || len(c[0].Enrollments) != 6 {
		t.Errorf("leaving told %+v", c)
	}
	if n := schooltest.Value[int](t, s.School, "SELECT count(*) FROM enrollments WHERE exit_reason = 'classroom'"); n != 5 {
		t.Errorf("%d exits by the classroom, want 5", n)
	}
}

func TestCancelAndDeadline(t *testing.T) {
	t.Parallel()
	s, ctx := schooltest.New(t, 0), t.Context()
	me, other := s.Learner(t, "13800000001"), s.Learner(t, "13800000002")
	id := must(s.PlaceOrder(ctx, me, python))(t)
	if err := s.Cancel(ctx, other, id); !errors.Is(err, school.ErrNotFound) {
		t.Errorf("cancelling somebody's order: %v", err)
	}
	check(t, s.Cancel(ctx, me, id))
	if err := s.Pay(ctx, me, id); !errors.Is(err, school.ErrConflict) {
		t.Errorf("paying a closed order: %v", err)
	}
	late := must(s.PlaceOrder(ctx, me, python))(t)
	paid := must(s.PlaceOrder(ctx, other, python))(t)
	check(t, s.Pay(ctx, other, paid))
	s.Pass(school.RefundWithin + time.Hour)
	s.Changes()
	check(t, s.Tidy(ctx))
	if o := must(s.Order(ctx, me, late))(t); o.Status != school.OrderClosed {
		t.Errorf("open past the deadline: %+v", o)
	}
	if o := must(s.Order(ctx, other, paid))(t); o.Status != school.OrderFinished || o.Refundable(s.Now()) {
		t.Errorf("past the refund window: %+v", o)
	}
	if c := s.Changes(); len(c) != 1 || len(c[0].Orders) != 2 {
		t.Errorf("tidying told %+v", c)
	}
}

func TestFreeCourseAndMembership(t *testing.T) {
	t.Parallel()
	s, ctx := schooltest.New(t, 0), t.Context()
	me := s.Learner(t, "13800000001")
	o := must(s.Order(ctx, me, must(s.PlaceOrder(ctx, me, free))(t)))(t)
	if o.Status != school.OrderSuccess || o.Refundable(s.Now()) {
		t.Errorf("order of a free course: %+v", o)
	}
	year := 365 * 24 * time.Hour
	for n := 1; n <= 2; n++ {
		check(t, s.Pay(ctx, me, must(s.PlaceOrder(ctx, me, gold))(t)))
		if m := must(s.Membership(ctx, me))(t); !m.Until().Equal(schooltest.Noon.Add(time.Duration(n) * year)) {
			t.Errorf("after %d years paid: until %v", n, m.Until())
		}
	}
	for deadline, never := range map[int64]bool{0: true, school.Never: true, 1: false} {
		if got := (school.Membership{Deadline: deadline}).Until().IsZero(); got != never {
			t.Errorf("deadline %d: never = %v", deadline, got)
		}
	}
	last := schooltest.Value[int64](t, s.School, "SELECT max(id) FROM orders")
	check(t, s.RequestRefund(ctx, me, last, ""))
	check(t, s.GrantRefund(ctx, schooltest.Value[int64](t, s.School, "SELECT id FROM refunds"), 0))
	if m := must(s.Membership(ctx, me))(t); m.Until().After(s.Now()) {
		t.Errorf("a refunded membership lasts until %v", m.Until())
	}
}

// TestManyClicks presses the buttons many times at once.
func TestManyClicks(t *testing.T) {
	t.Parallel()
	s, ctx := schooltest.New(t, 0), t.Context()
	me := s.Learner(t, "13800000001")
	var clicks sync.WaitGroup
	for range 6 {
		clicks.Go(func() {
			id, err := s.PlaceOrder(ctx, me, fullStack)
			if err == nil {
				err = s.Pay(ctx, me, id)
			}
			if err != nil && !errors.Is(err, school.ErrConflict) {
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	if n := schooltest.Value[int](t, s.School, "SELECT count(*) FROM orders"); n != 1 {
		t.Errorf("%d orders", n)
	}
	if n := len(must(s.Enrollments(ctx, me))(t)); n != 6 {
		t.Errorf("%d places, want 6", n)
	}
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	s, ctx := schooltest.New(t, 0), t.Context()
	for _, bad := range []string{"", "12345678901", "1380000000", "138000000012"} {
		if _, err := s.Register(ctx, "小测", bad); !errors.Is(err, school.ErrBadRequest) {
			t.Errorf("registering with %q: %v", bad, err)
		}
	}
	me := must(s.Register(ctx, " 小测 ", "13800000001"))(t)
	if _, err := s.Register(ctx, "小测", "13800000001"); !errors.Is(err, school.ErrConflict) {
		t.Errorf("a number with an account: %v", err)
	}
	u := must(s.User(ctx, me))(t)
	if u.Nickname != "小测" || u.MaskedMobile() != "138****0001" || u.Email == "" || u.Staff() {
		t.Errorf("new user %+v", u)
	}
	token := must(s.Login(ctx, me))(t)
	if got := must(s.SessionUser(ctx, token))(t); got.ID != me {
		t.Errorf("session of %d", got.ID)
	}
	check(t, s.SendMessage(ctx, school.OperatorID, me, "你好"))
	if n := must(s.Unread(ctx, me))(t); n != 1 {
		t.Errorf("%d unread", n)
	}
	if m := must(s.Messages(ctx, me, 10))(t); len(m) != 1 || !m[0].Unread || m[0].From != "周敏" {
		t.Errorf("messages %+v", m)
	}
	if n := must(s.Unread(ctx, me))(t); n != 0 {
		t.Errorf("%d unread after reading", n)
	}
	check(t, s.DeleteUser(ctx, me))
	if _, err := s.SessionUser(ctx, token); !errors.Is(err, school.ErrNotFound) {
		t.Errorf("session of a closed account: %v", err)
	}
	if _, err := s.PlaceOrder(ctx, me, python); !errors.Is(err, school.ErrConflict) {
		t.Errorf("order of a closed account: %v", err)
	}
	if err := s.DeleteUser(ctx, school.OperatorID); !errors.Is(err, school.ErrNotFound) {
		t.Errorf("deleting staff: %v", err)
	}
	if again := must(s.Register(ctx, "小测", "13800000001"))(t); again == me {
		t.Error("an id was used twice")
	}
}

// TestTouch checks the trigger that catches a statement that forgot updated_at.
func TestTouch(t *testing.T) {
	t.Parallel()
	s := schooltest.New(t, 1)
	if _, err := s.DB().ExecContext(t.Context(), "UPDATE users SET coins = coins + 1"); err != nil {
		t.Fatal(err)
	}
	if n := schooltest.Value[int](t, s.School, "SELECT count(*) FROM users WHERE updated_at < now() - interval '1 hour'"); n != 0 {
		t.Errorf("%d rows kept their updated_at", n)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

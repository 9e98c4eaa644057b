package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// synth is a school made of arithmetic: any row of any feed can be computed from its number, so a
// feed of ten million rows needs no memory and costs next to nothing to read. Its people are as
// uneven as real ones: a third buy, few buy often.
type synth struct {
	learners, orders, enrollments, activities, offerings int
	start                                                time.Time
}

func newSynth(b *bench) *synth {
	return &synth{learners: b.n(1_000_000), orders: b.n(3_000_000), enrollments: b.n(4_000_000), activities: b.n(10_000_000),
		offerings: 540, start: time.Now().UTC().AddDate(-4, 0, 0).Truncate(time.Second)}
}

// mix scatters a number; the same number always lands in the same place (splitmix64).
func mix(n int) uint64 {
	z := uint64(n)*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// at spreads n rows evenly over four years, so that feeds are ordered by time.
func (s *synth) at(i, n int) time.Time {
	return s.start.Add(time.Duration(float64(4*365*24*time.Hour) * float64(i) / float64(n)))
}

// skewed picks one of n so that small numbers are picked far more often.
func skewed(r uint64, n int) int {
	f := float64(r>>11) / (1 << 53)
	return min(int(f*f*f*float64(n)), n-1)
}

// page serves rows [after, after+limit) of n.
func page[T any](n int, after h.Cursor, limit int, row func(i int) T) (h.Page[T], error) {
	from := 0
	if after != "" {
		var err error
		if from, err = strconv.Atoi(string(after)); err != nil {
			return h.Page[T]{}, h.ErrInvalidCursor
		}
	}
	to := min(from+limit, n)
	out := h.Page[T]{Items: make([]T, 0, max(to-from, 0)), Next: h.Cursor(strconv.Itoa(max(to, from))), More: to < n}
	for i := from; i < to; i++ {
		out.Items = append(out.Items, row(i))
	}
	return out, nil
}

func (s *synth) Learners(_ context.Context, after h.Cursor, limit int) (h.Page[h.Learner], error) {
	return page(s.learners, after, limit, s.learner)
}

var provinces = []string{"广东", "江苏", "山东", "浙江", "河南", "四川", "湖北", "北京", "上海", "陕西"}

func (s *synth) learner(i int) h.Learner {
	r := mix(i)
	at := s.at(i, s.learners)
	l := h.Learner{ID: h.LearnerID(strconv.Itoa(i + 1)), Nickname: "用户" + strconv.Itoa(i), RealName: "陈晓" + strconv.Itoa(i%1000),
		Mobile: fmt.Sprintf("138%08d", i%100_000_000), MobileVerified: r%4 != 0, Status: h.LearnerActive, RegisteredAt: at, UpdatedAt: at,
		RegisterSource: "web", Device: h.DeviceWeb, Locale: "zh-CN", Province: provinces[r%10], City: provinces[r%10], Roles: []h.Role{h.RoleStudent}}
	if r%5 < 3 {
		l.Email, l.EmailVerified = "u"+strconv.Itoa(i)+"@example.com", true
	}
	if r%10 > 0 {
		l.LastLoginAt = at.Add(time.Duration(float64(time.Now().UTC().Sub(at)) * float64(r>>40) / (1 << 24)))
	}
	return l
}

func (s *synth) Offerings(_ context.Context, after h.Cursor, limit int) (h.Page[h.Offering], error) {
	return page(s.offerings, after, limit, func(i int) h.Offering {
		kind := h.TargetCourse
		if i >= 500 {
			kind = h.TargetClassroom
		}
		return h.Offering{Type: kind, ID: strconv.Itoa(i + 1), Title: "课程 " + strconv.Itoa(i), Status: h.OfferingPublished, Price: int64(i%40) * 9900,
			Currency: "CNY", CategoryPath: []string{"分类 " + strconv.Itoa(i%12)}, Tags: []string{"标签 " + strconv.Itoa(i%30)}, RequiredUnits: 24, UpdatedAt: s.start}
	})
}

func (s *synth) target(r uint64) h.Target {
	i := skewed(r, s.offerings)
	if i >= 500 {
		return h.Target{Type: h.TargetClassroom, ID: strconv.Itoa(i + 1)}
	}
	return h.Target{Type: h.TargetCourse, ID: strconv.Itoa(i + 1)}
}

// buyer and student pick whose row it is: a third of all buy, three quarters study.
func (s *synth) buyer(r uint64) int { return int(mix(skewed(r, s.learners/3+1)) % uint64(s.learners)) }
func (s *synth) student(r uint64) int {
	return int(mix(skewed(r, s.learners*3/4+1)+7) % uint64(s.learners))
}

func (s *synth) Orders(_ context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
	return page(s.orders, after, limit, s.order)
}

func (s *synth) order(i int) h.Order {
	r := mix(i + 1<<40)
	at := s.at(i, s.orders)
	amount := int64(r%40+1) * 2500
	o := h.Order{ID: "o" + strconv.Itoa(i+1), SN: "2026" + strconv.Itoa(i), LearnerID: h.LearnerID(strconv.Itoa(s.buyer(r) + 1)), Status: h.OrderFinished,
		Origin: h.OriginSelf, ListAmount: amount, PayableAmount: amount, PaidCash: amount, Currency: "CNY", CreatedAt: at, PaidAt: at.Add(time.Minute), UpdatedAt: at,
		Items: []h.OrderItem{{Target: s.target(r >> 7), Title: "课程", Quantity: 1, Amount: amount}}}
	switch r % 20 {
	case 0:
		o.Status, o.Refunded = h.OrderRefunded, amount/2
		o.Refunds = []h.Refund{{Status: h.RefundDone, Cash: amount / 2, Reason: "时间不合适", RequestedAt: at, HandledAt: at}}
	case 1, 2, 3:
		o.Status, o.PaidCash, o.PaidAt, o.ClosedAt = h.OrderClosed, 0, time.Time{}, at
	}
	return o
}

func (s *synth) Enrollments(_ context.Context, after h.Cursor, limit int) (h.Page[h.Enrollment], error) {
	return page(s.enrollments, after, limit, s.enrollment)
}

func (s *synth) enrollment(i int) h.Enrollment {
	r := mix(i + 2<<40)
	at := s.at(i, s.enrollments)
	e := h.Enrollment{ID: "e" + strconv.Itoa(i+1), LearnerID: h.LearnerID(strconv.Itoa(s.student(r) + 1)), Target: s.target(r >> 9), Role: h.EnrolledStudent,
		Status: h.EnrollmentActive, JoinReason: h.JoinPurchase, JoinedAt: at, DoneUnits: int(r % 24), LastLearnAt: at.Add(time.Hour), UpdatedAt: at}
	if r%8 == 0 {
		e.Status, e.ExitedAt, e.ExitReason = h.EnrollmentExited, at.Add(time.Hour), h.ExitSelf
	}
	return e
}

func (s *synth) Activities(_ context.Context, after h.Cursor, limit int) (h.Page[h.Activity], error) {
	return page(s.activities, after, limit, s.activity)
}

func (s *synth) activity(i int) h.Activity {
	r := mix(i + 3<<40)
	return h.Activity{EventID: "a" + strconv.Itoa(i+1), LearnerID: h.LearnerID(strconv.Itoa(int(r%uint64(s.learners)) + 1)), Type: h.ActivityView,
		Target: s.target(r >> 11), OccurredAt: s.at(i, s.activities)}
}

func (s *synth) Totals(context.Context) (h.Totals, error) {
	return h.Totals{Learners: int64(s.learners), Offerings: int64(s.offerings), Orders: int64(s.orders), Enrollments: int64(s.enrollments), Activities: int64(s.activities)}, nil
}

// Staff implements hostadapter.StaffAuthenticator; nobody works here.
func (s *synth) Staff(*http.Request) (h.Staff, error) { return h.Staff{}, h.ErrUnauthenticated }

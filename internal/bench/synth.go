package main

import (
	"context"
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
	start, now                                           time.Time // four years apart
}

func newSynth(b *bench) *synth {
	now := time.Now().UTC().Truncate(time.Second)
	return &synth{learners: b.n(1_000_000), orders: b.n(3_000_000), enrollments: b.n(4_000_000), activities: b.n(10_000_000),
		offerings: 540, start: now.AddDate(-4, 0, 0), now: now}
}

// mix scatters a number; the same number always lands in the same place (splitmix64).
func mix(n int) uint64 {
	z := uint64(n)*0x9e3779b97f4a7c15 + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// share makes a number from 0 up to, not including, 1 of the upper bits.
func share(r uint64) float64 { return float64(r>>11) / (1 << 53) }

// at spreads n rows evenly over four years, so that feeds are ordered by time.
func (s *synth) at(i, n int) time.Time { return between(s.start, s.now, float64(i)/float64(n)) }

func between(from, to time.Time, part float64) time.Time {
	return from.Add(time.Duration(float64(to.Sub(from)) * part)).Truncate(time.Microsecond)
}

// skewed picks one of n so that small numbers are picked far more often.
func skewed(r uint64, n int) int {
	f := share(r)
	return min(int(f*f*f*float64(n)), n-1)
}

// uneven picks one of n people: a tenth have two fifths of the rows, and the busiest some forty
// times the average, which is what schools have; nobody places ten thousand orders.
func uneven(r uint64, n int) int {
	const soft = 0.1
	f := share(r) + soft
	return min(int((f*f*f-soft*soft*soft)/((1+soft)*(1+soft)*(1+soft)-soft*soft*soft)*float64(n)), n-1)
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

func (s *synth) Offerings(_ context.Context, after h.Cursor, limit int) (h.Page[h.Offering], error) {
	return page(s.offerings, after, limit, s.offering)
}

func (s *synth) Orders(_ context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
	return page(s.orders, after, limit, s.order)
}

func (s *synth) Enrollments(_ context.Context, after h.Cursor, limit int) (h.Page[h.Enrollment], error) {
	return page(s.enrollments, after, limit, s.enrollment)
}

func (s *synth) Activities(_ context.Context, after h.Cursor, limit int) (h.Page[h.Activity], error) {
	return page(s.activities, after, limit, s.activity)
}

func (s *synth) Totals(context.Context) (h.Totals, error) {
	return h.Totals{Learners: int64(s.learners), Offerings: int64(s.offerings), Orders: int64(s.orders), Enrollments: int64(s.enrollments), Activities: int64(s.activities)}, nil
}

// Staff implements hostadapter.StaffAuthenticator; nobody works here.
func (s *synth) Staff(*http.Request) (h.Staff, error) { return h.Staff{}, h.ErrUnauthenticated }

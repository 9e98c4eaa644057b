package proof

import (
	"math"
	"math/big"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// world is the latest snapshot of every row that a host has told of. All that follows from it is
// written down here as DOMAIN.md says it, in Go and without a thought for speed; the tables are
// held to it.
type world struct {
	learners    map[h.LearnerID]h.Learner
	offerings   map[h.Target]h.Offering
	orders      []h.Order
	enrollments []h.Enrollment // of a removed row: as it was last seen, exited
	activities  []h.Activity
	known       map[h.Target]bool // offerings of the feed, and those that other rows speak of
}

// The site of these tests.
const siteCurrency = "CNY"

// pairKey names a learner and a canonical offering.
type pairKey struct {
	learner  h.LearnerID
	offering h.Target
}

// standing is how a learner stands with an offering.
type standing struct {
	stage                                            funnel.Stage
	past, via                                        bool
	deleted                                          bool // the account
	gross, refunded, open, refunding                 int64
	viewed, intended, ordered, paid, joined, learned time.Time
	at                                               time.Time // since when; not told of the withdrawn
	intent, interest                                 float64   // scores
}

// history of a pair: all that bears on it.
type history struct {
	deleted    bool
	activities []h.Activity
	orders     []bought
	places     []h.Enrollment
}

// bought is an order with an offering's share of its money.
type bought struct {
	h.Order
	paid, refunded, payable int64
}

// pairs tells how everybody stands with everything.
func (w *world) pairs(now time.Time) map[pairKey]standing {
	out := map[pairKey]standing{}
	for key, past := range w.histories() {
		out[key] = past.standing(now)
	}
	return out
}

func (w *world) histories() map[pairKey]*history {
	out := map[pairKey]*history{}
	of := func(l h.LearnerID, t h.Target) *history {
		key := pairKey{l, w.canonical(t)}
		if out[key] == nil {
			learner := w.learners[l]
			out[key] = &history{deleted: learner.Deleted || learner.Status == h.LearnerDeleted}
		}
		return out[key]
	}
	for _, a := range w.activities {
		if _, ok := w.learners[a.LearnerID]; ok && w.known[a.Target] {
			p := of(a.LearnerID, a.Target)
			p.activities = append(p.activities, a)
		}
	}
	for _, o := range w.orders {
		if _, ok := w.learners[o.LearnerID]; !ok || o.Deleted {
			continue
		}
		for t, b := range w.bought(o) {
			p := of(o.LearnerID, t)
			p.orders = append(p.orders, b)
		}
	}
	for _, e := range w.enrollments {
		if _, ok := w.learners[e.LearnerID]; ok {
			p := of(e.LearnerID, e.Target)
			p.places = append(p.places, e)
		}
	}
	return out
}

func isOffering(t h.Target) bool { return t.Type == h.TargetCourse || t.Type == h.TargetClassroom }

// canonical: a classroom's copy of a course counts for the course.
func (w *world) canonical(t h.Target) h.Target {
	origin := h.Target{Type: h.TargetCourse, ID: w.offerings[t].OriginCourseID}
	if origin.ID != "" && w.known[origin] {
		return origin
	}
	return t
}

// bought shares an order's money among its items, in proportion to their amounts.
func (w *world) bought(o h.Order) map[h.Target]bought {
	out := map[h.Target]bought{}
	weights := make([]int64, len(o.Items))
	var sum int64
	for i, it := range o.Items {
		weights[i] = it.Amount
		sum += it.Amount
	}
	if sum == 0 {
		for i := range weights {
			weights[i] = 1
		}
		sum = int64(len(weights))
	}
	var before int64
	for i, it := range o.Items {
		share := func(total int64) int64 {
			if o.Currency != siteCurrency {
				return 0
			}
			return floorShare(total, before+weights[i], sum) - floorShare(total, before, sum)
		}
		if isOffering(it.Target) {
			t := w.canonical(it.Target)
			b := out[t]
			b.Order = o
			b.paid += share(paidFor(o))
			b.refunded += share(o.Refunded)
			b.payable += share(o.PayableAmount)
			out[t] = b
		}
		before += weights[i]
	}
	return out
}

func floorShare(total, part, sum int64) int64 {
	x := new(big.Int).Mul(big.NewInt(total), big.NewInt(part))
	return x.Div(x, big.NewInt(sum)).Int64()
}

// paidFor is the money that came in for an order. Trap 4.
func paidFor(o h.Order) int64 {
	if o.Origin == h.OriginOffline && o.PaidCash == 0 {
		return o.PayableAmount
	}
	return o.PaidCash
}

func paidOn(o h.Order) time.Time {
	if o.PaidAt.IsZero() {
		return o.CreatedAt
	}
	return o.PaidAt
}

func closedOn(o h.Order) time.Time {
	if o.ClosedAt.IsZero() {
		return o.CreatedAt
	}
	return o.ClosedAt
}

// worth is what something of a weight at a moment is worth now: half of it every 30 days.
func worth(weight float64, at, now time.Time) float64 {
	return weight * math.Pow(0.5, now.Sub(at).Hours()/(30*24))
}

func later(t *time.Time, at time.Time) {
	if at.After(*t) {
		*t = at
	}
}

var weightOfActivity = map[h.ActivityType]float64{
	h.ActivityView: 1, h.ActivityCoupon: 2, h.ActivityTrial: 3, h.ActivityFavorite: 3, h.ActivityQuestion: 4,
}

func (p *history) standing(now time.Time) standing {
	s := standing{deleted: p.deleted}
	for _, a := range p.activities {
		weight := weightOfActivity[a.Type]
		s.intent += worth(weight, a.OccurredAt, now)
		switch {
		case a.Type == h.ActivityLearn:
			s.interest += worth(1, a.OccurredAt, now)
		case a.Type == h.ActivityView:
			later(&s.viewed, a.OccurredAt)
		case weight > 0:
			later(&s.intended, a.OccurredAt)
		}
		s.interest += worth(weight, a.OccurredAt, now)
	}
	closed, opened, refunded := p.ordered(&s, now)
	left, ranOut, current, given := p.placed(&s, now)
	last := s.viewed // the last sign of intent
	later(&last, s.intended)
	later(&last, closed)
	s.past = ranOut && current == 0 && !p.deleted
	switch {
	case p.deleted:
	case current > 0:
		s.stage, s.at = funnel.Enrolled, s.joined
		s.via = given == current
	case !opened.IsZero():
		s.stage, s.at = funnel.Pending, opened
	case left || refunded:
		s.stage = funnel.Withdrawn
	case !last.IsZero() && !last.Before(now.Add(-90*24*time.Hour)):
		s.stage, s.at = funnel.Potential, last
	}
	return s
}

// ordered adds up the orders; it tells when one was last closed, since when one is open, and
// whether one was refunded.
func (p *history) ordered(s *standing, now time.Time) (closed, opened time.Time, refunded bool) {
	for _, o := range p.orders {
		later(&s.ordered, o.CreatedAt)
		heat := worth(5, o.CreatedAt, now)
		switch {
		case o.Status == h.OrderPending:
			s.open += o.payable
			if opened.IsZero() || o.CreatedAt.Before(opened) {
				opened = o.CreatedAt
			}
		case o.Status == h.OrderClosed:
			heat += worth(5, closedOn(o.Order), now)
			later(&closed, closedOn(o.Order))
		default:
			s.gross += o.paid
			s.refunded += o.refunded
			asked := slices.ContainsFunc(o.Refunds, func(r h.Refund) bool { return r.Status == h.RefundRequested })
			if asked || o.Status == h.OrderRefunding {
				s.refunding += o.paid - o.refunded
			}
			refunded = refunded || o.Status == h.OrderRefunded
			if paidFor(o.Order) > 0 {
				later(&s.paid, paidOn(o.Order))
				s.interest += worth(8, paidOn(o.Order), now)
			}
		}
		s.intent += heat
		s.interest += heat
	}
	return closed, opened, refunded
}

// placed looks through the places as a student; it tells whether one was left and whether one ran
// out, how many are current, and how many of those came with a classroom.
func (p *history) placed(s *standing, now time.Time) (left, ranOut bool, current, given int) {
	for _, e := range p.places {
		if e.Role != h.EnrolledStudent && e.Role != "" {
			continue
		}
		later(&s.joined, e.JoinedAt)
		later(&s.learned, e.LastLearnAt)
		over := !e.ExpiresAt.IsZero() && !e.ExpiresAt.After(now)
		switch {
		case e.Status == h.EnrollmentActive && !over:
			current++
			if e.ViaClassroomID != "" {
				given++
			}
		case e.Status == h.EnrollmentActive, e.Status == h.EnrollmentExpired:
			ranOut = true
		case e.Status != h.EnrollmentExited:
		case e.ExitReason == h.ExitExpired:
			ranOut = true
		case e.ExitReason != h.ExitClassroom:
			left = true
		}
	}
	return left, ranOut, current, given
}

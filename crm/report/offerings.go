package report

import (
	"strconv"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// OfferingBy is what offerings are grouped by.
type OfferingBy string

// What offerings can be grouped by.
const (
	ByOffering OfferingBy = "offering" // each by itself
	ByCategory OfferingBy = "category" // the first part of the path
	ByKind     OfferingBy = "kind"
)

// OfferingBys lists them in the order of the screen.
func OfferingBys() []OfferingBy { return []OfferingBy{ByOffering, ByCategory, ByKind} }

// OfferingGroup is what offerings with something in common stand at. People who are in two of them
// count twice.
type OfferingGroup struct {
	Key       string // the offering's number, a category (empty: none), or course or classroom
	First     funnel.Line
	Offerings int
	funnel.Figures
	Developable int64
	Joined      int64 // within the weeks of the trend
}

// RefundRate is the share of the money that was given back, from 0 to 1; false: none came in.
func (g OfferingGroup) RefundRate() (float64, bool) { return part(g.Refunded, g.Gross) }

func (g *OfferingGroup) add(l funnel.Line) {
	g.Offerings++
	g.Potential += l.Potential
	g.Pending += l.Pending
	g.Enrolled += l.Enrolled
	g.Withdrawn += l.Withdrawn
	g.Past += l.Past
	g.Gross += l.Gross
	g.Refunded += l.Refunded
	g.Open += l.Open
	g.Refunding += l.Refunding
	g.Touched30 += l.Touched30
	g.Paid30 += l.Paid30
	g.Developable += l.Developable
	for _, n := range l.Joined {
		g.Joined += n
	}
}

// GroupOfferings puts offerings together, in the order of their first ones.
func GroupOfferings(lines []funnel.Line, by OfferingBy) []OfferingGroup {
	var out []OfferingGroup
	at := map[string]int{}
	for _, l := range lines {
		key := offeringKey(l, by)
		i, ok := at[key]
		if !ok {
			i, at[key] = len(out), len(out)
			out = append(out, OfferingGroup{Key: key, First: l})
		}
		out[i].add(l)
	}
	return out
}

func offeringKey(l funnel.Line, by OfferingBy) string {
	switch by {
	case ByCategory:
		if len(l.Categories) == 0 {
			return ""
		}
		return l.Categories[0]
	case ByKind:
		return string(l.Target.Type)
	case ByOffering:
	}
	return strconv.FormatInt(int64(l.ID), 10)
}

// OfferingTotal adds all offerings up.
func OfferingTotal(lines []funnel.Line) OfferingGroup {
	var out OfferingGroup
	for _, l := range lines {
		out.add(l)
	}
	return out
}

// OfferingSort is an order of the comparison of offerings.
type OfferingSort string

// Orders.
const (
	OfferingRevenue    OfferingSort = "revenue"
	OfferingRefunded   OfferingSort = "refunded"
	OfferingRefundRate OfferingSort = "refund_rate"
	OfferingConversion OfferingSort = "conversion"
	OfferingJoined     OfferingSort = "joined"
	OfferingPotential  OfferingSort = "potential"
	OfferingPending    OfferingSort = "pending"
	OfferingEnrolled   OfferingSort = "enrolled"
	OfferingPast       OfferingSort = "past"
	OfferingWithdrawn  OfferingSort = "withdrawn"
)

// OfferingSorts lists the orders in the order of the columns, the usual one first.
func OfferingSorts() []OfferingSort {
	return []OfferingSort{OfferingRevenue, OfferingRefunded, OfferingRefundRate, OfferingConversion, OfferingJoined,
		OfferingPotential, OfferingPending, OfferingEnrolled, OfferingPast, OfferingWithdrawn}
}

// OrderOfferings sorts groups by a column, the largest first or, with asc, last. Those for which the
// column says nothing come last either way.
func OrderOfferings(groups []OfferingGroup, s OfferingSort, asc bool) {
	sortBy(groups, func(g OfferingGroup) (float64, bool) { return g.value(s) }, asc)
}

func (g OfferingGroup) value(s OfferingSort) (float64, bool) {
	switch s {
	case OfferingRefundRate:
		return g.RefundRate()
	case OfferingConversion:
		return g.Conversion()
	case OfferingRevenue:
		return float64(g.Revenue()), true
	case OfferingRefunded:
		return float64(g.Refunded), true
	case OfferingJoined:
		return float64(g.Joined), true
	case OfferingPotential:
		return float64(g.Potential), true
	case OfferingPending:
		return float64(g.Pending), true
	case OfferingEnrolled:
		return float64(g.Enrolled), true
	case OfferingPast:
		return float64(g.Past), true
	case OfferingWithdrawn:
		return float64(g.Withdrawn), true
	}
	return 0, false
}

// OfferingKinds lists what can be offered.
func OfferingKinds() []h.TargetType {
	return []h.TargetType{h.TargetCourse, h.TargetClassroom}
}

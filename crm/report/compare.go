package report

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// By is what campaigns are grouped by.
type By string

// What campaigns can be grouped by.
const (
	ByCampaign By = "campaign" // each by itself
	ByChannel  By = "channel"
	ByTemplate By = "template"
	ByAudience By = "audience"
	ByStaff    By = "staff"
	ByWeekday  By = "weekday"
	ByHour     By = "hour"
)

// Bys lists them in the order of the screen.
func Bys() []By {
	return []By{ByCampaign, ByChannel, ByTemplate, ByAudience, ByStaff, ByWeekday, ByHour}
}

// Group is what campaigns with something in common brought together.
type Group struct {
	Key       string // a channel, a template's number, a rule's JSON, a staff id, a weekday (0: Sunday), an hour; of ByCampaign the number
	Latest    Line   // the latest of them, which names what they have in common
	Campaigns int
	Figures
}

// Grouped puts campaigns together. Weekdays and hours are of the zone, and all of them are there,
// Monday and midnight first; other groups come in the order of their latest campaigns.
func Grouped(lines []Line, by By, zone *time.Location) []Group {
	var out []Group
	at := map[string]int{}
	group := func(key string) *Group {
		i, ok := at[key]
		if !ok {
			i, at[key] = len(out), len(out)
			out = append(out, Group{Key: key})
		}
		return &out[i]
	}
	switch by {
	case ByWeekday:
		for d := range 7 {
			group(strconv.Itoa((d + 1) % 7))
		}
	case ByHour:
		for h := range 24 {
			group(strconv.Itoa(h))
		}
	}
	for _, l := range lines {
		g := group(keyOf(l, by, zone))
		if g.Campaigns == 0 || l.At.After(g.Latest.At) {
			g.Latest = l
		}
		g.Campaigns++
		g.Add(l.Figures)
	}
	return out
}

func keyOf(l Line, by By, zone *time.Location) string {
	switch by {
	case ByChannel:
		return string(l.Channel)
	case ByTemplate:
		return strconv.FormatInt(int64(l.Template), 10)
	case ByAudience:
		return string(l.Rule.JSON())
	case ByStaff:
		return l.ByID
	case ByWeekday:
		return strconv.Itoa(int(l.At.In(zone).Weekday()))
	case ByHour:
		return strconv.Itoa(l.At.In(zone).Hour())
	case ByCampaign:
	}
	return strconv.FormatInt(int64(l.ID), 10)
}

// Total adds all campaigns up.
func Total(lines []Line) Figures {
	var out Figures
	for _, l := range lines {
		out.Add(l.Figures)
	}
	return out
}

// Sort is an order of the comparison.
type Sort string

// Orders. SortNatural is the latest campaign first; of weekdays and hours it is theirs.
const (
	SortNatural      Sort = ""
	SortTaken        Sort = "sent"
	SortDelivered    Sort = "delivered"
	SortClickers     Sort = "clicked"
	SortRate         Sort = "rate"
	SortOrders       Sort = "orders"
	SortBuyers       Sort = "buyers"
	SortRevenue      Sort = "revenue"
	SortLift         Sort = "lift"
	SortUnsubscribes Sort = "unsubscribed"
)

// Sorts lists the orders in the order of the columns.
func Sorts() []Sort {
	return []Sort{SortNatural, SortTaken, SortDelivered, SortClickers, SortRate, SortOrders, SortBuyers, SortRevenue, SortLift, SortUnsubscribes}
}

// Order sorts groups by a column, the largest first or, with asc, last. Those for which the column
// says nothing come last either way; equal ones stay as they were.
func Order(groups []Group, s Sort, asc bool) {
	if s == SortNatural {
		if asc {
			slices.Reverse(groups)
		}
		return
	}
	sortBy(groups, func(g Group) (float64, bool) { return g.value(s) }, asc)
}

// sortBy sorts rows by a value, the largest first or, with asc, last. Those without one come last either
// way; equal ones stay as they were.
func sortBy[T any](rows []T, value func(T) (float64, bool), asc bool) {
	slices.SortStableFunc(rows, func(a, b T) int {
		x, known := value(a)
		y, other := value(b)
		switch {
		case known != other:
			return map[bool]int{true: -1, false: 1}[known]
		case asc:
			return cmp.Compare(x, y)
		}
		return cmp.Compare(y, x)
	})
}

// value is the number of a column; false: it says nothing.
func (g Group) value(s Sort) (float64, bool) {
	switch s {
	case SortTaken:
		return float64(g.Taken), true
	case SortDelivered:
		return float64(g.Delivered), true
	case SortClickers:
		return float64(g.Clickers), true
	case SortRate:
		return g.ClickRate()
	case SortOrders:
		return float64(g.Orders), true
	case SortBuyers:
		return float64(g.Buyers), true
	case SortRevenue:
		return float64(g.Revenue), true
	case SortUnsubscribes:
		return float64(g.Unsubscribes), true
	case SortLift:
		if lift, ok := g.Latest.Lift(); ok && g.Campaigns == 1 {
			return lift.Rate.Estimate, lift.Enough
		}
	case SortNatural:
	}
	return 0, false
}

// Best is the group with the largest click rate among those that sent at least so many messages with
// a link; false: there is none.
func Best(groups []Group, least int64) (Group, bool) {
	var best Group
	found := false
	for _, g := range groups {
		rate, known := g.ClickRate()
		if old, _ := best.ClickRate(); known && g.Linked >= least && (!found || rate > old) {
			best, found = g, true
		}
	}
	return best, found
}

package segment

import (
	"math"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Readers that take more than a line, and what several of them look at.

// settled are the orders that were paid, whatever happened to them since.
func (v view) settled() []ProfileOrder {
	return keep(v.Orders, func(o ProfileOrder) bool {
		return o.Status != h.OrderPending && o.Status != h.OrderClosed && o.Status != "deleted"
	})
}

func (v view) messages() []ProfileDelivery {
	return keep(v.Deliveries, func(d ProfileDelivery) bool { return v.channel(d.Channel) })
}

func (v view) hits() []ProfileClick {
	return keep(v.Clicks, func(c ProfileClick) bool { return v.campaign(c.Campaign) && v.link(c.Link) })
}

// gather collects something of all offerings bought.
func gather[T any](v view, of func(ProfileOffering) []T) []T {
	var out []T
	for _, id := range v.Bought {
		out = append(out, of(v.Offerings[id])...)
	}
	return out
}

func age(v view) Value {
	now := v.env.Now
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	if v.Birthday.IsZero() || v.Birthday.After(day) {
		return Value{Missing: true}
	}
	years := int64(0)
	for year := v.Birthday.Year() + 1; ; year++ { // birthdays that have come
		next := time.Date(year, v.Birthday.Month(), v.Birthday.Day(), 0, 0, 0, 0, time.UTC)
		if next.Day() != v.Birthday.Day() {
			next = next.AddDate(0, 0, -1)
		}
		if next.After(day) {
			return count(years)
		}
		years++
	}
}

// converted are the campaigns whose click was the last before a purchase, within a week.
func converted(v view) Value {
	var out []int64
	for _, o := range v.Orders {
		if o.Paid <= 0 || o.PaidOn.IsZero() {
			continue
		}
		var best ProfileClick
		for _, c := range v.Clicks {
			if c.At.After(o.PaidOn) || o.PaidOn.Sub(c.At) > 7*24*time.Hour {
				continue
			}
			if c.At.After(best.At) || c.At.Equal(best.At) && c.Campaign > best.Campaign {
				best = c
			}
		}
		if best.Campaign != 0 {
			out = append(out, best.Campaign)
		}
	}
	return set(out)
}

// customReader reads a field of the host's own.
func customReader(f Field) func(v view) Value {
	return func(v view) Value {
		c, ok := v.Custom[f.own.custom]
		kinds := map[Type]h.CustomKind{String: h.CustomText, Real: h.CustomNumber, Time: h.CustomDate, Flag: h.CustomBool}
		if !ok || c.Kind != kinds[f.Type] {
			return Value{Missing: true}
		}
		switch f.Type {
		case Real:
			return Value{Real: c.Number, By: -1}
		case Time:
			return atTime(c.Date)
		case Flag:
			return yes(c.Bool)
		}
		return oneWord(c.Text)
	}
}

// pairs are the pairs with the offerings that the condition is narrowed to.
func (v view) pairs(ok func(ProfilePair) bool) []ProfilePair {
	return keep(v.Pairs, func(p ProfilePair) bool { return v.about(p.Offering) && ok(p) })
}

func (v view) offeringsOf(ok func(ProfilePair) bool) Value {
	return idsOf(v.pairs(ok), func(p ProfilePair) int64 { return p.Offering })
}

func (v view) lastOfPairs(at func(ProfilePair) time.Time) Value {
	return last(v, v.pairs(func(ProfilePair) bool { return true }), at)
}

func stages(v view) Value {
	return wordsOf(v.pairs(func(ProfilePair) bool { return true }), func(p ProfilePair) string { return p.Stage })
}

// levels are the levels of intent of who may still buy.
func levels(v view) Value {
	open := v.pairs(func(p ProfilePair) bool { return p.Stage == "potential" || p.Stage == "pending" })
	return wordsOf(open, func(p ProfilePair) string {
		months := v.env.Now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Hours() / (30 * 24)
		score := p.Heat / math.Pow(2, min(max(months, -maxHalves), maxHalves))
		switch {
		case p.SetLevel != "":
			return p.SetLevel
		case score > 7.999999999:
			return "high"
		case score > 2.999999999:
			return "medium"
		case p.Heat > 0:
			return "low"
		}
		return "none"
	})
}

// followed are the follow-ups at which something was done.
func (v view) followed() []ProfileFollowUp {
	return keep(v.FollowUps, func(f ProfileFollowUp) bool { return !f.Planned && v.during(f.At) })
}

func (v view) reminders() []ProfileFollowUp {
	return keep(v.FollowUps, func(f ProfileFollowUp) bool { return f.Open && !f.NextAt.IsZero() })
}

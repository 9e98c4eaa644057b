package segment

import (
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// readers says what each field means, once more and in Go: the SQL of the catalogue is not looked
// at. A test holds the two lists together.
var readers = map[string]func(v view) Value{
	"status":          func(v view) Value { return oneWord(v.Status) },
	"registered":      func(v view) Value { return atTime(v.RegisteredAt) },
	"register_source": func(v view) Value { return oneWord(v.RegisterSource) },
	"device":          func(v view) Value { return oneWord(v.Device) },
	"gender":          func(v view) Value { return oneWord(v.Gender) },
	"age":             age,
	"birthday":        func(v view) Value { return atTime(v.Birthday) },
	"province":        func(v view) Value { return oneWord(v.Province) },
	"city":            func(v view) Value { return oneWord(v.City) },
	"role": func(v view) Value {
		if len(v.Roles) == 0 {
			return oneWord(h.RoleStudent)
		}
		return wordSet(texts(v.Roles...))
	},
	"inviter":         func(v view) Value { return oneWord(v.Inviter) },
	"nickname":        func(v view) Value { return oneWord(v.Nickname) },
	"real_name":       func(v view) Value { return oneWord(v.RealName) },
	"has_mobile":      func(v view) Value { return yes(v.HasMobile) },
	"has_email":       func(v view) Value { return yes(v.HasEmail) },
	"mobile_verified": func(v view) Value { return yes(v.MobileVerified) },
	"email_verified":  func(v view) Value { return yes(v.EmailVerified) },

	"last_login": func(v view) Value { return atTime(v.LastLoginAt) },
	"activity":   func(v view) Value { return count(int64(len(v.activities()))) },
	"last_activity": func(v view) Value {
		return last(v, v.activities(), func(a ProfileActivity) time.Time { return a.At })
	},
	"active_days": func(v view) Value {
		days := map[string]bool{}
		for _, a := range v.activities() {
			days[a.At.In(v.env.Now.Location()).Format(dateLayout)] = true
		}
		return count(int64(len(days)))
	},

	"first_paid": func(v view) Value { return atTime(v.FirstPaidAt) },
	"last_paid":  func(v view) Value { return atTime(v.LastPaidAt) },
	"paid_count": func(v view) Value {
		if !v.narrowed() {
			return count(v.PaidCount)
		}
		n, _ := v.purchases()
		return count(n)
	},
	"paid_total": func(v view) Value {
		if !v.narrowed() {
			return count(v.PaidTotal)
		}
		_, sum := v.purchases()
		return count(sum)
	},
	"paid_average": func(v view) Value {
		n, sum := v.PaidCount, v.PaidTotal
		if v.narrowed() {
			n, sum = v.purchases()
		}
		return Value{Missing: n == 0, Number: sum, By: n}
	},
	"paid_largest": func(v view) Value {
		out := Value{Missing: true}
		for _, o := range v.paid() {
			if net := o.Paid - o.Refunded; net > 0 && o.Currency == v.env.Currency && (out.Missing || net > out.Number) {
				out = count(net)
			}
		}
		return out
	},
	"refund_count": func(v view) Value { return count(v.RefundCount) },
	"refund_total": func(v view) Value { return count(v.RefundTotal) },
	"open_count":   func(v view) Value { return count(v.OpenCount) },
	"open_total":   func(v view) Value { return count(v.OpenTotal) },
	"open_since": func(v view) Value {
		open := keep(v.Orders, func(o ProfileOrder) bool { return o.Status == h.OrderPending })
		return first(open, func(o ProfileOrder) time.Time { return o.CreatedAt })
	},
	"refund_asked": func(v view) Value { return v.offeringsOf(func(p ProfilePair) bool { return p.Refunding > 0 }) },
	"coupon":       func(v view) Value { return wordsOf(v.settled(), func(o ProfileOrder) string { return o.Coupon }) },
	"order_origin": func(v view) Value {
		return wordsOf(v.settled(), func(o ProfileOrder) string { return string(o.Origin) })
	},
	"bought": func(v view) Value { return set(v.Bought) },
	"bought_category": func(v view) Value {
		return wordSet(gather(v, func(o ProfileOffering) []string { return o.Categories }))
	},
	"bought_tag":   func(v view) Value { return set(gather(v, func(o ProfileOffering) []int64 { return o.Tags })) },
	"bought_price": func(v view) Value { return set(gather(v, func(o ProfileOffering) []int64 { return []int64{o.Price} })) },

	"member":         func(v view) Value { return yes(v.MemberLevel != "") },
	"member_level":   func(v view) Value { return oneWord(v.MemberLevel) },
	"member_expires": func(v view) Value { return atTime(v.MemberExpiresAt) },
	"member_ever":    func(v view) Value { return yes(v.MemberLevel != "" || !v.MemberExpiresAt.IsZero()) },

	"enrolled": func(v view) Value { return set(v.Enrolled) },
	"learning": func(v view) Value {
		if !v.narrowed() {
			return count(v.EnrolledCount)
		}
		n := int64(0)
		for _, id := range v.Enrolled {
			if v.among(id, v.Offerings[id]) {
				n++
			}
		}
		return count(n)
	},
	"completed": func(v view) Value {
		return count(int64(len(v.canonical(v.places(func(e ProfileEnrollment) bool {
			return student(e) && !e.CompletedAt.IsZero() && v.during(e.CompletedAt)
		})))))
	},
	"completed_at": func(v view) Value {
		return last(v, v.places(student), func(e ProfileEnrollment) time.Time { return e.CompletedAt })
	},
	"progress": func(v view) Value {
		out := Value{Missing: true}
		for _, e := range v.withUnits() {
			if pct := min(100, e.RequiredDone*100/v.Offerings[e.Offering].RequiredUnits); out.Missing || pct > out.Number {
				out = count(pct)
			}
		}
		return out
	},
	"units_left": func(v view) Value {
		out := Value{Missing: true}
		for _, e := range v.withUnits() {
			if left := max(0, v.Offerings[e.Offering].RequiredUnits-e.RequiredDone); out.Missing || left < out.Number {
				out = count(left)
			}
		}
		return out
	},
	"last_learned": func(v view) Value {
		if !v.narrowed() {
			return atTime(v.LastLearnAt)
		}
		every := v.places(func(ProfileEnrollment) bool { return true })
		return last(v, every, func(e ProfileEnrollment) time.Time { return e.LastLearnAt })
	},
	"stalled": func(v view) Value {
		open := v.places(func(e ProfileEnrollment) bool { return v.current(e) && e.CompletedAt.IsZero() })
		return last(v, open, func(e ProfileEnrollment) time.Time {
			if e.LastLearnAt.IsZero() {
				return e.JoinedAt
			}
			return e.LastLearnAt
		})
	},
	"place_expires": func(v view) Value {
		ending := v.places(func(e ProfileEnrollment) bool { return v.current(e) && !e.ExpiresAt.IsZero() })
		return first(ending, func(e ProfileEnrollment) time.Time { return e.ExpiresAt })
	},
	"joined": func(v view) Value {
		return last(v, v.places(student), func(e ProfileEnrollment) time.Time { return e.JoinedAt })
	},
	"join_reason": func(v view) Value {
		return wordsOf(v.places(student), func(e ProfileEnrollment) string { return string(e.JoinReason) })
	},
	"withdrawn": func(v view) Value {
		left := v.places(func(e ProfileEnrollment) bool {
			return student(e) && e.Status == h.EnrollmentExited && slices.Contains([]h.ExitReason{h.ExitSelf, h.ExitRemoved, h.ExitRefund}, e.ExitReason)
		})
		return last(v, left, func(e ProfileEnrollment) time.Time { return e.ExitedAt })
	},
	"exit_reason": func(v view) Value {
		left := v.places(func(e ProfileEnrollment) bool { return student(e) && e.Status == h.EnrollmentExited })
		return wordsOf(left, func(e ProfileEnrollment) string { return string(e.ExitReason) })
	},
	"stage":         stages,
	"intent":        levels,
	"past_offering": func(v view) Value { return v.offeringsOf(func(p ProfilePair) bool { return p.Past }) },
	"ordered":       func(v view) Value { return v.lastOfPairs(func(p ProfilePair) time.Time { return p.OrderedAt }) },
	"paid_for":      func(v view) Value { return v.lastOfPairs(func(p ProfilePair) time.Time { return p.PaidAt }) },
	"started": func(v view) Value {
		return v.lastOfPairs(func(p ProfilePair) time.Time {
			if p.LearnedAt.Before(p.JoinedAt) { // or never
				return time.Time{}
			}
			return p.JoinedAt
		})
	},

	"contacted": func(v view) Value {
		batch := keep(v.messages(), func(d ProfileDelivery) bool { return !d.Direct })
		return last(v, batch, func(d ProfileDelivery) time.Time { return d.At })
	},
	"campaigns": func(v view) Value {
		return count(int64(len(keep(v.messages(), func(d ProfileDelivery) bool { return v.during(d.At) }))))
	},
	"received": func(v view) Value { return idsOf(v.Deliveries, func(d ProfileDelivery) int64 { return d.Campaign }) },
	"clicked":  func(v view) Value { return idsOf(v.hits(), func(c ProfileClick) int64 { return c.Campaign }) },
	"not_clicked": func(v view) Value {
		ignored := keep(v.Deliveries, func(d ProfileDelivery) bool { return !d.Clicked })
		return idsOf(ignored, func(d ProfileDelivery) int64 { return d.Campaign })
	},
	"converted": converted,
	"last_click": func(v view) Value {
		return last(v, v.hits(), func(c ProfileClick) time.Time { return c.At })
	},
	"clicks": func(v view) Value {
		return count(int64(len(keep(v.hits(), func(c ProfileClick) bool { return v.during(c.At) }))))
	},
	"unsubscribed": func(v view) Value { return wordSet(texts(v.Refused...)) },
	"suppressed": func(v view) Value {
		var dead []h.Channel
		if v.MobileDead {
			dead = append(dead, h.ChannelSMS)
		}
		if v.EmailDead {
			dead = append(dead, h.ChannelEmail)
		}
		return wordSet(texts(dead...))
	},

	"followup_last": func(v view) Value {
		return last(v, v.followed(), func(f ProfileFollowUp) time.Time { return f.At })
	},
	"followup_next": func(v view) Value {
		return first(v.reminders(), func(f ProfileFollowUp) time.Time { return f.NextAt })
	},
	"followup_count": func(v view) Value { return count(int64(len(v.followed()))) },
	"followup_owner": func(v view) Value {
		return wordsOf(v.reminders(), func(f ProfileFollowUp) string { return f.Owner })
	},

	"interest_tag": func(v view) Value { return set(v.Tags) },
	"label":        func(v view) Value { return set(v.Labels) },
	"list":         func(v view) Value { return set(v.Lists) },
	"learner":      func(v view) Value { return set([]int64{int64(v.Person)}) },
}

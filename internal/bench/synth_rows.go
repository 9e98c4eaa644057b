package main

import (
	"fmt"
	"strconv"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// The rows of the school. Each kind of row scatters its number with an offset of its own, and
// takes what it needs from different bits.

var places = []struct {
	province string
	cities   [3]string
}{
	{"广东", [3]string{"广州", "深圳", "东莞"}}, {"江苏", [3]string{"南京", "苏州", "无锡"}}, {"山东", [3]string{"济南", "青岛", "烟台"}},
	{"浙江", [3]string{"杭州", "宁波", "温州"}}, {"河南", [3]string{"郑州", "洛阳", "开封"}}, {"四川", [3]string{"成都", "绵阳", "德阳"}},
	{"湖北", [3]string{"武汉", "宜昌", "襄阳"}}, {"北京", [3]string{"北京", "北京", "北京"}}, {"上海", [3]string{"上海", "上海", "上海"}},
	{"陕西", [3]string{"西安", "宝鸡", "咸阳"}},
}

var (
	sources = []string{"web", "web", "app", "wechat", "partner", "import", ""}
	devices = []h.Device{h.DeviceWeb, h.DeviceWeb, h.DeviceIOS, h.DeviceAndroid, h.DeviceUnknown}
	genders = []h.Gender{h.GenderMale, h.GenderMale, h.GenderFemale, h.GenderFemale, h.GenderUnknown}
	refusal = h.Consent{h.ChannelEmail: h.ConsentDenied} // shared: rows are read only
)

func (s *synth) learner(i int) h.Learner {
	r, q := mix(i), mix(i+4<<40)
	at := s.at(i, s.learners)
	place := places[r%10]
	l := h.Learner{ID: h.LearnerID(strconv.Itoa(i + 1)), Nickname: "用户" + strconv.Itoa(i), RealName: "陈晓" + strconv.Itoa(i%1000),
		Gender: genders[q%5], Mobile: fmt.Sprintf("138%08d", i%100_000_000), MobileVerified: r%4 != 0, Status: h.LearnerActive, RegisteredAt: at, UpdatedAt: at,
		RegisterSource: sources[q>>4%7], Device: devices[q>>8%5], Locale: "zh-CN", Province: place.province, City: place.cities[q>>12%3], Roles: []h.Role{h.RoleStudent}}
	if q>>16%50 == 0 {
		l.Status = h.LearnerLocked
	}
	if q>>24%10 < 7 {
		l.Birthday = time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(q>>32%18_000))
	}
	if q>>48%33 == 0 {
		l.Consent = refusal
	}
	if r%5 < 3 {
		l.Email, l.EmailVerified = "u"+strconv.Itoa(i)+"@example.com", true
	}
	if r%10 > 0 {
		l.LastLoginAt = between(at, s.now, share(r))
	}
	return l
}

// Courses firstCopy+0 … firstCopy+copies-1 are copies of the first ones, as classrooms have them.
const courses, firstCopy, copies = 500, 440, 20

func (s *synth) offering(i int) h.Offering {
	o := h.Offering{Type: h.TargetCourse, ID: strconv.Itoa(i + 1), Title: "课程 " + strconv.Itoa(i), Status: h.OfferingPublished, UpdatedAt: s.start}
	if i >= courses {
		o.Type = h.TargetClassroom
	}
	like := origin(i)
	if like != i {
		o.OriginCourseID = strconv.Itoa(like + 1)
	}
	category := "分类 " + strconv.Itoa(like%12)
	o.Price, o.Currency, o.RequiredUnits = int64(like%40)*9900, "CNY", units(like)
	o.CategoryPath, o.Tags = []string{category, category + " · " + strconv.Itoa(like%3)}, []string{tagName(like % tags)}
	if like%3 == 0 && like%7 != like%tags {
		o.Tags = append(o.Tags, tagName(like%7))
	}
	return o
}

// tags is how many there are; tag i gets the id i+1.
const tags = 30

func tagName(i int) string { return fmt.Sprintf("标签 %02d", i) }

func tagID(name string) int32 {
	n, err := strconv.ParseInt(name[len(name)-2:], 10, 32)
	if err != nil {
		panic(err) // tagName made it
	}
	return int32(n) + 1
}

// origin is the offering that offering i counts for.
func origin(i int) int {
	if i >= firstCopy && i < firstCopy+copies {
		return i - firstCopy
	}
	return i
}

// units is what completing offering i needs; one in twenty does not tell.
func units(i int) int {
	i = origin(i)
	if i%20 == 13 {
		return 0
	}
	return 12 + i%5*6
}

// target picks an offering, and says which one it is.
func (s *synth) target(r uint64) (h.Target, int) {
	i := skewed(r, s.offerings)
	if i >= courses {
		return h.Target{Type: h.TargetClassroom, ID: strconv.Itoa(i + 1)}, i
	}
	return h.Target{Type: h.TargetCourse, ID: strconv.Itoa(i + 1)}, i
}

// buyer and student pick whose row it is: a third of all buy, three quarters study.
func (s *synth) buyer(r uint64) int { return int(mix(uneven(r, s.learners/3+1)) % uint64(s.learners)) }
func (s *synth) student(r uint64) int {
	return int(mix(uneven(r, s.learners*3/4+1)+7) % uint64(s.learners))
}

func (s *synth) order(i int) h.Order {
	r := mix(i + 1<<40)
	q := mix(i + 5<<40)
	at := s.at(i, s.orders)
	target, _ := s.target(q)
	amount := int64(r%40+1) * 2500
	o := h.Order{ID: "o" + strconv.Itoa(i+1), SN: "2026" + strconv.Itoa(i), LearnerID: h.LearnerID(strconv.Itoa(s.buyer(r) + 1)), Status: h.OrderFinished,
		Origin: h.OriginSelf, ListAmount: amount, PayableAmount: amount, PaidCash: amount, Currency: "CNY", CreatedAt: at.Add(-time.Minute), PaidAt: at, UpdatedAt: at,
		Items: []h.OrderItem{{Target: target, Title: "课程", Quantity: 1, Amount: amount}}}
	if q>>3%8 == 0 {
		o.ListAmount, o.Coupon = amount+1000, "迎新"
	}
	if q>>8%200 == 0 {
		o.Currency = "USD"
	}
	switch kind := q >> 20 % 50; {
	case kind < 2: // refunded, half of these in part
		o.Status, o.Refunded = h.OrderRefunded, amount/2*int64(kind+1)
		o.Refunds = []h.Refund{{Status: h.RefundDone, Cash: o.Refunded, Reason: "时间不合适", RequestedAt: at, HandledAt: at}}
	case kind < 9:
		o.Status, o.PaidCash, o.PaidAt, o.ClosedAt = h.OrderClosed, 0, time.Time{}, at
	case kind == 9: // paid at the desk: the host knows neither the money nor the time
		o.Origin, o.PaidCash, o.PaidAt = h.OriginOffline, 0, time.Time{}
	case kind < 20 && s.now.Sub(at) < 40*24*time.Hour:
		o.Status, o.PaidCash, o.PaidAt, o.CloseDeadline = h.OrderPending, 0, time.Time{}, at.AddDate(0, 0, 45)
	}
	return o
}

var (
	joins = []h.JoinReason{h.JoinPurchase, h.JoinPurchase, h.JoinPurchase, h.JoinFree, h.JoinMarketing, h.JoinImport}
	exits = []h.ExitReason{h.ExitSelf, h.ExitSelf, h.ExitRemoved, h.ExitRefund, h.ExitExpired, h.ExitClassroom, ""}
)

// enrollment i was last touched at its place in the feed: what it tells happened before.
func (s *synth) enrollment(i int) h.Enrollment {
	r, q := mix(i+2<<40), mix(i+6<<40)
	at := s.at(i, s.enrollments)
	target, which := s.target(q)
	joined := at.Add(-time.Duration(r % (400 * 24 * uint64(time.Hour)))).Truncate(time.Microsecond)
	e := h.Enrollment{ID: "e" + strconv.Itoa(i+1), LearnerID: h.LearnerID(strconv.Itoa(s.student(r) + 1)), Target: target, Role: h.EnrolledStudent,
		Status: h.EnrollmentActive, JoinReason: joins[q>>2%6], JoinedAt: joined, UpdatedAt: at}
	if q>>6%50 == 0 {
		e.Role = h.EnrolledAuditor
	}
	if need := units(which); need > 0 && q>>12%4 > 0 { // a quarter never began, a third of the others finished
		e.RequiredDone = min(int(q>>16%uint64(need*3/2)), need)
		e.DoneUnits, e.LastLearnAt = e.RequiredDone+int(q>>24%4), between(joined, at, share(q<<30))
		if e.RequiredDone == need {
			e.CompletedAt = e.LastLearnAt
		}
	}
	if q>>28%4 == 0 {
		e.ExpiresAt = joined.AddDate(1, 0, 0)
	}
	switch kind := q >> 32 % 80; {
	case kind < 10:
		e.Status, e.ExitedAt, e.ExitReason = h.EnrollmentExited, at, exits[q>>40%7]
	case kind == 10:
		e.Status = h.EnrollmentLocked
	case kind%2 == 0 && !e.ExpiresAt.IsZero() && e.ExpiresAt.Before(s.now): // of the others the host has not noticed it
		e.Status = h.EnrollmentExpired
	}
	return e
}

// kinds of activity, as often as they happen.
var kinds = [20]h.ActivityType{h.ActivityTrial, h.ActivityFavorite, h.ActivityQuestion, h.ActivityCoupon, h.ActivityLearn, h.ActivityLogin}

// Three activities in a row are one visit of one person, with a minute between them or so.
func (s *synth) activity(i int) h.Activity {
	visit := mix(i/3 + 3<<40)
	r := mix(i + 7<<40)
	who := int(visit >> 1 % uint64(s.learners))
	if visit%2 == 0 {
		who = s.student(visit)
	}
	a := h.Activity{EventID: "a" + strconv.Itoa(i+1), LearnerID: h.LearnerID(strconv.Itoa(who + 1)), Type: kinds[r%20], OccurredAt: s.at(i, s.activities)}
	if a.Type == "" {
		a.Type = h.ActivityView
	}
	if a.Type != h.ActivityLogin {
		a.Target, _ = s.target(r)
	}
	return a
}

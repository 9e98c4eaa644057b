package projection

import (
	"reflect"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

var now = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func checker() *Checker {
	return &Checker{Now: now, Contacts: Contacts{PlaceholderDomains: []string{"edusoho.net"}, UnverifiedMobile: true, UnverifiedEmail: true}}
}

func soundLearner() h.Learner {
	return h.Learner{ID: "1", Status: h.LearnerActive, RegisteredAt: now.AddDate(-1, 0, 0), UpdatedAt: now}
}

func soundOrder() h.Order {
	return h.Order{ID: "1", LearnerID: "1", Status: h.OrderPaid, PayableAmount: 100, PaidCash: 100, Currency: "CNY", CreatedAt: now, PaidAt: now, UpdatedAt: now,
		Items: []h.OrderItem{{Target: h.Target{Type: h.TargetCourse, ID: "1"}, Quantity: 1, Amount: 100}}}
}

func soundEnrollment() h.Enrollment {
	return h.Enrollment{ID: "1", LearnerID: "1", Target: h.Target{Type: h.TargetCourse, ID: "1"}, Status: h.EnrollmentActive, JoinedAt: now, UpdatedAt: now}
}

func TestNonsense(t *testing.T) {
	t.Parallel()
	c := checker()
	learner := func(change func(*h.Learner)) Reason { l := soundLearner(); change(&l); _, r := c.Learner(l); return r }
	order := func(change func(*h.Order)) Reason { o := soundOrder(); change(&o); _, r := c.Order(o); return r }
	enrollment := func(change func(*h.Enrollment)) Reason {
		e := soundEnrollment()
		change(&e)
		_, r := c.Enrollment(e)
		return r
	}
	for _, v := range []struct {
		name      string
		got, want Reason
	}{
		{"sound learner", learner(func(*h.Learner) {}), ""},
		{"sound order", order(func(*h.Order) {}), ""},
		{"sound enrollment", enrollment(func(*h.Enrollment) {}), ""},
		{"no id", learner(func(l *h.Learner) { l.ID = "" }), "id: missing"},
		{"endless id", learner(func(l *h.Learner) { l.ID = h.LearnerID(strings.Repeat("x", 300)) }), "id: too_long"},
		{"NUL in an id", learner(func(l *h.Learner) { l.ID = "a\x00b" }), "id: unknown_value"},
		{"status of its own", learner(func(l *h.Learner) { l.Status = "sleeping" }), "status: unknown_value"},
		{"year 0", learner(func(l *h.Learner) { l.RegisteredAt = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) }), "registered_at: impossible_time"},
		{"registered tomorrow week", learner(func(l *h.Learner) { l.RegisteredAt = now.AddDate(0, 0, 7) }), "registered_at: impossible_time"},
		{"no UpdatedAt", learner(func(l *h.Learner) { l.UpdatedAt = time.Time{} }), "updated_at: missing"},
		{"UpdatedAt that would block all later ones", learner(func(l *h.Learner) { l.UpdatedAt = now.AddDate(1, 0, 0) }), "updated_at: impossible_time"},
		{"negative money", order(func(o *h.Order) { o.Refunded = -1 }), "refunded: negative_money"},
		{"money that overflows a sum", order(func(o *h.Order) { o.PaidCash = 1 << 60 }), "paid_cash: impossible_quantity"},
		{"money without a currency", order(func(o *h.Order) { o.Currency = "" }), "currency: no_currency"},
		{"no learner", order(func(o *h.Order) { o.LearnerID = "" }), "learner_id: missing"},
		{"quantity 0", order(func(o *h.Order) { o.Items[0].Quantity = 0 }), "items.quantity: impossible_quantity"},
		{"enrolled in a membership", enrollment(func(e *h.Enrollment) { e.Target.Type = h.TargetMembership }), "target_type: not_an_offering"},
		{"units below zero", enrollment(func(e *h.Enrollment) { e.DoneUnits = -1 }), "done_units: impossible_quantity"},
	} {
		if v.got != v.want {
			t.Errorf("%s: %q, want %q", v.name, v.got, v.want)
		}
	}
}

func TestCleaning(t *testing.T) {
	t.Parallel()
	in := soundLearner()
	in.Nickname, in.UpdatedAt = "a\x00b\xff", now.In(time.FixedZone("CST", 8*3600)).Add(123)
	l, reason := checker().Learner(in)
	if reason != "" || l.Nickname != "ab\uFFFD" || l.UpdatedAt.Location() != time.UTC || l.UpdatedAt.Nanosecond() != 0 {
		t.Errorf("%q %q %v", reason, l.Nickname, l.UpdatedAt)
	}
}

func TestDeletedLearnerKeepsNothing(t *testing.T) {
	t.Parallel()
	in := soundLearner()
	in.Status, in.Nickname, in.Mobile, in.Custom = h.LearnerDeleted, "小林", "13800000000", map[string]h.CustomValue{"x": {Text: "y"}}
	l, _ := checker().Learner(in)
	if want := (h.Learner{ID: "1", Status: h.LearnerDeleted, UpdatedAt: now, Deleted: true}); !reflect.DeepEqual(l.Learner, want) {
		t.Errorf("left: %+v", l.Learner)
	}
}

func TestOrderMoney(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name   string
		change func(*h.Order)
		amount int64
		on     time.Time
	}{
		{"paid", func(*h.Order) {}, 100, now},
		{"pending", func(o *h.Order) { o.Status = h.OrderPending }, 0, time.Time{}},
		{"closed", func(o *h.Order) { o.Status = h.OrderClosed }, 0, time.Time{}},
		{"offline without cash or time", func(o *h.Order) {
			o.Origin, o.PaidCash, o.PaidAt, o.CreatedAt = h.OriginOffline, 0, time.Time{}, now.Add(-time.Hour)
		}, 100, now.Add(-time.Hour)},
		{"paid with coins only", func(o *h.Order) { o.PaidCash = 0 }, 0, now},
		{"refunded in part", func(o *h.Order) { o.Status, o.Refunded = h.OrderRefunded, 40 }, 100, now},
	} {
		in := soundOrder()
		v.change(&in)
		if o, reason := checker().Order(in); reason != "" || o.PaidAmount != v.amount || !o.PaidOn.Equal(v.on) {
			t.Errorf("%s: %q %d %v", v.name, reason, o.PaidAmount, o.PaidOn)
		}
	}
}

func TestUsableContacts(t *testing.T) {
	t.Parallel()
	c := checker().Contacts
	for address, want := range map[string]string{
		"Lin@Example.com": "lin@example.com", " a@b.cn ": "a@b.cn", "": "", "nobody": "", "a@b": "", "a@b.com\r\nBcc: c@d.com": "",
		"Lin <a@b.com>": "", "user@edusoho.net": "", "user@mail.edusoho.net": "", "a@notedusoho.net": "a@notedusoho.net", "a b@c.com": "",
	} {
		if got := c.UsableEmail(address); got != want {
			t.Errorf("%q gives %q, want %q", address, got, want)
		}
	}
	for number, want := range map[string]string{
		"13800000000": "13800000000", "+86 138-0000-0000": "13800000000", "12800000000": "", "1380000000": "", "+14155550100": "+14155550100", "": "", "+": "", "call me": "",
	} {
		if got := usableMobile(number); got != want {
			t.Errorf("%q gives %q, want %q", number, got, want)
		}
	}
	strict := Contacts{}
	l := h.Learner{Mobile: "13800000000", Email: "a@b.com"}
	if strict.mobile(&l)+strict.email(&l) != "" {
		t.Error("unverified contacts are used although the settings forbid it")
	}
}

// TestHashSeesEveryField changes each field of each row by reflection: a field that the hash
// leaves out would be a change that repair never mends.
func TestHashSeesEveryField(t *testing.T) {
	t.Parallel()
	var s hasher
	hashes(t, soundLearner(), func(l h.Learner) int64 { row := Learner{Learner: l}; return s.learner(&row) })
	hashes(t, soundOrder(), func(o h.Order) int64 { row := Order{Order: o}; return s.order(&row) })
	hashes(t, soundEnrollment(), func(e h.Enrollment) int64 { row := Enrollment{Enrollment: e}; return s.enrollment(&row) })
	hashes(t, h.Offering{}, func(o h.Offering) int64 { row := Offering{Offering: o}; return s.offering(&row) })
	hashes(t, h.Membership{}, func(m h.Membership) int64 { row := Membership{Membership: m}; return s.membership(&row) })
}

func hashes[T any](t *testing.T, row T, hash func(T) int64) {
	t.Helper()
	before := hash(row)
	for i := range reflect.TypeFor[T]().NumField() {
		changed := row
		field := reflect.ValueOf(&changed).Elem().Field(i)
		name := reflect.TypeFor[T]().Field(i).Name
		switch v := field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(v.Add(time.Second)))
		case h.Consent:
			field.Set(reflect.ValueOf(h.Consent{h.ChannelSMS: h.ConsentDenied}))
		case map[string]h.CustomValue:
			field.Set(reflect.ValueOf(map[string]h.CustomValue{"x": {Text: "y"}}))
		case []h.Role:
			field.Set(reflect.ValueOf([]h.Role{h.RoleTeacher}))
		case []h.OrderItem:
			field.Set(reflect.ValueOf([]h.OrderItem{{Title: "other"}}))
		case []h.Refund:
			field.Set(reflect.ValueOf([]h.Refund{{Cash: 1}}))
		case []string:
			field.Set(reflect.ValueOf([]string{"other"}))
		case h.Target:
			field.Set(reflect.ValueOf(h.Target{Type: h.TargetClassroom, ID: "9"}))
		default:
			switch field.Kind() {
			case reflect.String:
				field.SetString("other")
			case reflect.Bool:
				field.SetBool(!field.Bool())
			case reflect.Int, reflect.Int64:
				field.SetInt(field.Int() + 1)
			default:
				t.Fatalf("%T.%s has a type this test does not know", row, name)
			}
		}
		if same := hash(changed) == before; same != (name == "UpdatedAt") {
			t.Errorf("%T.%s: same hash %v", row, name, same)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	s := State{Live: []FeedState{
		{Feed: Learners, Rows: 100, Total: 90, CaughtUpAt: now},
		{Feed: Orders, Rows: 50, Total: 200, Rate: 10},
	}, Facts: FeedState{Feed: Facts, Total: 100}}
	share, left := s.Progress()
	if share != 150.0/400 || left != 25*time.Second {
		t.Errorf("share %v, left %v", share, left)
	}
	if share, left := (State{}).Progress(); share != 0 || left != 0 {
		t.Errorf("nothing begun: %v, %v", share, left)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	if backoff(0) != time.Second || backoff(3) != 8*time.Second || backoff(100) != time.Minute {
		t.Errorf("%v %v %v", backoff(0), backoff(3), backoff(100))
	}
}

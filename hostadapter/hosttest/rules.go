package hosttest

import (
	"fmt"
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// rules are what the contract says of single rows of one kind.
type rules[T any] struct {
	required func(T, *findings) // beyond the key and the time of the feed
	words    func(T, *findings)
	money    func(T, *findings) // nil: there is none
}

// findings collects what is wrong with a row, each "Field is …".
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

func (f *findings) set(field, value string) {
	if value == "" {
		f.add("%s is empty, and is required", field)
	}
}

func (f *findings) time(field string, at time.Time) {
	if at.IsZero() {
		f.add("%s is not set, and is required", field)
	}
}

func (f *findings) notNegative(field string, n int64) {
	if n < 0 {
		f.add("%s is %d, and must not be negative", field, n)
	}
}

// currency wants three capital letters where there is money.
func (f *findings) currency(money bool, code string) {
	sound := len(code) == 3
	for _, r := range code {
		sound = sound && r >= 'A' && r <= 'Z'
	}
	if !sound && (money || code != "") {
		f.add("Currency is %q, want an ISO 4217 code such as CNY", code)
	}
}

func (f *findings) target(field string, t h.Target) {
	f.set(field+".Type", string(t.Type))
	f.set(field+".ID", t.ID)
}

func word[W ~string](f *findings, field string, w W, known ...W) {
	if !slices.Contains(known, w) {
		f.add("%s is %q, want one of %q", field, w, known)
	}
}

var learnerRules = rules[h.Learner]{
	required: func(r h.Learner, f *findings) {
		f.set("Status", string(r.Status))
		if r.Status != h.LearnerDeleted { // wiped, perhaps of everything
			f.time("RegisteredAt", r.RegisteredAt)
		}
	},
	words: func(r h.Learner, f *findings) {
		word(f, "Status", r.Status, h.LearnerActive, h.LearnerLocked, h.LearnerDeleted)
		word(f, "Gender", r.Gender, h.GenderUnknown, h.GenderMale, h.GenderFemale)
		word(f, "Device", r.Device, h.DeviceUnknown, h.DeviceWeb, h.DeviceIOS, h.DeviceAndroid)
		for _, role := range r.Roles {
			word(f, "Roles", role, h.RoleStudent, h.RoleTeacher, h.RoleStaff, h.RoleSystem)
		}
		consentWords(r.Consent, f)
		for key, v := range r.Custom {
			word(f, "Custom["+key+"].Kind", v.Kind, h.CustomText, h.CustomNumber, h.CustomDate, h.CustomBool)
		}
	},
}

func consentWords(c h.Consent, f *findings) {
	for channel, state := range c {
		word(f, "Consent", channel, h.ChannelSMS, h.ChannelEmail, h.ChannelMessage)
		word(f, "Consent["+string(channel)+"]", state, h.ConsentUnknown, h.ConsentGranted, h.ConsentDenied)
	}
}

var offeringRules = rules[h.Offering]{
	required: func(r h.Offering, f *findings) {
		f.set("ID", r.ID) // the key is more than the id
		f.set("Title", r.Title)
	},
	words: func(r h.Offering, f *findings) {
		word(f, "Type", r.Type, h.TargetCourse, h.TargetClassroom)
		word(f, "Status", r.Status, h.OfferingDraft, h.OfferingPublished, h.OfferingClosed)
	},
	money: func(r h.Offering, f *findings) {
		f.notNegative("Price", r.Price)
		f.currency(r.Price > 0, r.Currency)
	},
}

var orderRules = rules[h.Order]{
	required: func(r h.Order, f *findings) {
		f.set("LearnerID", string(r.LearnerID))
		f.time("CreatedAt", r.CreatedAt)
		for i, item := range r.Items {
			field := fmt.Sprintf("Items[%d]", i)
			f.set(field+".Target.Type", string(item.Target.Type))
			if item.Target.Type != h.TargetOther {
				f.target(field+".Target", item.Target)
			}
			if item.Quantity < 1 {
				f.add("%s.Quantity is %d, want at least 1", field, item.Quantity)
			}
		}
	},
	words: func(r h.Order, f *findings) {
		word(f, "Status", r.Status, h.OrderPending, h.OrderPaid, h.OrderFulfilled, h.OrderFinished, h.OrderRefunding, h.OrderRefunded, h.OrderClosed)
		word(f, "Origin", r.Origin, "", h.OriginSelf, h.OriginMarketing, h.OriginOffline)
		for i, item := range r.Items {
			word(f, fmt.Sprintf("Items[%d].Target.Type", i), item.Target.Type, h.TargetCourse, h.TargetClassroom, h.TargetMembership, h.TargetOther)
		}
		for i, refund := range r.Refunds {
			word(f, fmt.Sprintf("Refunds[%d].Status", i), refund.Status, h.RefundRequested, h.RefundDone, h.RefundRefused, h.RefundCancelled)
		}
	},
	money: func(r h.Order, f *findings) {
		f.notNegative("ListAmount", r.ListAmount)
		f.notNegative("PayableAmount", r.PayableAmount)
		f.notNegative("PaidCash", r.PaidCash)
		f.notNegative("PaidCoin", r.PaidCoin)
		f.notNegative("Refunded", r.Refunded)
		for i, item := range r.Items {
			f.notNegative(fmt.Sprintf("Items[%d].Amount", i), item.Amount)
		}
		for i, refund := range r.Refunds {
			f.notNegative(fmt.Sprintf("Refunds[%d].Cash", i), refund.Cash)
		}
		f.currency(hasMoney(r), r.Currency)
	},
}

var enrollmentRules = rules[h.Enrollment]{
	required: func(r h.Enrollment, f *findings) {
		f.set("LearnerID", string(r.LearnerID))
		f.target("Target", r.Target)
		f.time("JoinedAt", r.JoinedAt)
		if r.DoneUnits < 0 || r.RequiredDone < 0 {
			f.add("DoneUnits, RequiredDone are %d, %d, and must not be negative", r.DoneUnits, r.RequiredDone)
		}
	},
	words: func(r h.Enrollment, f *findings) {
		word(f, "Target.Type", r.Target.Type, h.TargetCourse, h.TargetClassroom)
		word(f, "Role", r.Role, "", h.EnrolledStudent, h.EnrolledAuditor, h.EnrolledTeacher, h.EnrolledAssistant)
		word(f, "Status", r.Status, h.EnrollmentActive, h.EnrollmentLocked, h.EnrollmentExpired, h.EnrollmentExited)
		word(f, "JoinReason", r.JoinReason, "", h.JoinPurchase, h.JoinFree, h.JoinMembership, h.JoinImport, h.JoinMarketing, h.JoinClassroom, h.JoinStaff)
		word(f, "ExitReason", r.ExitReason, "", h.ExitSelf, h.ExitRemoved, h.ExitRefund, h.ExitExpired, h.ExitClassroom)
	},
}

var membershipRules = rules[h.Membership]{
	required: func(r h.Membership, f *findings) { f.set("LevelID", r.LevelID) },
	words:    func(h.Membership, *findings) {},
}

// activityRules know no words: a host may feed types of its own.
var activityRules = rules[h.Activity]{
	required: func(r h.Activity, f *findings) {
		f.set("LearnerID", string(r.LearnerID))
		f.set("Type", string(r.Type))
	},
	words: func(r h.Activity, f *findings) {
		word(f, "Target.Type", r.Target.Type, "", h.TargetCourse, h.TargetClassroom, h.TargetMembership, h.TargetOther)
	},
}

package adapter

import (
	"database/sql"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
)

// The school's words and ours. Every state of the school has its line.
var (
	userStatus = map[string]host.LearnerStatus{"normal": host.LearnerActive, "locked": host.LearnerLocked, "deleted": host.LearnerDeleted}
	userRoles  = map[string]host.Role{"user": host.RoleStudent, "teacher": host.RoleTeacher,
		"operator": host.RoleStaff, "viewer": host.RoleStaff, "robot": host.RoleSystem}
	genders     = map[string]host.Gender{"male": host.GenderMale, "female": host.GenderFemale, "secret": host.GenderUnknown}
	orderStatus = map[string]host.OrderStatus{"created": host.OrderPending, "paying": host.OrderPending,
		"paid": host.OrderPaid, "fail": host.OrderPaid, "success": host.OrderFulfilled, "finished": host.OrderFinished,
		"refunding": host.OrderRefunding, "refunded": host.OrderRefunded, "closed": host.OrderClosed}
	orderOrigin = map[string]host.OrderOrigin{"self": host.OriginSelf, "marketing": host.OriginMarketing, "outside": host.OriginOffline}
	targetType  = map[string]host.TargetType{"course": host.TargetCourse, "classroom": host.TargetClassroom,
		"vip": host.TargetMembership, "goods": host.TargetOther}
	refundStatus = map[string]host.RefundStatus{"auditing": host.RefundRequested, "refunded": host.RefundDone,
		"refused": host.RefundRefused, "cancel": host.RefundCancelled}
	joinReason = map[string]host.JoinReason{"buy": host.JoinPurchase, "free": host.JoinFree, "vip": host.JoinMembership,
		"import": host.JoinImport, "classroom": host.JoinClassroom, "staff": host.JoinStaff, "market": host.JoinMarketing}
	exitReason = map[string]host.ExitReason{"self": host.ExitSelf, "removed": host.ExitRemoved,
		"refund": host.ExitRefund, "classroom": host.ExitClassroom, "expired": host.ExitExpired}
	activityType = map[string]host.ActivityType{"view": host.ActivityView, "preview": host.ActivityTrial, "favorite": host.ActivityFavorite,
		"ask": host.ActivityQuestion, "coupon": host.ActivityCoupon, "study": host.ActivityLearn, "signin": host.ActivityLogin}
)

// expiry reads the school's deadlines: 0 and 2147483647 both mean never.
func expiry(deadline int64) time.Time {
	if deadline == 0 || deadline == school.Never {
		return time.Time{}
	}
	return time.Unix(deadline, 0).UTC()
}

// consent reads the school's three columns; NULL is never asked, which is neither yes nor no.
func consent(sms, email, message sql.NullBool) host.Consent {
	c := host.Consent{}
	for channel, said := range map[host.Channel]sql.NullBool{host.ChannelSMS: sms, host.ChannelEmail: email, host.ChannelMessage: message} {
		switch {
		case said.Valid && said.Bool:
			c[channel] = host.ConsentGranted
		case said.Valid:
			c[channel] = host.ConsentDenied
		}
	}
	return c
}

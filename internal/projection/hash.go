package projection

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// hasher builds the content hash of a row: everything but UpdatedAt. It tells a change that
// means something from one that does not (trap 12) and shows the repair pass what differs.
// Fields are written with their length so that neighbours cannot run together. Collisions cost a
// missed repair of one row at odds of 2^-64; they never lose a change that moved UpdatedAt.
type hasher struct{ buf []byte }

func (s *hasher) text(values ...string) {
	for _, v := range values {
		s.buf = binary.AppendUvarint(s.buf, uint64(len(v)))
		s.buf = append(s.buf, v...)
	}
}

func (s *hasher) list(values []string) {
	s.num(int64(len(values)))
	s.text(values...)
}

func (s *hasher) num(values ...int64) {
	for _, v := range values {
		s.buf = binary.LittleEndian.AppendUint64(s.buf, uint64(v))
	}
}

func (s *hasher) time(values ...time.Time) {
	for _, v := range values {
		if v.IsZero() {
			s.num(math.MinInt64)
			continue
		}
		s.num(v.UnixMicro())
	}
}

func (s *hasher) bool(values ...bool) {
	for _, v := range values {
		if v {
			s.buf = append(s.buf, 1)
		} else {
			s.buf = append(s.buf, 0)
		}
	}
}

func (s *hasher) sum() int64 {
	f := fnv.New64a()
	f.Write(s.buf)
	s.buf = s.buf[:0]
	return int64(f.Sum64())
}

func (s *hasher) learner(l *Learner) int64 {
	s.text(string(l.ID), l.Nickname, l.RealName, string(l.Gender), l.Mobile, l.Email, string(l.Status),
		l.RegisterSource, string(l.Device), l.Locale, l.Province, l.City, string(l.InviterID),
		l.UsableMobile, l.UsableEmail)
	s.bool(l.MobileVerified, l.EmailVerified, l.Marketable, l.Deleted)
	s.time(l.Birthday, l.RegisteredAt, l.LastLoginAt)
	s.num(int64(len(l.Roles)))
	for _, role := range l.Roles {
		s.text(string(role))
	}
	for _, channel := range []h.Channel{h.ChannelSMS, h.ChannelEmail, h.ChannelMessage} {
		s.text(string(l.Consent[channel]))
	}
	for _, key := range slices.Sorted(maps.Keys(l.Custom)) {
		v := l.Custom[key]
		s.text(key, string(v.Kind), v.Text)
		s.num(int64(math.Float64bits(v.Number)))
		s.time(v.Date)
		s.bool(v.Bool)
	}
	return s.sum()
}

func (s *hasher) offering(o *Offering) int64 {
	s.text(string(o.Type), o.ID, o.GroupID, o.Title, string(o.Status), o.Currency, o.OriginCourseID)
	s.num(o.Price, int64(o.RequiredUnits))
	s.list(o.CategoryPath)
	s.list(o.Tags)
	s.list(o.CourseIDs)
	s.bool(o.Deleted)
	return s.sum()
}

func (s *hasher) order(o *Order) int64 {
	s.text(o.ID, o.SN, string(o.LearnerID), string(o.Status), string(o.Origin), o.Currency, o.Coupon)
	s.num(o.ListAmount, o.PayableAmount, o.PaidCash, o.PaidCoin, o.Refunded)
	s.time(o.CreatedAt, o.PaidAt, o.ClosedAt, o.CloseDeadline)
	s.bool(o.Deleted)
	s.num(int64(len(o.Items)))
	for _, it := range o.Items {
		s.text(string(it.Target.Type), it.Target.ID, it.Title)
		s.num(int64(it.Quantity), it.Amount)
	}
	for _, r := range o.Refunds {
		s.text(string(r.Status), r.Reason)
		s.num(r.Cash)
		s.time(r.RequestedAt, r.HandledAt)
	}
	return s.sum()
}

func (s *hasher) enrollment(e *Enrollment) int64 {
	s.text(e.ID, string(e.LearnerID), string(e.Target.Type), e.Target.ID, e.ViaClassroomID, string(e.Role),
		string(e.Status), string(e.JoinReason), e.OrderID, string(e.ExitReason), e.ExitNote)
	s.time(e.JoinedAt, e.ExpiresAt, e.LastLearnAt, e.CompletedAt, e.ExitedAt)
	s.num(int64(e.DoneUnits), int64(e.RequiredDone))
	s.bool(e.Deleted)
	return s.sum()
}

func (s *hasher) membership(m *Membership) int64 {
	s.text(string(m.LearnerID), m.LevelID, m.LevelName)
	s.num(int64(m.Rank))
	s.time(m.StartsAt, m.ExpiresAt)
	s.bool(m.Deleted)
	return s.sum()
}

package projection

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// maxID bounds host ids: they are index keys, and PostgreSQL refuses keys of some 2,700 bytes.
const maxID = 255

// Checker turns rows of the host into sound rows, or says why it cannot. It is not safe for
// concurrent use; make one for each goroutine.
type Checker struct {
	Contacts Contacts
	Now      time.Time

	hash   hasher
	reason Reason
}

// fail keeps the first reason.
func (c *Checker) fail(field, code string) {
	if c.reason == "" {
		c.reason = Reason(field + ": " + code)
	}
}

func (c *Checker) begin() { c.reason = "" }

func (c *Checker) id(field, id string) {
	switch {
	case id == "":
		c.fail(field, codeMissing)
	case len(id) > maxID:
		c.fail(field, codeTooLong)
	case strings.ContainsRune(id, 0) || !utf8.ValidString(id):
		c.fail(field, codeUnknown)
	}
}

// when checks times: required ones are there, and all lie between 1900 and 9999. UTC is
// enforced, a day's leeway is given to a host clock that runs ahead.
func (c *Checker) when(field string, t *time.Time, required, past bool) {
	switch {
	case t.IsZero():
		if required {
			c.fail(field, codeMissing)
		}
		return
	case t.Year() < 1900 || t.Year() > 9999:
		c.fail(field, codeTime)
	case past && t.After(c.Now.Add(24*time.Hour)):
		c.fail(field, codeTime)
	}
	*t = t.UTC().Truncate(time.Microsecond)
}

// maxMoney keeps every sum of a learner's or an offering's amounts inside an int64.
const maxMoney = 1_000_000_000_000_000

func (c *Checker) money(field string, v int64) {
	switch {
	case v < 0:
		c.fail(field, codeMoney)
	case v > maxMoney:
		c.fail(field, codeQuantity)
	}
}

// maxCount keeps counts and ranks inside PostgreSQL's integer.
const maxCount = 1 << 30

func (c *Checker) count(field string, v int) {
	if v < -maxCount || v > maxCount {
		c.fail(field, codeQuantity)
	}
}

// words checks texts that become index keys.
func (c *Checker) words(field string, list ...string) {
	for _, w := range list {
		if len(w) > maxID {
			c.fail(field, codeTooLong)
		}
	}
}

func oneOf[T ~string](c *Checker, field string, v T, allowed ...T) {
	if !slices.Contains(allowed, v) {
		c.fail(field, codeUnknown)
	}
}

// clean makes texts storable: PostgreSQL takes neither NUL nor invalid UTF-8.
func clean(texts ...*string) {
	for _, t := range texts {
		if strings.IndexByte(*t, 0) >= 0 {
			*t = strings.ReplaceAll(*t, "\x00", "")
		}
		if !utf8.ValidString(*t) {
			*t = strings.ToValidUTF8(*t, "\uFFFD")
		}
	}
}

func cleanAll(list []string) []string {
	list = slices.Clone(list)
	for i := range list {
		clean(&list[i])
	}
	return list
}

// Learner checks a learner. A tombstone, or one with status deleted, comes back wiped of name,
// contacts and custom fields (trap 3).
func (c *Checker) Learner(in h.Learner) (Learner, Reason) {
	c.begin()
	c.id("id", string(in.ID))
	c.when("updated_at", &in.UpdatedAt, true, true)
	if in.Deleted || in.Status == h.LearnerDeleted {
		l := Learner{Learner: h.Learner{ID: in.ID, Status: h.LearnerDeleted, UpdatedAt: in.UpdatedAt, Deleted: true}}
		l.Hash = c.hash.learner(&l)
		return l, c.reason
	}
	oneOf(c, "status", in.Status, h.LearnerActive, h.LearnerLocked)
	oneOf(c, "gender", in.Gender, h.GenderUnknown, h.GenderMale, h.GenderFemale)
	oneOf(c, "device", in.Device, h.DeviceUnknown, h.DeviceWeb, h.DeviceIOS, h.DeviceAndroid)
	c.when("registered_at", &in.RegisteredAt, true, true)
	c.when("last_login_at", &in.LastLoginAt, false, true)
	c.when("birthday", &in.Birthday, false, true)
	for _, role := range in.Roles {
		oneOf(c, "roles", role, h.RoleStudent, h.RoleTeacher, h.RoleStaff, h.RoleSystem)
	}
	for _, state := range in.Consent {
		oneOf(c, "consent", state, h.ConsentUnknown, h.ConsentGranted, h.ConsentDenied)
	}
	clean(&in.Nickname, &in.RealName, &in.Mobile, &in.Email, &in.RegisterSource, &in.Locale,
		&in.Province, &in.City, (*string)(&in.InviterID))
	in.Custom = c.custom(in.Custom)
	l := Learner{Learner: in, UsableMobile: c.Contacts.mobile(&in), UsableEmail: c.Contacts.email(&in)}
	l.Marketable = !slices.ContainsFunc(in.Roles, func(r h.Role) bool { return r != h.RoleStudent })
	l.Hash = c.hash.learner(&l)
	return l, c.reason
}

func (c *Checker) custom(in map[string]h.CustomValue) map[string]h.CustomValue {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]h.CustomValue, len(in))
	for key, v := range in {
		clean(&key, &v.Text)
		oneOf(c, "custom", v.Kind, h.CustomText, h.CustomNumber, h.CustomDate, h.CustomBool)
		c.when("custom", &v.Date, false, false)
		if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
			c.fail("custom", codeQuantity)
		}
		out[key] = v
	}
	return out
}

// Offering checks a course or classroom.
func (c *Checker) Offering(in h.Offering) (Offering, Reason) {
	c.begin()
	oneOf(c, "type", in.Type, h.TargetCourse, h.TargetClassroom)
	c.id("id", in.ID)
	c.when("updated_at", &in.UpdatedAt, true, true)
	if in.Deleted {
		in = h.Offering{Type: in.Type, ID: in.ID, UpdatedAt: in.UpdatedAt, Deleted: true}
	} else {
		oneOf(c, "status", in.Status, h.OfferingDraft, h.OfferingPublished, h.OfferingClosed)
		c.money("price", in.Price)
		if in.Price > 0 && !isCurrency(in.Currency) {
			c.fail("currency", codeCurrency)
		}
		if in.RequiredUnits < 0 || in.RequiredUnits > maxCount {
			c.fail("required_units", codeQuantity)
		}
		c.words("tags", in.Tags...)
		c.words("origin_course_id", in.OriginCourseID)
		clean(&in.Title, &in.GroupID, &in.OriginCourseID, &in.Currency)
		in.CategoryPath, in.Tags, in.CourseIDs = cleanAll(in.CategoryPath), cleanAll(in.Tags), cleanAll(in.CourseIDs)
	}
	o := Offering{Offering: in}
	o.Hash = c.hash.offering(&o)
	return o, c.reason
}

func isCurrency(code string) bool {
	return len(code) == 3 && strings.ToUpper(code) == code && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// Membership checks a membership.
func (c *Checker) Membership(in h.Membership) (Membership, Reason) {
	c.begin()
	c.id("learner_id", string(in.LearnerID))
	c.when("updated_at", &in.UpdatedAt, true, true)
	if in.Deleted {
		in = h.Membership{LearnerID: in.LearnerID, UpdatedAt: in.UpdatedAt, Deleted: true}
	} else {
		c.id("level_id", in.LevelID)
		c.count("rank", in.Rank)
		c.when("starts_at", &in.StartsAt, false, false)
		c.when("expires_at", &in.ExpiresAt, false, false)
		clean(&in.LevelName)
	}
	m := Membership{Membership: in}
	m.Hash = c.hash.membership(&m)
	return m, c.reason
}

// Activity checks an activity.
func (c *Checker) Activity(in h.Activity) (Activity, Reason) {
	c.begin()
	c.id("event_id", in.EventID)
	c.id("learner_id", string(in.LearnerID))
	if in.Type == "" {
		c.fail("type", codeMissing)
	}
	c.when("occurred_at", &in.OccurredAt, true, true)
	clean((*string)(&in.Type), (*string)(&in.Target.Type), &in.Target.ID)
	return in, c.reason
}

package hosttest

import (
	"fmt"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// seedLearners makes 60 accounts: plain ones, then edited one by one into what goes wrong.
func seedLearners() []h.Learner {
	rows := make([]h.Learner, 60)
	for i := range rows {
		rows[i] = plainLearner(i + 1)
	}
	for n, edit := range unkindLearners() {
		edit(&rows[n-1])
	}
	return rows
}

func plainLearner(n int) h.Learner {
	names := []string{"小满", "晓峰", "Lily", "王同学", "苏木", "安之", "阿哲", "静静", "Momo", "远山"}
	cities := [][2]string{{"浙江", "杭州"}, {"北京", "北京"}, {"广东", "深圳"}, {"四川", "成都"}, {"", ""}}
	sources := []string{"baidu", "wechat", "douyin", ""}
	devices := []h.Device{h.DeviceWeb, h.DeviceIOS, h.DeviceAndroid, h.DeviceUnknown}
	genders := []h.Gender{h.GenderFemale, h.GenderMale, h.GenderUnknown}
	l := h.Learner{
		ID:             learner(n),
		Nickname:       fmt.Sprintf("%s%d", names[n%len(names)], n),
		Gender:         genders[n%3],
		Mobile:         fmt.Sprintf("199000000%02d", n),
		MobileVerified: true,
		Email:          fmt.Sprintf("learner%d@example.com", n),
		EmailVerified:  n%4 != 0,
		Status:         h.LearnerActive,
		RegisteredAt:   ago(900-10*n, 37*n),
		RegisterSource: sources[n%4],
		Device:         devices[n%4],
		LastLoginAt:    ago(n, 11*n),
		Locale:         "zh-CN",
		Province:       cities[n%5][0],
		City:           cities[n%5][1],
		UpdatedAt:      ago(60-n, 7*n),
	}
	if n%3 == 0 {
		l.RealName = "学员" + number(n)
		l.Birthday = time.Date(1980+n%30, time.Month(1+n%12), 1+n%28, 0, 0, 0, 0, time.UTC)
	}
	if n >= 8 && n <= 30 { // one statement touched them all (trap 12); ids of one and two digits
		l.UpdatedAt = ago(45, 0)
	}
	return l
}

// unkindLearners edits learners by number.
func unkindLearners() map[int]func(*h.Learner) {
	return map[int]func(*h.Learner){
		// Not to be marketed to (trap 3).
		1: func(l *h.Learner) { l.Nickname, l.Roles = "教务王老师", []h.Role{h.RoleStaff} },
		2: func(l *h.Learner) { l.Nickname, l.Roles = "李老师", []h.Role{h.RoleTeacher} },
		3: func(l *h.Learner) {
			l.Nickname, l.Roles, l.Mobile, l.MobileVerified = "系统通知", []h.Role{h.RoleSystem}, "", false
		},
		4:  func(l *h.Learner) { l.Roles = []h.Role{h.RoleStudent, h.RoleTeacher} },
		31: func(l *h.Learner) { l.Status = h.LearnerLocked },
		32: wipe,
		33: func(l *h.Learner) { l.Deleted = true },
		34: func(l *h.Learner) { wipe(l); l.LastLoginAt = time.Time{} },
		// Contacts that do not reach anybody, or reach two (traps 1 and 2).
		5:  func(l *h.Learner) { l.Email, l.EmailVerified = "user_5wq1@edusoho.net", false },
		6:  func(l *h.Learner) { l.Mobile, l.MobileVerified, l.Email, l.EmailVerified = "", false, "", false },
		7:  func(l *h.Learner) { l.Mobile, l.Province, l.City = "+85291234567", "香港", "香港" },
		8:  func(l *h.Learner) { l.Mobile, l.MobileVerified = "19900000009", false }, // 9's number
		10: func(l *h.Learner) { l.MobileVerified = false },
		35: func(l *h.Learner) { l.Email = "Li.Lei+Course@Example.COM" },
		36: func(l *h.Learner) { l.Mobile, l.MobileVerified, l.Email = "", false, "learner37@example.com" }, // 37's address
		// What people said about marketing.
		38: func(l *h.Learner) { l.Consent = h.Consent{h.ChannelSMS: h.ConsentDenied} },
		39: func(l *h.Learner) {
			l.Consent = h.Consent{h.ChannelSMS: h.ConsentGranted, h.ChannelEmail: h.ConsentDenied}
		},
		40: func(l *h.Learner) {
			l.Consent = h.Consent{h.ChannelSMS: h.ConsentGranted, h.ChannelEmail: h.ConsentGranted, h.ChannelMessage: h.ConsentGranted}
		},
		// Text that breaks pages, queries and narrow columns.
		41: func(l *h.Learner) { l.Nickname = "小龙🐉𠮷野家" },
		42: func(l *h.Learner) { l.Nickname = `<b>O'Brien</b> & "Söhne"; --%_\` },
		43: func(l *h.Learner) { l.RealName = "Nguyễn Thị Minh Khai" },
		44: func(l *h.Learner) { l.Nickname, l.RegisterSource = "1", "=1+1" },
		// Edges of time.
		45: func(l *h.Learner) { l.Birthday = time.Date(1949, time.October, 1, 0, 0, 0, 0, time.UTC) },
		46: func(l *h.Learner) { l.Birthday = time.Date(2000, time.February, 29, 0, 0, 0, 0, time.UTC) },
		47: func(l *h.Learner) { l.LastLoginAt = time.Time{} },
		48: func(l *h.Learner) { l.RegisteredAt = time.Date(2025, 12, 31, 16, 0, 0, 0, time.UTC) }, // new year in Shanghai
		// Invitations and the host's own fields.
		49: func(l *h.Learner) { l.InviterID, l.Locale = learner(12), "en-US" },
		50: func(l *h.Learner) { l.InviterID, l.Locale = learner(49), "" },
		51: func(l *h.Learner) {
			l.Custom = map[string]h.CustomValue{
				"school": {Text: "第一中学"},
				"score":  {Kind: h.CustomNumber, Number: 86.5},
				"exam":   {Kind: h.CustomDate, Date: time.Date(2026, time.December, 19, 0, 0, 0, 0, time.UTC)},
				"vip":    {Kind: h.CustomBool, Bool: true},
			}
		},
		52: func(l *h.Learner) { l.Custom = map[string]h.CustomValue{"vip": {Kind: h.CustomBool}} },
		// The newest second is shared too: nothing may be lost at the end of the feed.
		58: func(l *h.Learner) { l.UpdatedAt = SeedTime() },
		59: func(l *h.Learner) { l.UpdatedAt = SeedTime() },
		60: func(l *h.Learner) { l.UpdatedAt = SeedTime() },
	}
}

// wipe is what platforms do with an account that its owner closed: the row stays.
func wipe(l *h.Learner) {
	*l = h.Learner{
		ID: l.ID, Nickname: "已注销用户", Status: h.LearnerDeleted,
		RegisteredAt: l.RegisteredAt, LastLoginAt: l.LastLoginAt, UpdatedAt: l.UpdatedAt,
	}
}

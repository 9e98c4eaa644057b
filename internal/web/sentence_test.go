package web

import (
	"testing"

	"github.com/coursecrm/coursecrm/segment"
)

func TestSentences(t *testing.T) {
	t.Parallel()
	viewed := &segment.Of{Types: []string{"view"}, Offerings: []int64{7}, Within: &segment.Within{Last: 14, Unit: segment.Day}}
	of := func(r segment.Rule, o *segment.Of) segment.Rule { r.Of = o; return r }
	for _, tt := range []struct {
		rule   segment.Rule
		zh, en string
	}{
		{of(segment.Condition("activity", segment.OpGe, 3, ""), viewed), "最近 14 天内浏览《标签 7》至少 3 次", "viewed “标签 7” at least 3 times in the last 14 days"},
		{of(segment.Condition("activity", segment.OpGe, 1, ""), &segment.Of{Tags: []int64{2}, Within: &segment.Within{From: "2026-01-01"}}),
			"2026-01-01 以来“标签 2”标签的行为次数至少 1 次", "Number of activities (tagged “标签 2”) at least 1 time since 2026-01-01"},
		{of(segment.Condition("activity", segment.OpEq, 0, ""), &segment.Of{Types: []string{"view", "trial", "host_own", "learn"}}),
			"浏览或试听或host_own 等 4 个等于 0 次", "viewed or tried or host_own and others, 4 in all is 0 times"},
		{of(segment.Condition("paid_count", segment.OpGe, 2, ""), &segment.Of{Within: &segment.Within{From: "2026-01-01", To: "2026-06-30"}}),
			"2026-01-01 到 2026-06-30 期间购买次数至少 2 次", "Paid orders at least 2 times from 2026-01-01 to 2026-06-30"},
		{of(segment.Condition("progress", segment.OpBetween, []int{50, 80}, ""), &segment.Of{Offerings: []int64{7}}), "《标签 7》的学习进度（%）介于 50 到 80 %", "Progress (%) (“标签 7”) from 50 to 80 %"},
		{of(segment.Condition("contacted", segment.OpNotInLast, 1, segment.Week), &segment.Of{Channels: []string{"sms"}}), "短信的最近营销时间不在最近 1 周内", "Last contacted (by SMS) not in the last 1 week"},
		{of(segment.Condition("clicks", segment.OpGe, 1, ""), &segment.Of{Campaigns: []int64{5}, Within: &segment.Within{To: "2026-06-30"}}), "到 2026-06-30 为止营销“标签 5”的点击链接次数至少 1 次", "Clicks (of campaign “标签 5”) at least 1 time until 2026-06-30"},
		{of(segment.Condition("stage", segment.OpAnyOf, []string{"potential", "pending"}, ""), &segment.Of{Offerings: []int64{7}}), "《标签 7》的漏斗阶段包含潜在学员或待付款学员", "Funnel stage (“标签 7”) any of potential or to pay"},
		{segment.Condition("label", segment.OpNoneOf, []int{4}, ""), "手动标签不包含“标签 4”", "Manual tag none of “标签 4”"},
		{of(segment.Condition("followup_count", segment.OpGe, 1, ""), &segment.Of{Within: &segment.Within{Last: 1, Unit: segment.Week}}), "最近 1 周内跟进次数至少 1 次", "Follow-ups at least 1 time in the last 1 week"},
		{segment.Condition("last_login", segment.OpInLast, 30, segment.Day), "最后登录时间在最近 30 天内", "Last login in the last 30 days"},
		{segment.Condition("last_login", segment.OpOlder, 1, segment.Month), "最后登录时间早于 1 个月前", "Last login more than 1 month ago"},
		{segment.Condition("last_login", segment.OpEmpty, nil, ""), "没有最后登录时间", "Last login: never"},
		{segment.Condition("registered", segment.OpThis, nil, segment.Week), "注册时间在本周", "Registered this week"},
		{segment.Condition("registered", segment.OpPrevious, nil, segment.Day), "注册时间在昨天", "Registered yesterday"},
		{segment.Condition("birthday", segment.OpBirthday, 0, segment.Day), "生日是今天", "Birthday today"},
		{segment.Condition("birthday", segment.OpBirthday, 7, segment.Day), "生日在未来 7 天内", "Birthday in the next 7 days"},
		{segment.Condition("paid_total", segment.OpGe, 9950, ""), "累计消费至少 ¥99.50", "Total paid at least ¥99.50"},
		{segment.Condition("nickname", segment.OpStarts, "小", ""), "用户名以“小”开头", "User name starts with “小”"},
		{segment.Condition("member", segment.OpNo, nil, ""), "是会员：否", "Is a member: no"},
		{segment.Condition("role", segment.OpAnyOf, []string{"student", "teacher"}, ""), "角色包含学员或老师", "Role any of student or teacher"},
		{segment.Condition("bought", segment.OpAllOf, []int{1, 2, 3, 4}, ""), "买过课程同时包含《标签 1》、《标签 2》、《标签 3》 等 4 个", "Bought all of “标签 1”, “标签 2”, “标签 3” and others, 4 in all"},
		{segment.Condition("query", segment.OpNotIn, []int{1, 3}, ""), "不符合快捷查询“近 30 天登录”或“未公开或已删除的查询（3）”", "Quick query: does not meet “Logged in within 30 days” or “hidden or deleted query (3)”"},
		{segment.Condition("learner", segment.OpIn, []int{1, 2}, ""), "指定用户是手动选择的 2 人", "Chosen people: 2 people chosen by hand"},
		{segment.Group("all", segment.Condition("last_login", segment.OpEmpty, nil, ""), segment.Group("any", segment.Condition("member", segment.OpYes, nil, ""), segment.Group("none", segment.Condition("has_email", segment.OpYes, nil, "")))),
			"没有最后登录时间，且（是会员：是，或以下都不成立（有可用邮箱：是））", "Last login: never, and (Is a member: yes, or none of (Has a usable e-mail: yes))"},
	} {
		for lang, want := range map[string]string{zhCN: tt.zh, en: tt.en} {
			if got := sayIn(t, lang, tt.rule, rest{}); got != want {
				t.Errorf("%s\n got %s\nwant %s", lang, got, want)
			}
		}
	}
	days := rest{On: true, Days: 7}
	if got := sayIn(t, zhCN, segment.Condition("member", segment.OpYes, nil, ""), days); got != "是会员：是，不含近 7 天内营销过的" {
		t.Errorf("with the box: %s", got)
	}
	if got := sayIn(t, en, segment.Condition("member", segment.OpYes, nil, ""), days); got != "Is a member: yes, without those contacted in the last 7 days" {
		t.Errorf("with the box: %s", got)
	}
}

func sayIn(t *testing.T, lang string, r segment.Rule, box rest) string {
	t.Helper()
	world, l := newWorld(), testLocale(t, lang)
	visible := func() ([]segment.Saved, error) { return world.queries[:2], nil }
	b := &builder{l: l, cat: testEnv().Catalog, lists: newLists(t.Context(), l, (*segmentStore)(world), visible)}
	text, err := b.sayAudience(r, box)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

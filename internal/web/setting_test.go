package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/setting"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// settingForm is the form as it is shown, with changes.
func settingForm(change ...string) url.Values {
	f := url.Values{"version": {"0"}, "site_name": {"启明网校"}, "site_address": {"杭州市文三路 1 号"}, "quiet_sms_from": {"21:00"}, "quiet_sms_until": {"08:00"},
		"quiet_email_from": {""}, "quiet_email_until": {""}, "quiet_message_from": {""}, "quiet_message_until": {""},
		"cap_days": {"7"}, "late_after": {"30"}, "large_send": {"0"}, "spend_bounds": {"100", "500", "2000"}, "keep_months": {"0"}}
	for i := 0; i+1 < len(change); i += 2 {
		f.Set(change[i], change[i+1])
	}
	return f
}

func TestSettingsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/settings").want(t, 200, `value="启明网校"`, `value="21:00"`, `value="100"`, "Asia/Shanghai", "CNY", "edusoho.net", "只用验证过的", "/crm/health", `aria-current="page"`, "7 天")
	s.world.staff.Permissions = without(h.PermSettings)
	for _, page := range []string{"/settings", "/settings/channels", "/settings/staff", "/settings/audit", "/health", "/people/1/erase"} {
		s.get(page).want(t, 403)
	}
	s.get("/").want(t, 200).lacks(t, `href="/crm/settings"`)
}

func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if to := s.post("/settings", settingForm()).leads(t); to != "/crm/settings?saved=1" || s.world.chosen.Version != 0 || len(s.world.audited) != 0 {
		t.Errorf("nothing changed: %s, %+v", to, s.world.chosen)
	}
	s.post("/settings", settingForm("site_name", " 新网校 ", "quiet_email_from", "22:30", "quiet_email_until", "07:00", "quiet_sms_from", "", "quiet_sms_until", "",
		"cap_days", "３", "late_after", "0", "large_send", "1,000")).leads(t)
	v := s.web.Settings.Current()
	want := map[h.Channel]campaign.QuietHours{h.ChannelSMS: {}, h.ChannelEmail: {Start: 22*time.Hour + 30*time.Minute, End: 7 * time.Hour}}
	if v.SiteName != "新网校" || v.CapDays != 3 || v.LateAfter != 0 || v.LargeSend != 1000 || v.Quiet[h.ChannelSMS] != want[h.ChannelSMS] || v.Quiet[h.ChannelEmail] != want[h.ChannelEmail] {
		t.Errorf("%+v", v)
	}
	if n := len(s.world.audited); n != 1 || s.world.audited[0].Action != audit.SettingsChanged || s.world.audited[0].Object != "settings" {
		t.Fatalf("recorded %+v", s.world.audited)
	}
	if d := s.world.audited[0].Detail["cap_days"].(map[string]any); d["old"] != int64(7) || d["new"] != int64(3) || len(s.world.audited[0].Detail) != 6 {
		t.Errorf("recorded %+v", s.world.audited[0].Detail)
	}
	s.get("/settings?saved=1").want(t, 200, `value="新网校"`, "设置已保存", "配置中为 启明网校", "上次由 周敏 保存", "· 新网校</title>", "配置中为 21:00-08:00")
	// Somebody else saved meanwhile: what was typed stays.
	s.post("/settings", settingForm("site_name", "第三个")).want(t, http.StatusConflict, "周敏 刚刚也保存了", `value="第三个"`, `name="version" value="1"`)
	s.world.mute = errors.New("no record")
	s.post("/settings", settingForm("version", "1", "site_name", "第四个")).want(t, 500)
	if s.world.chosen.Version != 1 {
		t.Error("saved without a record")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, tt := range map[string]struct {
		form url.Values
		want string
	}{
		"no name":      {settingForm("site_name", "  "), "请填写"},
		"no number":    {settingForm("cap_days", "seven"), "0 到 365"},
		"too late":     {settingForm("late_after", "99999999"), "请填 0 到"},
		"no time":      {settingForm("quiet_sms_from", "25:00"), "00:00 到 23:59"},
		"one of two":   {settingForm("quiet_email_from", "22:00"), "00:00 到 23:59"},
		"one bound":    {settingForm("spend_bounds", "100"), "请填 3 个"},
		"no sum":       {func() url.Values { f := settingForm(); f["spend_bounds"] = []string{"1", "x", "3"}; return f }(), "请填 3 个"},
		"clicks go":    {settingForm("keep_months", "6"), "请勾选确认"},
		"large number": {settingForm("large_send", "999999999999"), "请填 0 到"},
	} {
		s.post("/settings", tt.form).want(t, 422, tt.want, `role="alert"`)
		if s.world.chosen.Version != 0 {
			t.Fatalf("%s: saved", name)
		}
	}
	s.post("/settings", settingForm("keep_months", "6")).want(t, 422, `name="forget"`)
	s.post("/settings", settingForm("keep_months", "6", "forget", "1")).leads(t)
	if v := s.web.Settings.Current(); v.KeepMonths != 6 {
		t.Errorf("%+v", v)
	}
	s.post("/settings", settingForm("version", "1", "keep_months", "9")).leads(t) // longer asks nothing
}

func TestChannelsAreShownAndTried(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, c *Config) {
		w.approval = false
		c.Templates, c.Campaigns = w.newTemplates(), w.newCampaigns()
	})
	s.get("/settings/channels").want(t, 200, "hello@mail.example.com", "21:00–08:00", "查询短信余量", "测试私信会发到你自己的账号", "还没有发过测试")
	s.post("/settings/channels", url.Values{"channel": {"sms"}, "do": {"balance"}}).want(t, 200, "还剩 38,420 条")
	s.post("/settings/channels", url.Values{"channel": {"email"}, "do": {"test"}, "key": {"K"}, "to": {"nobody"}}).want(t, 422, "请填一个能收到的", `value="nobody"`)
	if slices.Contains(s.world.audits(), audit.ChannelTested) {
		t.Error("recorded a test that was refused")
	}
	if to := s.post("/settings/channels", url.Values{"channel": {"email"}, "do": {"test"}, "key": {"K"}, "to": {"me@school.example"}}).leads(t); to != "/crm/settings/channels#tests" {
		t.Errorf("leads to %s", to)
	}
	s.post("/settings/channels", url.Values{"channel": {"fax"}, "do": {"test"}}).want(t, 404)
	got := s.world.audits()
	if !slices.Contains(got, audit.ChannelTested) || !slices.Contains(got, audit.BalanceAsked) {
		t.Errorf("recorded %v", got)
	}
	for _, e := range s.world.audited {
		if strings.Contains(e.Object, "@") || e.Detail != nil {
			t.Errorf("recorded %+v", e)
		}
	}
	s.world.fail = fault.ErrUnavailable
	s.post("/settings/channels", url.Values{"channel": {"email"}, "do": {"balance"}}).want(t, 404)
}

func TestStaffAsTheHostSays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/settings/staff").want(t, 200, "周敏", "&lt;b&gt;李老师", "本团队", "大批发送", `<span class="crm-pill">我</span>`).lacks(t, "<b>李老师")
	s.world.fail = fault.ErrUnavailable
	s = newSite(t, func(_ *world, c *Config) { c.StaffList = nil })
	s.get("/settings/staff").want(t, 200, "周敏", "没有提供员工名单").lacks(t, "李老师")
}

func TestRecordIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/settings/audit").want(t, 200, "查看完整联系方式", `href="/crm/people/12"`, "203.0.113.9", "before=951", "cap_days")
	s.get("/settings/audit?before=951").want(t, 200, "查看完整联系方式").lacks(t, "before=95&", "before=90", "before=93")
	s.get("/settings/audit?staff=7&action=settings.changed&from=2026-11-01&until=2026-11-20").want(t, 200, "修改设置", `name="from" value="2026-11-01"`, "清除筛选")
	loc := shanghai()
	want := audit.Query{StaffID: "7", Action: audit.SettingsChanged, From: time.Date(2026, 11, 1, 0, 0, 0, 0, loc), Until: time.Date(2026, 11, 21, 0, 0, 0, 0, loc)}
	if got := s.world.asked; got.StaffID != want.StaffID || got.Action != want.Action || !got.From.Equal(want.From) || !got.Until.Equal(want.Until) {
		t.Errorf("asked %+v", got)
	}
	s.get("/settings/audit?from=tomorrow&before=x&action=nothing").want(t, 200, "请填日期")
	s.hx("/settings/audit?before=951", "audit").want(t, 200).lacks(t, "<h1>")
	file := s.post("/settings/audit/export", url.Values{"format": {"csv"}, "action": {"settings.changed"}}).want(t, 200, "修改设置", "settings", "员工 ID")
	if !strings.Contains(file.Header.Get("Content-Disposition"), "audit-20261120.csv") || s.world.audits()[0] != audit.RecordExported {
		t.Errorf("%v", file.Header)
	}
	s.world.staff.Permissions = without(h.PermExport)
	s.post("/settings/audit/export", url.Values{"format": {"csv"}}).want(t, 403)
}

func TestHealthPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/health").want(t, 200, "18.1", "1,234 MB", "app-1", "4711", "1 个进程，并发数 4，已用 2", "3 批在等待", "有进程负责", "&lt;else&gt;").lacks(t, "crm-pill-bad")
	s.world.ward.queue.Workers, s.world.ward.backlog.Stalled, s.world.ward.spool.Refused = nil, 2, 1
	s.world.ward.queue.Lag = 2 * time.Minute
	s.hx("/health", "health-live").want(t, 200, "没有发送进程", "2 个营销已停滞，请到营销记录查看原因", "1 批点击无法入库", "最久已等 2 分").lacks(t, "<h1>")
	s.world.ward.db, s.world.ward.noQueue = fault.ErrUnavailable, fault.ErrUnavailable
	s.get("/health").want(t, 200, "没有回应", "暂时不知道")
}

func TestErasingAsksForTheWord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/people/1").want(t, 200, `/crm/people/1/erase`)
	s.get("/people/1/erase").want(t, 200, "请输入 9000 确认", "不能恢复")
	s.hx("/people/1/erase", "dialog").want(t, 200, "<dialog").lacks(t, "<h1>")
	s.post("/people/1/erase", url.Values{"word": {"9001"}}).want(t, 422, "请准确输入 9000", `value="9001"`)
	if len(s.world.erased) != 0 || len(s.world.audited) != 0 {
		t.Fatal("erased")
	}
	if to := s.post("/people/1/erase", url.Values{"word": {" 9000 "}}).leads(t); to != "/crm/people/1" {
		t.Errorf("leads to %s", to)
	}
	if e := s.world.erased[1]; e.ByID != "7" || e.At.IsZero() || s.world.audited[0].Action != audit.PersonErased || s.world.audited[0].Object != "person:1" {
		t.Errorf("%+v, %+v", e, s.world.audited)
	}
	s.get("/people/1").want(t, 200, "个人数据已由 周敏 清除").lacks(t, "/erase", `action="/crm/people/1/consent"`, `/crm/people/1/message`)
	s.world.staff.Permissions = without(h.PermSettings)
	s.get("/people/2").want(t, 200).lacks(t, "/erase")
}

// TestLargeSendsFollowTheSetting: no restart.
func TestLargeSendsFollowTheSetting(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/settings", settingForm("large_send", "12")).leads(t)
	if got := s.web.Settings.Current().LargeSend; got != 12 {
		t.Errorf("%d", got)
	}
	if got := setting.Differences(s.web.Settings.Base(), s.web.Settings.Current()); len(got) != 1 || got[0].Key != setting.LargeSend {
		t.Errorf("%v", got)
	}
}

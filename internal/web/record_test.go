package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// TestCampaignInEveryState holds what the page says and offers, how it asks again, and that the
// part it asks for says the same.
func TestCampaignInEveryState(t *testing.T) {
	t.Parallel()
	now := newWorld().now
	for _, tt := range []struct {
		name   string
		change func(*campaign.Campaign, *campaign.Result)
		every  string
		texts  []string
		offers string
	}{
		{"scheduled", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt, c.SendAt = campaign.Result{}, campaign.Scheduled, time.Time{}, now.Add(time.Hour)
		}, "30s", []string{"将开始发送", "今天 21:05", "预计发送 6,640 条", "计划发送", "发送前检查", "目标 8,211 人，可发送 6,640 条"}, "cancel"},
		{"its time has come", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt, c.SendAt = campaign.Result{}, campaign.Scheduled, time.Time{}, now.Add(-time.Second)
		}, "2s", []string{"时间到了，正在开始"}, "cancel"},
		{"late", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt, c.SendAt = campaign.Result{}, campaign.Late, time.Time{}, now.Add(-time.Hour)
		}, "30s", []string{"错过时间", "当时服务没有运行", "2026-11-20 19:05", "仍然发送", "取消发送"}, "late cancel"},
		{"planning", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt = campaign.Result{}, campaign.Planning, time.Time{}
		}, "2s", []string{"正在确定名单"}, "cancel"},
		{"its quick query is gone", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt, c.Stalled, c.StalledAt = campaign.Result{}, campaign.Planning, time.Time{}, campaign.StallContent, now
		}, "2s", []string{"用到的东西已经不存在", "取消后复制为新营销"}, "cancel"},
		{"its quick query is gone when its time comes", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt, c.SendAt = campaign.Result{}, campaign.Scheduled, time.Time{}, now.Add(-time.Second)
			c.Stalled, c.StalledAt = campaign.StallContent, now
		}, "2s", []string{"用到的东西已经不存在"}, "cancel"},
		{"sending", func(*campaign.Campaign, *campaign.Result) {}, "2s", []string{"已处理 4,118 / 6,616 条", "每秒约 20 条", "预计还需", "只对未提交的 2,498 条有效", "取消剩余", "剩余 2,498 条"}, "pause cancel resend"},
		{"unreachable", func(c *campaign.Campaign, _ *campaign.Result) {
			c.Stalled, c.StalledAt = campaign.StallUnreachable, now.Add(-time.Minute)
		}, "2s", []string{"暂时停住", "服务商连不上", "立即重试"}, "resume pause cancel resend"},
		{"refused", func(c *campaign.Campaign, _ *campaign.Result) { c.Stalled, c.StalledAt = campaign.StallRefused, now }, "2s", []string{"拒绝登录或发件人"}, "resume pause cancel resend"},
		{"consent", func(c *campaign.Campaign, _ *campaign.Result) { c.Stalled, c.StalledAt = campaign.StallConsent, now }, "2s", []string{"没有回答谁退订了"}, "resume pause cancel resend"},
		{"quiet", func(c *campaign.Campaign, _ *campaign.Result) {
			c.Stalled, c.StalledAt, c.StalledUntil = campaign.StallQuiet, now, now.Add(12*time.Hour)
		}, "2s", []string{"免打扰时段", "自动继续：", "明天 08:05"}, "pause cancel resend"},
		{"paused by staff", func(c *campaign.Campaign, _ *campaign.Result) {
			c.State, c.Stalled, c.StalledAt = campaign.Paused, campaign.StallStaff, now
		}, "2s", []string{"已暂停", "已由员工暂停", "继续发送"}, "resume cancel"},
		{"paused by refusals", func(c *campaign.Campaign, _ *campaign.Result) {
			c.State, c.Stalled, c.StalledAt = campaign.Paused, campaign.StallRejecting, now
		}, "2s", []string{"一条接一条地拒收"}, "resume cancel"},
		{"being cancelled", func(c *campaign.Campaign, _ *campaign.Result) { c.State, c.DoneAt = campaign.CalledOff, now }, "2s", []string{"正在取消剩余的 2,498 条"}, ""},
		{"cancelled", func(c *campaign.Campaign, r *campaign.Result) {
			c.State, c.DoneAt = campaign.CalledOff, now.Add(-2*time.Hour)
			r.ByState[campaign.Cancelled], r.ByState[campaign.Queued], r.ByState[campaign.InFlight] = 2498, 0, 0
		}, "", []string{"已取消", "2,498 条没有发送；取消前已提交 4,000 条"}, ""},
		{"cancelled before its time", func(c *campaign.Campaign, r *campaign.Result) {
			*r, c.State, c.PlannedAt, c.DoneAt, c.Tracked = campaign.Result{}, campaign.CalledOff, time.Time{}, now, false
		}, "", []string{"没有人收到"}, ""},
		{"done", func(c *campaign.Campaign, r *campaign.Result) {
			c.State, c.DoneAt = campaign.Done, now.Add(-time.Minute)
			r.ByState[campaign.Accepted], r.ByState[campaign.Queued], r.ByState[campaign.InFlight] = 2598, 0, 0
		}, "2s", []string{"已完成", "用时 2 分 25 秒", "再次发送"}, "resend"},
		{"an hour later", func(c *campaign.Campaign, r *campaign.Result) {
			c.State, c.DoneAt = campaign.Done, now.Add(-2*time.Hour)
			r.ByState[campaign.Queued], r.ByState[campaign.InFlight] = 0, 0
		}, "", []string{"已完成"}, "resend"},
		{"without a link", func(c *campaign.Campaign, r *campaign.Result) {
			c.State, c.DoneAt, c.Tracked = campaign.Done, now, false
			r.ByState[campaign.Queued], r.ByState[campaign.InFlight] = 0, 0
		}, "", []string{"这次没有链接"}, "resend"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(w *world, _ *Config) {
				w.result = halfSent()
				tt.change(&w.campaigns[3], &w.result)
			})
			live := s.hx("/campaigns/14", "campaign-live")
			status := 200
			if tt.every == "" {
				status = statusStopPolling
			}
			planned := !s.world.campaigns[3].PlannedAt.IsZero()
			if planned {
				live.want(t, status, `id="campaign-fails"`, `id="campaign-sum"`, `id="recipient-tabs"`, `aria-label="漏斗"`)
			} else {
				live.lacks(t, `id="campaign-fails"`, `id="campaign-sum"`, `id="recipient-tabs"`, `aria-label="漏斗"`)
			}
			live.want(t, status, `id="campaign-live"`, `id="campaign-pill" hx-swap-oob="true"`).
				lacks(t, "<html", `id="recipients"`, `id="campaign-chart"`)
			page := s.get("/campaigns/14").want(t, 200, append(tt.texts, "<html")...)
			again := "/crm/campaigns/14"
			if !planned {
				again += "?planned=0"
			}
			if got := strings.Contains(page.body, `id="campaign-live" hx-get="`+again+`" hx-trigger="every `+tt.every+`"`); got != (tt.every != "") {
				t.Errorf("the page asks again: %v", got)
			}
			oob := regexp.MustCompile(`id="(campaign-[a-z]+|recipient-tabs)"[^>]* hx-swap-oob`).FindAllStringSubmatch(live.body, -1)
			for _, m := range oob {
				if strings.Count(page.body, `id="`+m[1]+`"`) != 1 {
					t.Errorf("the page has no place for %s", m[1])
				}
			}
			var offers []string
			for _, do := range []string{"late", "resume", "pause", "cancel", "resend"} {
				if strings.Contains(page.body, `/crm/campaigns/14/`+do+`"`) {
					offers = append(offers, do)
				}
			}
			want := strings.Fields(tt.offers)
			slices.Sort(offers)
			slices.Sort(want)
			if !slices.Equal(offers, want) {
				t.Errorf("offers %q, want %q", offers, want)
			}
			// What is not offered is not done either.
			for _, do := range []string{"late", "resume", "pause", "cancel", "resend"} {
				if !slices.Contains(want, do) {
					s.post("/campaigns/14/"+do, nil).want(t, http.StatusConflict, "状态刚刚变了", `role="alert"`, "<html")
				}
			}
			if len(s.world.moves) > 0 || len(s.world.audited) > 0 {
				t.Errorf("moved %v, recorded %v", s.world.moves, s.world.audited)
			}
			s.world.staff.Permissions = without(h.PermCampaignSend)
			for _, do := range []string{"/late", "/resume", "/pause", "/cancel", "/resend", "/copy", "/again"} {
				s.get("/campaigns/14").lacks(t, `/crm/campaigns/14`+do+`"`)
			}
		})
	}
}

// TestPageFillsOncePlanned holds that a page opened before the list was made is drawn anew.
func TestPageFillsOncePlanned(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if a := s.hx("/campaigns/14?planned=0", "campaign-live").want(t, 200); a.Header.Get("HX-Refresh") != "true" {
		t.Error("the page stays empty")
	}
	if a := s.hx("/campaigns/14", "campaign-live").want(t, 200); a.Header.Get("HX-Refresh") != "" {
		t.Error("the page is drawn anew again and again")
	}
	s.world.campaigns[3].State, s.world.campaigns[3].PlannedAt = campaign.Planning, time.Time{}
	if a := s.hx("/campaigns/14?planned=0", "campaign-live").want(t, 200); a.Header.Get("HX-Refresh") != "" {
		t.Error("drawn anew before there is anything")
	}
}

// halfSent is an SMS campaign on its way: every kind of outcome is there.
func halfSent() campaign.Result {
	return campaign.Result{
		Sum: campaign.Sum{Matched: 8214, Sendable: 6616, Excluded: map[campaign.Exclusion]int64{campaign.NotActive: 100, campaign.NotLearner: 12,
			campaign.NoContact: 1200, campaign.SameContact: 76, campaign.NoConsent: 200, campaign.Control: 10}},
		LateOut: map[campaign.Exclusion]int64{campaign.Contacted: 20, campaign.NoConsent: 1},
		ByState: map[campaign.DeliveryState]int64{campaign.Excluded: 1619, campaign.Accepted: 100, campaign.Delivered: 3900, campaign.Failed: 86, campaign.Unknown: 11,
			campaign.Queued: 2490, campaign.InFlight: 8},
		ByReason: map[campaign.Reason]int64{campaign.ReasonInvalid: 50, campaign.ReasonRejected: 36, campaign.ReasonCrash: 8, campaign.ReasonBroken: 3},
		Hits:     80, Clickers: 46, Parts: 4000, Orders: 3, Buyers: 2, Revenue: 159800}
}

func TestHeadOfTheResult(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.result = halfSent() })
	s.get("/campaigns/14").want(t, 200, "模板“课程优惠提醒”第 1 版", `<a href="/crm/audience?q=`, "目前费用", "¥180.00", "计费 4,000 条", "<dt>创建人</dt><dd>周敏</dd>", "复制为新营销", "<dd>10%</dd>", "送达率 97.5%，失败 86", `class="crm-funnel"`)
	newSite(t).get("/campaigns/11").want(t, 200, "crm-funnel-4", "公开课").lacks(t, `<a href="/crm/audience?q=%7B%22all%22%3A%5B%7B%22field%22%3A%22learner`, `id="campaign-clicks"`, `id="campaign-credit"`)
	s.get("/campaigns/13").want(t, 200, "给 许知夏 的消息")
	s.world.templates = nil // archived meanwhile
	s.get("/campaigns/14").want(t, 200, "已归档的模板，第 1 版")
	s.world.campaigns[3].Price = 0
	s.get("/campaigns/14").want(t, 200, "计费 4,000 条").lacks(t, "¥180.00")
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, f := range campaign.Filters() {
		s.get("/campaigns/14?f="+string(f)).want(t, 200, `id="tab-`+filterKey(f)+`"`, `aria-current="true"`)
	}
	s.hx("/campaigns/12?f=unknown", "recipients").want(t, 200, "没有结果不明的消息", `aria-current="true"`).lacks(t, "<html", `id="campaign-live"`)
	s.hx("/campaigns/11", "recipients").want(t, 200, `hx-trigger="every 5s"`, "已退订邮件或拒绝营销", "发送进程中断", "服务商拒收", "给 王思齐 发消息", "/crm/people/3/message").lacks(t, "送达时间", "首次点击")
	s.hx("/campaigns/14", "recipients").want(t, 200, "送达时间", "首次点击")
	s.hx("/campaigns/12", "recipients").lacks(t, `hx-trigger="every`)
	s.hx("/campaigns/12?f=failed&reason=invalid", "recipients").want(t, 200, "空号或无效邮箱", "f=failed&amp;reason=invalid", `href="/crm/campaigns/12?f=failed"`, "after=6&amp;f=failed&amp;reason=invalid")
	for _, query := range []string{"f=nonsense", "reason=nonsense", "f=failed&reason=%3Cscript%3E"} {
		s.get("/campaigns/12?"+query).want(t, http.StatusNotFound)
	}
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/campaigns/12").want(t, 200).lacks(t, "发消息", "导出", "再营销")
}

func TestRecipientsAsATable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.post("/campaigns/12/export", url.Values{"format": {"csv"}, "f": {""}}).want(t, 200, "主站编号,姓名,状态,原因,提交时间,送达时间,首次点击", "许知夏", "服务商拒收", "发送进程中断", "已退订邮件或拒绝营销")
	a.lacks(t, "secret", "1380013")
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="campaign-12-20261120.csv"` {
		t.Errorf("sent as %s", got)
	}
	if strings.Count(a.body, "\n") != 1+7 { // two pages of the fake
		t.Errorf("rows:\n%s", a.body)
	}
	s.post("/campaigns/12/export", url.Values{"format": {"xlsx"}, "f": {"failed"}, "reason": {"rejected"}}).want(t, 200, "PK")
	if got := s.world.audited; len(got) != 2 || got[0].Action != "campaign.exported" || got[1].Detail["reason"] != "rejected" {
		t.Errorf("recorded %+v", got)
	}
	for _, form := range []url.Values{{"format": {"pdf"}}, {"format": {"csv"}, "f": {"nonsense"}}, {"format": {"csv"}, "reason": {"nonsense"}}} {
		s.post("/campaigns/12/export", form).want(t, http.StatusUnprocessableEntity)
	}
	s.world.result.Matched = 2_000_000
	s.post("/campaigns/12/export", url.Values{"format": {"xlsx"}}).want(t, http.StatusUnprocessableEntity, "改用 CSV")
	s.world.fail = fault.ErrUnavailable
	s.post("/campaigns/12/export", url.Values{"format": {"csv"}}).want(t, http.StatusServiceUnavailable)
}

func TestListOfCampaigns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/campaigns").want(t, 200, "双 11 返场体验课转正价", "7.9%", "506 人", `id="kind-batch"`, `href="/crm/campaigns?direct=1"`, `href="/crm/campaigns?channel=sms"`, "/crm/campaigns?after=11", "下一页", "crm-k-mail").lacks(t, `id="campaigns" aria-label="营销记录" hx-get`)
	s.get("/campaigns?after=11").want(t, 200, "1,231 / 1,985", "发送中").lacks(t, "hx-trigger=\"every")
	s.hx("/campaigns?direct=1", "campaigns").want(t, 200, "给 许知夏 的消息", `id="kind-direct"`).lacks(t, "<html", "点击率")
	s.world.campaigns[0].State = campaign.Sending
	s.get("/campaigns").want(t, 200, `hx-trigger="every 5s"`)
	s.get("/campaigns?channel=fax").want(t, 404)
	s.world.campaigns[0].State, s.world.campaigns[0].PlannedAt, s.world.campaigns[0].SendAt = campaign.Scheduled, time.Time{}, s.world.now.Add(24*time.Hour)
	s.get("/campaigns").want(t, 200, "定时发送", "明天 20:05", "计划时间")
}

func TestClicksOverTime(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/campaigns/12").want(t, 200, "点击随时间", `role="img" aria-label="发送后 48 小时每小时首次点击人数`, "最多的一小时 94 人，从 20 日 19:00 起", "以表格查看", "20 日 19:00 起一小时，94 人首次点击", `hx-get="/crm/campaigns/12" hx-trigger="every 30s"`, "https://www.example.com/course/318")
	if n := strings.Count(a.body, `class="crm-hit"`); n != 48 {
		t.Errorf("%d hours", n)
	}
	if bars, rows := strings.Count(a.body, `class="crm-bar crm-r4"`), strings.Count(a.body, " 日 "); bars != 47 || rows == 0 {
		t.Errorf("%d bars", bars)
	}
	s.hx("/campaigns/12", "campaign-clicks").want(t, 200, `id="campaign-clicks"`, `id="campaign-links" aria-labelledby="li-h" hx-swap-oob="true"`).lacks(t, "<html", `id="campaign-live"`)
	s.world.campaigns[0].DoneAt = s.world.now.Add(-2 * time.Hour)
	s.hx("/campaigns/12", "campaign-clicks").want(t, statusStopPolling).lacks(t, "hx-trigger")
	s.world.result.Clickers = 0
	s.get("/campaigns/12").want(t, 200, "还没有人点击")
}

package web

import (
	"context"
	"errors"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

func TestHomeKeepsUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/").want(t, 200, `id="home-live" hx-get="/crm/" hx-trigger="every 2s"`, "考研数学公开课邀请", "62.0%", "¥286,420", "8.4%", "2 条数据没有收下", "/crm/sync/problems")
	s.hx("/", "home-live").want(t, 200, `id="home-live"`, `id="crm-fresh" hx-swap-oob="true"`).lacks(t, "<html")
	s.world.totals.Running = nil
	s.world.now = s.world.now.Add(2 * time.Second)
	s.world.totals.RateKnown = false
	s.hx("/", "home-live").want(t, statusStopPolling).lacks(t, `hx-trigger="every`)
	s.get("/").want(t, 200, "暂无", "没有正在发送的营销").lacks(t, `hx-trigger="every`)
	s.world.staff.Permissions = without("settings")
	s.get("/").lacks(t, "/crm/sync/problems")
	s.world.totals.People, s.world.totals.Campaigns, s.world.totals.Deliveries = 0, 0, 0
	s.get("/").want(t, 200, "从这里开始", "等数据同步好", "这段时间没有发送").lacks(t, "用户构成")
}

// TestHomeBeforeItIsCounted: a figure that is not known yet is no 0.
func TestHomeBeforeItIsCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.uncounted = true
	s.get("/").want(t, 200, "营销总人次", "正在统计以往的发送").lacks(t, "412,908", "以表格查看", "这段时间没有发送")
	s.world.uncounted = false
	s.get("/").want(t, 200, "412,908").lacks(t, "正在统计以往的发送")
}

func TestHomeSaysWhatChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/").want(t, 200, "增加</span>48 次", "增加</span>9.6%", "增加</span>1.3 个百分点", "减少</span>4.2%", "i-arrow-down-right", "crm-bad")
	l := testLocale(t, zhCN)
	for _, tt := range []struct {
		totals home.Totals
		want   homeChanges
	}{
		{home.Totals{}, homeChanges{Deliveries: homeChange{None: true}, Rate: homeChange{None: true}, Attributed: homeChange{None: true}}},
		{home.Totals{CampaignsMonth: 2, CampaignsBefore: 5, DeliveriesMonth: 7, DeliveriesBefore: 7, MeanKnown: true, MeanRate: 0.1, ClickRate: 0.1004, Attributed: 50, AttributedBefore: -1},
			homeChanges{Campaigns: homeChange{Text: "3 次", Down: true}, Attributed: homeChange{None: true}}},
	} {
		if got := l.homeChanges(tt.totals); got != tt.want {
			t.Errorf("%+v: %+v", tt.totals, got)
		}
	}
}

// TestHomeCompositionsOpenTheirPeople by rules that the audience page can show.
func TestHomeCompositionsOpenTheirPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/")
	a.want(t, 200, "登录活跃度", "8–30 天", "90 天以上", "从未登录", "10 次及以上", "4–9 次", ">1 次<", "未购买", "¥2,000 及以上", "¥500–1,999", "¥100 以下", "会员 85,000 人", "从未学习", "crm-seg-r crm-r1")
	n := 0
	for _, part := range strings.Split(a.body, `<i class="crm-key crm-r`)[1:] {
		_, link, _ := strings.Cut(part, `href="`)
		link, _, _ = strings.Cut(link, `"`)
		u, err := url.Parse(html.UnescapeString(link))
		if err != nil {
			t.Fatal(err)
		}
		rule, err := segment.Parse([]byte(u.Query().Get("q")))
		if err != nil || u.Path != "/crm/audience" || len(rule.All) < 3 {
			t.Errorf("%s: %v", link, err)
		}
		n++
		if n%5 == 1 {
			s.get("/audience?"+u.RawQuery).want(t, 200, "角色")
		}
	}
	if n != 20 {
		t.Errorf("%d bands", n)
	}
}

func TestHomeUsage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/").want(t, 200, `id="home-usage"`, "近 30 天各渠道发送量，2026-10-22 最高，共 20,600", `class="crm-bar crm-k-mail"`, "<b>12,480</b>", "以表格查看", `href="/crm/?by=week"`)
	s.hx("/?by=week", "home-usage").want(t, 200, "2026-08-31 起一周", `id="usage-week"`, "4,210").lacks(t, "<html", "home-live")
	s.get("/?by=month").want(t, 200, "<html", "近 12 个月各渠道发送量，2025-12 最高，共 24,810")
	s.get("/?by=year").want(t, 200, "近 30 天各渠道发送量")
	s.hx("/", "home-balance").want(t, 200, "38,420 条", "约够 92 天").lacks(t, "<section")
}

func TestHomeShowsWhatIsDue(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/").want(t, 200, "今天要跟进", `class="crm-todo"`, "/crm/people/")
	s.world.staff.ID = "nobody"
	s.get("/").want(t, 200, "今天没有要跟进的")
}

func TestHomeInEnglish(t *testing.T) {
	t.Parallel()
	l := testLocale(t, en)
	for _, tt := range []struct {
		band home.Band
		want string
	}{
		{home.Band{Kind: home.ByLogin, To: 7}, "Last 7 days"},
		{home.Band{Kind: home.ByLogin, From: 91}, "Over 90 days"},
		{home.Band{Kind: home.BySpend, From: 100_50, To: 199_99}, "¥100.50–199"},
		{home.Band{Kind: home.BySpend, From: 1}, "¥0.01 or more"},
		{home.Band{Kind: home.BySpend, None: true}, "Nothing"},
	} {
		if got := l.band(tt.band); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.band, got, tt.want)
		}
	}
}

func TestHomeWithoutStores(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/").want(t, 200).lacks(t, "新建营销")
}

// TestSupplierIsAskedOnceAMinute however many open the first page, also when it fails.
func TestSupplierIsAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	asked := 0
	var away error
	s := newSite(t, func(_ *world, c *Config) {
		c.Balance = func(context.Context) (int64, error) { asked++; return 38420, away }
	})
	s.get("/").want(t, 200, `<a href="/crm/?balance=1">查看短信余量</a>`)
	s.get("/?by=week").want(t, 200, `href="/crm/?balance=1&amp;by=week"`)
	if asked != 0 {
		t.Error("asked before anybody wants to know")
	}
	s.hx("/", "home-balance").want(t, 200, "38,420")
	s.get("/?balance=1").want(t, 200, "38,420", "短信余量").lacks(t, "查看短信余量") // without JavaScript
	if asked != 1 {
		t.Errorf("asked %d times within a minute", asked)
	}
	s.world.now, away = s.world.now.Add(time.Minute), errors.New("no answer")
	s.hx("/", "home-balance").want(t, 200, "暂时查不到")
	s.hx("/", "home-balance").want(t, 200, "暂时查不到")
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

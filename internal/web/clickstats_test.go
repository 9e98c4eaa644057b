package web

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// statPrefixes adds the words of the page about clicks. Those of shortlink are read from its own
// file: a new one must get a name here.
func statPrefixes(out map[string][]string) {
	consts := func(kind string) []string {
		text, err := os.ReadFile("../../shortlink/agent.go")
		if err != nil {
			panic(err)
		}
		words := []string{"other"}
		for _, m := range regexp.MustCompile(`(?m)^\t\w+ +`+kind+` += "(\w+)"`).FindAllSubmatch(text, -1) {
			words = append(words, string(m[1]))
		}
		return words
	}
	out["stats.device"], out["stats.app"], out["stats.system"] = consts("Device"), consts("App"), consts("OS")
	out["stats.by"] = []string{byHour, byDay}
	out["stats.part"] = []string{"device", "app", "system", "province"}
	out["stats.part_why"] = out["stats.part"]
	for _, v := range shortlink.Verdicts() {
		if !slices.Contains(out["stats.kind"], string(v.Kind)) {
			out["stats.kind"] = append(out["stats.kind"], string(v.Kind))
		}
		if v.Reason != shortlink.NoReason {
			out["stats.reason"] = append(out["stats.reason"], string(v.Reason))
		}
	}
	out["stats.kind_why"], out["stats.reason_why"] = out["stats.kind"], out["stats.reason"]
}

func TestClickStats(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/campaigns/12").want(t, 200, `href="/crm/campaigns/12/clicks">点击分析`)
	page := s.get("/campaigns/12/clicks").want(t, 200, "<h1>点击分析</h1>", `id="click-stats" hx-get="/crm/campaigns/12/clicks" hx-trigger="every 2s"`,
		">40<small>人", "占已提交的 6,390 条", ">50<small>次", ">150<small>次", "0.6%", // people, rate, clicks, raw hits
		"微信", "Chrome", "手机", "电脑", "iOS", "Windows", "省 02", "未知", "其他 5 个",
		"一半的人在 6 分 1 秒内点击", "1 分内", "超过 3 天", "机器", "10 秒内又打开了同一个链接", "至少 10 个收件人",
		`aria-label="前 48 小时每小时点击人数，最多的一小时 `, "/crm/campaigns/12/clicks?link=7", "/crm/campaigns/12/clicks?link=8", "&lt;i&gt;8&lt;/i&gt;")
	page.lacks(t, "<script>alert", "<i>8</i>", "访客")
	s.hx("/campaigns/12/clicks", "click-stats").want(t, 200, `id="click-stats"`).lacks(t, "<html", "<h1")
	s.get("/campaigns/12/clicks?by=day").want(t, 200, "每天点击人数", `hx-get="/crm/campaigns/12/clicks?by=day"`, `id="by-day" hx-get`, "2026-11-20")
	s.get("/campaigns/12/clicks?link=8").want(t, 200, "只统计这个链接", ">10<small>人", `href="/crm/campaigns/12/clicks">看全部链接`).lacks(t, "链接比较")
	english := s.do(visit{method: "GET", path: "/crm/campaigns/12/clicks", header: http.Header{"Cookie": {"crm_lang=en"}}})
	english.want(t, 200, "Click analysis", "Half of them clicked within", "WeChat", "5 others").lacks(t, "stats.")
	for _, path := range []string{"/campaigns/404/clicks", "/campaigns/12/clicks?link=404", "/campaigns/12/clicks?link=x", "/campaigns/12/clicks?link=0", "/campaigns/12/clicks?by=week", "/campaigns/x/clicks"} {
		s.get(path).want(t, 404)
	}
	s.world.staff.Permissions = without(h.PermView)
	s.get("/campaigns/12/clicks").want(t, 403)
}

// TestClickStatsOpenPeople holds the addresses behind the figures to the rules that they stand for.
func TestClickStatsOpenPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rules := func(path string) []string {
		t.Helper()
		var out []string
		for _, link := range s.get(path).want(t, 200).links(linkRE) {
			if u, err := url.Parse(link); err == nil && u.Path == "/crm/audience" && u.Query().Get("q") != "" {
				out = append(out, u.Query().Get("q"))
			}
		}
		return out
	}
	rule := func(conditions ...segment.Rule) string { return canonical(segment.Group("all", conditions...)) }
	clicked := segment.Condition("clicked", segment.OpAnyOf, []int64{12}, "")
	onLink := clicked
	onLink.Of = &segment.Of{Links: []int64{8}}
	day := segment.Condition("clicks", segment.OpGe, 1, "")
	day.Of = &segment.Of{Campaigns: []int64{12}, Within: &segment.Within{From: "2026-11-20", To: "2026-11-20"}}
	all := rules("/campaigns/12/clicks?by=day")
	for _, want := range []string{rule(clicked), rule(clicked, segment.Condition("province", segment.OpEmpty, nil, "")), rule(clicked, segment.Condition("province", segment.OpIn, []string{"省 03"}, "")),
		rule(onLink), rule(day)} {
		if !slices.Contains(all, want) {
			t.Errorf("no figure opens %s", want)
		}
	}
	day.Of.Links = []int64{8}
	for _, want := range []string{rule(onLink), rule(onLink, segment.Condition("province", segment.OpEmpty, nil, "")), rule(day)} {
		if list := rules("/campaigns/12/clicks?link=8&by=day"); !slices.Contains(list, want) || slices.Contains(list, rule(clicked)) {
			t.Errorf("of one link no figure opens %s", want)
		}
	}
	for _, r := range all { // each is a page of people
		s.get("/audience?q="+url.QueryEscape(r)).want(t, 200)
	}
	s.world.campaigns[0].Direct = true
	if list := rules("/campaigns/12/clicks?by=day"); len(list) > 0 {
		t.Errorf("the one person of a message is named by %v", list)
	}
}

// TestClickStatsKeepUp holds how often the page asks again.
func TestClickStatsKeepUp(t *testing.T) {
	t.Parallel()
	now := newWorld().now
	for _, tt := range []struct {
		name   string
		change func(*campaign.Campaign)
		every  string
		text   string
	}{
		{"sent half an hour ago", func(*campaign.Campaign) {}, "2s", "微信"},
		{"sending", func(c *campaign.Campaign) { c.State, c.DoneAt = campaign.Sending, time.Time{} }, "2s", "微信"},
		{"scheduled", func(c *campaign.Campaign) { c.State, c.ID, c.PlannedAt = campaign.Scheduled, 99, time.Time{} }, "30s", "开始发送后会显示"},
		{"sent long ago", func(c *campaign.Campaign) { c.DoneAt = now.Add(-2 * time.Hour) }, "", "微信"},
		{"without a link", func(c *campaign.Campaign) { c.ID, c.Tracked = 99, false }, "", "这次没有链接"},
		{"nobody yet", func(c *campaign.Campaign) { c.ID = 99 }, "2s", "还没有人点击"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(w *world, _ *Config) { tt.change(&w.campaigns[0]) })
			path := "/campaigns/" + s.world.campaignPath(0) + "/clicks"
			page := s.get(path).want(t, 200, tt.text)
			if got := strings.Contains(page.body, `hx-trigger="every `+tt.every+`"`); got != (tt.every != "") {
				t.Errorf("the page asks again: %v", got)
			}
			status := http.StatusOK
			if tt.every == "" {
				status = statusStopPolling
			}
			s.hx(path, "click-stats").want(t, status, tt.text)
		})
	}
}

func (w *world) campaignPath(i int) string { return digitsOf([]int64{int64(w.campaigns[i].ID)})[0] }

func TestFreeLinkClicks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/links/1").want(t, 200, `id="click-stats" hx-get="/crm/links/1" hx-trigger="every 2s"`, "访客", "每天每个访客算一次", "最近点击", ">40<small>人", "微信").
		lacks(t, "点击率", "省份", "从发送到点击", "链接比较", "圈选这些人")
	s.get("/links/1?by=day").want(t, 200, "每天点击人数", `hx-get="/crm/links/1?by=day"`)
	s.hx("/links/1", "click-stats").want(t, 200, `id="click-stats"`).lacks(t, "<html")
	s.get("/links/2").want(t, 200, "还没有人点击", "有人打开这个网址后会显示", `hx-trigger="every 30s"`)
}

// TestClickStatsAway: a figure that cannot be told is an error, and not zero.
func TestClickStatsAway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/campaigns/12/clicks").want(t, 200)
	for _, v := range []shortlink.Reason{shortlink.ReasonSoon, shortlink.ReasonBurst, shortlink.ReasonRepeat} {
		if boundOf(v) == 0 {
			t.Errorf("%s has no bound", v)
		}
	}
	l := testLocale(t, zhCN)
	if got := l.named("stats.app", "newest<b>"); got != "newest<b>" {
		t.Errorf("an unknown app is %q", got)
	}
}

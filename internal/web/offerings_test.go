package web

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/segment"
)

func TestOfferingsAreListed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/courses").want(t, 200, "2026 考研数学全程班", "¥1,812,312", "¥7,884,254", "4,148 人次", "48 小时内将自动关闭 ¥253,882", `href="/crm/courses/12?tab=pending"`, `aria-sort="descending"`, "15.0%").
		lacks(t, "高等数学公开课", "冲刺班", "首次计算")
	s.get("/courses?status=all").want(t, 200, "高等数学公开课", "已下架")
	s.get("/courses?q=数学&status=closed").want(t, 200, "高等数学公开课").lacks(t, "全程班")
	s.get("/courses?category=数据").want(t, 200, "alert(1)").lacks(t, "全程班")
	s.get("/courses?q=nothing").want(t, 200, "没有符合条件的课程", `href="/crm/courses?status=all"`)
	s.get("/courses?sort=nonsense&dir=x&status=y").want(t, 200, "2026 考研数学全程班")
	s.get("/classrooms").want(t, 200, "冲刺班").lacks(t, "考研数学全程班")
	s.hx("/courses?q=数学", "offerings").want(t, 200, "2026 考研数学全程班").lacks(t, "<h1", "<html")
	titles := s.get("/courses?sort=title").want(t, 200).body
	if strings.Index(titles, "2026 考研") > strings.Index(titles, "&lt;script") {
		t.Error("titles are not in order")
	}
	// The menu says in which direction each order would go, and keeps it.
	s.get("/courses").want(t, 200, `<option value="developable" selected>可开发金额从高到低</option>`, "累计营收从高到低", "名称顺序").lacks(t, `name="dir" value="asc"`)
	s.get("/courses?sort=revenue&dir=asc").want(t, 200, `<option value="revenue" selected>累计营收从低到高</option>`, "名称顺序", `name="dir" value="asc"`)
	s.get("/courses?sort=title&dir=desc").want(t, 200, `<option value="title" selected>名称倒序</option>`, "累计营收从高到低")
	// More than 30 % of what can be won is about to be lost: of both; of the second it is little.
	if n := strings.Count(titles, `class="crm-bad" title=`); n != 1 {
		t.Errorf("%d courses are marked red, want 1", n)
	}
	s.world.funnels.growing = true
	s.get("/courses").want(t, 200, "首次计算")
	s.get("/courses/12").want(t, 200, "首次计算")
}

func TestOfferingsAreExported(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.post("/courses/export", url.Values{"format": {"csv"}, "q": {"数学"}, "status": {"all"}}).want(t, 200)
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix([]byte(a.body), []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[1][1] != "2026 考研数学全程班" || rows[1][5] != "1842" || rows[1][12] != "1812312.00" || rows[1][15] != "15.0%" {
		t.Errorf("row %q", rows[1])
	}
	if got := s.world.audited; len(got) != 1 || got[0].Action != audit.Exported || got[0].Object != "courses" {
		t.Errorf("recorded %v", got)
	}
	s.post("/classrooms/export", url.Values{"format": {"xlsx"}}).want(t, 200)
	s.post("/courses/export", url.Values{"format": {"pdf"}}).want(t, 422)
}

func TestOfferingShowsItsFunnelAndPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/courses/12").want(t, 200, "9,460", "12.4%", "相当于浏览的 19.5%", "支付率 68.7%", "126 人待付款", "提问 1 次", "浏览 6 次", "意向分 4.2：提问 1 次、浏览 6 次",
		"订单未付款已关闭", "自动：中", `data-total="21"`, `name="channel" value="sms"`, "加入跟进", "对潜在学员营销", `<option value="high"`)
	for _, number := range []string{"/crm/audience?q=", "/crm/campaigns/new?q=", "%22field%22%3A%22ordered%22", "%22field%22%3A%22paid_for%22", "%22field%22%3A%22started%22"} {
		if !strings.Contains(a.body, number) {
			t.Errorf("no link to %s", number)
		}
	}
	s.get("/courses/12?tab=pending").want(t, 200, "&lt;b&gt;C1", "¥3,280.00", "$0.01", "30 小时前", "3 小时后", "不会自动关闭", "随时", "给 许知夏 催付").lacks(t, "意向分")
	s.get("/courses/12?tab=enrolled").want(t, 200, "8/32 节，25.0%", "停滞", "即将到期", "随班级", "已学完", "学习提醒")
	s.get("/courses/12?tab=past").want(t, 200, "续费提醒")
	s.get("/courses/12?tab=withdrawn").want(t, 200, "退课分析", "52.9%", "自己退出", "原因未知", "2026-11", "2025-12", "&lt;i&gt;太贵", "挽回", `value="technical"`)
	s.get("/courses/13?tab=withdrawn").want(t, 200, "&lt;script&gt;")
	s.get("/courses/14").want(t, 200, "没有潜在学员", "免费", "已下架")
	s.get("/courses/14?x=7").want(t, 200, "放宽上面的条件")
	s.get("/courses/404").want(t, 404)
	s.get("/courses/x").want(t, 404)
	if a := s.get("/classrooms/12?tab=pending").want(t, http.StatusSeeOther); a.Header.Get("Location") != "/crm/courses/12?tab=pending" {
		t.Errorf("a course among classrooms leads to %q", a.Header.Get("Location"))
	}
	s.hx("/courses/12?days=7", "strip").want(t, 200, "近 7 天").lacks(t, "<h1", "bulk")
	s.hx("/courses/12?tab=pending", "offering-tab").want(t, 200, "offering-tabs", "bulk").lacks(t, "<h1", "crm-funnel")
	s.hx("/courses/12?after=20", "aud-table").want(t, 200, "回到第一页").lacks(t, "offering-tabs")
}

var hiddenRE = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// TestOfferingSelection holds that whom one writes to from a tab are the people that it lists.
func TestOfferingSelection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/courses/12?behaviour=trial&level=high&seen=14&x=7&all=1").want(t, 200, `value="all"`, "已选全部 21 人")
	if got := s.world.funnels.wheres[0].SQL; !strings.Contains(got, "crm_activities") || !strings.Contains(got, "crm_pairs") || strings.Contains(got, "x.stage <> ''") {
		t.Errorf("the store is asked for %s", got)
	}
	form := url.Values{"mode": {"all"}, "channel": {"sms"}}
	for _, m := range hiddenRE.FindAllStringSubmatch(a.body, -1) {
		if m[1] == "q" || m[1] == "x" {
			form.Set(m[1], strings.NewReplacer("&#34;", `"`, "&amp;", "&").Replace(m[2]))
		}
	}
	d := s.begun(s.post("/audience/select", form).want(t, http.StatusSeeOther))
	want, err := funnel.Rule(12, funnel.TabPotential, funnel.Filter{Behaviour: h.ActivityTrial, Level: funnel.High, Recency: 14})
	if err != nil || canonical(d.Rule) != canonical(want) || d.CapDays != 7 {
		t.Errorf("the campaign is to %s, less those of %d days, want %s (%v)", d.Rule.JSON(), d.CapDays, want.JSON(), err)
	}
	// What no tab knows narrows nothing.
	s.get("/courses/12?tab=withdrawn&behaviour=trial&study=stalled").want(t, 200)
	if last := s.world.funnels.wheres[len(s.world.funnels.wheres)-1]; last.SQL != "" {
		t.Errorf("narrowed by %s", last.SQL)
	}
}

func TestIntentLevelIsSet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	before := s.get("/courses/12").body
	a := s.do(visit{method: "POST", path: "/crm/courses/12/intent", form: url.Values{"learner": {"1"}, "level": {"high"}}, hx: "lvl-1"}).
		want(t, 200, `id="lvl-1"`, `id="offering-levels" aria-labelledby="ol-h" hx-swap-oob="true"`, `hx-swap-oob="beforeend:#toasts"`, "许知夏：意向程度 高（原来 中）", `id="offering-tabs"`).lacks(t, "<html")
	if !strings.Contains(before, ">0</a></td>") || !strings.Contains(a.body, ">1</a></td>") {
		t.Error("the number of the level did not change at once")
	}
	if got := s.world.audited; len(got) != 1 || got[0].Action != audit.LevelSet || got[0].Object != "person:1" {
		t.Errorf("recorded %v", got)
	}
	back := "/crm/courses/12?level=medium"
	if a := s.post("/courses/12/intent", url.Values{"learner": {"1"}, "level": {"auto"}, "reason": {"谈过了"}, "back": {back}}).want(t, http.StatusSeeOther); a.Header.Get("Location") != back {
		t.Errorf("leads to %q", a.Header.Get("Location"))
	}
	if o := s.world.funnels.levels[1]; o.Level != "" || o.Reason != "谈过了" || o.By != "周敏" {
		t.Errorf("kept %+v", o)
	}
	s.get("/courses/12/intent?learner=1").want(t, 200, "谈过了", "高 → 自动", "周敏")
	s.post("/courses/12/intent", url.Values{"learner": {"1"}, "level": {"low"}, "reason": {strings.Repeat("长", 201)}}).want(t, 422, "最多 200 字", "aria-invalid", "长长")
	s.post("/courses/12/intent", url.Values{"learner": {"1"}, "level": {"hot"}}).want(t, 422)
	s.post("/courses/12/intent", url.Values{"level": {"low"}}).want(t, 422)
	s.post("/courses/12/intent", url.Values{"learner": {"404"}, "level": {"low"}}).want(t, 404)
	if a := s.post("/courses/12/intent", url.Values{"learner": {"1"}, "level": {"low"}, "back": {"https://evil.example/"}}); a.Header.Get("Location") != "/crm/courses/12" {
		t.Errorf("leads to %q", a.Header.Get("Location"))
	}
}

func TestReasonOfLeavingIsSet(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/courses/12/reason", url.Values{"learner": {"1"}, "category": {"price"}}).want(t, http.StatusSeeOther)
	if s.world.funnels.categories[1] != funnel.CategoryPrice {
		t.Error("it was not kept")
	}
	s.do(visit{method: "POST", path: "/crm/courses/12/reason", form: url.Values{"learner": {"1"}, "category": {"none"}}, hx: "cat-1"}).
		want(t, 200, `id="cat-1"`, `id="offering-exits" aria-labelledby="oe-h" hx-swap-oob="true"`)
	if s.world.funnels.categories[1] != "" {
		t.Error("it was not taken back")
	}
	s.post("/courses/12/reason", url.Values{"learner": {"1"}, "category": {"x"}}).want(t, 422)
	s.post("/courses/12/reason", url.Values{"learner": {"1"}}).want(t, 422)
}

func TestOfferingWithoutPermissions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.staff.Permissions = []h.Permission{h.PermView}
	for _, tab := range funnel.Tabs() {
		s.get("/courses/12?tab="+string(tab)).want(t, 200).lacks(t, "bulk-bar", "hx-post", "/campaigns/new", "<select class=\"crm-in crm-w-a crm-in-s")
	}
	s.get("/courses").want(t, 200).lacks(t, "export-all")
	s.get("/courses/12/intent?learner=1").want(t, 200).lacks(t, "intent-reason")
}

func TestOfferingOfAHostWithoutActivities(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, c *Config) {
		c.Segments = segment.NewService((*segmentStore)(w), segment.DefaultCatalog().Without(segment.NeedActivities), segment.Site{Location: shanghai(), Currency: "CNY"}, c.Now)
		c.Funnels = funnel.NewService((*funnelStore)(w), c.Segments, c.Now)
	})
	s.get("/courses/12?behaviour=view&seen=7").want(t, 200, "filter-level").lacks(t, "filter-behaviour", "filter-seen", "behaviour-of")
}

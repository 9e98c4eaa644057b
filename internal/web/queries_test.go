package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// deeds lists what was recorded, as "action object".
func (w *world) deeds() []string {
	var out []string
	for _, e := range w.audited {
		out = append(out, string(e.Action)+" "+e.Object)
	}
	return out
}

func TestSideMenu(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/sync").want(t, 200, `<nav class="crm-nav crm-nav-q"`, `href="/crm/audience?query=1"`, "近 30 天登录", "<b>22,576</b>", "1 分钟前统计", "高价值待挽留", `href="/crm/queries" aria-label="管理快捷查询"`)
	a.lacks(t, "别人的查询", "全部 2 个")
	if strings.Contains(between(t, a.body, "crm-nav-q", "</nav>"), "aria-current") {
		t.Error("a query is marked on a page that shows none")
	}
	menu := between(t, s.get("/audience?query=2").want(t, 200).body, "crm-nav-q", "</nav>")
	if strings.Count(menu, "aria-current") != 1 || !strings.Contains(between(t, menu, "query=2", "</a>"), "aria-current") {
		t.Errorf("menu with query 2 open: %s", menu)
	}
	s.do(visit{method: "GET", path: "/crm/sync", header: http.Header{"Cookie": {"crm_lang=en"}}}).want(t, 200, "Quick queries", "Logged in within 30 days", "counted 1 min")
	for i := range 12 {
		s.world.queries = append(s.world.queries, segment.Saved{ID: segment.QueryID(10 + i), Name: fmt.Sprintf("q%02d", i), Shared: true, OwnerID: "9", Rule: segment.Everyone()})
	}
	s.get("/sync").want(t, 200, "q07", "<b>–</b>", "还没有统计", "全部 14 个").lacks(t, "q08")
}

// deafStore answers everything but the quick queries.
type deafStore struct {
	*segmentStore
	err error
}

func (d deafStore) Queries(context.Context) ([]segment.Saved, []segment.CustomField, error) {
	return nil, nil, d.err
}

func TestMenuBreaksNoPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, c *Config) {
		c.Segments = segment.NewService(deafStore{(*segmentStore)(w), errors.New("no queries today")}, segment.DefaultCatalog(), segment.Site{Location: c.Location, Currency: "CNY"}, c.Now)
	})
	s.get("/campaigns").want(t, 200, "双 11").lacks(t, "crm-nav-q", "no queries today")
}

func TestPresetNames(t *testing.T) {
	t.Parallel()
	for _, lang := range languages() {
		l := testLocale(t, lang)
		for _, key := range presets() {
			if got := l.queryName(segment.Saved{Preset: key}); got == "" || strings.HasPrefix(got, "preset.") {
				t.Errorf("%s %s: %q", lang, key, got)
			}
			if got := l.queryName(segment.Saved{Preset: key, Name: "改过的"}); got != "改过的" {
				t.Errorf("a preset that was renamed is called %q", got)
			}
		}
	}
}

func TestQueryList(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.queries = append(s.world.queries, segment.Saved{ID: 4, Name: "坏掉的", OwnerID: "7", OwnerName: "周敏", Count: 98765, CountedAt: s.world.now,
		Rule: segment.Group("all", segment.Condition("no_such_field", segment.OpEq, 1, ""))})
	a := s.get("/queries").want(t, 200, "近 30 天登录", "系统预置", "22,576", "高价值待挽留", "周敏", "最后登录时间", `<polyline points="0.0,`, "2 天：40 → 45 人", "所有员工", "只有我",
		"字段“no_such_field”已不存在", `name="do" value="up" disabled`, `href="/crm/queries/2/delete"`)
	a.lacks(t, "别人的查询")
	if strings.Contains(between(t, a.body, "<main", "</main>"), "98,765") {
		t.Error("a query that cannot be counted has a count")
	}
	s.hx("/queries", "queries").want(t, 200, `<section class="crm-card" id="queries"`).lacks(t, "<html")
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/queries").want(t, 200, "高价值待挽留").lacks(t, `name="do"`, "/delete")
}

func TestQueryActions(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	do := func(id int, word string) answer {
		return s.post(fmt.Sprintf("/queries/%d/set", id), url.Values{"do": {word}})
	}
	find := func(id segment.QueryID) segment.Saved {
		return s.world.queries[slices.IndexFunc(s.world.queries, func(q segment.Saved) bool { return q.ID == id })]
	}
	if a := do(2, "share").want(t, 303); a.Header.Get("Location") != "/crm/queries" || !find(2).Shared {
		t.Errorf("not shared: %+v", find(2))
	}
	do(2, "unshare").want(t, 303)
	do(2, "pin").want(t, 303)
	if find(2).Shared || !find(2).Pinned {
		t.Errorf("%+v", find(2))
	}
	do(1, "unpin").want(t, 303)
	if find(1).Pinned {
		t.Error("the preset is still pinned")
	}
	do(2, "up").want(t, 303)
	if s.world.queries[0].ID != 2 {
		t.Errorf("order %+v", s.world.queries)
	}
	s.do(visit{method: "POST", path: "/crm/queries/2/set", form: url.Values{"do": {"down"}}, hx: "queries"}).want(t, 200, `id="queries"`, `id="down-2"`).lacks(t, "<html")
	if s.world.queries[0].ID != 1 {
		t.Errorf("order %+v", s.world.queries)
	}
	want := []string{"query.saved query:2", "query.saved query:2", "query.saved query:2", "query.saved query:1", "query.moved query:2", "query.moved query:2"}
	if got := s.world.deeds(); !slices.Equal(got, want) {
		t.Errorf("recorded %q", got)
	}
	do(1, "share").want(t, 403) // presets are everyone's
	do(3, "pin").want(t, 404)   // somebody else's own
	do(2, "nothing").want(t, 422, "<code>do</code>")
	if len(s.world.audited) != len(want) {
		t.Error("what was refused is recorded")
	}
}

func TestSavingQueries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rule := `{"all":[{"field":"paid_count","op":"ge","value":3}]}`
	people := url.Values{"q": {rule}, "x": {"7"}}
	s.get("/queries/new?"+people.Encode()).want(t, 200, "保存为快捷查询", "购买次数", "最近营销时间", `name="x" value="7"`, `name="q" value="{&#34;all`, `action="/crm/queries"`)
	s.hx("/queries/new?"+people.Encode(), "dialog").want(t, 200, "<dialog", `hx-post="/crm/queries"`).lacks(t, "<html")
	form := url.Values{"q": {rule}, "x": {"7"}, "name": {" 老客户 "}, "shared": {"1"}, "pinned": {"1"}}
	a := s.post("/queries", form).want(t, 303)
	got := s.world.queries[len(s.world.queries)-1]
	if a.Header.Get("Location") != fmt.Sprintf("/crm/audience?query=%d", got.ID) || got.Name != "老客户" || !got.Shared || !got.Pinned || got.OwnerID != "7" || got.OwnerName != "周敏" {
		t.Errorf("%s, %+v", a.Header.Get("Location"), got)
	}
	if want := `{"all":[{"field":"paid_count","op":"ge","value":3},{"field":"contacted","op":"not_in_last","value":7,"unit":"day"}]}`; canonical(got.Rule) != want {
		t.Errorf("rule %s", canonical(got.Rule))
	}
	e := s.world.audited[0]
	if e.Action != audit.QuerySaved || e.StaffID != "7" || e.StaffName != "周敏" || e.IP != "192.0.2.1" || e.Request == "" || e.At.IsZero() || strings.Contains(fmt.Sprint(e.Detail), "paid_count") {
		t.Errorf("recorded %+v", e)
	}
	before := fmt.Sprint(s.world.queries)
	for _, tt := range []struct{ name, want string }{{"", "请填写"}, {"老客户", "同名"}, {strings.Repeat("长", 51), "50"}, {"a\x00b", "不能显示"}} {
		form.Set("name", tt.name)
		s.post("/queries", form).want(t, 422, tt.want, `aria-invalid="true"`, `aria-describedby="x-name"`, "<main")
		s.do(visit{method: "POST", path: "/crm/queries", form: form, hx: "dialog"}).want(t, 422, tt.want, "<dialog")
	}
	s.post("/queries", url.Values{"name": {"人"}, "q": {`{"all":[{"field":"learner","op":"in","value":[1]}]}`}}).want(t, 422)
	s.post("/queries", url.Values{"name": {"人"}, "q": {`{"all":[{"field":"real_name","op":"is","value":"许知夏"}]}`}}).want(t, 422)
	s.post("/queries", url.Values{"name": {"课"}, "q": {`{"all":[{"field":"bought","op":"any_of","value":[404]}]}`}}).want(t, 422, "买过课程", "已经删除")
	s.post("/queries", url.Values{"name": {"x"}, "s": {"unknown"}}).want(t, 404)
	s.post("/queries", url.Values{"name": {"x"}, "x": {"-1"}}).want(t, 422)
	if fmt.Sprint(s.world.queries) != before {
		t.Error("what was refused changed something")
	}
	s.do(visit{method: "POST", path: "/crm/queries", form: url.Values{"name": {"按令牌"}, "s": {s.token()}}, hx: "dialog"}).want(t, 200)
}

func TestChangingQueries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/queries/2/edit").want(t, 200, "修改 高价值待挽留", `value="高价值待挽留"`, `action="/crm/queries/2"`, "累计消费").lacks(t, `name="q"`)
	if a := s.post("/queries/2", url.Values{"name": {"改名"}, "shared": {"1"}}).want(t, 303); a.Header.Get("Location") != "/crm/queries" {
		t.Errorf("goes to %s", a.Header.Get("Location"))
	}
	was := s.world.queries[1]
	if was.Name != "改名" || !was.Shared || canonical(was.Rule) != canonical(newWorld().queries[1].Rule) {
		t.Errorf("%+v", was)
	}
	rule := `{"all":[{"field":"paid_count","op":"ge","value":3}]}`
	s.hx("/queries/2/edit?"+url.Values{"q": {rule}}.Encode(), "dialog").want(t, 200, "更新“改名”", "购买次数", `name="q"`)
	a := s.do(visit{method: "POST", path: "/crm/queries/2", form: url.Values{"name": {"改名"}, "q": {rule}, "shared": {"1"}}, hx: "dialog"}).want(t, 200)
	if a.Header.Get("HX-Redirect") != "/crm/audience?query=2" || canonical(s.world.queries[1].Rule) != rule {
		t.Errorf("%s %+v", a.Header.Get("HX-Redirect"), s.world.queries[1])
	}
	// A query cannot come to contain itself.
	circle := `{"all":[{"field":"query","op":"in","value":[2]}]}`
	s.post("/queries/2", url.Values{"name": {"改名"}, "q": {circle}}).want(t, 422, "圈")
	// A preset without a name has its own again.
	s.get("/queries/1/edit").want(t, 200, `placeholder="近 30 天登录"`, "留空则叫").lacks(t, `name="shared"`)
	s.post("/queries/1", url.Values{"name": {"常客"}}).want(t, 303)
	s.get("/queries").want(t, 200, "常客")
	s.post("/queries/1", url.Values{"name": {""}}).want(t, 303)
	s.get("/queries").want(t, 200, "近 30 天登录")
	s.post("/queries/3", url.Values{"name": {"偷"}}).want(t, 404)
	s.get("/queries/3/edit").want(t, 404)
}

func TestDeletingQueries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/queries/1/delete").want(t, 200, "删除快捷查询“近 30 天登录”？", "不能恢复", `action="/crm/queries/1/delete"`)
	s.hx("/queries/1/delete", "dialog").want(t, 200, "<dialog", `hx-post="/crm/queries/1/delete"`).lacks(t, "<html")
	s.post("/queries/1/delete", url.Values{}).want(t, 409, "不能删除", "有 1 处正在使用", `<a href="/crm/audience?query=2">高价值待挽留</a>`, "<main")
	s.do(visit{method: "POST", path: "/crm/queries/1/delete", form: url.Values{}, hx: "dialog"}).want(t, 409, `class="crm-toast"`, "高价值待挽留").lacks(t, "<html")
	if len(s.world.queries) != 3 {
		t.Fatal("a query in use was deleted")
	}
	if got := s.world.audited[1].Detail; fmt.Sprint(got) != "map[refused:1]" {
		t.Errorf("the refusal is recorded as %v", got)
	}
	s.world.mute = errors.New("no paper")
	s.post("/queries/2/delete", url.Values{}).want(t, 500)
	if len(s.world.queries) != 3 {
		t.Fatal("deleted without a record")
	}
	s.world.mute = nil
	s.post("/queries/2/delete", url.Values{}).want(t, 303)
	s.post("/queries/2/delete", url.Values{}).want(t, 404)
	s.post("/queries/3/delete", url.Values{}).want(t, 404)
	if len(s.world.queries) != 2 {
		t.Errorf("%+v", s.world.queries)
	}
	// Somebody else's own query is not named.
	s.world.queries = append(s.world.queries, segment.Saved{ID: 5, Name: "秘密", OwnerID: "8", Rule: segment.Group("all", segment.Condition("query", segment.OpIn, []int{1}, ""))})
	s.post("/queries/1/delete", url.Values{}).want(t, 409, "另一名员工自己的查询").lacks(t, "秘密")
}

func TestOpeningQueries(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/audience?query=2").want(t, 200, "当前快捷查询：高价值待挽留", `name="query" value="2"`, `/crm/queries/new?query=2`, "另存为快捷查询").lacks(t, "未保存")
	s.get("/audience").want(t, 200, "保存为快捷查询", `href="/crm/queries/new"`, `href="/crm/lists/new"`).lacks(t, "当前快捷查询")
	v := form("query", "2", "c.0.f", "paid_count", "c.0.op", "ge", "c.0.v", "5", "c.0.o", "paid_count number")
	a := s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, "条件已改动", "更新“高价值待挽留”", "/crm/queries/2/edit?q=", `id="save-query">`, `id="open-query" hx-swap-oob="true"`)
	v.Set("outline", between(t, a.body, `name="outline" value="`, `"`))
	v.Set("c.0.v", "6") // the same controls: only what says something else is replaced
	s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `id="save-query" hx-swap-oob="true"`, "%3A6%7D").lacks(t, `id="aud-form"`)
	v.Set("c.0.v", "six")
	s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200).lacks(t, "/queries/new", "/queries/2/edit")
	for _, id := range []string{"3", "99", "x", "-1"} {
		s.get("/audience?query="+id).want(t, 404)
	}
	s.world.staff.Permissions = without(h.PermSegmentEdit)
	s.get("/audience?query=2").want(t, 200, "当前快捷查询").lacks(t, "/queries/new", "/lists/new")
}

func TestHomePins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/").want(t, 200, `class="crm-pins"`, `href="/crm/audience?query=1"`, "22,576", "crm-spark", "把查询放到首页").lacks(t, `crm-pin" href="/crm/audience?query=2"`)
	s.world.queries[0].Pinned = false
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/").want(t, 200).lacks(t, "crm-pins")
}

func TestSpark(t *testing.T) {
	t.Parallel()
	l := testLocale(t, zhCN)
	day := func(n int, count int64) segment.Point {
		return segment.Point{Day: time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC), Count: count}
	}
	for _, tt := range []struct {
		name          string
		trend         []segment.Point
		points, label string
	}{
		{"nothing", nil, "", ""},
		{"one day", []segment.Point{day(1, 1204)}, "0,10.0 72.0,10.0", "1,204 人，只统计过一天"},
		{"growth, a day missing", []segment.Point{day(1, 0), day(2, 10), day(5, 20)}, "0.0,18.0 18.0,10.0 72.0,2.0", "5 天：0 → 20 人"},
		{"a trifle", []segment.Point{day(1, 1000), day(2, 1001)}, "0.0,10.1 72.0,9.9", "2 天：1,000 → 1,001 人"},
	} {
		if got := l.spark(tt.trend); got.Points != tt.points || got.Label != tt.label {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

func TestFailuresOfTheLibraryAreNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.fail = fault.ErrUnavailable
	s.post("/queries/2/set", url.Values{"do": {"pin"}}).want(t, 503)
	s.get("/queries").want(t, 503)
}

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// form is a form of the builder: pairs of names and values.
func form(pairs ...string) url.Values {
	v := url.Values{"g.": {"all"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func location(t *testing.T, a answer) url.Values {
	t.Helper()
	u, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestBuilderWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	sound := form("c.0.f", "last_login", "c.0.op", "in_last", "c.0.v", "30", "c.0.u", "day", "sort", "spend", "size", "50")
	a := s.get("/audience?"+sound.Encode()).want(t, http.StatusSeeOther)
	q := location(t, a)
	if q.Get("q") != `{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}` || q.Get("sort") != "spend" || q.Get("size") != "50" {
		t.Errorf("canonical address %v", q)
	}
	for _, tt := range []struct{ action, value, want string }{
		{"add", ".", `{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}`},
		{"addgroup", ".", `{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"any":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}]}`},
		{"cut", "0", `{"all":[]}`},
	} {
		v := form("c.0.f", "last_login", "c.0.op", "in_last", "c.0.v", "30", "c.0.u", "day", tt.action, tt.value)
		if got := location(t, s.get("/audience?"+v.Encode()).want(t, http.StatusSeeOther)).Get("q"); got != tt.want {
			t.Errorf("%s: %s", tt.action, got)
		}
	}
	wrong := form("c.0.f", "last_login", "c.0.op", "in_last", "c.0.v", "many", "c.0.u", "day")
	s.get("/audience?"+wrong.Encode()).want(t, 200, `value="many"`, `aria-invalid="true"`, "请填不小于 1 的整数", "未计算", "没有计入")
	if sql := s.world.counted[len(s.world.counted)-1].SQL; sql != "FALSE" {
		t.Errorf("counted %q", sql)
	}
	half := form("c.0.f", "last_login", "c.0.op", "in_last", "c.0.v", "many", "c.0.u", "day", "c.1.f", "registered", "c.1.op", "not_empty")
	s.get("/audience?"+half.Encode()).want(t, 200, "请先改好标红的条件", " disabled>", "许知夏")
	wrong.Set("add", ".")
	next := location(t, s.get("/audience?"+wrong.Encode()).want(t, http.StatusSeeOther))
	if next.Has("add") || next.Get("c.0.v") != "many" || next.Get("c.1.f") != "last_login" {
		t.Errorf("an action with a wrong condition leads to %v", next)
	}
	// Another field resets what does not fit it.
	changed := form("c.0.f", "paid_total", "c.0.o", "last_login span", "c.0.op", "in_last", "c.0.v", "30", "c.0.u", "day")
	if got := location(t, s.get("/audience?"+changed.Encode())).Get("q"); got != `{"all":[{"field":"paid_total","op":"ge","value":10000}]}` {
		t.Errorf("changed field: %s", got)
	}
	// The picker opens in the page itself, and a search narrows it.
	pick := form("c.0.f", "interest_tag", "c.0.op", "any_of", "c.0.v", "1", "c.0.s", "数", "pick", "0")
	s.get("/audience?"+pick.Encode()).want(t, 200, `<details class="crm-menu" id="pick-0" open>`, "考研数学 数", `name="c.0.v" value="1" checked`)
}

func TestBuilderFragments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := form("c.0.f", "bought", "c.0.op", "any_of", "c.0.v", "1", "c.0.v", "404")
	a := s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `id="aud-panel"`, `<form class="crm-card crm-c9" id="aud-form"`, `hx-swap-oob="true"`, "已不存在（404）")
	a.lacks(t, "<html", "<main")
	if push := a.Header.Get("HX-Push-Url"); !strings.HasPrefix(push, "/crm/audience?q=") {
		t.Errorf("HX-Push-Url %q", push)
	}
	outline := between(t, a.body, `name="outline" value="`, `"`)
	v.Set("outline", outline)
	s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `id="n-0" hx-swap-oob="true">45 人`, `id="chips-0" hx-swap-oob="true"`, `id="aud-table"`).
		lacks(t, `id="aud-form"`) // the same controls: nothing under the fingers is replaced
	v.Del("c.0.v")
	if a := s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, "请至少选一个", `id="aud-form"`); a.Header.Get("HX-Push-Url") != "" {
		t.Error("a state that is not sound was pushed")
	}
	s.hx("/audience?sort=spend&n=45", "aud-table").want(t, 200, `id="aud-table"`, `aria-sort="descending"><a href="/crm/audience?n=45&amp;sort=spend"`, `id="aud-sort" name="sort" value="spend" hx-swap-oob`, "共 45 条").
		lacks(t, `id="aud-panel"`)
	s.hx("/audience/choices?field=bought&path=0.1&c.0.1.v=7&c.0.1.s=数", "items-0-1").want(t, 200, `name="c.0.1.v" value="7" checked`, "考研数学 数", "offering &lt;b&gt;", "课程").lacks(t, "<html")
	s.hx("/audience/choices?field=bought&path=0&c.0.s=none", "items-0").want(t, 200, "没有找到")
	s.do(visit{method: "GET", path: "/crm/audience", header: http.Header{"Hx-Request": {"true"}, "Hx-History-Restore-Request": {"true"}}}).want(t, 200, "<html")
}

func between(t *testing.T, s, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(s, from)
	got, _, ok2 := strings.Cut(rest, to)
	if !ok || !ok2 {
		t.Fatalf("no %q … %q", from, to)
	}
	return got
}

func TestLargeRulesAreStored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := form()
	for i := range 60 {
		p := "c." + string(rune('0'+i/10)) + string(rune('0'+i%10)) + "."
		v.Set(p+"f", "last_login")
		v.Set(p+"op", "in_last")
		v.Set(p+"v", "30")
		v.Set(p+"u", "day")
	}
	token := location(t, s.post("/audience", v).want(t, http.StatusSeeOther)).Get("s")
	if rule := s.world.stored[token]; len(rule.All) != 60 {
		t.Errorf("stored %d conditions", len(rule.All))
	}
	s.get("/audience?s="+token).want(t, 200, `method="post" hx-post="/crm/audience"`, `id="f-59"`)
	before := len(s.world.stored)
	v.Set("s", token)
	s.do(visit{method: "POST", path: "/crm/audience", form: v, hx: "aud-panel"}).want(t, 200, `id="aud-panel"`)
	if len(s.world.stored) != before {
		t.Error("a rule that did not change was stored again")
	}
}

func TestCountsThatDoNotCome(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	q := url.QueryEscape(`{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}`)
	s.world.slow = slowCount
	s.get("/audience?q="+q).want(t, 200, "人数没有算出来", "重试", `value="30"`, "许知夏", `data-total="-1"`, "第 1–20 条<").lacks(t, "列表没有读出来")
	s.world.slow = slowList
	s.get("/audience?q="+q).want(t, 200, "人数没有算出来", "列表没有读出来", "重试", `value="30"`)
}

func TestNobody(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/audience?q="+url.QueryEscape(`{"all":[]}`)).want(t, 200, "选不到任何人", "没有符合条件的用户", "看全部正常账号").lacks(t, `id="bulk"`)
	s.world.counts = segment.Counts{All: 58632}
	s.get("/audience").want(t, 200, "“账号状态是正常”这一条没有人符合")
}

func TestSelectingPeople(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rule := `{"any":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}`
	for _, tt := range []struct {
		name string
		form url.Values
		want string
	}{
		{"some", url.Values{"mode": {"ids"}, "row": {"1", "2", "3"}, "person": {"3", "1"}, "on": {"9"}, "q": {rule}}, `{"all":[{"field":"learner","op":"in","value":[1,3,9]}]}`},
		{"all", url.Values{"mode": {"all"}, "row": {"1", "2"}, "person": {"1", "2"}, "q": {rule}}, rule},
		{"all but some", url.Values{"mode": {"all"}, "row": {"1", "2"}, "person": {"1"}, "off": {"7"}, "q": {rule}}, `{"all":[` + rule + `,{"field":"learner","op":"not_in","value":[2,7]}]}`},
		{"everyone but one", url.Values{"mode": {"all"}, "row": {"2"}}, `{"all":[{"field":"status","op":"in","value":["active"]},{"field":"learner","op":"not_in","value":[2]}]}`},
		{"nobody but one", url.Values{"mode": {"all"}, "row": {"2"}, "q": {`{"all":[]}`}}, `{"all":[]}`},
	} {
		tt.form.Set("channel", "email")
		d := s.begun(s.post("/audience/select", tt.form).want(t, http.StatusSeeOther))
		unticked := make([]int64, len(d.Unticked))
		for i, id := range d.Unticked {
			unticked[i] = int64(id)
		}
		if got := canonical(allBut(d.Rule, unticked)); got != tt.want || d.Channel != h.ChannelEmail {
			t.Errorf("%s: begun on %s with %s", tt.name, d.Channel, got)
		}
	}
	if a := s.post("/audience/select", url.Values{"mode": {"ids"}, "q": {rule}}).want(t, http.StatusSeeOther); location(t, a).Get("q") != rule {
		t.Error("a selection of nobody does not go back to the list")
	}
	for _, bad := range []url.Values{{"mode": {"ids"}, "person": {"1;DROP"}}, {"mode": {"ids"}, "person": {"-1"}}, {"mode": {"all"}, "q": {"{"}}, {"mode": {"ids"}, "person": make([]string, segment.MaxList+1)}} {
		s.post("/audience/select", bad).want(t, http.StatusUnprocessableEntity)
	}
}

func TestNoSendingNoTicks(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.staff.Permissions = []h.Permission{h.PermView} })
	s.get("/audience").want(t, 200, "许知夏").lacks(t, `name="person"`, `id="bulk-bar"`)
	s.get("/").lacks(t, "新建营销")
	s = newSite(t, func(w *world, c *Config) { w.channels = nil; c.Campaigns = w.newCampaigns() })
	s.get("/audience").want(t, 200, "还没有配置任何发送渠道").lacks(t, `name="channel"`)
	s.post("/audience/select", url.Values{"mode": {"ids"}, "person": {"1"}, "channel": {"email"}}).want(t, http.StatusUnprocessableEntity)
}

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

func why(id, rule string) string {
	return "/people/" + id + "/why?" + url.Values{"q": {rule}}.Encode()
}

func TestWhy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	in := `{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"any":[{"field":"paid_count","op":"ge","value":1},{"field":"registered","op":"in_last","value":3,"unit":"day"}]}]}`
	// Person 2 logged in an hour ago and has paid once.
	a := s.get(why("2", in)).want(t, 200, "陈子昂符合这组条件", "最后登录时间", "2026-11-20 19:05", "1 小时前", "任一", "购买次数", "crm-pill-good", "若“", "”不再成立", "则不再符合", "关键")
	if n := strings.Count(a.body, "crm-whyc"); n != 3 {
		t.Errorf("%d conditions", n)
	}
	if title := between(t, a.body, "<title>", "</title>"); strings.Contains(title, "陈子昂") {
		t.Errorf("the title names the person: %s", title)
	}
	// Person 1 has paid nothing.
	out := `{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"field":"paid_total","op":"ge","value":200000}]}`
	s.get(why("1", out)).want(t, 200, "许知夏不符合这组条件", "只差：“累计消费", "现在：¥0.00", "crm-pill-bad")
	// Person 8 never logged in.
	s.get(why("8", `{"none":[{"field":"last_login","op":"empty"}]}`)).want(t, 200, "不符合", "只差：不再“", "现在：无")
	s.do(visit{method: "GET", path: "/crm" + why("1", out), header: http.Header{"Cookie": {"crm_lang=en"}}}).want(t, 200, "does not match", "Only wanting:", "(now: ¥0.00)")
	// A quick query, everyone, and a token.
	s.get("/people/2/why?query=2").want(t, 200, "当前快捷查询：高价值待挽留", "‘近 30 天登录’", "在其中", `<option value="2" selected>`).lacks(t, "别人的查询")
	s.get("/people/2/why").want(t, 200, "账号状态", "正常", `name="query"`)
	token := s.token()
	s.get("/people/2/why?s="+token).want(t, 200, "指定用户")
	s.get("/people/2/why?x=7").want(t, 200, "最近营销时间")
}

func TestWhyRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for path, status := range map[string]int{
		"/people/999/why": 404, "/people/1/why?query=3": 404, "/people/1/why?s=unknown": 404, "/people/1/why?x=zzz": 422,
		why("1", `{`): 422, why("1", `{"all":[{"field":"learner","op":"in","value":[1]}]}`): 422,
		why("1", `{"all":[{"field":"real_name","op":"is","value":"许知夏"}]}`): 422, why("1", `{"all":[{"field":"gone","op":"eq","value":1}]}`): 422,
	} {
		s.get(path).want(t, status)
	}
}

func TestWhyFromOtherPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/people/2").want(t, 200, `action="/crm/people/2/why"`, "是否符合某个快捷查询", `<option value="1">近 30 天登录</option>`)
	s.get("/audience?query=1").want(t, 200, `href="/crm/people/2/why?query=1"`, `aria-label="陈子昂 为什么符合"`)
	rule := `{"any":[{"field":"last_login","op":"in_last","value":30,"unit":"day"}]}`
	s.get("/audience?q="+url.QueryEscape(rule)+"&x=7").want(t, 200, `href="/crm/people/2/why?q=%7B%22any`, "x=7")
}

func TestValues(t *testing.T) {
	t.Parallel()
	l := testLocale(t, zhCN)
	x := explainer{&builder{l: l, lists: newLists(t.Context(), l, (*segmentStore)(newWorld()), func() ([]segment.Saved, error) { return newWorld().queries, nil }), cat: segment.DefaultCatalog()}}
	now := newWorld().now
	many := make([]string, 12)
	for i := range many {
		many[i] = "w"
	}
	for _, tt := range []struct {
		name      string
		f         segment.Field
		v         segment.Value
		has, when string
	}{
		{"nothing", segment.Field{Type: segment.Time}, segment.Value{Missing: true}, "无", ""},
		{"a moment", segment.Field{Type: segment.Time}, segment.Value{At: now.Add(-50 * time.Hour)}, "2026-11-18 18:05", "2 天前"},
		{"a moment to come", segment.Field{Type: segment.Time}, segment.Value{At: now.Add(50 * time.Hour)}, "2026-11-22 22:05", "2 天 2 小时后"},
		{"a day", segment.Field{Type: segment.Date}, segment.Value{At: time.Date(1999, 2, 28, 0, 0, 0, 0, time.UTC)}, "1999-02-28", ""},
		{"a number", segment.Field{Type: segment.Number}, segment.Value{Number: 12345}, "12,345", ""},
		{"a quotient", segment.Field{Type: segment.Number}, segment.Value{Number: 200, By: 3}, "66.67", ""},
		{"a whole quotient", segment.Field{Type: segment.Number}, segment.Value{Number: 3000, By: 3}, "1,000", ""},
		{"a real", segment.Field{Type: segment.Real}, segment.Value{Real: 1.5}, "1.5", ""},
		{"a sum", segment.Field{Type: segment.Money}, segment.Value{Number: 128000}, "¥1,280.00", ""},
		{"an average", segment.Field{Type: segment.Money}, segment.Value{Number: 100, By: 3}, "¥0.33", ""},
		{"prices", segment.Field{Type: segment.Money}, segment.Value{IDs: []int64{9900, 100, 9900}}, "¥1.00、¥99.00", ""},
		{"yes", segment.Field{Type: segment.Flag}, segment.Value{Flag: true}, "是", ""},
		{"no", segment.Field{Type: segment.Flag}, segment.Value{}, "否", ""},
		{"in a query", segment.Field{Type: segment.Queries}, segment.Value{Flag: true}, "在其中", ""},
		{"a text", segment.Field{Type: segment.String}, segment.Value{Words: []string{"小雨"}}, "小雨", ""},
		{"many texts", segment.Field{Type: segment.String}, segment.Value{Words: many}, "w、w、w、w、w、w、w、w、w、w 等 12 个", ""},
		{"a word of ours", segment.Field{Type: segment.Word, Choices: segment.StatusChoices}, segment.Value{Words: []string{"active"}}, "正常", ""},
		{"references", segment.Field{Type: segment.Refs, Choices: segment.OfferingChoices}, segment.Value{IDs: []int64{404, 7}}, "已不存在（404）、标签 7", ""},
		{"a person", segment.Field{Type: segment.IDs}, segment.Value{IDs: []int64{12}}, "#12", ""},
	} {
		has, when, err := x.value(tt.f, tt.v)
		if err != nil || has != tt.has || when != tt.when {
			t.Errorf("%s: %q %q %v, want %q %q", tt.name, has, when, err, tt.has, tt.when)
		}
	}
}

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

func TestFieldMenu(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, c *Config) {
		c.Segments = segment.NewService((*segmentStore)(w), segment.DefaultCatalog().Without(segment.NeedMemberships), segment.Site{Location: c.Location, Currency: "CNY"}, c.Now)
	})
	a := s.get("/audience").want(t, 200, `<optgroup label="基本信息">`, `<optgroup label="登录与行为">`, `<optgroup label="自定义字段"><option value="custom.vip">vip</option>`,
		`<option value="member_level" disabled>会员等级（网校未提供会员数据）</option>`, `<option value="age" title="按周岁计算；没有填写生日的用户没有年龄。">年龄</option>`)
	a.lacks(t, `value="learner"`)
	if strings.Index(a.body, `label="基本信息"`) > strings.Index(a.body, `label="标签与名单"`) {
		t.Error("the sections are not in order")
	}
	// One that is lacking but was chosen stays, marked, until it is changed.
	lost := s.get("/audience?"+form("c.0.f", "member_level", "c.0.op", "in", "c.0.v", "gold").Encode()).want(t, 200, `<option value="member_level" selected>`, "网校没有提供这类数据", `name="c.0.v" value="gold" checked`)
	lost.lacks(t, `<option value="member_level" selected disabled>`)
	s.get("/audience?"+form("c.0.f", "member_expires", "c.0.op", "in_next", "c.0.v", "x").Encode()).want(t, 200, `aria-describedby="h-0"`, `id="h-0">“在未来 30 天内”为即将到期`)
}

// TestEveryControlIsDrawn chooses each kind of field and operator in a form that showed another
// one, as a person does, and then as one who leaves everything empty.
func TestEveryControlIsDrawn(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.people = w.people[:1] })
	drawn := map[string]bool{}
	for _, f := range askable() {
		for _, op := range f.Ops() {
			kind := string(f.Type) + string(op)
			if drawn[kind] || strings.HasPrefix(f.Key, "custom.") {
				continue
			}
			drawn[kind] = true
			v := form("c.0.f", f.Key, "c.0.op", string(op), "c.0.v", "30", "c.0.u", "day", "c.0.o", "another")
			s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `<option value="`+string(op)+`" selected>`)
			v = form("c.0.f", f.Key, "c.0.op", string(op))
			s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `<option value="`+string(op)+`" selected>`)
		}
	}
}

func TestNarrowingAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rule := `{"all":[{"field":"activity","of":{"offering":[7],"type":["view"],"within":{"last":14,"unit":"day"}},"op":"ge","value":3}]}`
	v := form("c.0.f", "activity", "c.0.op", "ge", "c.0.v", "3", "c.0.ty", "view", "c.0.of", "7", "c.0.w", "last", "c.0.wn", "14", "c.0.wu", "day")
	if got := location(t, s.get("/audience?"+v.Encode()).want(t, http.StatusSeeOther)).Get("q"); got != rule {
		t.Errorf("the form became %s", got)
	}
	s.get("/audience?q="+url.QueryEscape(rule)).want(t, 200, `name="c.0.ty" value="view" checked`, ">浏览<button", `name="c.0.of" value="7" checked`, `<option value="last" selected>`,
		`name="c.0.wn" value="14"`, "最近 14 天内浏览《标签 7》至少 3 次", `name="drop" value="0:of:7"`)
	v.Set("drop", "0:ty:view")
	if got := location(t, s.get("/audience?"+v.Encode()).want(t, http.StatusSeeOther)).Get("q"); strings.Contains(got, "type") || !strings.Contains(got, `"offering":[7]`) {
		t.Errorf("without the type: %s", got)
	}
	v.Del("drop")
	// The chips of every picker follow; another kind of period brings other controls.
	outline := between(t, s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `id="aud-form"`).body, `name="outline" value="`, `"`)
	v.Set("outline", outline)
	s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `id="chips-0-ty" hx-swap-oob="true"`, `id="chips-0-of" hx-swap-oob="true"`).lacks(t, `id="aud-form"`)
	v.Set("c.0.w", "dates")
	s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `name="c.0.wf"`, "时间段有误", `id="wf-0" name="c.0.wf" value="" type="date" aria-label="起" aria-invalid="true" aria-describedby="e-0"`).lacks(t, `id="v-0" name="c.0.v" value="3" type="text" inputmode="numeric" autocomplete="off" aria-label="数值" aria-invalid`)
	// Its picker, without scripts and with them.
	s.get("/audience?"+form("c.0.f", "activity", "c.0.op", "ge", "c.0.v", "3", "c.0.sof", "数", "pick", "0:of").Encode()).want(t, 200, `id="pick-0-of" open>`, "考研数学 数")
	s.hx("/audience/choices?field=activity&path=0&part=of&c.0.of=7&c.0.sof=x", "items-0-of").want(t, 200, `name="c.0.of" value="7" checked`, "考研数学 x")
	s.get("/audience/choices?field=registered&path=0&part=of").want(t, http.StatusNotFound)
	s.get("/audience/choices?field=bought&path=0&part=zz").want(t, http.StatusNotFound)
	// A picker of quick queries names those that the visitor may see.
	s.hx("/audience/choices?field=query&path=0&part=v", "items-0").want(t, 200, "近 30 天登录", "高价值待挽留").lacks(t, "别人的查询")
}

func TestLeavingOutTheRecentlyContacted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	rule := `{"any":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"field":"paid_count","op":"ge","value":1}]}`
	q := url.Values{"q": {rule}, "x": {"7"}}
	a := s.get("/audience?"+q.Encode()).want(t, 200, `id="aud-rest-on" name="rest" value="1" form="aud-form" checked`, `name="x" form="aud-form" value="7"`, "天内，已过滤", "不含近 7 天内营销过的", `<input type="hidden" name="x" value="7">`)
	for _, link := range a.links(linkRE) {
		if strings.Contains(link, "after=") && !strings.Contains(link, "x=7") {
			t.Errorf("the box is lost on the next page: %s", link)
		}
	}
	if !strings.Contains(s.world.counted[len(s.world.counted)-1].SQL, "crm_deliveries") {
		t.Error("who was contacted of late is counted")
	}
	// A form with the box ticked, and unticked with days in it.
	v := form("c.0.f", "last_login", "c.0.op", "not_empty", "rest", "1", "x", "３")
	if got := location(t, s.get("/audience?"+v.Encode()).want(t, http.StatusSeeOther)); got.Get("x") != "3" || got.Has("rest") {
		t.Errorf("ticked: %v", got)
	}
	v.Del("rest")
	if got := location(t, s.get("/audience?"+v.Encode()).want(t, http.StatusSeeOther)); got.Has("x") {
		t.Errorf("unticked: %v", got)
	}
	s.hx("/audience?"+v.Encode(), "aud-panel").want(t, 200, `name="x" form="aud-form" value="3"`, "最后登录时间").lacks(t, "name=\"rest\" value=\"1\" form=\"aud-form\" checked")
	// Days that are none leave nobody out, and then nothing can be sent.
	v.Set("rest", "1")
	for _, days := range []string{"", "0", "366", "x"} {
		v.Set("x", days)
		s.get("/audience?"+v.Encode()).want(t, 200, "请填 1 到 365 的整数", "请先改好标红的条件", `aria-invalid="true" aria-describedby="aud-rest-bad"`)
	}
	for _, mode := range []url.Values{{"mode": {"ids"}, "person": {"1"}}, {"mode": {"all"}, "q": {rule}}} {
		mode.Set("x", "7")
		if d := s.begun(s.post("/audience/select", mode).want(t, http.StatusSeeOther)); d.CapDays != 7 {
			t.Errorf("stored %+v", d)
		}
		mode.Set("x", "many")
		s.post("/audience/select", mode).want(t, http.StatusUnprocessableEntity)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/audience").want(t, 200, `>上次营销</th>`, "邮件，已点击", `id="col-contacted" checked`, `id="col-region">`, "sort=orders").lacks(t, ">地区</th>", "浙江 杭州")
	a := s.get("/audience?cols=region,gender,learned,nonsense&n=45&sort=learned").want(t, 200, ">地区</th>", "浙江 杭州", ">女</td>", `aria-sort="descending"><a href="/crm/audience?cols=region%2Cgender%2Clearned`, `name="cols" value="region,gender,learned"`)
	a.lacks(t, ">上次营销</th>", `value="region,gender,learned,nonsense`)
	if got := s.get("/audience?pick_cols=1&col=region&col=contact&x=7&sort=spend").want(t, http.StatusSeeOther); location(t, got).Encode() != "cols=contact%2Cregion&sort=spend&x=7" {
		t.Errorf("leads to %v", location(t, got))
	}
	if got := s.get("/audience?pick_cols=1&"+url.Values{"col": usualColumns()}.Encode()).want(t, http.StatusSeeOther); location(t, got).Has("cols") {
		t.Errorf("the usual columns stand in %v", location(t, got))
	}
	s.get("/audience?cols=-").want(t, 200, `name="cols" value="-"`).lacks(t, `>会员等级</th>`)
	hx := s.hx("/audience?pick_cols=1&col=region&n=45", "aud-table").want(t, 200, `id="aud-cols" name="cols" value="region" hx-swap-oob="true"`, ">地区</th>", "共 45 条")
	if push := hx.Header.Get("HX-Push-Url"); push != "/crm/audience?cols=region" {
		t.Errorf("pushed %q", push)
	}
	s.get("/audience").want(t, 200, `<option value="learned">最近学习在前</option>`, `<option value="paid">`, `<option value="orders">`)
}

func TestRulesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, c *Config) {
		c.Segments = segment.NewService((*segmentStore)(w), segment.DefaultCatalog().Without(segment.NeedActivities), segment.Site{Location: c.Location, Currency: "CNY"}, c.Now)
	})
	for rule, want := range map[string][]string{
		`{`:                                    {"可能没有复制完整"},
		`{"field":"shoe","op":"eq","value":1}`: {"条件“shoe”", "没有这个字段"},
		`{"field":"last_login","op":"eq","value":1}`:                                                {"条件“最后登录时间”", "可以用：在最近、不在最近"},
		`{"any":[{"field":"last_login","op":"in_last","value":0,"unit":"day"}]}`:                    {"条件“最后登录时间”", "请填不小于 1 的整数"},
		`{"field":"last_login","op":"empty","value":3}`:                                             {"这种比较不需要填值"},
		`{"field":"birthday","op":"birthday_in","value":400,"unit":"day"}`:                          {"0 到 366"},
		`{"field":"paid_count","op":"ge","value":1,"of":{"within":{"last":0,"unit":"day"}}}`:        {"条件“购买次数”", "时间段有误"},
		`{"field":"paid_count","op":"ge","value":1,"of":{"type":["view"]}}`:                         {"条件“购买次数”", "可以限定的有：限定时间"},
		`{"field":"activity","op":"ge","value":1}`:                                                  {"条件“行为次数”", "网校未提供行为数据"},
		`{"field":"query","op":"in","value":[99]}`:                                                  {"条件“快捷查询”", "已删除或不存在"},
		`{"all":[{"all":[{"all":[{"all":[{"all":[{"all":[{"field":"member","op":"yes"}]}]}]}]}]}]}`: {"最多 5 层"},
		`{"field":"nickname","op":"is","value":"张三"}`:                                               {"不能放在链接里"},
		`{"all":[{"field":"learner","op":"in","value":[1]}]}`:                                       {"不能放在链接里"},
	} {
		a := s.get("/audience?q="+url.QueryEscape(rule)).want(t, http.StatusUnprocessableEntity, append(want, "这个链接里的条件不能用")...)
		a.lacks(t, "张三", `id="aud-form"`)
	}
	if len(s.world.stored) != 0 || len(s.world.counted) != 0 {
		t.Error("a rule that cannot be used was stored or counted")
	}
	english := http.Header{"Accept-Language": {"en"}}
	s.do(visit{method: "GET", path: "/crm/audience?q=" + url.QueryEscape(`{"field":"last_login","op":"eq","value":1}`), header: english}).
		want(t, http.StatusUnprocessableEntity, "Condition “Last login”", "You can use: in the last,")
	s.hx("/audience?q="+url.QueryEscape(`{`), "aud-table").want(t, http.StatusUnprocessableEntity, "crm-toast")
}

// TestNamesStayOutOfAddresses holds that a condition on a name is posted, and stored under a token.
func TestNamesStayOutOfAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := form("c.0.f", "real_name", "c.0.op", "contains", "c.0.v", "")
	s.get("/audience?"+v.Encode()).want(t, 200, `method="post" hx-post="/crm/audience"`, "请填文字")
	v.Set("c.0.v", "欧阳")
	to := location(t, s.post("/audience", v).want(t, http.StatusSeeOther))
	if to.Has("q") || canonical(s.world.stored[to.Get("s")]) != `{"all":[{"field":"real_name","op":"contains","value":"欧阳"}]}` {
		t.Errorf("leads to %v, stored %v", to, s.world.stored)
	}
	v.Set("add", ".")
	v.Set("c.1.f", "last_login")
	v.Set("c.1.op", "before") // not a date yet: the page comes without a redirect, which would need an address
	a := s.post("/audience", v).want(t, 200, `value="欧阳"`, `id="f-2"`)
	for _, link := range a.links(linkRE) {
		if strings.Contains(link, url.QueryEscape("欧阳")) {
			t.Errorf("a name stands in %s", link)
		}
	}
	s.get("/audience?s="+to.Get("s")).want(t, 200, `value="欧阳"`, `method="post"`, `name="s" value="`+to.Get("s")+`"`)
}

func TestListWithoutTicks(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.staff.Permissions = []h.Permission{h.PermView} })
	s.get("/audience").want(t, 200, `crm-people-plain`, `id="columns"`)
}

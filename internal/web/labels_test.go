package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/segment"
)

// leads gives where an answer sends the visitor.
func (a answer) leads(t *testing.T) string {
	t.Helper()
	return a.want(t, http.StatusSeeOther).Header.Get("Location")
}

func (w *world) audits() (list []audit.Action) {
	for _, e := range w.audited {
		list = append(list, e.Action)
	}
	return list
}

func TestTagsPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	people := url.QueryEscape(`{"all":[{"field":"label","op":"any_of","value":[1]}]}`)
	interested := url.QueryEscape(`{"all":[{"field":"interest_tag","op":"any_of","value":[3]}]}`)
	s.get("/labels").want(t, 200, "价格敏感", "1,204", `<polyline`, people, interested, "8,211", "4 分钟前", "给 90 人加上“价格敏感”", "并入“可分期”", "已撤销", "/labels/batches/1/undo", "/labels/12")
	s.world.staff.Permissions = without(h.PermSegmentEdit)
	s.get("/labels").want(t, 200, "价格敏感").lacks(t, "/undo", `name="name"`, `/labels/12"`)
}

func TestTagsAreMadeAndRenamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	if to := s.post("/labels", url.Values{"name": {" 新的 "}}).leads(t); to != "/crm/labels" {
		t.Errorf("leads to %s", to)
	}
	s.get("/labels").want(t, 200, ">新的<")
	s.post("/labels", url.Values{"name": {"可分期"}}).want(t, 422, "已经有同名", `value="可分期"`, `aria-invalid`)
	s.post("/labels", url.Values{"name": {strings.Repeat("长", 21)}}).want(t, 422, "最多 20")
	s.post("/labels/1/rename", url.Values{"name": {""}}).want(t, 422, `id="x-name"`)
	s.post("/labels/1/rename", url.Values{"name": {"别的"}}).leads(t)
	s.post("/labels/404/rename", url.Values{"name": {"别的"}}).want(t, 404)
	if got := s.world.audits(); !slices.Contains(got, audit.LabelSaved) {
		t.Errorf("recorded %v", got)
	}
}

// TestTagsAreRecordedAsDone: what cannot be is not in the record, and what was refused says so.
func TestTagsAreRecordedAsDone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/labels/1/rename", url.Values{"name": {""}}).want(t, 422)
	s.post("/labels/1/rename", url.Values{"name": {"可分期"}}).want(t, 422, "已经有同名")
	s.post("/labels/1/merge", url.Values{"key": {"K"}, "into": {"1"}}).want(t, 422)
	s.post("/labels/1/merge", url.Values{"key": {"K"}, "into": {"404"}}).want(t, 422)
	s.post("/labels/404/merge", url.Values{"key": {"K"}, "into": {"1"}}).want(t, 404)
	s.post("/labels/404/delete", url.Values{"key": {"K"}}).want(t, 404)
	if got := s.world.audits(); len(got) != 0 {
		t.Errorf("recorded %v, and nothing was done", got)
	}
	s.world.labels.used = true
	s.post("/labels/1/delete", url.Values{"key": {"K"}}).want(t, 409)
	s.world.labels.used = false
	s.post("/labels/1/rename", url.Values{"name": {"别的"}}).leads(t)
	var got []string
	for _, e := range s.world.audited {
		got = append(got, fmt.Sprint(e.Action, e.Detail))
	}
	if len(got) != 3 || !strings.Contains(got[1], "refused") || strings.Contains(got[0]+got[2], "refused") {
		t.Errorf("recorded %v", got)
	}
}

func TestTagsEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/labels/1").want(t, 200, "合并到", "可分期", "删除")
	s.world.labels.used = true
	s.post("/labels/1/delete", url.Values{"key": {"K"}}).want(t, 409, "3 处", "高价值待挽留", "会员续费", "另一名员工").lacks(t, "别人的查询")
	s.world.labels.used = false
	s.post("/labels/1/merge", url.Values{"key": {"K"}, "into": {"1"}}).want(t, 422, `id="x-into"`)
	if to := s.post("/labels/1/merge", url.Values{"key": {"K"}, "into": {"2"}}).leads(t); to != "/crm/labels/batches/99" {
		t.Errorf("leads to %s", to)
	}
	s.get("/labels/batches/99").want(t, 200, "45 人", "5 人原来就有另一个标签").lacks(t, "查看有这个标签的人")
	s.post("/labels/12/delete", url.Values{"key": {"L"}}).leads(t)
	if got := strings.Join(s.world.labels.keys, ","); got != "merge form-K,delete form-L" {
		t.Error(got)
	}
	s.post("/labels/batches/1/undo", url.Values{}).leads(t)
	s.post("/labels/batches/404/undo", url.Values{}).want(t, 404)
	if got := s.world.audits(); !slices.Contains(got, audit.LabelMerged) || !slices.Contains(got, audit.LabelDeleted) || !slices.Contains(got, audit.LabelUndone) {
		t.Errorf("recorded %v", got)
	}
}

func TestAnAudienceIsTagged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/audience").want(t, 200, `formaction="/crm/labels/select"`)
	to := s.post("/labels/select", url.Values{"mode": {"ids"}, "person": {"1", "2"}}).leads(t)
	if strings.Contains(to, "q=") || !strings.Contains(to, "s=") {
		t.Fatalf("leads to %s", to)
	}
	s.do(visit{method: "GET", path: to}).want(t, 200, "给 45 人打标签", "可分期", `name="key"`)
	if to := s.post("/labels/select", url.Values{"mode": {"ids"}}).leads(t); to != "/crm/audience" {
		t.Errorf("nobody ticked leads to %s", to)
	}
	q := string(segment.Everyone().JSON())
	for _, tt := range []struct {
		form url.Values
		want string
	}{
		{url.Values{}, "请选一个标签"},
		{url.Values{"label": {"2"}, "name": {"x"}}, "不要两样都填"},
		{url.Values{"name": {"x"}, "do": {"remove"}}, "请选一个标签"},
	} {
		tt.form.Set("q", q)
		s.post("/labels/bulk", tt.form).want(t, 422, tt.want)
	}
	form := url.Values{"q": {q}, "label": {"2"}, "do": {"add"}, "key": {"K"}}
	if to := s.post("/labels/bulk", form).leads(t); to != "/crm/labels/batches/99" {
		t.Errorf("leads to %s", to)
	}
	s.post("/labels/bulk", url.Values{"q": {q}, "name": {"新的"}, "do": {"add"}, "key": {"L"}}).leads(t)
	s.post("/labels/bulk", url.Values{"q": {q}, "name": {"新的"}, "do": {"add"}, "key": {"L"}}).leads(t) // the form again
	form.Set("do", "remove")
	s.post("/labels/bulk", form).leads(t)
	if got := strings.Join(s.world.labels.keys, ","); got != "add form-K,add form-L,add form-L,remove form-K" {
		t.Error(got)
	}
	if n := len(s.world.labels.list); n != 4 {
		t.Errorf("%d tags", n)
	}
	s.world.labels.many = true
	s.post("/labels/bulk", form).want(t, 422, "200,000")
	s.world.counts.Matched = 200_001
	s.get("/labels/bulk").want(t, 200, "200,000", "disabled")
}

func TestAPersonIsTagged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	part := func(form url.Values) answer {
		return s.do(visit{method: "POST", path: "/crm/people/1/labels", form: form, hx: "person-labels"})
	}
	part(url.Values{"name": {" 可分期"}}).want(t, 200, `name="cut" value="2"`, "由行为自动生成", "考研数学").lacks(t, "<b>", "<html")
	part(url.Values{"cut": {"1"}}).want(t, 200, `value="2"`).lacks(t, `name="cut" value="1"`)
	part(url.Values{"name": {"全新"}}).want(t, 200, `name="cut" value="77"`)
	part(url.Values{"name": {strings.Repeat("长", 30)}}).want(t, 422, "最多 20", `value="长长`)
	if to := s.post("/people/1/labels", url.Values{"cut": {"2"}}).leads(t); to != "/crm/people/1" {
		t.Errorf("leads to %s", to)
	}
	s.world.staff.Permissions = []h.Permission{h.PermView, h.PermFollowup}
	part(url.Values{"name": {"没有的"}}).want(t, 422, "没有这个标签")
	part(url.Values{"name": {"可分期"}}).want(t, 200)
	s.world.staff.Permissions = []h.Permission{h.PermView}
	part(url.Values{"name": {"可分期"}}).want(t, 403)
	s.post("/people/1/labels", url.Values{"cut": {"1"}}).want(t, 403)
	s.post("/people/1/labels", url.Values{}).want(t, 403)
}

func TestWhyAPersonHasATag(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/people/1/interests").want(t, 200, "许知夏", "考研数学", "高数", "订单未付款关闭", "每 30 天减半").lacks(t, "<b>高", "<b>考")
	s.get("/people/2/interests").want(t, 200, "现在没有兴趣标签")
	s.get("/people/404/interests").want(t, 404)
}

package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"

	"github.com/coursecrm/coursecrm/internal/desk"
)

// TestPersonTabs shows each tab as a page and as the part that htmx swaps; both say the same.
func TestPersonTabs(t *testing.T) {
	t.Parallel()
	for tab, parts := range map[string][]string{
		"":          {"今天，11 月 20 日", "11 月 18 日 周三", "浏览", "3 次", "购买", "¥799.00", "计入这次营销的收入", "&lt;i&gt;讲义&lt;/i&gt;", "电话", "价格敏感", "注册账号", "/crm/courses/12", "/crm/campaigns/12"},
		"timeline":  {"今天，11 月 20 日"},
		"orders":    {"C20260902110", "×2", "双 11 返场体验课转正价", "退款完成", "&lt;b&gt;太难&lt;/b&gt;", "自动关闭"},
		"courses":   {"通过数据班", "&lt;b&gt;陈立&lt;/b&gt;", "65.6%", "潜在", "没有加入、但有来往的", "产品经理入门"},
		"marketing": {"¥1,598.00", "服务商拒收"},
		"followups": {"问能不能分期", "/crm/followups/1"},
		"details":   {"1998-07-03", "monitor", "/crm/people/2", "&lt;b&gt;实验中学&lt;/b&gt;", "28", "iOS"},
	} {
		s := newSite(t)
		path := "/people/1"
		if tab != "" {
			path += "?tab=" + tab
		}
		s.get(path).want(t, 200, append(parts, "<html", "1,234", `id="person-panel"`, "近 90 天营销", "添加跟进", "标签", "渠道与同意")...)
		s.hx(path, "person-panel").want(t, 200, append(parts, `id="person-panel"`, `aria-current="page"`, "1,234")...).lacks(t, "<html", "渠道与同意")
		s.hx(path, "person-body").want(t, 200, append(parts, `id="person-body"`)...).lacks(t, "<html", `id="person-panel"`)
		s.get("/people/8"+strings.TrimPrefix(path, "/people/1")).want(t, 200)
	}
	s := newSite(t)
	s.get("/people/1?tab=nonsense").want(t, 404)
	s.get("/people/999?tab=orders").want(t, 404)
	s.get("/people/1?kind=nonsense").want(t, http.StatusUnprocessableEntity)
}

// TestTimelineFilters holds what the filters keep, and that pages keep the filter.
func TestTimelineFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hx("/people/1?kind=buying", "person-body").want(t, 200, "申请退款", "退款被拒", "/crm/people/1?after=more&amp;kind=buying&amp;tab=timeline").lacks(t, "浏览", "注册账号", "价格敏感")
	s.hx("/people/1?kind=learning", "person-body").want(t, 200, "浏览", "学完").lacks(t, "退款被拒")
	s.hx("/people/1?kind=followup", "person-body").want(t, 200, "价格敏感", "电话").lacks(t, "浏览")
	s.hx("/people/1?kind=marketing", "person-body").want(t, 200, "已送达", "短网址").lacks(t, "浏览")
	s.get("/people/1?tab=timeline&kind=marketing&after=more").want(t, 200, "2025 年 11 月", "已是最后一页").lacks(t, "浏览")
}

// TestPersonPrint: everything below each other; contacts only where they are asked for, which is recorded.
func TestPersonPrint(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	whole := s.world.people[0].Mobile
	s.get("/people/1/print").want(t, 200, "许知夏 的档案", "动态", "C20260902110", "实验中学", "问能不能分期", "只列最近 100 条", desk.MaskMobile(whole)).lacks(t, whole, "secret00@example.com", "hx-get=\"/crm/people")
	s.post("/people/1/print", nil).want(t, 200, whole, "secret00@example.com")
	if got := s.world.deeds(); !slices.Equal(got, []string{"contact.shown person:1"}) {
		t.Errorf("recorded %q", got)
	}
	s.world.mute = errors.New("no paper")
	s.post("/people/1/print", nil).want(t, http.StatusInternalServerError).lacks(t, whole)
	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/people/1/print").want(t, 200).lacks(t, "显示联系方式")
	s.post("/people/1/print", url.Values{}).want(t, http.StatusForbidden)
	s.get("/people/999/print").want(t, 404)
	s.get("/people/1").want(t, 200).lacks(t, "添加跟进")
}

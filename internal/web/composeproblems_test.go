package web

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
)

// TestEveryProblemIsShown holds that each thing that can be wrong stands under its field, and on
// top with a link to it.
func TestEveryProblemIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	drafts, library := maps.Clone(s.world.drafts), s.world.templates
	for _, tt := range []struct {
		draft, field, text string
		form               []string
	}{
		{"MAILDRAFT", "name", "请填写", []string{"name", " "}},
		{"MAILDRAFT", "name", "太长，最多 100 字", []string{"name", strings.Repeat("长", 101)}},
		{"MAILDRAFT", "cap_days", "请填 0 到 365 之间的数", []string{"cap_days", "366"}},
		{"MAILDRAFT", "cap_days", "请填 0 到 365 之间的数", []string{"cap_days", "一周"}},
		{"MAILDRAFT", "control", "请填 0 到 50 之间的数", []string{"control", "51"}},
		{"MAILDRAFT", "subject", "请填写", []string{"subject", ""}},
		{"MAILDRAFT", "subject", "标题不能换行", []string{"subject", "你好\r\nBcc: x@y.z"}},
		{"MAILDRAFT", "preheader", "标题不能换行", []string{"preheader", "a\nb"}},
		{"MAILDRAFT", "reply_to", "请填一个邮箱地址", []string{"reply_to", "a@example.com, b@example.com"}},
		{"MAILDRAFT", "blocks", "请填写", []string{"blocks", "0"}},
		{"MAILDRAFT", "blocks.1.text", "不支持“for”这个标签", []string{"b.1.text", "{% for a in b %}"}},
		{"MAILDRAFT", "blocks.1.text", "变量的写法有误", []string{"b.1.text", "{{ 用户名"}},
		{"MAILDRAFT", "blocks.2.url", "请填 http:// 或 https:// 开头的完整地址", []string{"b.2.url", "javascript:alert(1)"}},
		{"MAILDRAFT", "blocks.2.url", "链接地址里不能用“用户名”", []string{"b.2.url", "https://example.com/{{ 用户名 }}"}},
		{"MAILDRAFT", "params.course", "发送前要填这个参数", []string{"param.course", ""}},
		{"MAILDRAFT", "fallbacks.nickname", "太长，最多 50 字", []string{"fallback.nickname", strings.Repeat("长", 51)}},
		{"MAILDRAFT", "link", "正文用了“链接”变量", []string{"b.1.text", "{{ 链接 }}"}},
		{"MAILDRAFT", "link", "开头的完整地址", []string{"b.1.text", "{{ 链接 }}", "link", "ftp://example.com"}},
		{"MAILDRAFT", "link", "但正文里没有“链接”变量", []string{"link", "https://example.com/"}},
		{"MAILDRAFT", "send_at", "请选将来一年以内的时间", []string{"when", "at", "date", "2026-11-20", "time", "20:00"}},
		{"MAILDRAFT", "send_at", "请选将来一年以内的时间", []string{"when", "at", "date", "2028-01-01"}},
		{"MAILDRAFT", "send_at", "请填日期和时间", []string{"when", "at", "date", "2026-02-30"}},
		{"SMSDRAFT", "template", "请填写", []string{}},
		{"SMSDRAFT", "template", "还没有通过审核", []string{"template", "2"}},
		{"SMSDRAFT", "template", "已经归档", []string{"template", "archived"}},
		{"PMDRAFT", "text", "请填写", []string{"text", ""}},
		{"PMDRAFT", "text", "“退订链接”只能用在邮件里", []string{"text", "{{ 退订链接 }}"}},
		{"PMDRAFT", "from", "请填写", []string{"from", ""}},
		{"PMDRAFT", "from", "不是可选的值", []string{"from", "99"}},
	} {
		s.world.drafts, s.world.templates = maps.Clone(drafts), library
		form := letter(append([]string{"step", "confirm"}, tt.form...)...)
		switch {
		case tt.draft == "SMSDRAFT" && form.Get("template") == "archived":
			s.world.templates = s.world.templates[1:]
			form.Set("template", "1")
		case tt.draft == "SMSDRAFT":
			d := s.world.drafts["SMSDRAFT"]
			d.Template = campaign.TemplateRef{}
			s.world.drafts["SMSDRAFT"] = d
		}
		a := s.change(tt.draft, form, "dialog").want(t, http.StatusUnprocessableEntity, `id="composer"`, `id="problems"`, tt.text, `href="#`+fieldID(tt.field)+`"`, `id="`+fieldID(tt.field)+`"`)
		if !strings.Contains(a.body, `id="x`+strings.TrimPrefix(fieldID(tt.field), "c")+`"`) {
			t.Errorf("%s: %s is not under its field", tt.field, tt.text)
		}
		if a.Header.Get("HX-Retarget") != "#composer" {
			t.Errorf("%s: the answer goes to %q", tt.field, a.Header.Get("HX-Retarget"))
		}
		s.post("/drafts/"+tt.draft, form).want(t, http.StatusUnprocessableEntity, tt.text, "<html")
		if len(s.world.launched) > 0 {
			t.Fatalf("%s: sent", tt.field)
		}
	}
}

package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

func (s *site) template(id campaign.TemplateID) campaign.SavedTemplate {
	s.t.Helper()
	for _, t := range s.world.templates {
		if t.ID == id {
			return t
		}
	}
	s.t.Fatalf("no template %d", id)
	return campaign.SavedTemplate{}
}

func TestLibrary(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/templates").want(t, 200, "课程优惠提醒", "已通过", "审核中", "未通过", "缺少退订方式 &lt;script&gt;", "年末回馈 &lt;b&gt;", "返场邮件", "第 3 版", "回访私信", "周敏", `hx-trigger="every 3s"`,
		`action="/crm/templates/6/submit"`, `action="/crm/templates/3/submit"`, "/crm/templates/new?channel=email", `<span class="crm-var">天数</span>`).
		lacks(t, `action="/crm/templates/1/submit"`, `action="/crm/templates/2/submit"`, `action="/crm/templates/4/submit"`, "<script>alert")
	s.get("/templates?channel=email").want(t, 200, "返场邮件").lacks(t, "课程优惠提醒", "every 3s")
	s.get("/templates?channel=fax").want(t, 200).lacks(t, "返场邮件")
	s.hx("/templates?channel=sms", "templates").want(t, 200, "审核中").lacks(t, "<html")
	s.world.templates[1].State = campaign.TemplateApproved
	s.hx("/templates?channel=sms", "templates").want(t, statusStopPolling).lacks(t, "审核中", "every 3s")

	s.world.staff.Permissions = []h.Permission{h.PermView}
	s.get("/templates").want(t, 200, "课程优惠提醒").lacks(t, "新建模板", "归档", `/submit"`, "/crm/templates/1")
	s.get("/templates/1").want(t, http.StatusForbidden)
	s.world.templates = nil
	s.get("/templates").want(t, 200, "还没有模板")
}

func TestNewTemplates(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/templates/new?channel=sms").want(t, 200, "新建模板", `data-sms="6"`, "保存并提交审核", `name="channel" value="sms"`)
	s.get("/templates/new?draft=MAILDRAFT").want(t, 200, `value="返场"`, "接着上次的进度学", "data-auto")
	s.get("/templates/new?channel=fax").want(t, http.StatusNotFound)
	form := url.Values{"channel": {"sms"}, "name": {"新模板"}, "text": {"{{ 用户名 }}您好，拒收请回复 R"}, "step": {"save"}}
	if got := s.post("/templates", form).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/templates?channel=sms" {
		t.Errorf("Location %q", got)
	}
	if made := s.template(7); made.State != campaign.TemplateDraft || made.Name != "新模板" || made.ByName != "周敏" || made.Content.Text != form.Get("text") {
		t.Errorf("made %+v", made)
	}
	form.Set("step", "submit")
	s.post("/templates", form).want(t, http.StatusUnprocessableEntity, "已经有同名的", `id="x-name"`)
	form.Set("name", "另一个")
	if got := s.do(visit{method: "POST", path: "/crm/templates", form: form, hx: "template"}).want(t, 200).Header.Get("HX-Redirect"); got != "/crm/templates?channel=sms" {
		t.Errorf("HX-Redirect %q", got)
	}
	if made := s.template(8); made.State != campaign.TemplateSubmitted || made.Supplier != "SMS_3001" {
		t.Errorf("submitted %+v", made)
	}
	if got := strings.Join(s.world.deeds(), ", "); got != "template.saved template:7, template.saved template:8, template.submitted template:8" {
		t.Errorf("recorded %s", got)
	}
	s.world.staff.Permissions = without(h.PermTemplateApprove)
	form.Set("name", "第三个")
	s.post("/templates", form).want(t, http.StatusForbidden)
	s.get("/templates/new?channel=sms").want(t, 200, "保存模板").lacks(t, "保存并提交审核")
	s.post("/templates/6/submit", nil).want(t, http.StatusForbidden)
	s.post("/templates", url.Values{"channel": {"fax"}, "step": {"save"}}).want(t, http.StatusUnprocessableEntity)
}

func TestTemplateProblems(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tt := range []struct {
		channel, field, text string
		form                 []string
	}{
		{"sms", "name", "请填写", []string{"name", ""}},
		{"sms", "text", "请填写", []string{"text", " "}},
		{"sms", "text", "不能用条件和过滤器", []string{"text", "{% if 用户名 %}a{% endif %}"}},
		{"sms", "text", "签名会自动加在前面", []string{"text", "【别家】你好"}},
		{"sms", "text", "太长，最多 500 字", []string{"text", strings.Repeat("长", 501)}},
		{"message", "text", "不支持“x”这个过滤器", []string{"text", "{{ 用户名 | x }}"}},
		{"email", "subject", "请填写", []string{"subject", ""}},
		{"email", "blocks", "请填写", []string{"blocks", "0"}},
		{"email", "blocks.0.url", "请填写", []string{"b.0.kind", "button", "b.0.text", "去"}},
	} {
		form := url.Values{"channel": {tt.channel}, "name": {"名称"}, "text": {"内容"}, "subject": {"标题"}, "blocks": {"1"}, "b.0.kind": {"text"}, "b.0.text": {"正文"}, "step": {"save"}}
		for i := 0; i < len(tt.form); i += 2 {
			form.Set(tt.form[i], tt.form[i+1])
		}
		s.post("/templates", form).want(t, http.StatusUnprocessableEntity, tt.text, `id="x`+strings.TrimPrefix(fieldID(tt.field), "c")+`"`, `href="#`+fieldID(tt.field)+`"`)
		a := s.do(visit{method: "POST", path: "/crm/templates", form: form, hx: "template"}).want(t, http.StatusUnprocessableEntity, `id="template"`, tt.text).lacks(t, "<html")
		if a.Header.Get("HX-Retarget") != "#template" {
			t.Errorf("HX-Retarget %q", a.Header.Get("HX-Retarget"))
		}
	}
	if len(s.world.templates) != 6 {
		t.Error("a wrong template was saved")
	}
}

func TestEditingTemplates(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/templates/3").want(t, 200, "原因：缺少退订方式", `name="version" value="1"`, "改动后要重新审核")
	form := letter("step", "", "name", "返场邮件", "version", "3")
	look := s.do(visit{method: "POST", path: "/crm/templates/4", form: form, hx: "preview"}).want(t, 200, `id="preview"`, `id="check" aria-labelledby="ck-h" hx-swap-oob="true"`, `id="mail-form" hx-swap-oob="true"`, "data-auto").lacks(t, "<html", `id="template"`)
	content := between(t, strings.NewReplacer("&#34;", `"`, "&lt;", "<", "&amp;", "&").Replace(look.body), `name="content" value="`, `"><input`)
	a := s.post("/templates/mail", url.Values{"content": {content}, "as": {"0"}}).want(t, 200, "接着上次的进度学", "〔课程名称〕")
	if got := a.Header.Get("Content-Security-Policy"); got != mailPolicy {
		t.Errorf("policy %q", got)
	}
	s.post("/templates/mail", url.Values{"content": {`{"subject":"a","blocks":[{"kind":"text","text":"<script>alert(1)</script>"}]}`}}).want(t, 200, "&lt;script&gt;").lacks(t, "<script")
	s.post("/templates/mail", url.Values{"content": {"{"}}).want(t, http.StatusUnprocessableEntity)
	s.post("/templates/4", letter("step", "block:down:0", "name", "返场邮件", "version", "3")).want(t, 200, `id="block-1"`)
	s.post("/templates/4", letter("step", "as:1", "name", "返场邮件", "version", "3")).want(t, 200, "陈子昂 2 / 3")
	s.post("/templates/4", letter("step", "dance")).want(t, http.StatusUnprocessableEntity)
	if s.template(4).Version != 3 {
		t.Fatal("looking saves")
	}
	s.post("/templates/4", letter("step", "save", "name", "返场邮件", "version", "3", "subject", "新标题")).want(t, http.StatusSeeOther)
	if got := s.template(4); got.Version != 4 || got.Content.Subject != "新标题" || got.State != campaign.TemplateApproved {
		t.Errorf("%+v", got)
	}

	// Somebody else was faster: what was typed stays, and the next save is on top of theirs.
	a = s.post("/templates/4", letter("step", "save", "name", "返场邮件", "version", "3", "subject", "我的标题")).want(t, http.StatusConflict, "周敏 已经保存了第 4 版", "我的标题", `name="version" value="4"`)
	s.do(visit{method: "POST", path: "/crm/templates/4", form: letter("step", "save", "name", "返场邮件", "version", "3"), hx: "template"}).want(t, http.StatusUnprocessableEntity, `id="conflict"`).lacks(t, "<html")
	s.post("/templates/4", letter("step", "save", "name", "返场邮件", "version", between(t, a.body, `name="version" value="`, `"`), "subject", "我的标题")).want(t, http.StatusSeeOther)
	s.post("/templates/1", url.Values{"step": {"save"}, "name": {"会员续费买一送一"}, "version": {"1"}, "text": {"你好"}}).want(t, http.StatusUnprocessableEntity, "已经有同名的")

	// An approved SMS that is changed has to be approved again.
	s.post("/templates/1", url.Values{"step": {"save"}, "name": {"课程优惠提醒"}, "version": {"1"}, "text": {"你好，拒收请回复 R"}}).want(t, http.StatusSeeOther)
	if s.template(1).State != campaign.TemplateDraft {
		t.Error("a changed SMS is still approved")
	}
	s.post("/drafts/SMSDRAFT", url.Values{"step": {"confirm"}}).want(t, http.StatusUnprocessableEntity, "还没有通过审核")
}

func TestSubmittingAndArchiving(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/templates/6/submit", nil).want(t, http.StatusSeeOther)
	if got := s.template(6); got.State != campaign.TemplateSubmitted || got.Supplier != "SMS_3001" {
		t.Errorf("%+v", got)
	}
	s.post("/templates/6/submit", nil).want(t, http.StatusConflict)
	s.post("/templates/4/submit", nil).want(t, http.StatusConflict)
	s.get("/templates/4/archive").want(t, 200, "归档模板“返场邮件”？")
	s.hx("/templates/4/archive", "dialog").want(t, 200, "<dialog").lacks(t, "<html")
	s.post("/templates/4/archive", nil).want(t, http.StatusSeeOther)
	s.get("/templates/4").want(t, http.StatusNotFound)
	for _, path := range []string{"/templates/99", "/templates/x", "/templates/99/archive"} {
		s.get(path).want(t, http.StatusNotFound)
	}
	s.post("/templates/99/archive", nil).want(t, http.StatusNotFound)
	s.world.mute = http.ErrHandlerTimeout
	s.post("/templates/5/archive", nil).want(t, http.StatusInternalServerError)
	s.template(5)
}

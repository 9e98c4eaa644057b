package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func letter(token string, more ...string) url.Values {
	v := url.Values{"s": {token}, "key": {"key-1"}, "name": {"返场"}, "subject": {"{{ 用户名 }}，你好"}, "body": {"你好 {{ 链接 }}"}, "link_target": {"https://www.example.com/course/318"}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func TestComposing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.token()
	a := s.get("/campaigns/new?s="+token).want(t, 200, "发送给 40 人", "没有可用邮箱", "手动选择的 2 人", "hello@mail.example.com", "{{ 用户名 }}")
	if key := between(t, a.body, `name="key" value="`, `"`); len(key) < 20 {
		t.Errorf("idempotency key %q", key)
	}
	if strings.Contains(a.body, "token") || strings.Contains(a.Header.Get("Location"), "1,2") {
		t.Error("the selection leaks")
	}

	// Wrong: everything typed is kept, each error under its field and on top.
	a = s.post("/campaigns", letter(token, "name", "", "subject", "{{ 密码 }}<script>", "link_target", "")).
		want(t, http.StatusUnprocessableEntity, `id="problems"`, "有 3 处需要修改", `id="x-name"`, `id="x-subject"`, `id="x-link_target"`,
			"没有“密码”这个变量，可以用：用户名、真实姓名", "正文用了“链接”变量", `value="{{ 密码 }}&lt;script&gt;"`, "你好 {{ 链接 }}", `value="key-1"`)
	a.lacks(t, "<script>{{")
	hx := s.do(visit{method: "POST", path: "/crm/campaigns", form: letter(token, "name", ""), hx: "composer"}).want(t, http.StatusUnprocessableEntity, `id="composer"`, "请填写")
	if hx.Header.Get("HX-Retarget") != "#composer" {
		t.Errorf("HX-Retarget %q", hx.Header.Get("HX-Retarget"))
	}
	hx.lacks(t, "<html")

	// Right: asked once more, with the number, and nothing is sent yet.
	s.post("/campaigns", letter(token)).want(t, 200, "给 40 人发送邮件？", `value="key-1"`, `name="step" value="send"`, "目标人群 45 人，排除 5 人，发送 40 人")
	s.do(visit{method: "POST", path: "/crm/campaigns", form: letter(token), hx: "composer"}).want(t, 200, "<dialog", "给 40 人发送邮件？").lacks(t, "<html")
	s.post("/campaigns", letter(token, "step", "edit", "body", "留着")).want(t, 200, "留着", "发送前检查")
	if len(s.world.launched) != 0 {
		t.Fatal("launched without confirmation")
	}

	// Confirmed.
	if a := s.post("/campaigns", letter(token, "step", "send")).want(t, http.StatusSeeOther); a.Header.Get("Location") != "/crm/campaigns/12" {
		t.Errorf("Location %q", a.Header.Get("Location"))
	}
	if a := s.do(visit{method: "POST", path: "/crm/campaigns", form: letter(token, "step", "send"), hx: "composer"}).want(t, 200); a.Header.Get("HX-Redirect") != "/crm/campaigns/12" {
		t.Errorf("HX-Redirect %q", a.Header.Get("HX-Redirect"))
	}
	if c := s.world.launched[0]; c.Key != "key-1" || c.ByName != "周敏" || chosenByHand(c.Rule) != 2 {
		t.Errorf("launched %+v", c)
	}
	s.post("/campaigns", letter(token, "step", "send", "subject", "")).want(t, http.StatusUnprocessableEntity)
	s.world.sum = campaign.Sum{Matched: 5, Excluded: map[campaign.Exclusion]int64{campaign.NoContact: 5}}
	s.post("/campaigns", letter(token)).want(t, http.StatusUnprocessableEntity, "没有可以发送的人")
	s.post("/campaigns", letter("unknown")).want(t, http.StatusNotFound)
}

func TestPreview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := s.token()
	hx := func(more ...string) answer {
		return s.do(visit{method: "POST", path: "/crm/campaigns/preview", form: letter(token, more...), hx: "preview"})
	}
	hx().want(t, 200, `id="preview"`, "许知夏 会收到", "user_00，你好", "1 / 3", `target="mail"`).lacks(t, "<html")
	hx("at", "2").want(t, 200, "王思齐 会收到", "3 / 3", `name="at" value="1"`)
	hx("at", "99").want(t, 200, "3 / 3")
	hx("subject", "{% for a in b %}", "body", "").want(t, 200, "还没有内容")
	s.post("/campaigns/preview", letter(token)).want(t, 200, "<html", "user_00，你好", `value="key-1"`)
	a := s.post("/campaigns/preview/mail", url.Values{"text": {"第一段 <script>alert(1)</script>\n\nhttps://www.example.com/a"}})
	a.want(t, 200, `<a href="https://www.example.com/a"`, "&lt;script&gt;").lacks(t, "<script")
	if got := a.Header.Get("Content-Security-Policy"); !strings.Contains(got, "sandbox") || !strings.Contains(got, "default-src 'none'") {
		t.Errorf("policy of the mail %q", got)
	}
	s.world.people = nil
	hx().want(t, 200, "没有可以发送的人")
}

func TestComposerWithoutAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(_ *world, c *Config) { c.HaveEmail = false })
	token := s.token()
	s.get("/campaigns/new?s="+token).want(t, 200, "还没有配置发信邮箱", " disabled>")
	s.world.fail = fault.ErrUnavailable
	s.get("/campaigns/new?s="+token).want(t, http.StatusServiceUnavailable)
}

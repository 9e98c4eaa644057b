package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// letter is the form of the mail draft as its page sends it.
func letter(more ...string) url.Values {
	v := url.Values{"form": {"1"}, "name": {"返场"}, "cap_days": {"7"}, "control": {"0"}, "subject": {"{{ 用户名 }}，你好"}, "preheader": {""}, "reply_to": {""},
		"blocks": {"3"}, "b.0.kind": {"heading"}, "b.0.text": {"接着上次的进度学"}, "b.1.kind": {"text"}, "b.1.text": {"你试听过的《{{ 课程名称 }}》正在返场"},
		"b.2.kind": {"button"}, "b.2.text": {"继续学习"}, "b.2.url": {"https://www.example.com/course/318"}, "param.course": {"Python"}, "fallback.nickname": {""},
		"when": {"now"}, "date": {"2026-11-21"}, "time": {"10:00"}, "as": {"0"}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

// change posts a form to a draft's page as htmx does.
func (s *site) change(key string, form url.Values, target string) answer {
	s.t.Helper()
	return s.do(visit{method: "POST", path: s.base + "/drafts/" + key, form: form, hx: target})
}

// approvals sets whether SMS have to be approved.
func approvals(on bool) func(*world, *Config) {
	return func(w *world, c *Config) {
		w.approval = on
		c.Campaigns, c.Templates = w.newCampaigns(), w.newTemplates()
	}
}

func TestBeginning(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	drafts := len(s.world.drafts)
	token := s.token()
	s.get("/campaigns/new?s="+token).want(t, 200, "手动选择的 2 人", `name="channel" value="sms"`, `name="channel" value="email"`, `name="channel" value="message"`, `name="s" value="`+token+`"`)
	if len(s.world.drafts) != drafts {
		t.Error("looking makes a draft")
	}
	d := s.begun(s.post("/campaigns/new", url.Values{"s": {token}, "channel": {"sms"}, "x": {"30"}}).want(t, http.StatusSeeOther))
	if d.Channel != h.ChannelSMS || len(d.Unticked) != 2 || d.CapDays != 30 || d.ByID != "7" {
		t.Errorf("began %+v", d)
	}
	if d := s.begun(s.post("/campaigns/new", url.Values{"query": {"1"}, "channel": {"message"}})); d.Content.From != "7" || d.CapDays != 7 {
		t.Errorf("a private message begins with %+v", d)
	}
	s.post("/campaigns/new", url.Values{"channel": {"pigeon"}}).want(t, http.StatusUnprocessableEntity, "这个渠道还没有配置")
	s.post("/campaigns/new", url.Values{"s": {"unknown"}}).want(t, http.StatusNotFound)
	s.get("/campaigns/new?q={").want(t, http.StatusUnprocessableEntity)
	s = newSite(t, func(w *world, c *Config) { w.channels = nil; c.Campaigns = w.newCampaigns() })
	s.get("/campaigns/new").want(t, 200, "还没有配置任何发送渠道").lacks(t, `name="channel"`)
}

func TestComposerPages(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/drafts/SMSDRAFT").want(t, 200, "新建短信营销", "45<small>人符合条件", "课程优惠提醒", "模板号 SMS_2081，第 1 版", "提交审核于", "缺少退订方式 &lt;script&gt;",
		`id="template-1" value="1" checked`, `id="template-2" value="2" disabled`, `id="template-6" value="6" disabled`, "还没有提交审核", `name="param.天数" value="3"`, `name="fallback.nickname" value="同学"`,
		`list="course-list"`, `<option value="offering &lt;b&gt;1&lt;/b&gt;">`, "s.example.com/k7Ad2fXq", "课程名称", "现在发给 40 人", "8:00–21:00", "北京时间", "没有可用手机号", "¥0.045", "38,420 → 38,340 条", "按 2 条计费", "草稿已保存于",
		"【启明网校】user_00您好", "<u>https://s.example.com/xxxxxxxx</u>", "许知夏 1 / 3", "30 分").
		lacks(t, "SMS_2081</script>", `name="text"`, "<script>alert")
	s.get("/drafts/MAILDRAFT").want(t, 200, "新建邮件营销", `value="{{ 用户名 }}，你好"`, "hello@mail.example.com", `name="b.2.url" value="https://www.example.com/course/318"`, `id="block-2"`,
		`value="block:up:2"`, `value="block:add:image"`, "退订链接", `src="/crm/drafts/MAILDRAFT/mail?as=0&amp;v=`, "返场邮件", `value="use:4"`, "/crm/templates/new?draft=MAILDRAFT", "没有可用邮箱", "有退订链接和纯文本版本", "“用户名”没有缺省写法", `id="cost"`).
		lacks(t, "费用预估</h2></div><div", "8:00–21:00")
	s.get("/drafts/PMDRAFT").want(t, 200, "新建私信营销", `<option value="7" selected>周敏`, "&lt;b&gt;李老师", "user_00，你好", "发到你自己在主站的账号", "没有可用账号").lacks(t, "<b>李老师")
	s.get("/drafts/EMPTYDRAFT?check=1").want(t, 200, "有 4 处需要修改", "第 1 块（文字）的文字", `href="#c-blocks-1-image"`, `id="x-name"`, `id="x-subject"`, `id="x-blocks-0-text"`, "还没填写")
	s.world.sum.Excluded[campaign.Contacted] = 1
	s.get("/drafts/ONEDRAFT").want(t, 200, "给一个人的消息", "许知夏", "最近 7 天已经营销过这个人").lacks(t, `name="cap_days"`, `name="name"`, "修改人群")
	s.get("/drafts/MAILDRAFT?as=2&w=text").want(t, 200, "王思齐 3 / 3", "退订: https://s.example.com/u/", `id="pv-text" aria-pressed="true"`).lacks(t, "<iframe")
	s.get("/drafts/MAILDRAFT?as=1&w=phone").want(t, 200, "陈子昂 2 / 3", "crm-mailbox-s")
	s.get("/drafts/MAILDRAFT?as=99&w=nonsense").want(t, 200, "3 / 3")
}

func TestComposerWithoutAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.slow = slowCount
	s.get("/drafts/SMSDRAFT").want(t, 200, "没有算出来", "没有取到预览", `value="confirm" hx-post="/crm/drafts/SMSDRAFT" hx-target="#dialog" hx-swap="innerHTML" hx-disabled-elt="this" disabled`)
	s.post("/drafts/SMSDRAFT", url.Values{"step": {"confirm"}}).want(t, http.StatusServiceUnavailable)
	s = newSite(t, func(_ *world, c *Config) {
		c.Senders, c.Balance = nil, nil
	})
	s.get("/drafts/PMDRAFT").want(t, 200, "现在没有可以发私信的员工")
	s.get("/drafts/SMSDRAFT").want(t, 200, "<dt>余量</dt><dd>未知</dd>")
	s.world.people, s.world.sum = nil, campaign.Sum{Matched: 5, Excluded: map[campaign.Exclusion]int64{campaign.NoContact: 5}}
	s.get("/drafts/MAILDRAFT").want(t, 200, "没有可以发送的人", "现在发给 0 人")
	s.world.fail = fault.ErrUnavailable
	s.get("/drafts/MAILDRAFT").want(t, http.StatusServiceUnavailable)
}

func TestWhoseDraft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"", "/people", "/tests", "/mail", "/drop", "/audience"} {
		s.get("/drafts/OTHERDRAFT"+path).want(t, http.StatusForbidden)
		s.get("/drafts/GONE"+path).want(t, http.StatusNotFound)
	}
	for _, step := range []string{"save", "confirm", "send", "drop", "test"} {
		s.post("/drafts/OTHERDRAFT", letter("step", step)).want(t, http.StatusForbidden)
		s.post("/drafts/GONE", letter("step", step)).want(t, http.StatusNotFound)
	}
	s.post("/audience/select", url.Values{"mode": {"ids"}, "person": {"1"}, "draft": {"OTHERDRAFT"}}).want(t, http.StatusForbidden)
	s.get("/templates/new?draft=OTHERDRAFT").want(t, http.StatusForbidden)
	for _, key := range []string{"%00", "%27", strings.Repeat("A", 101), "a.b"} {
		s.get("/drafts/"+key).want(t, http.StatusNotFound)
	}
	if s.world.drafts["OTHERDRAFT"].Name != "" || len(s.world.launched) != 0 {
		t.Error("somebody else's draft was touched")
	}
}

// TestSaving holds that what is typed is kept, right or wrong.
func TestSaving(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := letter("step", "save", "name", "新名字\x00", "subject", "{% for x in y %}", "b.1.text", "第一行\r\n第二行", "param.course", "", "fallback.nickname", "同学",
		"cap_days", "３０", "control", "5", "when", "at", "date", "2026-11-24", "time", "19:30", "as", "1", "w", "phone")
	a := s.post("/drafts/MAILDRAFT", form).want(t, http.StatusSeeOther)
	if got := a.Header.Get("Location"); got != "/crm/drafts/MAILDRAFT?as=1&w=phone" {
		t.Errorf("Location %q", got)
	}
	d := s.world.drafts["MAILDRAFT"]
	if d.Name != "新名字" || d.Content.Subject != "{% for x in y %}" || d.Content.Blocks[1].Text != "第一行\n第二行" || d.CapDays != 30 || d.Control != 5 ||
		d.Fill.Fallbacks["nickname"] != "同学" || d.Fill.Params["course"] != "" || !d.SendAt.Equal(time.Date(2026, 11, 24, 19, 30, 0, 0, shanghai())) || !d.SavedAt.Equal(s.world.now) {
		t.Errorf("kept %+v", d)
	}
	s.get("/drafts/MAILDRAFT").want(t, 200, `value="{% for x in y %}"`, "安排 11-24 19:30 发给 40 人", `value="2026-11-24"`, `value="19:30"`, `value="at" id="when-at" checked`)

	// What is not in the form stays: another channel's text, values of variables that went.
	d.Content.Text = "旧短信"
	s.world.drafts["MAILDRAFT"] = d
	s.post("/drafts/MAILDRAFT", url.Values{"form": {"1"}, "step": {"save"}, "when": {"now"}}).want(t, http.StatusSeeOther)
	if d := s.world.drafts["MAILDRAFT"]; d.Content.Text != "旧短信" || d.Name != "新名字" || len(d.Content.Blocks) != 3 || !d.SendAt.IsZero() {
		t.Errorf("kept %+v", d)
	}
	// A form without its mark is a dialog's: nothing is read.
	s.post("/drafts/MAILDRAFT", url.Values{"step": {"save"}, "name": {"x"}}).want(t, http.StatusSeeOther)
	if s.world.drafts["MAILDRAFT"].Name != "新名字" {
		t.Error("a dialog changes the draft")
	}
	s.post("/drafts/MAILDRAFT", letter("step", "dance")).want(t, http.StatusUnprocessableEntity)
}

// TestSavingAsTyped holds what htmx gets while somebody types.
func TestSavingAsTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.get("/drafts/MAILDRAFT").want(t, 200).body
	counted, filled := between(t, page, `name="counted" value="`, `"`), between(t, page, `name="filled" value="`, `"`)
	same := letter("counted", counted, "filled", filled, "n", "40")
	a := s.change("MAILDRAFT", same, "preview").want(t, 200, `id="preview"`, `id="check"`, `id="step-1" hx-swap-oob="true"`, `id="saved" hx-swap-oob="true"`, "现在发给 40 人").
		lacks(t, "<html", `id="fill"`, `id="dry"`, "<form")
	if a.Header.Get("HX-Trigger") != "" {
		t.Error("counts again for nothing")
	}
	same.Set("b.1.text", "{{ 真实姓名 }}，{{ 口令 }}")
	a = s.change("MAILDRAFT", same, "preview").want(t, 200, `id="fill"`, `name="fallback.real_name"`, `name="param.口令"`, "还没填写", "口令")
	if a.Header.Get("HX-Trigger") != "recount" {
		t.Error("another variable is not counted")
	}
	s.change("MAILDRAFT", letter("cap_days", "x", "when", "at", "date", "", "n", "40"), "preview").want(t, 200, "请填 0 到 365 之间的数", "请填日期和时间")
	if d := s.world.drafts["MAILDRAFT"]; d.CapDays != 7 || !d.SendAt.IsZero() {
		t.Errorf("kept what could not be read: %+v", d)
	}
	s.world.sum.Excluded[campaign.NoVariable] = 46
	before := s.world.drafts["MAILDRAFT"].Content.Subject
	s.change("MAILDRAFT", letter("step", "dry", "subject", "只是数一数 {{ 用户名 }}"), "dry").want(t, 200, `id="dry"`, `id="matched" hx-swap-oob="true"`, `id="go"`, "有 46 人没有用户名", "缺少变量的值").lacks(t, "<html", `id="preview"`)
	s.change("MAILDRAFT", letter("step", "as:2"), "preview").want(t, 200, "3 / 3").lacks(t, `id="check"`)
	if s.world.drafts["MAILDRAFT"].Content.Subject != before {
		t.Error("counting keeps what was typed")
	}
	s.post("/drafts/MAILDRAFT", letter("step", "dry", "subject", "没有脚本")).want(t, http.StatusSeeOther)
	if s.world.drafts["MAILDRAFT"].Content.Subject != "没有脚本" {
		t.Error("without htmx counting loses what was typed")
	}
	s.post("/drafts/MAILDRAFT", letter("step", "as:x")).want(t, http.StatusUnprocessableEntity)
}

// TestValuesAreBounded holds that a draft remembers so many values and no more, and that those can
// still be changed.
func TestValuesAreBounded(t *testing.T) {
	t.Parallel()
	old := map[string]string{}
	for i := range maxFill {
		old["p"+strconv.Itoa(i)] = "before"
	}
	got := readNamed(old, url.Values{"param.p7": {"after"}, "param.p8": {""}}, "param.")
	if got["p7"] != "after" || len(got) != maxFill-1 {
		t.Errorf("%d values, p7 %q", len(got), got["p7"])
	}
	if got := readNamed(old, url.Values{"param.new": {"x"}}, "param."); len(got) != maxFill || got["new"] != "" {
		t.Errorf("%d values", len(got))
	}
}

func TestChannelsCanBeChanged(t *testing.T) {
	t.Parallel()
	s := newSite(t, approvals(false))
	s.change("MAILDRAFT", letter("step", "channel:message"), "composer").want(t, 200, `id="composer"`, "新建私信营销", `<option value="7" selected>`).lacks(t, "<html")
	d := s.world.drafts["MAILDRAFT"]
	if d.Channel != h.ChannelMessage || len(d.Content.Blocks) != 3 || d.Content.From != "7" {
		t.Errorf("%+v", d)
	}
	s.post("/drafts/MAILDRAFT", url.Values{"form": {"1"}, "step": {"channel:sms"}, "text": {"{{ 用户名 }}，上课了"}}).want(t, http.StatusSeeOther)
	s.get("/drafts/MAILDRAFT").want(t, 200, "新建短信营销", "{{ 用户名 }}，上课了", `data-sms="6"`, "不含变量 10 字，按 1 条计费", "套用模板", "【启明网校】user_00，上课了")
	s.post("/drafts/MAILDRAFT", url.Values{"form": {"1"}, "step": {"channel:email"}}).want(t, http.StatusSeeOther)
	s.get("/drafts/MAILDRAFT").want(t, 200, "接着上次的进度学")
	s.post("/drafts/MAILDRAFT", letter("step", "channel:fax")).want(t, http.StatusUnprocessableEntity)
}

func TestTemplatesInTheComposer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.change("SMSDRAFT", url.Values{"form": {"1"}, "template": {"6"}}, "preview").want(t, 200, `id="composer"`, `value="6" checked`)
	if a.Header.Get("HX-Retarget") != "#composer" || s.world.drafts["SMSDRAFT"].Template.ID != 6 {
		t.Error("another template does not draw the form again")
	}
	s.change("SMSDRAFT", url.Values{"form": {"1"}, "template": {"6"}}, "preview").want(t, 200).lacks(t, `id="composer"`)
	s.post("/drafts/SMSDRAFT", url.Values{"form": {"1"}, "template": {"4"}}).want(t, http.StatusUnprocessableEntity)
	s.post("/drafts/SMSDRAFT", url.Values{"form": {"1"}, "template": {"99"}}).want(t, http.StatusNotFound)
	s.post("/drafts/SMSDRAFT", url.Values{"form": {"1"}, "text": {"自己写的"}}).want(t, http.StatusSeeOther)
	if strings.Contains(s.world.drafts["SMSDRAFT"].Content.Text, "自己写的") {
		t.Error("an approved text was changed")
	}

	s.post("/drafts/EMPTYDRAFT", letter("step", "use:4")).want(t, http.StatusSeeOther)
	d := s.world.drafts["EMPTYDRAFT"]
	if d.Template != (campaign.TemplateRef{ID: 4, Version: 3}) || d.Content.Blocks[2].URL == "" {
		t.Errorf("%+v", d)
	}
	s.change("EMPTYDRAFT", letter("b.1.text", "你试听过的《{{ 课程名称 }}》正在返场"), "preview").want(t, 200)
	if s.world.drafts["EMPTYDRAFT"].Template.ID != 4 {
		t.Error("an unchanged text is not its template's any more")
	}
	s.change("EMPTYDRAFT", letter("b.1.text", "改过"), "preview").want(t, 200)
	if s.world.drafts["EMPTYDRAFT"].Template.ID != 0 {
		t.Error("a changed text is said to be its template's")
	}
	s.post("/drafts/EMPTYDRAFT", letter("step", "use:5")).want(t, http.StatusUnprocessableEntity)
	s.post("/drafts/EMPTYDRAFT", letter("step", "use:99")).want(t, http.StatusNotFound)
}

func TestOfferings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.hx("/campaigns/offerings?of=course&param.course=%E8%80%83", "course-list").want(t, 200, `<datalist id="course-list">`, `value="offering &lt;b&gt;1&lt;/b&gt;"`).lacks(t, "考研数学", "<html")
	s.get("/campaigns/offerings?of=classroom").want(t, 200, `id="classroom-list"`).lacks(t, "<option")
	s.get("/campaigns/offerings?of=x&a=none").want(t, 200, `id="course-list"`).lacks(t, "<option")
}

// TestStepsAreMarked holds that each field belongs to one part of the page.
func TestStepsAreMarked(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]int{"cap_days": 1, "audience": 1, "subject": 2, "blocks": 2, "blocks.3.url": 2, "template": 2, "text": 2, "from": 2,
		"params.天数": 3, "fallbacks.nickname": 3, "link": 3, "send_at": 5} {
		steps := stepsOf(fault.Fields{field: {Key: "problem.missing"}}, true)
		for i, st := range steps {
			if st.Done != (i+1 != want) {
				t.Errorf("%s: step %d done %v", field, i+1, st.Done)
			}
		}
	}
	order := inOrder(fault.Fields{"send_at": {}, "blocks.10.text": {}, "blocks.2.url": {}, "name": {}, "params.x": {}, "blocks": {}})
	var got []string
	for _, p := range order {
		got = append(got, p.Field)
	}
	if want := []string{"name", "blocks", "blocks.2.url", "blocks.10.text", "params.x", "send_at"}; !slices.Equal(got, want) {
		t.Errorf("order %v", got)
	}
}

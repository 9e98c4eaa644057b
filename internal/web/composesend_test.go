package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// asked asks whether to send a draft, and gives what the button of the question sends.
func (s *site) asked(key string) url.Values {
	s.t.Helper()
	a := s.post("/drafts/"+key, url.Values{"step": {"confirm"}}).want(s.t, 200)
	return url.Values{"step": {"send"}, "n": {between(s.t, a.body, `name="n" value="`, `"`)}, "version": {between(s.t, a.body, `name="version" value="`, `"`)}}
}

// confirmed asks to send a draft and says yes.
func (s *site) confirmed(key string) answer {
	s.t.Helper()
	return s.post("/drafts/"+key, s.asked(key))
}

func TestSending(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	// Asked with the number, and nothing is sent yet.
	s.post("/drafts/MAILDRAFT", letter("step", "confirm")).want(t, 200, "给 40 人发送邮件？", "目标人群 45 人，排除 5 人，发送 40 人", `name="step" value="send"`, "<html")
	a := s.change("MAILDRAFT", letter("step", "confirm"), "dialog").want(t, 200, "<dialog", "给 40 人发送邮件？", `hx-post="/crm/drafts/MAILDRAFT"`).lacks(t, "<html", "接着上次")
	if a.Header.Get("HX-Retarget") != "#dialog" || len(s.world.launched) != 0 {
		t.Fatal("sent without a yes")
	}
	s.post("/drafts/SMSDRAFT", url.Values{"step": {"confirm"}}).want(t, 200, "最多 80 条短信，最多 ¥3.60")
	s.post("/drafts/ONEDRAFT", url.Values{"step": {"confirm"}}).want(t, 200, "发送这条私信？", "发出后不能撤回")

	// Yes, twice: one campaign, and both end on its page.
	yes := s.asked("MAILDRAFT")
	if got := s.post("/drafts/MAILDRAFT", yes).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/campaigns/12" {
		t.Errorf("Location %q", got)
	}
	if got := s.change("MAILDRAFT", yes, "dialog").want(t, 200).Header.Get("HX-Redirect"); got != "/crm/campaigns/12" {
		t.Errorf("HX-Redirect %q", got)
	}
	for _, path := range []string{"", "/people", "/mail", "/drop"} {
		if got := s.get("/drafts/MAILDRAFT"+path).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/campaigns/12" {
			t.Errorf("%s of a launched draft leads to %q", path, got)
		}
	}
	s.change("MAILDRAFT", letter("name", "zu spät"), "preview").want(t, 200)
	if len(s.world.launched) != 1 {
		t.Fatalf("%d campaigns", len(s.world.launched))
	}
	c := s.world.launched[0]
	if c.Key != "MAILDRAFT" || c.ByName != "周敏" || c.Channel != h.ChannelEmail || c.Promised.Sendable != 40 || c.Fill.Params["course"] != "Python" || c.State != campaign.Planning {
		t.Errorf("launched %+v", c)
	}
	if deeds := s.world.deeds(); !slices.Equal(deeds, []string{"campaign.launched campaign:12"}) {
		t.Errorf("recorded %q", deeds)
	}
}

// TestLaunchedWhileSaving is two windows: one sends, the other still types.
func TestLaunchedWhileSaving(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.world.drafts["MAILDRAFT"]
	s.confirmed("MAILDRAFT").want(t, http.StatusSeeOther)
	s.world.drafts["MAILDRAFT"] = d // as it was read a moment before
	if got := s.change("MAILDRAFT", letter("name", "anders"), "preview").want(t, 200).Header.Get("HX-Redirect"); got != "/crm/campaigns/12" {
		t.Errorf("HX-Redirect %q", got)
	}
	s.post("/drafts/MAILDRAFT", s.asked("MAILDRAFT")).want(t, http.StatusSeeOther)
	if len(s.world.launched) != 1 {
		t.Errorf("%d campaigns", len(s.world.launched))
	}
}

// TestDoubleClick sends the same yes from two requests at once.
func TestDoubleClick(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	yes := s.asked("SMSDRAFT")
	var mu sync.Mutex // the world is not made for two at once; the store's own test is
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			if got := s.post("/drafts/SMSDRAFT", yes).Header.Get("Location"); got != "/crm/campaigns/12" {
				t.Errorf("Location %q", got)
			}
		})
	}
	group.Wait()
	if len(s.world.launched) != 1 || s.world.launched[0].Content.Supplier != "SMS_2081" {
		t.Errorf("launched %+v", s.world.launched)
	}
}

func TestAskingAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	yes := s.asked("MAILDRAFT")
	s.world.sum.Sendable, s.world.sum.Matched = 41, 46
	s.post("/drafts/MAILDRAFT", yes).want(t, 200, "从 40 人变为 41 人", "给 41 人发送邮件？", `name="n" value="41"`)
	s.change("MAILDRAFT", yes, "dialog").want(t, 200, "<dialog", "从 40 人变为 41 人")

	yes = s.asked("MAILDRAFT")
	s.post("/drafts/MAILDRAFT", letter("subject", "换了标题")).want(t, http.StatusSeeOther)
	s.post("/drafts/MAILDRAFT", yes).want(t, 200, "确认以后草稿又改过")
	s.post("/drafts/MAILDRAFT", url.Values{"step": {"send"}}).want(t, 200, "给 41 人发送邮件？").lacks(t, "确认以后")

	yes = s.asked("MAILDRAFT")
	s.world.sum = campaign.Sum{Matched: 5, Excluded: map[campaign.Exclusion]int64{campaign.NoConsent: 5}}
	if got := s.post("/drafts/MAILDRAFT", yes).want(t, http.StatusSeeOther).Header.Get("Location"); got != "/crm/drafts/MAILDRAFT?check=1" {
		t.Errorf("Location %q", got)
	}
	s.post("/drafts/MAILDRAFT", letter("step", "confirm")).want(t, http.StatusUnprocessableEntity, "没有可以发送的人", `href="#c-audience"`)
	if len(s.world.launched) != 0 {
		t.Error("sent without a yes to what it says now")
	}
}

func TestSendingLater(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.post("/drafts/MAILDRAFT", letter("step", "confirm", "when", "at", "date", "2026-11-21", "time", "09:30")).want(t, 200, "安排在明天 09:30 给 40 人发送邮件？", "可以取消", "2026-11-21 09:30")
	s.confirmed("MAILDRAFT").want(t, http.StatusSeeOther)
	if c := s.world.launched[0]; c.State != campaign.Scheduled || !c.SendAt.Equal(time.Date(2026, 11, 21, 9, 30, 0, 0, shanghai())) {
		t.Errorf("launched %+v", c)
	}
}

func TestLargeSends(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.chosen.LargeSend = new(int64(39)) })
	yes := s.asked("MAILDRAFT") // with the permission
	s.world.staff.Permissions = without(h.PermCampaignSendLarge)
	s.post("/drafts/MAILDRAFT", letter("step", "confirm")).want(t, http.StatusUnprocessableEntity, "要发给 40 人，超过 39 人")
	s.post("/drafts/MAILDRAFT", yes).want(t, http.StatusSeeOther)
	if len(s.world.launched) != 0 {
		t.Fatal("sent without the permission")
	}
	s.world.sum.Sendable, s.world.sum.Matched = 39, 44
	s.confirmed("MAILDRAFT").want(t, http.StatusSeeOther)
	if len(s.world.launched) != 1 {
		t.Error("the limit itself is too many")
	}
}

// TestLaunchesOnlyItsOwn holds that nothing written for another channel or text goes along.
func TestLaunchesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	d := s.world.drafts["MAILDRAFT"]
	d.Content.Text, d.Content.From, d.Content.Supplier = "旧短信", "8", "SMS_1"
	d.Fill.Params = map[string]string{"course": "Python", "天数": "3"}
	d.Fill.Fallbacks = map[string]string{"member_level": "会员"}
	s.world.drafts["MAILDRAFT"] = d
	s.confirmed("MAILDRAFT").want(t, http.StatusSeeOther)
	c := s.world.launched[0]
	if c.Content.Text != "" || c.Content.From != "" || c.Content.Supplier != "" || len(c.Fill.Params) != 1 || len(c.Fill.Fallbacks) != 0 || len(c.Content.Blocks) != 3 {
		t.Errorf("launched %+v %+v", c.Content, c.Fill)
	}
}

func TestTests(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	form := letter("step", "test", "test_to", "me@example.com", "test_key", "key-1", "as", "1")
	a := s.change("MAILDRAFT", form, "test").want(t, 200, `id="test"`, "已提交", `hx-get="/crm/drafts/MAILDRAFT/tests" hx-trigger="every 2s"`, `value="me@example.com"`).lacks(t, "<html", `value="key-1"`)
	if key := between(t, a.body, `name="test_key" value="`, `"`); len(key) < 20 {
		t.Errorf("key of the next test %q", key)
	}
	s.change("MAILDRAFT", form, "test").want(t, 200)
	s.post("/drafts/MAILDRAFT", form).want(t, http.StatusSeeOther)
	if len(s.world.sent) != 1 || s.world.sent[0].To != "me@example.com" || !strings.HasPrefix(s.world.sent[0].Subject, "[测试 Test] user_01") {
		t.Fatalf("sent %+v", s.world.sent)
	}
	if got := s.world.deeds(); got[0] != "campaign.tested draft:MAILDRAFT" {
		t.Errorf("recorded %q", got)
	}
	for _, e := range s.world.audited {
		if e.Detail["to"] != nil {
			t.Errorf("the record names the contact: %+v", e)
		}
	}

	// Polled until it is settled, and not for ever.
	s.hx("/drafts/MAILDRAFT/tests", "tests").want(t, 200, "已提交", "every 2s")
	s.world.tests[0].State = campaign.Delivered
	s.hx("/drafts/MAILDRAFT/tests", "tests").want(t, statusStopPolling, "已送达").lacks(t, "every 2s")
	s.world.tests[0].State, s.world.now = campaign.Accepted, s.world.now.Add(31*time.Second)
	s.hx("/drafts/MAILDRAFT/tests", "tests").want(t, statusStopPolling, "已提交")
	s.get("/drafts/MAILDRAFT/tests").want(t, http.StatusSeeOther)

	// Wrong: said at the field, and what was typed stays.
	s.change("MAILDRAFT", letter("step", "test", "test_to", "nobody", "test_key", "key-2"), "test").want(t, http.StatusUnprocessableEntity, `id="x-test_to"`, "请填一个能收到的手机号或邮箱", `value="nobody"`)
	s.change("MAILDRAFT", letter("step", "test", "test_to", "me@example.com", "test_key", "key-2", "subject", ""), "test").want(t, http.StatusUnprocessableEntity, `id="x-subject"`)
	s.change("PMDRAFT", url.Values{"form": {"1"}, "step": {"test"}, "from": {"99"}, "test_key": {"key-3"}}, "test").want(t, http.StatusUnprocessableEntity, `id="x-from"`)
	s.change("PMDRAFT", url.Values{"form": {"1"}, "step": {"test"}, "from": {"8"}, "test_key": {"key-3"}}, "test").want(t, 200, "已提交")
	if last := s.world.sent[len(s.world.sent)-1]; last.To != "7" || last.From != "8" {
		t.Errorf("sent %+v", last)
	}
	s.world.away = true
	s.change("MAILDRAFT", letter("step", "test", "test_to", "me@example.com", "test_key", "key-4"), "test").want(t, 200, "服务商连不上", "crm-pill-bad")
	s.world.mute = http.ErrHandlerTimeout
	s.change("MAILDRAFT", letter("step", "test", "test_to", "me@example.com", "test_key", "key-5"), "test").want(t, http.StatusInternalServerError)
	if len(s.world.tests) != 3 {
		t.Errorf("%d tests", len(s.world.tests))
	}
}

func TestDroppingDrafts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/drafts/MAILDRAFT/drop").want(t, 200, "放弃草稿“返场”？", `name="step" value="drop"`)
	s.hx("/drafts/EMPTYDRAFT/drop", "dialog").want(t, 200, "<dialog", "放弃这份草稿？").lacks(t, "<html")
	s.post("/drafts/MAILDRAFT", url.Values{"step": {"drop"}}).want(t, http.StatusSeeOther)
	s.get("/drafts/MAILDRAFT").want(t, http.StatusNotFound)
	s.get("/campaigns").want(t, 200, "我的草稿", "双 11 返场", "未命名的营销", "给一个人的消息").lacks(t, "/drafts/MAILDRAFT", "OTHERDRAFT")
	s.world.staff.Permissions = without(h.PermCampaignSend)
	s.get("/campaigns").want(t, 200).lacks(t, "我的草稿")
}

func TestPeopleOfADraft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get("/drafts/MAILDRAFT/people?reason=contacted").want(t, 200, "7 天内营销过", "许知夏", "/crm/people/1", "&lt;script&gt;", "/crm/drafts/MAILDRAFT/people?after=2&amp;reason=contacted", "试算于 20:05:00").lacks(t, "<script>alert")
	s.hx("/drafts/MAILDRAFT/people?reason=contacted&after=2", "sifted").want(t, 200, "王思齐").lacks(t, "<html", "下一页")
	s.get("/drafts/MAILDRAFT/people").want(t, 200, "会发给这些人")
	s.get("/drafts/MAILDRAFT/people?reason=nonsense").want(t, http.StatusNotFound)
}

func TestChangingTheAudience(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := location(t, s.get("/drafts/MAILDRAFT/audience").want(t, http.StatusSeeOther))
	if v.Get("draft") != "MAILDRAFT" || v.Get("x") != "7" || v.Get("q") == "" {
		t.Errorf("leads to %v", v)
	}
	s.get("/audience?"+v.Encode()).want(t, 200, "正在改“返场”的人群", `name="use"`, "用作草稿的人群", `<input type="hidden" name="draft" value="MAILDRAFT">`, "draft=MAILDRAFT").lacks(t, `name="channel"`)
	s.get("/audience?draft=OTHERDRAFT").want(t, 200, `name="channel" value="sms"`).lacks(t, "用作草稿的人群")
	form := url.Values{"mode": {"all"}, "row": {"1", "2"}, "person": {"1"}, "x": {"30"}, "draft": {"MAILDRAFT"}, "use": {"1"}}
	if d := s.begun(s.post("/audience/select", form).want(t, http.StatusSeeOther)); len(d.Unticked) != 1 || d.CapDays != 30 || d.Name != "返场" {
		t.Errorf("%+v", d)
	}
	// People taken out by hand are in no address.
	v = location(t, s.get("/drafts/MAILDRAFT/audience").want(t, http.StatusSeeOther))
	if v.Get("q") != "" || v.Get("s") == "" {
		t.Errorf("leads to %v", v)
	}
	s.get("/audience?"+v.Encode()).want(t, 200, "手动选择的 1 人")
}

func TestMailPreview(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/drafts/MAILDRAFT/mail?as=1&v=x").want(t, 200, "接着上次的进度学", "继续学习", "退订")
	if got := a.Header.Get("Content-Security-Policy"); got != mailPolicy {
		t.Errorf("policy of the mail %q", got)
	}
	s.get("/drafts/EMPTYDRAFT/mail").want(t, 200, "还不能预览")
	s.world.people[0].Nickname = `<script>alert(1)</script>`
	d := s.world.drafts["MAILDRAFT"]
	d.Content.Blocks[1].Text = "{{ 用户名 }}<script>alert(2)</script>"
	s.world.drafts["MAILDRAFT"] = d
	s.get("/drafts/MAILDRAFT/mail").want(t, 200, "&lt;script&gt;alert(1)").lacks(t, "<script>alert")
}

package proof

import (
	"net/http"
	netmail "net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/coursecrm/coursecrm/examples/academy/sink"
)

// mailCampaign sends a mail of several blocks with a control group, follows a link, and unsubscribes on the
// page and with one click.
func mailCampaign(t *testing.T, s *stage) {
	b := operator(t, s.Academy, s.school)
	const self = "me@staff.example.com"
	w := way{channel: "email", self: self, arrived: "已提交", contact: "usable_email",
		got:   "SELECT lower(recipient) FROM academy.mails WHERE recipient <> '" + self + "'",
		tests: "SELECT count(*) FROM academy.mails WHERE recipient = '" + self + "' AND subject LIKE '[测试 Test] %，返场开始了'",
		compose: func(b *browser) {
			b.set("#c-control", "10")
			b.set("#c-subject", "{{ 用户名 }}，返场开始了")
			b.set("#c-preheader", "优惠还剩三天")
			b.set("#c-blocks-0-text", "{{ 真实姓名 | default: \"同学\" }}，你好：\n\n现在报名**立减 300 元**，详情见 {{ 链接 }}")
			b.click("#add-heading")
			b.set("#c-blocks-1-text", "接着上次的进度学")
			b.click("#up-1")
			b.eventually(10*time.Second, "the heading stands on top", func() bool {
				return eval[bool](b, `() => document.querySelector('#c-blocks-0-text').value === '接着上次的进度学'`)
			})
			b.click("#add-button")
			b.set("#c-blocks-2-text", "继续学习")
			b.set("#c-blocks-2-url", s.course)
			b.set("#c-link", s.course)
		},
		hold: func(t *testing.T) func() {
			gate, once := make(chan struct{}), sync.Once{}
			release := func() { once.Do(func() { close(gate) }) }
			t.Cleanup(release)
			s.Sink.SetRule(func(to string) *smtp.SMTPError { <-gate; return sink.ByLocalPart(to) })
			return release
		}}
	result := s.send(t, b, w)
	s.agrees(t, b, w, result, map[string]int{})
	if page := b.text("main"); !strings.Contains(page, "数据不足") {
		t.Error("the page does not say that the control group is too young")
	}
	learner := openBrowser(t, phone)
	learner.open(s.InboxURL() + s.mailTo(t, 0))
	learner.shot("inbox-mail")
	s.follow(t, b, learner)
	s.leave(t, b, learner)
}

// mailTo gives the id of the n-th mail of the campaign, of those whose address has one owner.
func (s *stage) mailTo(t *testing.T, n int) string {
	t.Helper()
	return text(t, s.school, `SELECT id::text FROM academy.mails WHERE subject NOT LIKE '[%' AND
		(SELECT count(*) FROM public.crm_learners WHERE usable_email = lower(recipient)) = 1 ORDER BY id OFFSET $1 LIMIT 1`, n)
}

// leave unsubscribes one learner on the page, without a login, and another as mail programs do,
// RFC 8058.
func (s *stage) leave(t *testing.T, b, learner *browser) {
	t.Helper()
	s.copy(b, "email")
	word := "已退订邮件或拒绝营销"
	before := b.dryRun().line(word)
	gone := func() int {
		b.click("#dry-again")
		return b.dryRun().line(word) - before
	}
	first, second := s.unsubscribe(t, s.mailTo(t, 1)), s.unsubscribe(t, s.mailTo(t, 2))
	learner.open(first)
	if got := learner.text("h1"); got != "退订邮件" {
		t.Errorf("the page is about %q", got)
	}
	public(learner, "optout")
	learner.open(second)
	if n := gone(); n != 0 {
		t.Fatalf("looking at the page unsubscribed %d", n)
	}
	learner.open(first)
	learner.click(`button[value="out"]`)
	learner.eventually(10*time.Second, "the page says so", func() bool { return learner.text("h1") == "已退订邮件" })
	public(learner, "optout-done")
	if n := gone(); n != 1 {
		t.Errorf("after the button %d have unsubscribed", n)
	}
	resp, err := http.PostForm(second, url.Values{"List-Unsubscribe": {"One-Click"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n := gone(); n != 2 || resp.StatusCode != http.StatusOK {
		t.Errorf("%s, and %d have unsubscribed", resp.Status, n)
	}
	for i, source := range []string{"退订页", "邮件里的一键退订"} {
		b.open(s.CRMURL() + "people/" + text(t, s.school, `SELECT l.id::text FROM public.crm_learners l JOIN academy.mails m ON l.usable_email = lower(m.recipient) WHERE m.id = $1`, s.mailTo(t, 1+i)))
		if page := b.text("#channels"); !strings.Contains(page, "拒绝，"+source) {
			t.Errorf("the learner's page says: %s", page)
		}
	}
	learner.open(first) // and back
	learner.click(`button[value="in"]`)
	learner.eventually(10*time.Second, "the page asks again", func() bool { return learner.text("h1") == "退订邮件" })
}

// unsubscribe reads the address out of the header of a raw mail, as mail programs do.
func (s *stage) unsubscribe(t *testing.T, id string) string {
	t.Helper()
	raw := text(t, s.school, "SELECT convert_from(raw, 'UTF8') FROM academy.mails WHERE id = $1", id)
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	address, isOne := strings.CutPrefix(m.Header.Get("List-Unsubscribe"), "<"+s.URL+"/go/u/")
	token, ends := strings.CutSuffix(address, ">")
	if !isOne || !ends || strings.ContainsAny(token, "<>, ") || m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Fatalf("headers: %q, %q", m.Header["List-Unsubscribe"], m.Header["List-Unsubscribe-Post"])
	}
	return s.URL + "/go/u/" + token
}

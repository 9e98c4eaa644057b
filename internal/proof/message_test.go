package proof

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

// messageCampaign sends private messages in the name of a member of staff, at a time, and follows a link.
func messageCampaign(t *testing.T, s *stage) {
	b := operator(t, s.Academy, s.school)
	operator := text(t, s.school, "SELECT id::text FROM academy.users WHERE roles LIKE '%operator%' ORDER BY id LIMIT 1")
	w := way{channel: "message", arrived: "已提交", contact: "host_id", soon: true,
		got:   "SELECT to_id::text FROM academy.messages WHERE key IS NOT NULL AND to_id <> " + operator,
		tests: "SELECT count(*) FROM academy.messages WHERE key IS NOT NULL AND to_id = " + operator,
		compose: func(b *browser) {
			b.set("#c-text", "{{ 用户名 }}，你好。返场开始了，详情见 {{ 链接 }}")
			b.set("#c-link", s.course)
			if from := eval[string](b, `() => document.querySelector('#c-from').value`); from != operator {
				t.Errorf("the sender is %s, not who writes", from)
			}
			b.eventually(10*time.Second, "the preview is a message", func() bool { return strings.Contains(b.text("#preview .crm-bubble"), "返场开始了") })
		},
		hold: func(t *testing.T) func() {
			tx, err := s.school.BeginTx(context.WithoutCancel(t.Context()), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec("LOCK TABLE academy.messages IN EXCLUSIVE MODE"); err != nil { // others may read
				t.Fatal(err)
			}
			var once sync.Once
			release := func() { once.Do(func() { tx.Rollback() }) } //nolint:errcheck // nothing was changed
			t.Cleanup(release)
			return release
		}}
	result := s.send(t, b, w)
	s.agrees(t, b, w, result, map[string]int{})
	s.copy(b, w.channel)
	b.open(result)

	learner := openBrowser(t, phone)
	to := text(t, s.school, `SELECT m.to_id::text FROM academy.messages m JOIN academy.users u ON u.id = m.to_id WHERE m.key IS NOT NULL AND u.status = 'normal' AND m.to_id <> $1
		ORDER BY m.id LIMIT 1`, operator)
	learner.open(s.LoginURL())
	learner.submit("/login/as/"+to, "next", "/messages")
	learner.wait("a[href*='/go/']")
	learner.shot("messages")
	s.follow(t, b, learner)
	s.direct(t, b, learner)
}

// direct writes to one of the recipients from the list of them, though they have just had a message.
func (s *stage) direct(t *testing.T, b, learner *browser) {
	t.Helper()
	b.open(b.url() + "?f=clicked")
	b.click("#recipients .crm-acts a")
	b.wait("dialog")
	if said := b.text("dialog"); !strings.Contains(said, "天营销过") {
		t.Errorf("nobody is warned: %s", said)
	}
	b.click(`dialog button[value="message"]`)
	b.set("#c-text", "{{ 用户名 }}，有什么可以帮你的吗？")
	b.still()
	s.look(b, "composer-direct")
	b.launch(t, 1)
	b.eventually(20*time.Second, "it is done", func() bool { return b.text("#campaign-pill") == "已完成" })
	s.keep(b, "done-direct")
	learner.open(s.URL + "/messages")
	learner.eventually(10*time.Second, "the message is there", func() bool { return strings.Contains(learner.text("main, body"), "有什么可以帮你的吗") })
}

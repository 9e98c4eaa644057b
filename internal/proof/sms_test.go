package proof

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/gateway"
)

// smsCampaign has a text approved by the supplier, sends it, follows a link and replies "TD".
func smsCampaign(t *testing.T, s *stage) {
	b := operator(t, s.Academy, s.school)
	approved := s.templates(t, b)
	const self = "19900000001" // nobody's number: learners' begin otherwise
	w := way{channel: "sms", self: self, arrived: "已送达", contact: "usable_mobile",
		got:   "SELECT mobile FROM gateway.sms_messages WHERE arrives AND mobile <> '" + self + "'",
		tests: "SELECT count(*) FROM gateway.sms_messages WHERE arrives AND mobile = '" + self + "'",
		compose: func(b *browser) {
			b.click("#template-" + approved)
			b.set(`[name="param.优惠"]`, "立减 300 元")
			b.set(`[name="param.course"]`, "Python 数据分析实战班")
			b.set(`[name="fallback.nickname"]`, "同学")
			b.set(`[name="link"]`, s.course)
			b.eventually(10*time.Second, "the preview is what a phone will show", func() bool {
				return strings.HasPrefix(b.text("#preview .crm-bubble"), "【启明网校】") && strings.Contains(b.text("#preview .crm-bubble"), "立减 300 元")
			})
		},
		fail: func() { s.Gateway.SetRule(gateway.Rule{Manner: func(int64) gateway.Manner { return gateway.Busy }}) },
		hold: func(t *testing.T) func() {
			gate, once := make(chan struct{}), sync.Once{}
			release := func() { once.Do(func() { close(gate) }) }
			t.Cleanup(release)
			s.Gateway.SetRule(gateway.Rule{Manner: func(int64) gateway.Manner { <-gate; return gateway.Properly }, Fate: func(mobile string) gateway.Fate {
				if fate := gateway.ByNumber(mobile); fate != gateway.PutOff { // again and again takes minutes
					return fate
				}
				return gateway.Arrives
			}})
			return release
		}}
	result := s.send(t, b, w)
	b.eventually(30*time.Second, "all receipts are in", func() bool {
		return text(t, s.school, "SELECT count(*)::text FROM gateway.sms_callbacks") == "0"
	})
	s.agrees(t, b, w, result, s.refused(t))

	phone := openBrowser(t, phone)
	number := text(t, s.school, "SELECT mobile FROM gateway.sms_messages WHERE arrives AND mobile <> $1 ORDER BY id LIMIT 1", self)
	phone.open(s.PhoneURL() + "?number=" + number)
	phone.shot("phone")
	s.follow(t, b, phone)
	s.copy(b, "sms")
	left := "已退订短信或拒绝营销"
	before := b.dryRun().line(left)
	phone.open(s.PhoneURL() + "?number=" + number)
	phone.set("#text", "TD")
	phone.click(".phone-reply button")
	b.eventually(20*time.Second, "who replied TD has opted out", func() bool {
		b.click("#dry-again")
		return b.dryRun().line(left) == before+1
	})
	if dead := b.dryRun().line("空号或在屏蔽名单里"); dead != s.refused(t)["空号或无效邮箱"]+s.refused(t)["投诉或被运营商屏蔽"] {
		t.Errorf("%d numbers are suppressed, the supplier refused %v", dead, s.refused(t))
	}
	b.open(s.CRMURL() + "people/" + text(t, s.school, "SELECT id::text FROM public.crm_learners WHERE usable_mobile = $1 AND own_sms = 'denied'", number))
	if page := b.text("#channels"); !strings.Contains(page, "拒绝，回复短信") {
		t.Errorf("the learner's page says: %s", page)
	}
	s.keep(b, "person")
}

// templates submits two texts, one of which the supplier refuses, and gives the id of the other.
func (s *stage) templates(t *testing.T, b *browser) (approved string) {
	t.Helper()
	for name, body := range map[string]string{
		"返场优惠": "{{ 用户名 }}您好，《{{ 课程名称 }}》返场，{{ 优惠 }}，点 {{ 链接 }} 报名，回TD退订",
		"全网最低": "{{ 用户名 }}您好，全网最低价，点 {{ 链接 }}，回TD退订",
	} {
		b.open(s.CRMURL() + "templates?channel=sms")
		b.click(`a[href*="templates/new"]`)
		b.set("#c-name", name)
		b.set("#c-text", body)
		b.click(`#template-form button.crm-btn-p[value="submit"]`)
		b.eventually(10*time.Second, name+" is submitted", func() bool {
			return strings.Contains(b.text("main"), name) && strings.Contains(b.text("main"), "审核中")
		})
	}
	b.eventually(30*time.Second, "the supplier has decided", func() bool {
		page := b.text("#templates")
		return strings.Contains(page, "已通过") && strings.Contains(page, "未通过") && strings.Contains(page, "含有绝对化用语“最低”")
	})
	approved = text(t, s.school, "SELECT id::text FROM public.crm_templates WHERE name = '返场优惠'")
	s.pages.Store("template-approved", "templates/"+approved)
	s.pages.Store("template-rejected", "templates/"+text(t, s.school, "SELECT id::text FROM public.crm_templates WHERE name = '全网最低'"))
	return approved
}

// refused counts the messages that did not arrive, by reason as the pages name it.
func (s *stage) refused(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for word, name := range map[string]string{"invalid": "空号或无效邮箱", "complaint": "投诉或被运营商屏蔽", "rejected": "服务商拒收"} {
		var n int
		if err := s.school.QueryRowContext(t.Context(), "SELECT count(*) FROM gateway.sms_messages WHERE $1 IN (failure, receipt)", word).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			out[name] = n
		}
	}
	if len(out) < 2 {
		t.Fatal(fmt.Sprint("the supplier refuses nobody: ", out))
	}
	return out
}

package proof

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/gateway"
)

// TestFunnels does in a browser what the funnels are for, and holds what the pages say against the
// school's own tables.
func TestFunnels(t *testing.T) {
	a, school := academy(t, 1500)
	s := &stage{Academy: a, school: school}
	operator(t, a, school) // waits for the first sync
	open := s.courseBy(t, "(SELECT count(*) FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.status IN ('created', 'paying') AND i.target_type = 'course' AND i.target_id = c.id)")
	liked := s.courseBy(t, "(SELECT count(DISTINCT v.user_id) FROM activities v WHERE v.target_type = 'course' AND v.target_id = c.id AND v.occurred_at > now() - interval '90 days')", open)
	sold := s.courseBy(t, "(SELECT count(*) FROM enrollments e WHERE e.target_type = 'course' AND e.target_id = c.id)", open, liked)
	s.course = a.URL + "/courses/" + open.host
	t.Run("jobs", func(t *testing.T) {
		for name, job := range map[string]func(*testing.T){
			"dunning": func(t *testing.T) { s.dun(t, open) },
			"refund":  func(t *testing.T) { s.giveBack(t, sold) },
			"people":  func(t *testing.T) { s.care(t, liked) },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				job(t)
			})
		}
	})
	s.addUp(t)
	t.Run("looks", func(t *testing.T) { s.funnelLooks(t, liked, sold) })
}

// addUp holds the figures of all offerings against the pairs that they sum up.
func (s *stage) addUp(t *testing.T) {
	t.Helper()
	const of = "(potential, pending, enrolled, withdrawn, past, gross, refunded, open_amount, refunding)"
	wrong := text(t, s.school, `SELECT coalesce(string_agg(concat(offering_id, ': figures ', f, ', pairs ', p), '; '), '') FROM (
			SELECT offering_id, ROW (sum(potential), sum(pending), sum(enrolled), sum(withdrawn), sum(past), sum(gross), sum(refunded), sum(open_amount), sum(refunding)) AS f
			FROM (SELECT * FROM public.crm_figures UNION ALL SELECT * FROM public.crm_figure_changes) x WHERE day = '-infinity' GROUP BY offering_id) f
		FULL JOIN (SELECT offering_id, ROW (count(*) FILTER (WHERE stage = 'potential'), count(*) FILTER (WHERE stage = 'pending'), count(*) FILTER (WHERE stage = 'enrolled'),
			count(*) FILTER (WHERE stage = 'withdrawn'), count(*) FILTER (WHERE past), sum(gross), sum(refunded), sum(open_amount), sum(refunding)) AS p
			FROM public.crm_pairs GROUP BY offering_id) p USING (offering_id)
		WHERE f.f::text IS DISTINCT FROM p.p::text AND f.f::text <> '(0,0,0,0,0,0,0,0,0)'`)
	if wrong != "" {
		t.Errorf("%s: %s", of, wrong)
	}
}

// aCourse is a course as the school and the CRM call it.
type aCourse struct{ host, id, title string }

// page is where the CRM shows a tab of it.
func (c aCourse) page(tab string) string { return "courses/" + c.id + "?tab=" + tab }

// courseBy finds the course on sale that has most of something, none of the others.
func (s *stage) courseBy(t *testing.T, most string, others ...aCourse) aCourse {
	t.Helper()
	taken := []string{}
	for _, o := range others {
		taken = append(taken, o.host)
	}
	c := aCourse{host: text(t, s.school, `SELECT c.id::text FROM courses c WHERE c.status = 'published' AND c.price > 5000 AND c.origin_id = 0 AND c.id::text <> ALL ($1)
		ORDER BY `+most+" DESC, c.id LIMIT 1", taken)}
	c.id = text(t, s.school, "SELECT id::text FROM public.crm_offerings WHERE type = 'course' AND host_id = $1", c.host)
	c.title = text(t, s.school, "SELECT title FROM courses WHERE id::text = $1", c.host)
	return c
}

// words reads a column of texts.
func (s *stage) words(t *testing.T, query string, args ...any) []string {
	t.Helper()
	return strings.Fields(text(t, s.school, "SELECT coalesce(string_agg(x::text, ' ' ORDER BY x::text), '') FROM ("+query+") q (x)", args...))
}

// owing are those who have an open order for a course and no place in it, as the school has it.
const owing = `SELECT DISTINCT u.id FROM users u JOIN orders o ON o.user_id = u.id JOIN order_items i ON i.order_id = o.id AND i.target_type = 'course'
	JOIN courses c ON c.id = i.target_id WHERE $1 IN (c.id::text, c.origin_id::text) AND o.status IN ('created', 'paying') AND u.status <> 'deleted'
		AND NOT EXISTS (SELECT FROM enrollments e JOIN courses k ON k.id = e.target_id WHERE e.user_id = u.id AND e.target_type = 'course' AND e.role = 'student'
			AND e.status = 'active' AND (e.deadline = 0 OR e.deadline > extract(epoch FROM now())) AND $1 IN (k.id::text, k.origin_id::text))`

// dun writes to everybody who has not paid, and finds on the phones whom it reached.
func (s *stage) dun(t *testing.T, c aCourse) {
	s.Gateway.SetRule(gateway.Rule{Fate: func(string) gateway.Fate { return gateway.Arrives }})
	b := operator(t, s.Academy, s.school)
	b.open(s.CRMURL() + "templates/new?channel=sms")
	b.set("#c-name", "催付")
	b.set("#c-text", "{{ 用户名 }}您好，《{{ 课程名称 }}》的订单还没有付款，点 {{ 链接 }} 继续，回TD退订")
	b.click(`#template-form button.crm-btn-p[value="submit"]`)
	b.wait("#templates")

	s.debtors(t, c)
	people := s.words(t, owing, c.host)
	denied := s.words(t, "SELECT id FROM users WHERE nickname = '欠款人0'")
	want := slices.DeleteFunc(slices.Clone(people), func(id string) bool { return slices.Contains(denied, id) })
	b.eventually(20*time.Second, "the CRM knows them as they are", func() bool {
		return text(t, s.school, `SELECT count(*)::text FROM users u JOIN public.crm_learners l ON l.host_id = u.id::text AND l.updated_at = u.updated_at WHERE u.id::text = ANY ($1)`, people) == fmt.Sprint(len(people))
	})
	b.eventually(30*time.Second, "the text is approved", func() bool {
		return text(t, s.school, "SELECT count(*)::text FROM public.crm_templates WHERE name = '催付' AND state = 'approved'") == "1"
	})

	b.open(s.CRMURL() + c.page("pending"))
	if n := b.number("#tab-pending small"); n != len(people) {
		t.Errorf("%d people have not paid, the page says %d", len(people), n)
	}
	b.shot("funnel-pending")
	b.click("[data-tick-page]")
	b.click("[data-mode-all]")
	b.click(`#bulk-bar button[value="sms"]`)
	b.click("#template-" + text(t, s.school, "SELECT id::text FROM public.crm_templates WHERE name = '催付'"))
	b.set("#c-name", "催付")
	b.set(`[name="param.course"]`, c.title)
	b.set(`[name="fallback.nickname"]`, "同学")
	b.set(`[name="link"]`, s.course)
	if dry := b.dryRun(); dry.Matched != len(people) || dry.Sendable != len(want) || dry.line("已退订短信或拒绝营销") != len(denied) {
		t.Errorf("of %d people %d have no reason not to be written to, the dry run says %+v", len(people), len(want), dry)
	}
	result := b.launch(t, len(want))
	b.eventually(30*time.Second, "the campaign is done", func() bool { return b.text("#campaign-pill") == "已完成" })
	b.eventually(30*time.Second, "all receipts are in", func() bool {
		return text(t, s.school, "SELECT count(*)::text FROM gateway.sms_callbacks") == "0"
	})
	if got := s.words(t, "SELECT u.id FROM gateway.sms_messages m JOIN users u ON u.verified_mobile = m.mobile WHERE m.arrives"); !slices.Equal(got, want) {
		t.Errorf("who has not paid: %v\nwho was written to: %v", want, got)
	}
	if got := s.words(t, `SELECT l.host_id FROM public.crm_deliveries d JOIN public.crm_learners l ON l.id = d.learner_id
		WHERE d.campaign_id = $1 AND d.state = 'excluded' AND d.reason = 'no_consent'`, path.Base(result)); !slices.Equal(got, denied) {
		t.Errorf("who said no: %v\nwho was left out for it: %v", denied, got)
	}
}

// debtors lets learners order and not pay, one of whom wants no text messages; who owed before gets
// a phone of their own too. No order closes by itself meanwhile.
func (s *stage) debtors(t *testing.T, c aCourse) {
	t.Helper()
	for i := range 6 {
		p := s.pupil(t, fmt.Sprint("欠款人", i), fmt.Sprintf("1770000%04d", i))
		p.post("/courses/"+c.host+"/order", nil)
		p.post("/me/consent", map[string]string{"sms": map[bool]string{true: "no", false: "yes"}[i == 0]})
	}
	if _, err := s.school.ExecContext(t.Context(), "UPDATE orders SET close_deadline = now() + interval '5 hours' WHERE status IN ('created', 'paying')"); err != nil {
		t.Fatal(err)
	}
	for i, id := range s.words(t, owing+" AND u.nickname NOT LIKE '欠款人%'", c.host) {
		if _, err := s.school.ExecContext(t.Context(), "UPDATE users SET status = 'normal', roles = 'user', verified_mobile = $2 WHERE id::text = $1", id, fmt.Sprintf("1770001%04d", i)); err != nil {
			t.Fatal(err)
		}
		s.login(t, id).post("/me/consent", map[string]string{"sms": "yes"})
	}
}

// giveBack sells a course, takes it back for a part of the money, and looks where both went.
func (s *stage) giveBack(t *testing.T, c aCourse) {
	b := operator(t, s.Academy, s.school)
	offering := func(tab string) shownFunnel {
		b.open(s.CRMURL() + c.page(tab))
		return b.shown()
	}
	before := offering("withdrawn")
	p := s.pupil(t, "退款人", "17700020001")
	order := path.Base(p.post("/courses/"+c.host+"/order", nil))
	p.post("/orders/"+order+"/pay", nil)
	paid := eval[int](b, "x => +x", text(t, s.school, "SELECT paid_cash::text FROM orders WHERE id::text = $1", order))
	var bought shownFunnel
	took := b.eventually(3*time.Second, "who has paid is enrolled", func() bool {
		bought = offering("enrolled")
		return bought.has("退款人") && bought.Enrolled != before.Enrolled
	})
	t.Logf("the purchase showed after %v", took)
	if bought.Enrolled != before.Enrolled+1 || bought.Withdrawn != before.Withdrawn || bought.Revenue != before.Revenue+paid {
		t.Errorf("somebody paid %d: %+v, before %+v", paid, bought, before)
	}

	p.post("/orders/"+order+"/refund", map[string]string{"reason": "时间安排不开"})
	b.eventually(3*time.Second, "the money is about to be lost", func() bool { return offering("enrolled").Losing == bought.Losing+paid/100 })
	id := text(t, s.school, "SELECT id::text FROM refunds WHERE order_id::text = $1", order)
	back := paid/3 + 1 // not all of it
	b.open(s.URL + "/admin/")
	b.set("#a"+id, fmt.Sprintf("%d.%02d", back/100, back%100))
	b.click(`form[action="/admin/refunds/` + id + `/grant"] button`)
	b.eventually(5*time.Second, "the refund is granted", func() bool {
		return text(t, s.school, "SELECT status FROM refunds WHERE id::text = $1", id) == "refunded"
	})
	var after shownFunnel
	took = b.eventually(3*time.Second, "who got money back has left", func() bool {
		after = offering("withdrawn")
		return after.has("退款人") && after.Withdrawn != before.Withdrawn
	})
	t.Logf("the refund showed after %v", took)
	b.shot("funnel-withdrawn")
	if after.Enrolled != before.Enrolled || after.Withdrawn != before.Withdrawn+1 || after.Losing != before.Losing || after.Revenue != bought.Revenue-back {
		t.Errorf("somebody got %d back: %+v, before %+v", back, after, bought)
	}
	if offering("enrolled").has("退款人") {
		t.Error("who has left is still enrolled")
	}
	s.timeline(t, b, "退款人", "申请退款", c.title, "时间安排不开")
	s.timeline(t, b, "退款人", "退款完成", c.title, fmt.Sprintf("¥%d.%02d", back/100, back%100))
}

// shownFunnel is an offering as its page shows it.
type shownFunnel struct {
	Potential, Pending, Enrolled, Past, Withdrawn int
	Revenue                                       int // fen
	Losing                                        int // yuan
	People                                        []string
}

func (s shownFunnel) has(name string) bool { return slices.Contains(s.People, name) }

// shown reads an offering's page.
func (b *browser) shown() shownFunnel {
	b.Helper()
	b.wait("#offering-tabs")
	return eval[shownFunnel](b, `() => { const n = t => +t.replace(/\D/g, ''), all = css => [...document.querySelectorAll(css)],
		of = word => all('.crm-meta div').find(d => d.querySelector('dt').innerText === word).querySelector('dd').innerText.match(/-?¥([\d,.]+)/)[1].replace(/,/g, ''),
		tab = t => n(document.querySelector('#tab-' + t + ' small').innerText);
		return {Potential: tab('potential'), Pending: tab('pending'), Enrolled: tab('enrolled'), Past: tab('past'), Withdrawn: tab('withdrawn'),
			Revenue: Math.round(100 * of('累计营收金额')), Losing: +of('即将流失金额'),
			People: all('#aud-table .crm-who a').map(a => a.innerText)} }`)
}

// timeline opens the dossier of somebody and finds an event in which all the words are.
func (s *stage) timeline(t *testing.T, b *browser, name string, words ...string) {
	t.Helper()
	b.open(s.CRMURL() + "people/" + text(t, s.school, "SELECT id::text FROM public.crm_learners WHERE nickname = $1 OR id::text = $1", name) + "?tab=timeline")
	b.wait("#person-body .crm-tl")
	events := eval[[]string](b, `() => [...document.querySelectorAll('.crm-tl li')].map(e => e.innerText)`)
	if !slices.ContainsFunc(events, func(e string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(e, w) })
	}) {
		t.Errorf("nothing on the timeline says %v: %q", words, events)
	}
}

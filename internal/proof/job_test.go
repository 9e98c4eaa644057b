package proof

import (
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/examples/academy/demo"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// phone is what a learner's browser says of itself; headless Chromium says that it is a program.
const phone = "Mozilla/5.0 (Linux; Android 14; PJD110) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"

// academy runs the whole demonstration on servers of its own.
func academy(t *testing.T, learners int) (*demo.Academy, *sql.DB) {
	t.Helper()
	return academyOf(t, learners, demo.RoleAll)
}

// academyOf runs the demonstration, or only the pages of it.
func academyOf(t *testing.T, learners int, role demo.Role) (*demo.Academy, *sql.DB) {
	t.Helper()
	t.Setenv("DATABASE_URL", "")
	t.Setenv("REDIS_URL", "")
	dir, err := os.MkdirTemp("", "proof")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL runs as another user when we are root
		t.Fatal(err)
	}
	a, err := demo.Start(t.Context(), demo.Options{Addr: "127.0.0.1:0", MailAddr: "127.0.0.1:0", DataDir: dir, Learners: learners, Seed: 1, Role: role,
		CRM: func(c *crm.Config) {
			c.QuietHours = map[hostadapter.Channel]crm.QuietHours{} // a test may run at night
			c.Host = actors{c.Host.(*adapter.Adapter)}
		},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, a.School.DB()
}

// TestTheWholeJob does in a browser what the product is for, from the login to the revenue.
func TestTheWholeJob(t *testing.T) {
	a, school := academy(t, 3000)
	staff, learner := openBrowser(t), openBrowser(t, phone)
	staff.open(a.LoginURL())
	staff.click("#as-operator")
	staff.eventually(5*time.Second, "logged in", func() bool { return staff.url() != a.LoginURL() })
	staff.open(a.CRMURL())
	staff.eventually(time.Minute, "first sync is over", func() bool {
		return text(t, school, "SELECT count(*)::text FROM public.crm_sync_feeds WHERE feed = 'facts' AND caught_up_at IS NOT NULL") == "1"
	})

	// Conditions, and a count that the school's own tables agree with.
	staff.open(a.CRMURL() + "audience")
	staff.choose(`[name="c.0.f"]`, "last_login")
	staff.wait(`[name="c.0.u"]`)
	staff.set(`[name="c.0.v"]`, "200")
	staff.click(`[name="add"]`)
	staff.choose(`[name="c.1.f"]`, "paid_count")
	staff.eventually(5*time.Second, "the operators of a number", func() bool {
		return eval[bool](staff, `() => !!document.querySelector('[name="c.1.op"] option[value="ge"]')`)
	})
	staff.choose(`[name="c.1.op"]`, "ge")
	staff.set(`[name="c.1.v"]`, "1")
	want := text(t, school, `SELECT count(*)::text FROM users u WHERE status <> 'deleted' AND last_login_at >= now() - interval '200 days'
		AND EXISTS (SELECT FROM orders o WHERE o.user_id = u.id AND o.status IN ('paid', 'fail', 'success', 'finished', 'refunding', 'refunded')
			AND CASE WHEN o.source = 'outside' AND o.paid_cash = 0 THEN o.pay_amount ELSE o.paid_cash END >
				coalesce((SELECT sum(r.amount) FROM refunds r WHERE r.order_id = o.id AND r.status = 'refunded'), 0))`)
	staff.eventually(10*time.Second, "the count is "+want, func() bool { return fmt.Sprint(staff.number("#aud-count .crm-fig")) == want })
	if want == "0" {
		t.Fatal("nobody to write to")
	}
	staff.shot("audience")
	people := strings.TrimPrefix(staff.url(), a.CRMURL())

	// Select all, write, send.
	staff.click("[data-tick-page]")
	staff.click("[data-mode-all]")
	staff.click(`#bulk-bar button[value="email"]`)
	course := text(t, school, `SELECT c.id::text FROM courses c WHERE c.status = 'published' AND c.price > 0 AND c.origin_id = 0
		ORDER BY (SELECT count(*) FROM enrollments e WHERE e.target_type = 'course' AND e.target_id = c.id), c.id LIMIT 1`)
	staff.set("#c-name", "返场课邀请")
	staff.set("#c-subject", "{{ 用户名 }}，返场开始了")
	staff.set("#c-blocks-0-text", "{{ 真实姓名 | default: \"同学\" }}，你好：\n\n来看看 {{ 链接 }}")
	staff.set("#c-link", a.URL+"/courses/"+course)
	staff.still()
	sendable := staff.number("#dry .crm-fig")
	staff.shot("composer")
	staff.click("#go-button")
	staff.click("#confirm-send")
	staff.wait("#campaign-live")
	result := staff.url()
	staff.eventually(time.Minute, "everything is sent", func() bool { return accepted(staff) == sendable })
	if got := text(t, school, "SELECT count(*)::text FROM mails"); got != fmt.Sprint(sendable) {
		t.Errorf("%s mails arrived, %d were to be sent", got, sendable)
	}

	// A learner who does not have the course opens the mail and clicks.
	var mail, user, name string
	if err := school.QueryRow(`SELECT m.id::text, u.id::text, u.nickname FROM mails m JOIN users u ON lower(u.email) = m.recipient
		WHERE u.status = 'normal' AND NOT EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id AND e.target_type = 'course' AND e.target_id = $1)
			AND NOT EXISTS (SELECT FROM users o WHERE lower(o.email) = lower(u.email) AND o.id <> u.id)
		ORDER BY m.id LIMIT 1`, course).Scan(&mail, &user, &name); err != nil {
		t.Fatal(err)
	}
	learner.open(a.URL + "/inbox/" + mail)
	if page := learner.text("main, body"); !strings.Contains(page, name) {
		t.Errorf("the mail does not name %s", name)
	}
	learner.shot("mail")
	staff.eventually(10*time.Second, "the message is there so long that somebody could have read it", func() bool {
		return text(t, school, "SELECT (max(accepted_at) < now() - interval '4 seconds')::text FROM public.crm_deliveries") == "true"
	})
	before := clicks(staff)
	learner.open(learner.attribute("a[href*='/go/']", "href"))
	if at := learner.url(); !strings.HasPrefix(at, a.URL+"/courses/"+course) {
		t.Errorf("the link leads to %s", at)
	}
	took := staff.eventually(3*time.Second, "the click shows", func() bool { return clicks(staff) == before+1 })
	t.Logf("the click showed after %v", took)

	// They buy, and the order shows on their page and in the campaign's figures.
	learner.submit("/login/as/"+user, "next", "/courses/"+course)
	learner.click("#order")
	learner.click("#pay")
	staff.eventually(5*time.Second, "the order counts for the campaign", func() bool { return staff.number(".crm-dl-num dd") == 1 })
	staff.shot("result")
	staff.click("#tab-clicked")
	staff.click("#recipients .crm-who a")
	sn := text(t, school, "SELECT sn FROM orders WHERE user_id = $1 ORDER BY id DESC LIMIT 1", user)
	staff.wait(".crm-who-h h1")
	if page := staff.text("main"); !strings.Contains(page, sn) || !strings.Contains(page, "返场课邀请") {
		t.Errorf("the learner's page lacks order %s or the campaign", sn)
	}
	staff.shot("person")
	person := staff.url()
	staff.open(result)
	revenue := text(t, school, "SELECT (paid_cash / 100)::text FROM orders WHERE user_id = $1 ORDER BY id DESC LIMIT 1", user)
	if got := staff.text("[aria-labelledby='at-h'] .crm-fig"); !strings.Contains(strings.ReplaceAll(got, ",", ""), revenue) {
		t.Errorf("revenue shows as %s, the order is of %s", got, revenue)
	}
	crm := a.CRMURL()
	// The page about clicks keeps up too, and its figure is the people whom it opens.
	staff.open(result + "/clicks")
	raw := "#click-stats > section > div:nth-of-type(4) .crm-fig"
	hits := staff.number(raw)
	learner.open(a.URL + "/inbox/" + mail)
	learner.open(learner.attribute("a[href*='/go/']", "href"))
	took = staff.eventually(3*time.Second, "the hit shows", func() bool { return staff.number(raw) == hits+1 })
	t.Logf("the hit showed after %v", took)
	if people := staff.number("#click-stats .crm-fig"); people != 1 {
		t.Errorf("%d people clicked", people)
	}
	staff.click("#select-clickers")
	staff.wait("#aud-panel .crm-fig")
	if found := staff.number("#aud-panel .crm-fig"); found != 1 {
		t.Errorf("of the one who clicked the audience has %d", found)
	}
	if os.Getenv(envPictures) != "" { // the home page is a minute behind, which nobody wants to see in the README
		staff.eventually(2*time.Minute, "the home page knows of the campaign", func() bool {
			staff.open(crm)
			return staff.number("main .crm-fig") == 1
		})
	}
	looks(staff, crm, map[string]string{"home": "", "audience": people, "campaigns": "campaigns", "result": strings.TrimPrefix(result, crm), "clicks": strings.TrimPrefix(result, crm) + "/clicks",
		"person": strings.TrimPrefix(person, crm), "sync": "sync", "problems": "sync/problems"})
}

// accepted and clicks read the funnel strip.
func accepted(b *browser) int { return b.funnel("已提交") }
func clicks(b *browser) int   { return b.funnel("点击") }

// funnel reads a step of the strip; -1 while it is not there.
func (b *browser) funnel(step string) int {
	b.Helper()
	return eval[int](b, `step => { const e = [...document.querySelectorAll('.crm-funnel li')].find(e => e.querySelector('.crm-stat-l').innerText === step);
		return e ? +e.querySelector('.crm-fig-m').innerText.replace(/\D/g, '') : -1 }`, step)
}

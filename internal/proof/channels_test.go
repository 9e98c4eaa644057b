package proof

import (
	"database/sql"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/coursecrm/coursecrm/examples/academy/demo"
)

// stage is the example school with the CRM in it, for campaigns on all channels at once.
type stage struct {
	*demo.Academy
	school *sql.DB
	course string   // the address of a course, where links lead
	pages  sync.Map // what is to be looked at in the end: names and paths
}

// way is what is peculiar to campaigns of a channel.
type way struct {
	channel string
	// compose writes the text; the name, the cap and the audience are there.
	compose func(b *browser)
	// self is typed where a test is to be sent; empty: it goes to the account of the one who writes.
	self string
	// got selects, from the far end's tables, the contacts at which a message arrived, tests left
	// out; tests selects how many tests did.
	got, tests string
	// contact is the same contact in the CRM's table of learners.
	contact string
	// arrived is the state of a message that arrived.
	arrived string
	// hold lets nothing arrive until it is let go.
	hold func(t *testing.T) (release func())
	// fail, when there is one, lets the provider refuse to work until hold changes that.
	fail func()
	// soon waits for a scheduled campaign; others cancel it and launch a copy at once.
	soon bool
}

// TestCampaigns does with each channel what staff do, in a browser and all at once, and asks the far
// end whether what the pages say is true.
func TestCampaigns(t *testing.T) {
	a, school := academy(t, 2000)
	s := &stage{Academy: a, school: school, course: a.URL + "/courses/" + text(t, school, "SELECT id::text FROM courses WHERE status = 'published' AND price > 0 AND origin_id = 0 ORDER BY id LIMIT 1")}
	t.Run("channels", func(t *testing.T) {
		for _, c := range []struct {
			name string
			test func(*testing.T, *stage)
		}{{"message", messageCampaign}, {"sms", smsCampaign}, {"mail", mailCampaign}} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.test(t, s)
			})
		}
	})
	t.Run("looks", s.looks)
}

// send takes a campaign from the audience to the last message, and gives the address of its page.
func (s *stage) send(t *testing.T, b *browser, w way) (result string) {
	t.Helper()
	s.begin(t, b, w.channel)
	b.open(b.url() + "?check=1")
	s.keep(b, "wrong-"+w.channel)
	people := s.begin(t, b, w.channel)
	draft := b.url()
	b.set("#c-name", "返场 "+w.channel)
	b.set("#c-cap_days", "0") // the others send at the same moment
	w.compose(b)
	dry := b.dryRun()
	b.closes(dry, people)
	for _, line := range dry.Lines {
		if line.N > 0 {
			if n := b.listed(line.URL); n != line.N {
				t.Errorf("%s: %d people are listed, %d were counted", line.Label, n, line.N)
			}
		}
	}
	b.open(draft)
	b.closes(b.dryRun(), people)
	if name := eval[string](b, `() => document.querySelector('#c-name').value`); name != "返场 "+w.channel {
		t.Errorf("what was written is gone: the draft is called %q", name)
	}
	b.step()
	s.try(t, b, w)

	if w.soon {
		result = s.await(t, b, w, dry)
	} else {
		s.putOff(t, b, w)
		dry = b.dryRun() // the copy draws its own control group
		b.closes(dry, people)
		result = s.atOnce(t, b, w, dry.Sendable)
	}
	b.tap(`form[action$="/resume"] button`)
	b.eventually(time.Minute, "the campaign is done", func() bool { return b.text("#campaign-pill") == "已完成" })
	return result
}

// begin chooses those who have bought something, and begins a campaign to all of them.
func (s *stage) begin(t *testing.T, b *browser, channel string) (people int) {
	t.Helper()
	want := func() string {
		return text(t, s.school, "SELECT count(*)::text FROM public.crm_learners WHERE status <> 'deleted' AND paid_order_count >= 1")
	}
	b.open(s.CRMURL() + "audience")
	b.choose(`[name="c.0.f"]`, "paid_count")
	b.has(`[name="c.0.op"] option[value="ge"]`)
	b.choose(`[name="c.0.op"]`, "ge")
	b.set(`[name="c.0.v"]`, "1")
	b.shows(want)
	b.click("[data-tick-page]")
	b.click("[data-mode-all]")
	b.click(`#bulk-bar button[value="` + channel + `"]`)
	b.wait("#c-name")
	return b.number("#matched")
}

// try sends a test and finds it at the far end.
func (s *stage) try(t *testing.T, b *browser, w way) {
	t.Helper()
	if w.self != "" {
		b.set("#c-test_to", w.self)
	}
	b.click("#test-send")
	b.eventually(20*time.Second, "the test has arrived, and says so", func() bool {
		return text(t, s.school, "SELECT ("+w.tests+")::text") == "1" && strings.Contains(b.text("#test"), w.arrived)
	})
	if n := text(t, s.school, "SELECT count(*)::text FROM ("+w.got+") x"); n != "0" {
		t.Errorf("%s messages arrived with the test", n)
	}
}

// at chooses when the draft goes out.
func (b *browser) at(when time.Time) {
	b.Helper()
	b.set("#send-date", when.In(zone).Format(time.DateOnly))
	b.set("#send-time", when.In(zone).Format("15:04"))
}

// zone is the site's.
var zone = time.FixedZone("CST", 8*60*60)

// launch presses the button and confirms, with two clicks: it is one campaign all the same.
func (b *browser) launch(t *testing.T, sendable int) (result string) {
	t.Helper()
	b.click("#go-button")
	b.wait("#confirm-send")
	b.still()
	if n := b.number("#confirm-send"); n != sendable {
		t.Errorf("the button is for %d people, %d can be sent to", n, sendable)
	}
	b.fits("confirm", 390)
	b.shot("confirm-390")
	b.usable("confirm, 390 px")
	b.fits("confirm", 1440)
	b.usable("confirm, 1440 px")
	b.do(chromedp.DoubleClick("#confirm-send"))
	b.wait("#campaign-live")
	return b.url()
}

// putOff schedules the draft for later, cancels it, and goes on with a copy to be sent at once.
func (s *stage) putOff(t *testing.T, b *browser, w way) {
	t.Helper()
	b.at(time.Now().Add(24 * time.Hour))
	b.launch(t, b.dryRun().Sendable)
	if state := b.text("#campaign-pill"); state != "定时发送" {
		t.Errorf("it is %s", state)
	}
	if w.channel == "sms" {
		s.look(b, "scheduled")
	}
	b.click(`a[href$="/cancel"]`)
	b.click(`dialog form[action$="/cancel"] .crm-btn-df`)
	b.eventually(10*time.Second, "it is cancelled", func() bool { return b.text("#campaign-pill") == "已取消" })
	if page := b.text("#campaign-live"); !strings.Contains(page, "没有人收到") {
		t.Errorf("the page of a cancelled campaign says: %s", page)
	}
	s.keep(b, "cancelled-"+w.channel)
	b.click(`form[action$="/copy"] button`)
	b.wait("#c-name")
	if at := eval[bool](b, `() => document.querySelector('#when-at').checked`); at {
		t.Error("the copy is scheduled")
	}
}

// atOnce launches the draft and pauses it; where the provider is made to fail, it stands still first.
func (s *stage) atOnce(t *testing.T, b *browser, w way, sendable int) (result string) {
	t.Helper()
	if w.fail != nil {
		w.fail()
		result = b.launch(t, sendable)
		b.eventually(20*time.Second, "it stands still and says why", func() bool {
			return b.text("#campaign-pill") == "暂时停住" && strings.Contains(b.text("#campaign-live"), "服务商连不上")
		})
		s.look(b, "stalled")
		release := w.hold(t)
		b.tap(`form[action$="/resume"] button`)
		s.pause(t, b, w, release, sendable)
		return result
	}
	release := w.hold(t)
	result = b.launch(t, sendable)
	s.pause(t, b, w, release, sendable)
	return result
}

// await schedules the draft for the next minutes and waits until it begins, not before its time.
func (s *stage) await(t *testing.T, b *browser, w way, dry waterfall) (result string) {
	t.Helper()
	due := time.Now().Add(12 * time.Second).Truncate(time.Minute).Add(time.Minute)
	b.at(due)
	release := w.hold(t)
	result = b.launch(t, dry.Sendable)
	b.eventually(2*time.Minute, "its time has come", func() bool {
		if state := b.text("#campaign-pill"); state != "定时发送" && time.Now().Before(due) {
			t.Fatalf("before its time it is %s", state)
		}
		return time.Now().After(due)
	})
	s.pause(t, b, w, release, dry.Sendable)
	return result
}

// pause stops a campaign while messages are on their way: these are seen through, no other leaves.
func (s *stage) pause(t *testing.T, b *browser, w way, release func(), sendable int) {
	t.Helper()
	id := path.Base(b.url())
	flying := func() string {
		return text(t, s.school, "SELECT count(*)::text FROM public.crm_deliveries WHERE campaign_id = $1 AND state = 'sending'", id)
	}
	b.eventually(30*time.Second, "messages are on their way", func() bool { return flying() != "0" })
	b.eventually(10*time.Second, "the page shows that it is sent", func() bool { return b.text("#campaign-pill") == "发送中" })
	if w.soon { // nothing is in a hurry there
		s.look(b, "sending")
	}
	b.tap(`form[action$="/pause"] button`)
	b.eventually(5*time.Second, "the page shows that it is paused", func() bool { return b.text("#campaign-pill") == "已暂停" })
	release()
	b.eventually(30*time.Second, "nothing is on its way", func() bool { return flying() == "0" })
	b.open(b.url())
	n, left := s.arrived(t, w), b.number(".crm-funnel li:nth-child(2) .crm-cap")
	if n == 0 || left == 0 || n+left > sendable {
		t.Errorf("paused: of %d messages %d arrived and %d are left", sendable, n, left)
	}
	if w.soon {
		s.look(b, "paused")
	}
}

// copy begins the same campaign again.
func (s *stage) copy(b *browser, channel string) {
	b.Helper()
	b.click(`form[action$="/copy"] button`)
	b.wait("#c-name")
	s.keep(b, "composer-"+channel)
}

// read lets so much time pass as it takes to read a message: who follows a link sooner is a machine.
func (s *stage) read(t *testing.T, staff *browser) {
	t.Helper()
	staff.eventually(time.Minute, "the message is there so long that somebody could have read it", func() bool {
		return text(t, s.school, "SELECT (max(accepted_at) < now() - interval '4 seconds')::text FROM public.crm_deliveries") == "true"
	})
}

// follow opens a short link as the learner who got it, and sees the click on the result page.
func (s *stage) follow(t *testing.T, staff, learner *browser) {
	t.Helper()
	s.read(t, staff)
	before := clicks(staff)
	learner.open(learner.attribute("a[href*='/go/']", "href"))
	if at := learner.url(); !strings.HasPrefix(at, s.course) {
		t.Errorf("the link leads to %s", at)
	}
	staff.eventually(5*time.Second, "the click shows", func() bool { return clicks(staff) == before+1 })
}

package proof

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// pupil is a learner at the school's own site, without a browser.
type pupil struct {
	*http.Client
	t    *testing.T
	base string
}

// pupil registers somebody.
func (s *stage) pupil(t *testing.T, name, mobile string) pupil {
	t.Helper()
	return s.enter(t, "/register", map[string]string{"nickname": name, "mobile": mobile})
}

// login comes back as somebody who is there.
func (s *stage) login(t *testing.T, id string) pupil {
	t.Helper()
	return s.enter(t, "/login/as/"+id, nil)
}

func (s *stage) enter(t *testing.T, at string, fields map[string]string) pupil {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := pupil{&http.Client{Jar: jar, Timeout: 20 * time.Second}, t, s.URL}
	p.post(at, fields)
	return p
}

// post sends a form and gives the path of the page that it leads to.
func (p pupil) post(at string, fields map[string]string) string {
	p.t.Helper()
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.base+at, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := p.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s", at, answer.Status)
	}
	return answer.Request.URL.Path
}

// care says how keen somebody is, comes back to people, and gives them tags.
func (s *stage) care(t *testing.T, c aCourse) {
	b := operator(t, s.Academy, s.school)
	b.open(s.CRMURL() + c.page("potential"))
	person := b.attribute(`#aud-table tbody [name="person"]`, "value")
	s.sayLevel(t, b, c, person)
	s.comeBack(t, b, person)
	s.comeBackToAll(t, b, c)
	s.tagAll(t, b, c)
}

// audienceOf opens the audience of one condition about a course and gives its size.
func (s *stage) audienceOf(b *browser, r segment.Rule, of *segment.Of) int {
	b.Helper()
	r.Of = of
	rule, err := json.Marshal(segment.Group("all", r))
	if err != nil {
		b.Fatal(err)
	}
	b.open(s.CRMURL() + "audience?q=" + url.QueryEscape(string(rule)))
	return b.number("#aud-count .crm-fig")
}

// sayLevel sets a level in the list, and sees everything that follows from it without a new page.
func (s *stage) sayLevel(t *testing.T, b *browser, c aCourse, person string) {
	t.Helper()
	levels := func() map[string]int {
		out := map[string]int{}
		for _, level := range []string{"high", "medium", "low", "none"} {
			out[level] = eval[int](b, `css => { const e = document.querySelector(css); return e ? +e.closest('tr').querySelector('td').innerText.replace(/\D/g, '') : 0 }`, "#level-of-"+level)
		}
		return out
	}
	keen := func(level string) int {
		return s.audienceOf(b, segment.Condition("intent", segment.OpAnyOf, []string{level}, ""), &segment.Of{Offerings: []int64{eval[int64](b, "x => +x", c.id)}})
	}
	before, after := "", "high"
	for _, level := range []string{"high", "medium", "low", "none"} { // whichever list they are in
		b.open(s.CRMURL() + c.page("potential") + "&level=" + level)
		b.wait("#aud-table")
		if eval[bool](b, `css => !!document.querySelector(css)`, "#level-"+person) {
			before = level
			break
		}
	}
	if before == after {
		after = "none"
	}
	audience := keen(after)
	b.open(s.CRMURL() + c.page("potential"))
	counts := levels()
	tabs := b.shown()
	eval[bool](b, `() => window.same = true`)
	b.set("#level-"+person, after)
	want := map[string]int{"high": counts["high"], "medium": counts["medium"], "low": counts["low"], "none": counts["none"]}
	want[before]--
	want[after]++
	took := b.eventually(2*time.Second, "the counts move", func() bool { return fmt.Sprint(levels()) == fmt.Sprint(want) })
	t.Logf("the level showed after %v", took)
	if !eval[bool](b, `() => window.same === true`) {
		t.Error("the page was loaded anew")
	}
	b.settle()
	if got := eval[string](b, `css => document.querySelector(css).value`, "#level-"+person); got != after {
		t.Errorf("the row says %s, %s was chosen", got, after)
	}
	if now := b.shown(); fmt.Sprint(now) != fmt.Sprint(tabs) {
		t.Errorf("a level moved somebody from a stage to another: %+v, before %+v", now, tabs)
	}
	b.shot("funnel-level")
	b.open(s.CRMURL() + c.page("potential"))
	if got := levels(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the page itself says %v, want %v", got, want)
	}
	if n := keen(after); n != audience+1 {
		t.Errorf("%d people were of level %s, now %d are", audience, after, n)
	}
	s.timeline(t, b, person, c.title, "→ "+map[string]string{"high": "高", "none": "无"}[after])
}

// comeBack enters what was done and when to come back, finds it in the list, and ticks it off.
func (s *stage) comeBack(t *testing.T, b *browser, person string) {
	t.Helper()
	badge := func() int {
		return eval[int](b, `() => +(document.querySelector('.crm-nav a[href$="/followups"] b') || {innerText: '0'}).innerText`)
	}
	waiting := badge()
	b.open(s.CRMURL() + "people/" + person + "?tab=followups")
	b.set("#fu-content", "想了解课时安排，今天再联系")
	soon := time.Now().Add(30 * time.Second).In(zone)
	b.set("#fu-next", soon.Format(time.DateOnly))
	b.set(`#followup-form [name="time"]`, soon.Format("15:04"))
	b.click("#followup-form button.crm-btn-p")
	b.wait("#followup-form .crm-note-good")
	b.eventually(5*time.Second, "the list beside it shows it", func() bool { return strings.Contains(b.text("#person-body"), "想了解课时安排") })
	s.timeline(t, b, person, "想了解课时安排")

	row := `#followups tbody tr`
	b.eventually(40*time.Second, "the menu says that it waits", func() bool { // the minute before midnight it is tomorrow's
		b.open(s.CRMURL() + "followups")
		return badge() == waiting+1
	})
	if list := b.text("#followups tbody"); !strings.Contains(list, "想了解课时安排") {
		t.Errorf("the list says %s", list)
	}
	b.shot("followups-due")
	s.keep(b, "followups")
	b.click(row + ` a[href*="/followups/"]`)
	b.wait("#fu-content")
	s.keep(b, "followup")
	b.set("#fu-content", "想了解课时安排，明天再联系")
	b.click("main form button.crm-btn-p")
	b.eventually(10*time.Second, "the change is saved, and what was written before is kept", func() bool {
		return strings.Contains(b.url(), "saved=1") && strings.Contains(b.text("[aria-labelledby='fh-h']"), "今天再联系")
	})
	b.open(s.CRMURL() + "followups")
	b.click(row + ` form[action$="/done"] button`)
	b.eventually(10*time.Second, "nothing waits", func() bool {
		return badge() == waiting && strings.Contains(b.text("#followups"), "没有待办的跟进")
	})
}

// comeBackToAll makes plans for everybody of a list, with a form that is sent three times.
func (s *stage) comeBackToAll(t *testing.T, b *browser, c aCourse) {
	t.Helper()
	b.open(s.CRMURL() + c.page("potential"))
	people := b.shown().Potential
	b.click("[data-tick-page]")
	b.click("[data-mode-all]")
	b.click(`#bulk-bar button[formaction$="/followups/select"]`)
	b.wait("#fu-next")
	s.keep(b, "followups-new")
	b.set("#fu-content", "问问还缺什么")
	b.set("#fu-next", time.Now().Add(48*time.Hour).In(zone).Format(time.DateOnly))
	b.still()
	form := `form[action$="/followups/new"]`
	eval[bool](b, `css => { const f = document.querySelector(css), send = () => fetch(f.action, {method: 'POST', body: new URLSearchParams(new FormData(f))}).then(r => window.sent = (window.sent || 0) + r.ok);
		send(); send(); return true }`, form)
	b.eventually(20*time.Second, "both were answered", func() bool { return eval[int](b, `() => window.sent || 0`) == 2 })
	b.click(form + " button.crm-btn-p")
	b.eventually(20*time.Second, "it says that this was done before", func() bool { return strings.Contains(b.text("main"), "没有重复加入") })
	if n := b.number("main h1"); n != people {
		t.Errorf("%d people were to be entered, the page says %d", people, n)
	}
	want := s.words(t, "SELECT learner_id FROM public.crm_pairs WHERE offering_id::text = $1 AND stage = 'potential'", c.id)
	if got := s.words(t, "SELECT learner_id FROM public.crm_followups WHERE content = '问问还缺什么' AND method = 'plan'"); len(got) != people || !slices.Equal(got, want) {
		t.Errorf("of %d people %d were entered: %v", people, len(got), got)
	}
	b.open(s.CRMURL() + "followups?state=upcoming")
	if n := b.number("#state-upcoming"); n != people {
		t.Errorf("%d people were entered, %d reminders are open", people, n)
	}
}

// tagAll gives everybody of a list a tag, which one of them has already, and takes that back.
func (s *stage) tagAll(t *testing.T, b *browser, c aCourse) {
	t.Helper()
	const name = "待回访"
	tagged := func() int {
		id := eval[int64](b, "x => +x", text(t, s.school, "SELECT id::text FROM public.crm_labels WHERE name = $1", name))
		return s.audienceOf(b, segment.Condition("label", segment.OpAnyOf, []int64{id}, ""), nil)
	}
	give := func(tick ...string) (people int) {
		b.open(s.CRMURL() + c.page("potential"))
		for _, css := range tick {
			b.click(css)
		}
		b.click(`#bulk-bar button[formaction$="/labels/select"]`)
		b.wait("#c-label")
		s.keep(b, "labels-bulk")
		people = b.number("main h1")
		b.set("#c-name", name)
		b.click(`form[action$="/labels/bulk"] button.crm-btn-p`)
		b.wait(`form[action$="/undo"]`)
		return people
	}
	if n := give(`#aud-table tbody [name="person"]`); n != 1 || tagged() != 1 {
		t.Errorf("one person was ticked, %d got a tag", n)
	}
	b.open(s.CRMURL() + c.page("potential"))
	all := b.shown().Potential
	if n := give("[data-tick-page]", "[data-mode-all]"); n != all {
		t.Errorf("%d people were ticked, the form is for %d", all, n)
	}
	if n := b.number("main h1"); n != all-1 {
		t.Errorf("%d people got the tag, the page says %d", all-1, n)
	}
	s.keep(b, "label-batch")
	batch := b.url()
	if n := tagged(); n != all {
		t.Errorf("%d people were given a tag, %d have it", all, n)
	}
	b.open(s.CRMURL() + "labels")
	if n := b.number(`section[aria-labelledby="lb-h"] tbody .crm-num`); n != all {
		t.Errorf("%d people have the tag, the list says %d", all, n)
	}
	b.open(batch)
	b.click(`form[action$="/undo"] button`)
	b.eventually(10*time.Second, "it is undone", func() bool { return strings.Contains(b.text("main"), "撤销加上") })
	if n := tagged(); n != 1 {
		t.Errorf("one person had the tag before, now %d have it", n)
	}
	give("[data-tick-page]", "[data-mode-all]") // for the pictures
}

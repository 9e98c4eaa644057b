package proof

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/coursecrm/coursecrm/examples/academy/demo"
)

// operator opens a browser in which the operator is logged in, once the school is synced.
func operator(t *testing.T, a *demo.Academy, school *sql.DB) *browser {
	t.Helper()
	b := openBrowser(t)
	b.open(a.LoginURL())
	b.click("#as-operator")
	b.eventually(5*time.Second, "logged in", func() bool { return b.url() != a.LoginURL() })
	b.eventually(time.Minute, "first sync is over, and what was too young for it is there", func() bool {
		return text(t, school, `SELECT (EXISTS (SELECT FROM public.crm_sync_feeds WHERE feed = 'facts' AND caught_up_at IS NOT NULL)
			AND (SELECT count(*) FROM orders) = (SELECT count(*) FROM public.crm_orders)
			AND (SELECT count(*) FROM enrollments) = (SELECT count(*) FROM public.crm_enrollments)
			AND (SELECT count(*) FROM activities WHERE user_id IS NOT NULL) = (SELECT count(*) FROM public.crm_activities))::text`) == "true"
	})
	return b
}

// shows waits until the audience has the size that the database gives; the school lives on.
func (b *browser) shows(want func() string) {
	b.Helper()
	b.eventually(10*time.Second, "the count is "+want(), func() bool { return fmt.Sprint(b.number("#aud-count .crm-fig")) == want() })
}

// has waits until the page holds an element, seen or not.
func (b *browser) has(css string) {
	b.Helper()
	b.eventually(10*time.Second, "there is "+css, func() bool { return eval[bool](b, `css => !!document.querySelector(css)`, css) })
}

// focus is the id of the element that has it.
func (b *browser) focus() string {
	b.Helper()
	return eval[string](b, `() => document.activeElement.id`)
}

// back goes back and waits for the page that the server gives again; who goes on before it is there
// interrupts it.
func (b *browser) back() {
	b.Helper()
	eval[bool](b, `() => window.left = true`)
	b.do(chromedp.NavigateBack())
	b.eventually(10*time.Second, "the page before is there", func() bool {
		return eval[bool](b, `() => !window.left && document.readyState === 'complete'`)
	})
}

// press types keys, one after the other.
func (b *browser) press(keys ...string) {
	b.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// tabTo presses Tab until an element has the focus.
func (b *browser) tabTo(id string) {
	b.Helper()
	for range 120 {
		if b.focus() == id {
			return
		}
		b.press(kb.Tab)
	}
	b.shot("failure")
	b.Fatalf("Tab does not lead to #%s", id)
}

// threeLevels builds, by hand, a rule of three levels with a narrowed condition in the innermost.
func threeLevels(b *browser, crm string) {
	b.Helper()
	b.open(crm + "audience")
	b.click("#addgroup-root")
	b.wait("#addgroup-1")
	b.choose(`[name="c.1.0.f"]`, "paid_count")
	b.has(`[name="c.1.0.op"] option[value="eq"]`)
	b.choose(`[name="c.1.0.op"]`, "eq")
	b.set(`[name="c.1.0.v"]`, "0")
	b.click("#addgroup-1")
	b.wait(`[name="c.1.1.0.f"]`)
	b.choose(`[name="c.1.1.g"]`, "all")
	b.choose(`[name="c.1.1.0.f"]`, "activity")
	b.wait(`[name="c.1.1.0.w"]`)
	b.choose(`[name="c.1.1.0.w"]`, "last")
	b.wait(`[name="c.1.1.0.wn"]`)
	b.set(`[name="c.1.1.0.wn"]`, "300")
	b.set(`[name="c.1.1.0.v"]`, "3")
}

// threeLevelsSQL counts the same people, by hand and from the CRM's tables.
const threeLevelsSQL = `SELECT count(*)::text FROM public.crm_learners l WHERE status = 'active' AND (paid_order_count = 0
	OR (SELECT count(*) FROM public.crm_activities a WHERE a.learner_id = l.id AND occurred_at BETWEEN now() - interval '300 days' AND now()) >= %d)`

// TestTheBuilder builds a rule of three levels, types on while it counts, goes back, shares the
// address, and does it all again without JavaScript and with the keyboard alone.
func TestTheBuilder(t *testing.T) {
	a, school := academy(t, 2000)
	b := operator(t, a, school)
	count := func(n int) func() string {
		return func() string { return text(t, school, fmt.Sprintf(threeLevelsSQL, n)) }
	}

	threeLevels(b, a.CRMURL())
	b.shows(count(3))
	if count(3)() == count(7)() || count(3)() == "0" {
		t.Fatal("the school's people do not tell the rules apart")
	}
	leaf := text(t, school, "SELECT count(*)::text FROM public.crm_learners WHERE status <> 'deleted' AND paid_order_count = 0")
	if got := fmt.Sprint(b.number("#n-1-0")); got != leaf {
		t.Errorf("the condition alone counts %s, want %s", got, leaf)
	}
	b.shot("builder")
	first := b.url()

	// Typing goes on while an answer is on its way: the last value counts, and stays in its field.
	field := `[name="c.1.1.0.v"]`
	for _, v := range []string{"4", "5", "6", "7"} {
		b.do(chromedp.Focus(field))
		eval[bool](b, `(css, v) => { const e = document.querySelector(css); e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); return true }`, field, v)
		b.eventually(5*time.Second, "the request for "+v+" leaves", func() bool {
			return eval[bool](b, `v => !!document.querySelector('.htmx-request') || location.href.includes('%22value%22%3A' + v)`, v) // or is answered
		})
	}
	b.shows(count(7))
	if got := eval[string](b, `css => document.querySelector(css).value`, field); got != "7" {
		t.Errorf("the field says %s", got)
	}
	if b.url() == first {
		t.Error("the address does not follow")
	}

	// Back, and an address given to somebody else, restore the conditions with their counts.
	for range 5 { // each pause while typing left an address of its own
		if b.url() != first {
			b.back()
		}
	}
	if b.url() != first {
		t.Fatalf("going back leads to %s, not %s", b.url(), first)
	}
	b.shows(count(3))
	if got := eval[string](b, `css => document.querySelector(css).value`, field); got != "3" {
		t.Errorf("going back shows %s", got)
	}
	other := operator(t, a, school)
	other.open(first)
	other.shows(count(3))
	other.wait(`[name="c.1.1.0.wn"]`)

	withoutScript(other, a.CRMURL(), count)
	byKeyboard(b, a.CRMURL(), school, t)
}

// withoutScript does the same with forms alone.
func withoutScript(b *browser, crm string, count func(int) func() string) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		b.Fatal(err)
	}
	b.open(crm + "audience")
	if eval[bool](b, `() => document.documentElement.classList.contains('crm-js')`) {
		b.Fatal("scripts run all the same")
	}
	set := func(css, value string) { // no events: nobody listens
		b.Helper()
		b.wait(css)
		eval[bool](b, `(css, v) => { document.querySelector(css).value = v; return true }`, css, value)
	}
	apply := func() { b.Helper(); b.click("#aud-form .crm-nojs .crm-btn-p") }
	b.click("#addgroup-root")
	b.wait("#addgroup-1")
	set(`[name="c.1.0.f"]`, "paid_count")
	apply()
	b.has(`[name="c.1.0.op"] option[value="eq"]`)
	set(`[name="c.1.0.op"]`, "eq")
	set(`[name="c.1.0.v"]`, "0")
	b.click("#addgroup-1")
	b.wait(`[name="c.1.1.0.f"]`)
	set(`[name="c.1.1.g"]`, "all")
	set(`[name="c.1.1.0.f"]`, "activity")
	apply()
	b.wait(`[name="c.1.1.0.w"]`)
	set(`[name="c.1.1.0.w"]`, "last")
	apply()
	b.wait(`[name="c.1.1.0.wn"]`)
	set(`[name="c.1.1.0.wn"]`, "300")
	set(`[name="c.1.1.0.v"]`, "7")
	apply()
	b.shows(count(7))
	b.shot("builder-noscript")
}

// byKeyboard adds a condition, changes it and takes it away without a mouse.
func byKeyboard(b *browser, crm string, school *sql.DB, t *testing.T) {
	b.Helper()
	b.open(crm + "audience")
	everyone := func() string {
		return text(t, school, "SELECT count(*)::text FROM public.crm_learners WHERE status = 'active'")
	}
	b.shows(everyone)
	b.tabTo("add-root")
	b.press(kb.Enter)
	b.eventually(10*time.Second, "the new condition has the focus", func() bool { return b.focus() == "f-1" })
	b.settle()
	before := eval[string](b, `() => document.activeElement.value`)
	b.press(kb.ArrowDown)
	b.eventually(10*time.Second, "another field is chosen, and keeps the focus", func() bool {
		return b.focus() == "f-1" && eval[string](b, `() => document.activeElement.value`) != before && eval[bool](b, `() => !document.querySelector('.htmx-request')`)
	})
	b.choose("#f-1", "last_login") // a select is the browser's own; what it does with arrows was seen above
	b.has(`[name="c.1.op"] option[value="not_in_last"]`)
	b.settle()
	b.tabTo("op-1")
	b.press(kb.Tab)
	b.eventually(5*time.Second, "Tab leads to the value", func() bool { return b.focus() == "v-1" })
	b.press(kb.End, kb.Backspace, kb.Backspace, kb.Backspace, "9", "0")
	b.shows(func() string {
		return text(t, school, "SELECT count(*)::text FROM public.crm_learners WHERE status = 'active' AND last_login_at BETWEEN now() - interval '90 days' AND now()")
	})
	if b.focus() != "v-1" {
		t.Errorf("after the count the focus is on %q", b.focus())
	}
	if got := eval[string](b, `() => document.activeElement.value`); got != "90" {
		t.Errorf("the field says %q", got)
	}
	for range 20 { // to the button that takes the condition away
		if eval[bool](b, `() => document.activeElement.name === 'cut' && document.activeElement.value === '1'`) {
			break
		}
		b.press(kb.Tab)
	}
	b.press(kb.Enter)
	b.shows(everyone)
	if strings.Contains(b.url(), "last_login") {
		t.Errorf("the condition is still in the address: %s", b.url())
	}
}

package proof

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// space presses buttons and boxes.
const space = " "

// shiftTab goes back to what had the focus before.
func (b *browser) shiftTab() {
	b.Helper()
	b.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
}

// focused tells whether what has the focus matches.
func (b *browser) focused(css string) bool {
	b.Helper()
	return eval[bool](b, `css => document.activeElement.matches(css)`, css)
}

// gets waits until something that matches has the focus.
func (b *browser) gets(css, why string) {
	b.Helper()
	got := false
	defer func() {
		if !got {
			b.Logf("the focus is on %s", eval[string](b, `() => document.activeElement.outerHTML.slice(0, 200)`))
		}
	}()
	b.eventually(10*time.Second, why+": "+css+" has the focus", func() bool { got = b.focused(css); return got })
}

// tabs presses Tab until something that matches has the focus.
func (b *browser) tabs(css string) {
	b.Helper()
	b.wait(css)
	for range 150 {
		if b.focused(css) {
			return
		}
		b.press(kb.Tab)
	}
	b.shot("failure")
	b.Fatalf("Tab does not lead to %s", css)
}

// TestByKeyboard writes to people without a mouse: from the conditions over the list and the composer to
// the message that is sent. Whatever the page replaces, the focus stays where one would go on.
func TestByKeyboard(t *testing.T) {
	a, school := academy(t, 300)
	b := operator(t, a, school)
	crm := a.CRMURL()

	b.open(crm)
	b.press(kb.Tab)
	b.gets(".crm-skip", "the first stop leads past the navigation")
	b.press(kb.Enter)
	b.gets("#main", "it does")

	person := "people/" + text(t, school, "SELECT id::text FROM public.crm_learners WHERE paid_order_count > 0 ORDER BY id LIMIT 1")
	for _, width := range []int64{390, 1440} {
		for _, at := range []string{"audience", person} {
			b.open(crm + at)
			b.do(chromedp.EmulateViewport(width, 700))
			b.stops(at)
		}
	}
	b.open(crm + "audience")
	b.groups()
	b.asksAndKeeps()
	b.walks()
	b.writes(t)
}

// stops presses Tab from the top of a page to its end: what has the focus lies in the window, nothing
// covers it, and a ring shows it.
func (b *browser) stops(name string) {
	b.Helper()
	seen := map[string]bool{}
	for range 80 {
		b.press(kb.Tab)
		stop := eval[struct{ What, Wrong string }](b, `() => {
			const e = document.activeElement, r = e.getBoundingClientRect(), style = getComputedStyle(e);
			if (e === document.body) return {What: '', Wrong: ''};
			const what = e.outerHTML.slice(0, 120), x = r.left + r.width / 2, y = r.top + Math.min(r.height, innerHeight) / 2, top = document.elementFromPoint(x, y);
			const own = /^(date|time)$/.test(e.type) && !e.matches(':focus-visible'); // the button in it has the browser's
			let wrong = '';
			if (r.bottom <= 0 || r.top >= innerHeight || r.right <= 0 || r.left >= innerWidth) wrong = 'is outside the window';
			else if (top && !e.contains(top) && !top.contains(e)) wrong = 'is covered by ' + top.outerHTML.slice(0, 120);
			else if (!own && (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2)) wrong = 'has no ring';
			return {What: what, Wrong: wrong} }`)
		if stop.What == "" {
			break // past the end
		}
		seen[stop.What] = true
		if stop.Wrong != "" {
			b.Errorf("%s: %s %s", name, stop.What, stop.Wrong)
		}
	}
	if len(seen) < 20 {
		b.Errorf("%s has %d stops", name, len(seen))
	}
}

// groups makes a group in a group, changes how it joins, and takes conditions and groups away again.
func (b *browser) groups() {
	b.Helper()
	b.tabs("#addgroup-root")
	b.press(kb.Enter)
	b.gets("#f-1-0", "the first condition of a new group")
	b.settle()
	b.shiftTab() // past the group's own button
	b.gets(`button[name="cut"][value="1"]`, "the group can be taken away")
	b.shiftTab()
	b.gets("#g-1", "how the group joins")
	b.press(kb.ArrowDown)
	b.eventually(10*time.Second, "the group joins otherwise, and its choice keeps the focus", func() bool {
		return b.focused("#g-1") && eval[bool](b, `() => location.href.includes('any') || location.href.includes('all')`)
	})
	b.still()
	b.tabs("#add-1")
	b.press(kb.Enter)
	b.gets("#f-1-1", "the second condition")
	b.settle()
	b.tabs(`button[name="cut"][value="1.1"]`)
	b.press(kb.Enter)
	b.eventually(10*time.Second, "it is gone", func() bool { return !eval[bool](b, `() => !!document.querySelector('#f-1-1')`) })
	b.gets("#add-1", "the next thing after what is gone")
	b.still()
	b.open(b.url()) // Tab begins at the top
	b.tabs(`button[name="cut"][value="1"]`)
	b.press(space)
	b.eventually(10*time.Second, "the group is gone", func() bool { return !eval[bool](b, `() => !!document.querySelector('#g-1')`) })
	b.gets("#add-root", "the next thing after the group")
	b.still()
}

// asksAndKeeps opens the dialog of a quick query, leaves it by Escape, opens it again and saves.
func (b *browser) asksAndKeeps() {
	b.Helper()
	b.tabs("#query-new")
	b.press(kb.Enter)
	b.gets("dialog #c-name", "what is asked for first")
	b.usable("the dialog of a quick query")
	for range 12 { // Tab goes round: the dialog's controls, and the browser's own, which are the body here
		b.press(kb.Tab)
		if !eval[bool](b, `() => document.activeElement === document.body || !!document.activeElement.closest('dialog')`) {
			b.Errorf("Tab leads out of the dialog to %s", b.focus())
		}
	}
	b.press(kb.Escape)
	b.gets("#query-new", "the link that opened it")
	b.press(kb.Enter)
	b.gets("dialog #c-name", "what is asked for first")
	for _, r := range "Keys" {
		b.press(string(r))
	}
	b.press(kb.Enter)
	b.eventually(10*time.Second, "the query is open", func() bool {
		return eval[bool](b, `() => !document.querySelector('dialog[open]') && !!document.querySelector('main')?.innerText.includes('Keys')`)
	})
}

// walks turns pages, sorts, and opens a menu of the list.
func (b *browser) walks() {
	b.Helper()
	b.tabs("#columns summary")
	b.press(kb.Enter)
	b.usable("the menu of columns")
	b.press(kb.Tab, space)
	b.still()
	b.gets("#columns input", "the box that was ticked, though the list came anew")
	b.press(kb.Escape)
	b.gets("#columns summary", "the menu's button")
	if eval[bool](b, `() => document.querySelector('#columns').open`) {
		b.Error("Escape leaves the menu open")
	}
	b.tabs(`#aud-table thead a[id^="sort-"]`)
	id := b.focus()
	b.press(kb.Enter)
	b.eventually(10*time.Second, "the list is sorted", func() bool {
		return eval[bool](b, `id => !!document.getElementById(id).closest('[aria-sort]')`, id)
	})
	b.gets("#"+id, "the column's head")
	b.settle()
}

// writes ticks the people, composes a message, asks before it sends, and sends.
func (b *browser) writes(t *testing.T) {
	b.Helper()
	b.tabs(`[data-tick-page]`)
	b.press(space)
	b.tabs(`#bulk-bar button[value="email"]`)
	b.press(kb.Enter)
	b.wait("#c-name")
	b.types("#c-name", "Keys")
	b.types("#c-subject", "Hello")
	b.types("#c-blocks-0-text", "Have a look")
	b.tabs("#add-heading")
	b.press(kb.Enter)
	b.gets("#c-blocks-1-text", "the block that is new")
	b.settle()
	b.types("#c-blocks-1-text", "Title")
	b.still()
	b.tabs("#up-1")
	b.press(space)
	b.eventually(10*time.Second, "the block is the first", func() bool {
		return eval[string](b, `() => document.querySelector('#c-blocks-0-text').value`) == "Title"
	})
	b.gets("#down-0", "the other button, since it goes no higher")
	b.settle()
	b.tabs("#cut-0")
	b.press(kb.Enter)
	b.eventually(10*time.Second, "the block is gone", func() bool { return !eval[bool](b, `() => !!document.querySelector('#block-1')`) })
	b.gets("#cut-0", "the same button of the next block")
	b.settle()
	b.inserts()
	b.types("#c-test_to", "me@example.com")
	b.tabs("#test-send")
	b.press(kb.Enter)
	b.eventually(20*time.Second, "the test is sent", func() bool { return strings.Contains(b.text("#test"), "已提交") })
	b.gets("#test-send", "the button that sent it")
	b.tabs("#go-button")
	b.press(kb.Enter)
	b.gets("dialog [data-close]", "the harmless answer")
	b.press(kb.Escape)
	b.gets("#go-button", "the button that asked")
	b.press(kb.Enter)
	b.gets("dialog [data-close]", "the harmless answer")
	b.settle()
	b.tabs("#confirm-send")
	b.press(kb.Enter)
	b.wait("#campaign-live")
	b.eventually(time.Minute, "it is done", func() bool { return b.text("#campaign-pill") == "已完成" })
}

// types goes to a field and writes into it.
func (b *browser) types(css, text string) {
	b.Helper()
	b.tabs(css)
	for _, r := range text {
		b.press(string(r))
	}
	if got := eval[string](b, `css => document.querySelector(css).value`, css); !strings.HasPrefix(got, text) {
		b.Errorf("%s says %q", css, got)
	}
}

// inserts puts a variable into the text, from a menu.
func (b *browser) inserts() {
	b.Helper()
	const menu = "#block-0 details.crm-menu"
	b.open(b.url()) // Tab begins at the top
	b.tabs(menu + " summary")
	b.press(kb.Enter, kb.Tab)
	b.gets(menu+" [data-insert]", "the first variable")
	b.usable("the menu of variables")
	b.press(kb.Escape)
	b.gets(menu+" summary", "the menu's button")
	b.press(space, kb.Tab, kb.Enter)
	b.gets("#c-blocks-0-text", "the text that it went to")
	if text := eval[string](b, `() => document.activeElement.value`); !strings.Contains(text, "{{") {
		b.Errorf("the text says %q", text)
	}
	b.still()
}

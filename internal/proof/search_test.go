package proof

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// topBox is the search box of wide screens, sideBox the one in the menu of narrow ones.
const (
	topBox  = `.crm-top [role="search"] input`
	sideBox = `#crm-nav [role="search"] input`
)

// finds types into a search box, presses Enter and waits for the page that answers.
func (b *browser) finds(box, what string) {
	b.Helper()
	b.wait(box)
	eval[bool](b, `css => { window.asked = true; document.querySelector(css).value = ''; document.querySelector(css).focus(); return true }`, box)
	b.do(chromedp.KeyEvent(what), chromedp.KeyEvent(kb.Enter))
	b.eventually(20*time.Second, "there is an answer", func() bool { return eval[bool](b, `() => !window.asked && document.readyState === 'complete'`) })
	if at, _ := url.QueryUnescape(b.url()); strings.Contains(at, what) {
		b.Errorf("what was typed is in the address")
	}
}

// TestSearchBox finds people by what staff know of them, from the bar of any page.
func TestSearchBox(t *testing.T) {
	a, school := academy(t, 300)
	b := operator(t, a, school)
	crm := a.CRMURL()
	person := func(column string) (id, value string) {
		id = text(t, school, `SELECT min(id)::text FROM public.crm_learners l WHERE status = 'active' AND usable_mobile IS NOT NULL AND usable_email IS NOT NULL
			AND NOT EXISTS (SELECT FROM public.crm_learners o WHERE o.id <> l.id AND strpos(lower(o.nickname), lower(l.nickname)) > 0)`)
		return id, text(t, school, "SELECT "+column+" FROM public.crm_learners WHERE id = $1", id)
	}
	for _, column := range []string{"usable_mobile", "upper(email)", "nickname"} {
		id, value := person(column)
		b.open(crm + "courses")
		b.finds(topBox, value)
		if at := strings.TrimPrefix(b.url(), crm); at != "people/"+id {
			t.Errorf("%s leads to %s and not to person %s", column, at, id)
		}
	}
	b.open(crm)
	b.finds(topBox, "王")
	if at := strings.TrimPrefix(b.url(), crm); !strings.HasPrefix(at, "audience?s=") {
		t.Errorf("a surname leads to %s", at)
	}
	b.shows(func() string {
		return text(t, school, "SELECT count(*)::text FROM public.crm_learners WHERE status <> 'deleted' AND (nickname LIKE '%王%' OR real_name LIKE '%王%')")
	})
	b.shot("search-audience")

	// A title leads to its course. What finds nothing says so, and looks well.
	title := text(t, school, "SELECT title FROM public.crm_offerings WHERE canonical_id = id AND deleted_at IS NULL AND type = 'course' ORDER BY length(title) DESC, id LIMIT 1")
	b.finds(topBox, title)
	if h1 := b.text("main h1"); !strings.Contains(h1, title) {
		t.Errorf("%s leads to %s", title, h1)
	}
	b.finds(topBox, "没有这样的人")
	if got := b.text("main"); !strings.Contains(got, "没有找到匹配的用户或课程") {
		t.Errorf("it says %s", got)
	}
	public(b, "search-none")

	// On narrow screens the box is in the menu; it needs no script.
	b.do(chromedp.EmulateViewport(390, 800))
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.open(crm + "courses#crm-nav")
	b.shot("search-menu-390")
	id, mobile := person("usable_mobile")
	b.do(chromedp.SendKeys(sideBox, mobile+kb.Enter))
	b.eventually(20*time.Second, "it leads to the person", func() bool { return strings.TrimPrefix(b.url(), crm) == "people/"+id })
}

// TestSearchResults looks at a page of people and courses, in both themes and widths.
func TestSearchResults(t *testing.T) {
	a, school := academy(t, 300)
	b := operator(t, a, school)
	b.open(a.CRMURL())
	b.finds(topBox, "o") // in user names, and in Python
	b.wait("#found-people")
	b.wait("#found-offerings")
	public(b, "search-results")
	b.click("#found-people h2 + a")
	b.eventually(10*time.Second, "all of them are an audience", func() bool { return strings.Contains(b.url(), "/audience?s=") })
}

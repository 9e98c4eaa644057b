package proof

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// widths are those of the windows, in CSS pixels.
var widths = []int64{reflowed, 390, zoomed, 1440}

const (
	reflowed = 320 // a screen of 1280 at 400 %
	zoomed   = 720 // a screen of 1440 at 200 %
)

// look is how a reader has the panel.
type look struct {
	theme, lang string
	pictured    int64 // the width of which a picture is kept
}

// looks visits pages in both themes, both languages and all widths, and leaves pictures for people, in
// which each theme meets each language and each width. What the console says (a CSP violation among it)
// fails the test by itself; nothing may stick out sideways, and axe must find nothing.
func looks(b *browser, crm string, pages map[string]string) {
	b.Helper()
	began, axes := time.Now(), time.Duration(0)
	for _, l := range []look{{"dark", "en", 1440}, {"light", "en", 390}, {"dark", "zh-CN", 390}, {"light", "zh-CN", 1440}} { // the last is what the tests read
		for name, value := range map[string]string{"crm_theme": l.theme, "crm_lang": l.lang} {
			if _, err := chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: crm, Path: "/admin/crm"}); err != nil {
				b.Fatal(err)
			}
		}
		for name, path := range pages {
			b.open(crm + path)
			b.sound(name, l)
			axes += b.sizes(name, l)
		}
	}
	b.Logf("%d pages took %v, %v of it axe", len(pages), time.Since(began), axes)
}

// sound checks that a page is shown as it should be and leads to what it names.
func (b *browser) sound(name string, l look) {
	b.Helper()
	b.wait("main h1")
	if got := eval[string](b, `() => document.documentElement.lang + ' ' + document.documentElement.dataset.theme`); got != l.lang+" "+l.theme {
		b.Errorf("%s is shown as %s, want %s %s", name, got, l.lang, l.theme)
	}
	if lost := eval[string](b, `() => [...document.querySelectorAll('#problems a, #check a')].filter(a => a.hash && !document.getElementById(a.hash.slice(1))).map(a => a.hash).join()`); lost != "" {
		b.Errorf("%s names fields that are not there: %s", name, lost)
	}
	if l.lang == "en" {
		if text := eval[string](b, `() => document.querySelector('aside nav').innerText`); strings.ContainsAny(text, "首用营数") {
			b.Errorf("%s: navigation is not translated: %s", name, text)
		}
	}
}

// sizes looks at a page in all widths, and gives how long axe took for it. The language is nothing to
// axe, so one is enough; each theme meets one width, and in the long form both.
func (b *browser) sizes(name string, l look) (axe time.Duration) {
	b.Helper()
	for _, width := range widths {
		b.fits(name, width)
		if width == l.pictured {
			b.shot(fmt.Sprintf("%s-%s-%s-%d", name, l.lang, l.theme, width))
		}
		if width == 1440 && l.theme == "light" {
			b.picture(name, l.lang)
		}
		if l.lang == "zh-CN" && (width == l.pictured || everyLook && (width == 390 || width == 1440)) {
			began := time.Now()
			b.usable(fmt.Sprintf("%s, %s, %d px", name, l.theme, width))
			axe += time.Since(began)
		}
	}
	return axe
}

// fits makes the window that wide, and checks that nothing in it is wider and that no markup shows.
func (b *browser) fits(name string, width int64) {
	b.Helper()
	height, scale := int64(1000), 1.0
	if width == zoomed {
		height, scale = 500, 2
	}
	b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)))
	if markup := eval[string](b, `() => (document.body.innerText.match(/<\/(a|b|p|span|small|svg|time)>/) || [''])[0]`); markup != "" {
		b.Errorf("%s shows markup: %s", name, markup)
	}
	if wide := eval[int64](b, `() => document.scrollingElement.scrollWidth`); wide > width {
		b.Errorf("%s is %d px wide in a window of %d: %s", name, wide, width, eval[string](b, `w => [...document.body.querySelectorAll('*')]
			.filter(e => e.getBoundingClientRect().right > w && !e.closest('.crm-table-wrap, .crm-tabs')).map(e => e.tagName + '.' + e.className + ' ' + e.id).slice(0, 5).join(', ')`, width))
	}
}

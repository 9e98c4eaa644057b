package proof

import (
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// looks visits pages in both themes, both languages and both widths, and leaves pictures for people,
// in which each theme meets each language and each width. What the console says (a CSP violation
// among it) fails the test by itself; nothing may stick out sideways on a phone.
func looks(b *browser, crm string, pages map[string]string) {
	b.Helper()
	began := time.Now()
	for _, look := range []struct {
		theme, lang string
		pictured    int64 // the width
	}{{"dark", "en", 1440}, {"light", "en", 390}, {"dark", "zh-CN", 390}, {"light", "zh-CN", 1440}} { // the last is what the tests read
		for name, value := range map[string]string{"crm_theme": look.theme, "crm_lang": look.lang} {
			if _, err := chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: crm, Path: "/admin/crm"}); err != nil {
				b.Fatal(err)
			}
		}
		for name, path := range pages {
			b.open(crm + path)
			b.wait("main h1")
			if got := eval[string](b, `() => document.documentElement.lang + ' ' + document.documentElement.dataset.theme`); got != look.lang+" "+look.theme {
				b.Errorf("%s is shown as %s, want %s %s", name, got, look.lang, look.theme)
			}
			if lost := eval[string](b, `() => [...document.querySelectorAll('#problems a, #check a')].filter(a => a.hash && !document.getElementById(a.hash.slice(1))).map(a => a.hash).join()`); lost != "" {
				b.Errorf("%s names fields that are not there: %s", name, lost)
			}
			if look.lang == "en" {
				if text := eval[string](b, `() => document.querySelector('aside nav').innerText`); strings.ContainsAny(text, "首用营数") {
					b.Errorf("%s: navigation is not translated: %s", name, text)
				}
			}
			for _, width := range []int64{390, 1440} {
				b.fits(name, width)
				if width == look.pictured {
					b.shot(fmt.Sprintf("%s-%s-%s-%d", name, look.lang, look.theme, width))
				}
			}
		}
	}
	b.Logf("%d pages took %v", len(pages), time.Since(began))
}

// fits makes the window that wide, and checks that nothing in it is wider and that no markup shows.
func (b *browser) fits(name string, width int64) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, 1000))
	if markup := eval[string](b, `() => (document.body.innerText.match(/<\/(a|b|p|span|small|svg|time)>/) || [''])[0]`); markup != "" {
		b.Errorf("%s shows markup: %s", name, markup)
	}
	if wide := eval[int64](b, `() => document.scrollingElement.scrollWidth`); wide > width {
		b.Errorf("%s is %d px wide in a window of %d", name, wide, width)
	}
}

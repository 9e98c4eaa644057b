package proof

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// looks visits pages in both themes, both languages and both widths, and leaves a picture of each
// for people. What the console says (a CSP violation among it) fails the test by itself; nothing
// may stick out sideways on a phone.
func looks(b *browser, crm string, pages map[string]string) {
	b.Helper()
	for _, look := range []struct {
		theme, lang string
		width       int64
	}{{"light", "zh-CN", 1440}, {"dark", "zh-CN", 1440}, {"light", "zh-CN", 390}, {"dark", "en", 390}, {"light", "en", 1440}} {
		b.do(chromedp.EmulateViewport(look.width, 1000))
		b.open(crm)
		eval[bool](b, `(theme, lang, path) => { document.cookie = 'crm_theme=' + theme + '; path=' + path; document.cookie = 'crm_lang=' + lang + '; path=' + path; return true }`,
			look.theme, look.lang, "/admin/crm")
		for name, path := range pages {
			b.open(crm + path)
			b.wait("main h1")
			if got := eval[string](b, `() => document.documentElement.lang + ' ' + document.documentElement.dataset.theme`); got != look.lang+" "+look.theme {
				b.Errorf("%s is shown as %s, want %s %s", name, got, look.lang, look.theme)
			}
			if wide := eval[int64](b, `() => document.scrollingElement.scrollWidth`); wide > look.width {
				b.Errorf("%s is %d px wide in a window of %d", name, wide, look.width)
			}
			if look.lang == "en" {
				if text := eval[string](b, `() => document.querySelector('aside nav').innerText`); strings.ContainsAny(text, "首用营数") {
					b.Errorf("%s: navigation is not translated: %s", name, text)
				}
			}
			b.shot(fmt.Sprintf("%s-%s-%s-%d", name, look.lang, look.theme, look.width))
		}
	}
	b.do(chromedp.EmulateViewport(1440, 1000))
}

package proof

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium with one tab. What the page complains about on its console, a CSP
// violation among it, fails the test.
type browser struct {
	testing.TB
	ctx     context.Context
	refused atomic.Bool // pages are opened that answer with an error, which the console tells too
}

// chromium finds the browser that make installs.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "/Applications/Chromium.app/Contents/MacOS/Chromium",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no Chromium: apt-get install chromium, or brew install --cask chromium")
	return ""
}

// openBrowser starts a Chromium; agent, when given, is what it says of itself.
func openBrowser(t testing.TB, agent ...string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath(chromium(t)),
		chromedp.Flag("disable-quic", true), chromedp.Flag("force-prefers-reduced-motion", true), chromedp.Flag("accept-lang", "zh-CN"), chromedp.WindowSize(1440, 1000))
	for _, name := range agent {
		options = append(options, chromedp.Flag("user-agent", name))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(tab) }) // closed and not killed, Chromium clears its directory away
	ctx, cancel = context.WithTimeout(tab, 4*time.Minute)
	t.Cleanup(cancel)
	b := &browser{TB: t, ctx: ctx}
	// The browser lives as long as the context of the first call, so this one must not be a shorter one.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.complain); err != nil {
		t.Fatal(err)
	}
	return b
}

// complain is called for every event of the page.
func (b *browser) complain(ev any) {
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		b.Errorf("page threw: %s", e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		refusal := b.refused.Load() && strings.HasPrefix(e.Entry.Text, "Failed to load resource: the server responded with a status of 4")
		if string(e.Entry.Level) == "error" && !strings.HasSuffix(e.Entry.URL, "/favicon.ico") && !refusal {
			b.Errorf("console: %s %s", e.Entry.Text, e.Entry.URL)
		}
	}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	b.must(chromedp.Do(ctx, actions...))
}

// must ends the test with a picture when something failed.
func (b *browser) must(err error) {
	b.Helper()
	if err != nil {
		b.shot("failure")
		b.Fatalf("%v", err)
	}
}

// open goes to an address. A page that is about to go somewhere itself may get in the way once.
func (b *browser) open(url string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err == nil || !strings.Contains(err.Error(), "ERR_ABORTED") {
		b.must(err)
		return
	}
	b.do(chromedp.Navigate(url))
}
func (b *browser) click(css string) {
	b.Helper()
	b.wait(css)
	b.still()
	b.do(chromedp.Click(css))
}

// tap clicks in one step: what a page replaces every two seconds may go between the press of a
// button and its release.
func (b *browser) tap(css string) {
	b.Helper()
	b.eventually(20*time.Second, "there is "+css, func() bool {
		return eval[bool](b, `css => { const e = document.querySelector(css); if (!e) return false; e.click(); return true }`, css)
	})
}

func (b *browser) choose(css, value string) { b.Helper(); b.set(css, value) }

// wait waits until an element is there and can be seen.
func (b *browser) wait(css string) {
	b.Helper()
	b.eventually(20*time.Second, "there is "+css, func() bool {
		return eval[bool](b, `css => { const e = document.querySelector(css); return !!e && e.getClientRects().length > 0 }`, css)
	})
}

// set gives a field a value and tells the page, as typing or choosing would.
func (b *browser) set(css, value string) {
	b.Helper()
	b.wait(css)
	b.settle()
	if !eval[bool](b, `(css, v) => { const e = document.querySelector(css); e.focus(); e.value = v; window.typedAt = performance.now();
		e.dispatchEvent(new Event('input', {bubbles: true})); e.dispatchEvent(new Event('change', {bubbles: true})); return e.value === v }`, css, value) {
		b.shot("failure")
		b.Fatalf("%s does not take %q", css, value)
	}
}

// settle waits until htmx has bound what it swapped in: nobody types within those milliseconds.
func (b *browser) settle() {
	b.Helper()
	b.eventually(5*time.Second, "the page is at rest", func() bool {
		return eval[bool](b, `() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')`)
	})
	time.Sleep(60 * time.Millisecond)
}

// still waits until the page has answered what was typed, which it does when nobody has typed for a
// moment.
func (b *browser) still() {
	b.Helper()
	b.eventually(20*time.Second, "the page has answered what was typed", func() bool {
		return eval[bool](b, `() => !window.typedAt || performance.now() - window.typedAt > 600`)
	})
	b.settle()
}

// url is where the page is.
func (b *browser) url() string { b.Helper(); return eval[string](b, `() => location.href`) }

// attribute reads an attribute of the first element that matches.
func (b *browser) attribute(css, name string) string {
	b.Helper()
	b.wait(css)
	return eval[string](b, `(css, n) => document.querySelector(css).getAttribute(n)`, css, name)
}

// submit posts one field from the page, as a form of the page would, and waits for the answer.
func (b *browser) submit(action, field, value string) {
	b.Helper()
	b.do(chromedp.Navigate(eval[string](b, `() => location.origin`) + "/login"))
	eval[bool](b, `(a, n, v) => { const f = document.createElement('form'); f.method = 'post'; f.action = a;
		const i = document.createElement('input'); i.name = n; i.value = v; f.append(i); document.body.append(f); f.submit(); return true }`, action, field, value)
}

// text gives the text of the first element that matches, once it is there: a page may be replaced
// between any two looks at it.
func (b *browser) text(css string) string {
	b.Helper()
	var found *string
	b.eventually(20*time.Second, "there is "+css, func() bool {
		found = eval[*string](b, `css => { const e = document.querySelector(css); return e && e.getClientRects().length > 0 ? e.innerText : null }`, css)
		return found != nil
	})
	return strings.TrimSpace(*found)
}

// number reads the digits of an element's text.
func (b *browser) number(css string) int {
	b.Helper()
	n := 0
	for _, r := range b.text(css) {
		if r >= '0' && r <= '9' {
			n = n*10 + int(r-'0')
		}
	}
	return n
}

// eventually asks again until the answer is yes.
func (b *browser) eventually(within time.Duration, what string, ok func() bool) time.Duration {
	b.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > within {
			b.shot("failure")
			b.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(began)
}

// envShots names the folder for pictures; without it they are left in output, beside the tests.
const envShots = "PROOF_SHOTS"

// shot keeps a picture of the whole page for people to look at.
func (b *browser) shot(name string) {
	b.Helper()
	dir := cmp.Or(os.Getenv(envShots), "output")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	eval[bool](b, `() => { window.scrollTo(0, 0); return true }`) // what sticks to the window stands where the page begins
	yes := true
	picture, err := chromedp.Call(b.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes, OptimizeForSpeed: &yes})
	if err != nil {
		b.Logf("no picture: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture.Data, 0o644); err != nil {
		b.Fatal(err)
	}
}

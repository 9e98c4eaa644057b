package proof

import (
	"strings"
	"time"
)

// waterfall is the dry run as the page shows it.
type waterfall struct {
	Sendable, Excluded, Matched int
	Lines                       []struct {
		Label string
		N     int
		URL   string
	}
}

// line is the number beside a reason.
func (w waterfall) line(label string) int {
	for _, l := range w.Lines {
		if l.Label == label {
			return l.N
		}
	}
	return -1
}

// dryRun reads the dry run once the page is still.
func (b *browser) dryRun() waterfall {
	b.Helper()
	b.still()
	return eval[waterfall](b, `() => { const n = e => +e.innerText.replace(/\D/g, ''), f = [...document.querySelectorAll('#dry .crm-dry .crm-fig')].map(n);
		return {Sendable: f[0], Excluded: f[1], Matched: f[2], Lines: [...document.querySelectorAll('#dry tbody tr')].slice(0, -1).map(r =>
			({Label: r.cells[0].innerText, N: n(r.cells[2]), URL: (r.querySelector('a') || {}).href || ''}))} }`)
}

// closes checks that a dry run adds up.
func (b *browser) closes(w waterfall, people int) {
	b.Helper()
	out := 0
	for _, l := range w.Lines {
		out += l.N
	}
	if len(w.Lines) != 10 || out != w.Excluded || w.Sendable+out != w.Matched || w.Matched != people || w.Sendable < 200 || b.number("#matched") != people {
		b.Errorf("%d people are in the audience, and the dry run says %+v", people, w)
	}
}

// listed counts the people of a list, page by page.
func (b *browser) listed(url string) (n int) {
	b.Helper()
	for url != "" {
		b.open(url)
		b.wait("#sifted tbody tr")
		n += eval[int](b, `() => document.querySelectorAll('#sifted tbody tr').length`)
		url = eval[string](b, `() => (document.querySelector('#sifted-next') || {}).href || ''`)
	}
	return n
}

// step looks at the message as the next person will see it.
func (b *browser) step() {
	b.Helper()
	read := func() string {
		return eval[string](b, `() => (document.querySelector('#preview .crm-bubble, #preview .crm-mailbox-h') || {}).innerText || ''`)
	}
	first := read()
	b.click("#pv-next")
	b.eventually(10*time.Second, "the preview is of somebody else", func() bool {
		return first != "" && read() != "" && read() != first && strings.Contains(b.text("#preview .crm-card-h"), "2 / 10")
	})
	b.click("#pv-prev")
	b.eventually(10*time.Second, "the first is back", func() bool { return read() == first })
}

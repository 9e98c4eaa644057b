package proof

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// axe is axe-core 4.14.1 (MPL-2.0), which finds what keeps people from using a page. It is part of the
// tests alone.
//
//go:embed testdata/axe.min.js
var axe string

// axeTags are the rules that hold: WCAG 2.0 to 2.2, levels A and AA.
const axeTags = "wcag2a,wcag2aa,wcag21a,wcag21aa,wcag22a,wcag22aa"

// axePatience bounds one look at a page with two thousand elements.
const axePatience = time.Minute

// finding is a rule that the page breaks, and where.
type finding struct {
	ID     string `json:"id"`
	Help   string `json:"help"`
	Target string `json:"target"`
	Why    string `json:"why"`
}

// findings lets axe look at the page that is open.
func (b *browser) findings() []finding {
	b.Helper()
	if !eval[bool](b, `() => typeof window.axe === 'object'`) { // the page came anew
		if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](axe+"; true")); err != nil {
			b.Fatalf("axe: %v", err)
		}
	}
	eval[bool](b, `tags => { window.found = null; axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(
		r => window.found = r.violations.flatMap(v => v.nodes.map(n => ({id: v.id, help: v.help, target: n.target.join(' '), why: n.failureSummary || ''}))),
		e => window.found = [{id: 'axe', help: String(e), target: '', why: ''}]); return true }`, strings.Split(axeTags, ","))
	b.eventually(axePatience, "axe has looked", func() bool { return eval[bool](b, `() => !!window.found`) })
	return eval[[]finding](b, `() => window.found`)
}

// usable fails when axe finds something on the page that is open.
func (b *browser) usable(name string) {
	b.Helper()
	for _, f := range b.findings() {
		b.Errorf("%s: %s (%s) at %s: %s", name, f.Help, f.ID, f.Target, f.Why)
	}
}

// TestAxeSees makes a page worse in three ways, and axe must find each of them: an eye that is closed
// would find every page clean.
func TestAxeSees(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	b.open("data:text/html,<!doctype html><html lang=en><title>Worse</title><main><h1>Worse</h1><img src=data:,><input><p style='color:%23999'>pale</p></main>")
	var got []string
	for _, f := range b.findings() {
		got = append(got, f.ID)
	}
	if list := strings.Join(got, " "); list != "color-contrast image-alt label" {
		t.Errorf("axe finds: %s", list)
	}
}

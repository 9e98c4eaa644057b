package proof

import (
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/coursecrm/coursecrm/examples/academy/demo"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// as lets the browser say as whom it asks, instead of a login.
func (b *browser) as(who string) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{actorHeader: who}}); err != nil {
		b.Fatal(err)
	}
}

// emptyPages are the lists of what staff make, and startingPages those that show the school besides.
var (
	emptyPages = map[string]string{"campaigns": "campaigns", "campaigns-direct": "campaigns?direct=1", "templates": "templates", "links": "links", "followups": "followups",
		"followups-team": "followups?who=team", "labels": "labels", "suppressions": "suppressions", "problems": "sync/problems", "reports": "reports"}
	startingPages = map[string]string{"home": "", "audience": "audience", "courses": "courses", "classrooms": "classrooms", "queries": "queries", "sync": "sync",
		"reports-offerings": "reports/offerings", "reports-audience": "reports/audience", "health": "health"}
)

// named gives pages names that begin alike.
func named(prefix string, pages map[string]string) map[string]string {
	out := map[string]string{}
	for name, at := range pages {
		out[prefix+"-"+name] = at
	}
	return out
}

// TestBeforeAnything looks at the pages of a school that was never synced.
func TestBeforeAnything(t *testing.T) {
	a, _ := academyOf(t, 1, demo.RoleWeb)
	b := openBrowser(t)
	b.as(owner())
	looks(b, a.CRMURL(), named("before", startingPages))
}

// notPages are routes that answer with something else than a page of the panel: a part of one, a
// picture, or a message as it will look.
var notPages = regexp.MustCompile(`/choices$|/campaigns/offerings$|\.svg$|/mail$`)

// TestEveryPage looks at every page that the matrix lists: at lists with nothing on them, at the pages of
// things that are just begun, and at errors.
func TestEveryPage(t *testing.T) {
	a, school := academy(t, 300)
	open := func(t *testing.T) *browser { return operator(t, a, school) }
	t.Run("empty", func(t *testing.T) { inHalves(t, a.CRMURL(), named("empty", emptyPages), open) })
	m := newAsker(t, a, school)
	t.Run("one", func(t *testing.T) { inHalves(t, a.CRMURL(), named("one", m.pages(t)), open) })
	t.Run("refusal", func(t *testing.T) { m.refusals(t, a.CRMURL(), open(t)) })
	t.Run("documents", func(t *testing.T) {
		b := open(t)
		b.open(a.CRMURL() + "api/v1/docs")
		public(b, "api-docs")
	})
	t.Run("paper", func(t *testing.T) { m.printed(a.CRMURL(), open(t)) })
}

// printed looks at what is to be printed by somebody whose screen is dark: dark on white, a table as a
// table though paper is narrow, and nothing to press.
func (m *asker) printed(crm string, b *browser) {
	b.Helper()
	if _, err := chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{Name: "crm_theme", Value: "dark", URL: crm, Path: "/admin/crm"}); err != nil {
		b.Fatal(err)
	}
	for name, path := range map[string]string{"reports": "reports/offerings", "dossier": strings.TrimPrefix(m.at("/people/{id}"), "/") + "/print"} {
		if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
			b.Fatal(err)
		}
		b.open(crm + path)
		b.do(chromedp.EmulateViewport(718, 1000)) // A4 without its margins
		b.shot("printed-" + name)
		got := eval[string](b, `() => { const shown = s => [...document.querySelectorAll(s)].some(e => e.checkVisibility()), ink = getComputedStyle(document.body).color.match(/\d+/g);
			return [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor, ink.every(n => n < 80) ? 'dark ink' : ink, shown('button, .crm-btn, .crm-side, .crm-top') ? 'buttons' : 'none',
				[...document.querySelectorAll('main td')].every(e => getComputedStyle(e).display === 'table-cell') ? 'cells' : 'cards'].join(', ') }`)
		if want := "dark, rgba(0, 0, 0, 0), dark ink, none, cells"; got != want {
			b.Errorf("%s is printed as %s, want %s", name, got, want)
		}
	}
}

// pages gives every page of the matrix a name and an address.
func (m *asker) pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, route := range allowances(t) {
		if route.method != http.MethodGet || route.status != http.StatusOK || notPages.MatchString(route.path) {
			continue
		}
		name := strings.NewReplacer("/{$}", "/home", "/{id}", "", "/{key}", "").Replace(route.path)
		if strings.HasSuffix(route.path, "}") {
			name += "/one"
		}
		out[strings.ReplaceAll(path.Clean(name), "/", "-")[1:]] = strings.TrimPrefix(m.at(route.path), "/")
	}
	return out
}

// refusals looks at the pages that say why there is none.
func (m *asker) refusals(t *testing.T, crm string, b *browser) {
	t.Helper()
	b.refused.Store(true)
	looks(b, crm, named("refusal", map[string]string{
		"missing":  "nowhere",
		"nobody":   "people/999999999",
		"method":   "suppressions/lookup",
		"rule":     "audience?q=%7B%22field%22%3A%22no_such%22%7D",
		"conflict": strings.TrimPrefix(m.at("/campaigns/{id}"), "/") + "/cancel",
		"invalid":  strings.TrimPrefix(m.at("/courses/{id}"), "/") + "/intent",
	}))
	b.as(actor(hostadapter.ScopeAll, hostadapter.PermView))
	looks(b, crm, named("refusal", map[string]string{"forbidden": "sync/problems"}))
	b.as(actor(hostadapter.ScopeTeam, hostadapter.AllPermissions()...))
	looks(b, crm, named("refusal", map[string]string{"scope": "audience"}))
}

package proof

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
)

var (
	aForm    = regexp.MustCompile(`(?s)(<form\b[^>]*>)(.*?)</form>`)
	aButton  = regexp.MustCompile(`<button\b[^>]*>`)
	getting  = regexp.MustCompile(`\s(?:href|src|hx-get)="([^"]*)"`)
	posting  = regexp.MustCompile(`\s(?:formaction|hx-post)="([^"]*)"`)
	actionOf = regexp.MustCompile(`\s(?:action|hx-get|hx-post)="([^"]*)"`)
	formOf   = regexp.MustCompile(`\sform="([^"]*)"`)
	idOf     = regexp.MustCompile(`\sid="([^"]*)"`)
)

// offers lists what a page leads to: a method and an address each. A form without a button that sends
// it where the form says leads nowhere.
func offers(page string) (out [][2]string) {
	add := func(method string, found [][]string) {
		for _, f := range found {
			out = append(out, [2]string{method, html.UnescapeString(f[1])})
		}
	}
	buttons := map[string]bool{} // forms that have some elsewhere
	for _, button := range aButton.FindAllString(page, -1) {
		if form := formOf.FindStringSubmatch(button); form != nil {
			buttons[form[1]] = true
		}
	}
	for _, form := range aForm.FindAllStringSubmatch(page, -1) {
		sends := func(button string) bool {
			return !strings.Contains(button, "formaction=") && !strings.Contains(button, `type="button"`) && !formOf.MatchString(button)
		}
		method := http.MethodGet
		if strings.Contains(form[1], `method="post"`) {
			method = http.MethodPost
		}
		id := idOf.FindStringSubmatch(form[1])
		if id != nil && buttons[id[1]] || slices.ContainsFunc(aButton.FindAllString(form[2], -1), sends) {
			add(method, actionOf.FindAllStringSubmatch(form[1], -1))
		}
		page = strings.Replace(page, form[1], "", 1)
	}
	add(http.MethodGet, getting.FindAllStringSubmatch(page, -1))
	add(http.MethodPost, posting.FindAllStringSubmatch(page, -1))
	return out
}

// vain lists what a page offers to staff who may not have it. Addresses outside the panel, and those of
// static files, are left out.
func vain(t testing.TB, mount, page string, has ...hostadapter.Permission) (out []string) {
	t.Helper()
	mux, by := http.NewServeMux(), map[string]allowance{}
	for _, a := range allowances(t) {
		mux.Handle(a.method+" "+a.path, http.NotFoundHandler())
		by[a.method+" "+a.path] = a
	}
	for _, o := range offers(page) {
		u, err := url.Parse(o[1])
		if err != nil {
			t.Fatal(err)
		}
		path, inside := strings.CutPrefix(u.Path, mount)
		if u.Host != "" || !inside || strings.HasPrefix(path, "/static/") {
			continue
		}
		_, pattern := mux.Handler(&http.Request{Method: o[0], URL: &url.URL{Path: path}, Host: "x"})
		a, ok := by[pattern]
		if !ok {
			out = append(out, o[0]+" "+path+", which is not there")
		} else if !a.admits(hostadapter.ScopeAll, has) {
			out = append(out, pattern)
		}
	}
	return out
}

// offers reads every page as staff with view and one more right: no link and no form on it leads to a
// refusal.
func (m *asker) offers(t *testing.T) {
	for _, route := range allowances(t) {
		for _, p := range hostadapter.AllPermissions() {
			has := []hostadapter.Permission{hostadapter.PermView, p}
			if route.method != http.MethodGet || !route.admits(hostadapter.ScopeAll, has) {
				continue
			}
			_, _, page := m.ask(t, http.MethodGet, m.at(route.path), actor(hostadapter.ScopeAll, has...), nil)
			for _, what := range vain(t, m.mount, page, has...) {
				t.Errorf("%s offers to staff with %v: %s", route.path, has, what)
			}
		}
	}
}

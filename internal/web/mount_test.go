package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMounting visits every page at every kind of base path and follows every link that it finds.
func TestMounting(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/", "", "/crm", "crm/", "/a/b/crm"} {
		t.Run("base "+base, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func(_ *world, c *Config) { c.BasePath = base })
			s.base = s.web.paths.base
			queue := s.pagesToSee()
			for i := range queue {
				queue[i] = s.base + queue[i]
			}
			seen := map[string]bool{}
			for len(queue) > 0 && len(seen) < 400 {
				at := queue[0]
				queue = queue[1:]
				if seen[at] {
					continue
				}
				seen[at] = true
				a := s.do(visit{method: "GET", path: at})
				if a.StatusCode == http.StatusSeeOther {
					queue = append(queue, a.Header.Get("Location"))
					continue
				}
				if a.StatusCode == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "POST" {
					continue // the address of a form
				}
				if a.StatusCode != http.StatusOK {
					t.Fatalf("GET %s: status %d", at, a.StatusCode)
				}
				for _, link := range a.links(postRE) {
					if !s.takes(link) {
						t.Fatalf("on %s: nothing takes a POST of %q", at, link)
					}
				}
				for _, link := range a.links(linkRE) {
					u, err := url.Parse(link)
					switch {
					case err != nil:
						t.Fatalf("on %s: link %q: %v", at, link, err)
					case u.IsAbs(), strings.HasPrefix(link, "#"), link == "/admin", strings.HasPrefix(link, "/school/"):
						continue // elsewhere, or on this page
					case !strings.HasPrefix(u.Path, s.base+"/"):
						t.Fatalf("on %s: link %q leaves the panel", at, link)
					}
					u.Fragment = ""
					queue = append(queue, u.String())
				}
			}
			if len(seen) < 40 {
				t.Errorf("only %d addresses were found", len(seen))
			}
		})
	}
}

// takes reports whether a route takes forms at an address.
func (s *site) takes(link string) bool {
	return slices.ContainsFunc(s.web.routes(), func(rt route) bool {
		pattern := "^" + regexp.QuoteMeta(s.base) + strings.NewReplacer("{id}", "[0-9]+", "{key}", "[A-Z0-9]+").Replace(rt.path) + "$"
		return rt.method == http.MethodPost && regexp.MustCompile(pattern).MatchString(link)
	})
}

func TestBasePathsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/a?b", "/a#b", "/{id}", `/a\b`, "/a b", "/%2e"} {
		c := newWorld().config()
		c.BasePath = base
		if _, err := New(c); err == nil {
			t.Errorf("New took the base path %q", base)
		}
	}
	if _, err := New(Config{}); err == nil || !strings.Contains(err.Error(), "Config.Home") || !strings.Contains(err.Error(), "Config.Staff") {
		t.Errorf("New without anything: %v, want all that is missing", err)
	}
}

func TestPrefsComeBackHere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for back, want := range map[string]string{
		"/crm/audience?sort=spend": "/crm/audience?sort=spend", "https://evil.example/": "/crm/", "//evil.example/crm/": "/crm/",
		"/crm/../login": "/crm/", `/crm/\evil`: "/crm/", "/other": "/crm/", "": "/crm/", "/crm": "/crm/", "/crm/\r\nSet-Cookie: a=b": "/crm/",
	} {
		a := s.post("/prefs", url.Values{"theme": {"dark"}, "lang": {"en"}, "back": {back}}).want(t, http.StatusSeeOther)
		if got := a.Header.Get("Location"); got != want {
			t.Errorf("back %q: Location %q, want %q", back, got, want)
		}
		if len(a.Cookies()) != 2 {
			t.Errorf("cookies %v", a.Cookies())
		}
	}
	if a := s.post("/prefs", url.Values{"theme": {"x"}, "lang": {"xx"}}); len(a.Cookies()) != 0 {
		t.Errorf("nonsense became cookies: %v", a.Cookies())
	}
	cookies := http.Header{"Cookie": {"crm_theme=dark; crm_lang=en"}}
	s.do(visit{method: "GET", path: "/crm/", header: cookies}).want(t, 200, `lang="en" data-theme="dark"`, "Home")
}

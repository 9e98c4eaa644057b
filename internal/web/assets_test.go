package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.who = http.ErrNoCookie }) // nobody need be logged in
	for name, kind := range map[string]string{"crm.css": "text/css", "crm.js": "text/javascript", "icons.svg": "image/svg+xml", "htmx-2.0.11.min.js": "text/javascript", "htmx-LICENSE.txt": "text/plain", "icons-LICENSE.txt": "text/plain"} {
		path := s.web.paths.Asset(name)
		if !regexp.MustCompile(`^/crm/static/[0-9a-f]{10}-`).MatchString(path) {
			t.Errorf("%s: served as %s", name, path)
		}
		a := s.do(visit{method: "GET", path: path}).want(t, 200)
		if got := a.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") || !strings.Contains(got, "max-age=31536000") {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if got := a.Header.Get("Content-Type"); !strings.HasPrefix(got, kind) || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: Content-Type %q", name, got)
		}
		if head := s.do(visit{method: "HEAD", path: path}).want(t, 200); head.body != "" {
			t.Errorf("%s: HEAD has a body", name)
		}
	}
	for _, path := range []string{"/crm/static/crm.css", "/crm/static/0000000000-crm.css", "/crm/static/..%2fweb.go"} {
		if a := s.do(visit{method: "GET", path: path}).want(t, 404); a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a miss may be cached", path)
		}
	}
}

// TestIcons holds that every icon that is drawn is in the sprite.
func TestIcons(t *testing.T) {
	t.Parallel()
	sprite, err := staticFS.ReadFile("static/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	html, _ := sources(t)
	names := regexp.MustCompile(`icon "([a-z0-9-]+)"`).FindAllStringSubmatch(html, -1)
	for _, f := range newIcons() {
		names = append(names, []string{"", f})
	}
	for _, m := range names {
		if !strings.Contains(string(sprite), `id="i-`+m[1]+`"`) {
			t.Errorf("icon %s is not in the sprite", m[1])
		}
	}
}

// newIcons are the icons that are named in Go.
func newIcons() []string {
	return []string{"home", "users", "send", "refresh", "template", "photo", "minus", "heading", "file-text", "book-2", "square-plus", "device-mobile", "mail", "message-circle", "shield-check", "player-pause", "player-stop", "rotate-clockwise"}
}

// TestClasses holds that the classes in templates are in the style sheet.
func TestClasses(t *testing.T) {
	t.Parallel()
	css, err := staticFS.ReadFile("static/crm.css")
	if err != nil {
		t.Fatal(err)
	}
	html, _ := sources(t)
	seen := map[string]bool{}
	for _, c := range regexp.MustCompile(`\bcrm-[a-z0-9-]*[a-z0-9]`).FindAllString(html, -1) {
		if seen[c] || c == "crm-fresh-oob" {
			continue
		}
		seen[c] = true
		if !strings.Contains(string(css), "."+c) && !strings.Contains(html, `id="`+c) && !strings.Contains(html, "#"+c) {
			t.Errorf("class %s has no style", c)
		}
	}
	css = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(css, nil)
	if strings.Contains(string(css), "@import") || regexp.MustCompile(`url\(`).Match(css) {
		t.Error("the style sheet loads something")
	}
}

func TestPublicLinks(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/go", "/", "/a/b"} {
		s := newSite(t, func(w *world, c *Config) { c.PublicBasePath = base; w.who = http.ErrNoCookie })
		ask := func(method, path string) *httptest.ResponseRecorder {
			rec := httptest.NewRecorder()
			r := httptest.NewRequest(method, strings.TrimRight(base, "/")+path, nil)
			r.Header.Set("User-Agent", "Mozilla/5.0")
			s.web.Public().ServeHTTP(rec, r)
			if rec.Header().Get("Set-Cookie") != "" || rec.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: headers %v", method, path, rec.Header())
			}
			return rec
		}
		code := testCode(5)
		for _, method := range []string{"GET", "HEAD"} {
			rec := ask(method, "/"+code)
			if rec.Code != http.StatusFound || rec.Header().Get("Location") != "https://www.example.com/course/318?a=1&b=2" || rec.Header().Get("Referrer-Policy") != "no-referrer-when-downgrade" {
				t.Errorf("%s: %d %v", method, rec.Code, rec.Header())
			}
		}
		for _, path := range []string{"/" + testCode(60), "/x", "/", "/" + strings.Repeat("a", 10<<10), "/%00", "/a/b/c", "/<script>"} {
			rec := ask("GET", path)
			body := rec.Body.String()
			if rec.Code != http.StatusNotFound || !strings.Contains(body, "链接打不开") || !strings.Contains(body, "does not work") || strings.Contains(body, "shortlink") || strings.Contains(body, "<script") {
				t.Errorf("%.20s: %d\n%.300s", path, rec.Code, body)
			}
		}
		for path, want := range map[string]int{"/open-day?utm_source=x&url=https://evil.example": http.StatusFound, "/OPEN-Day": http.StatusFound, "/last-year": http.StatusGone, "/" + testCode(70): http.StatusGone} {
			rec := ask("GET", path)
			if rec.Code != want || want == http.StatusGone && !strings.Contains(rec.Body.String(), "链接已到期") ||
				want == http.StatusFound && rec.Header().Get("Location") != "https://www.example.com/open-day?room=1&utm_source=poster&utm_campaign=%E6%98%A5%E6%8B%9B" {
				t.Errorf("%s: %d %v\n%.300s", path, rec.Code, rec.Header(), rec.Body)
			}
		}
		s.world.fail = os.ErrDeadlineExceeded
		if rec := ask("GET", "/"+code); rec.Code != http.StatusFound {
			t.Errorf("database down, a link that was followed: %d", rec.Code)
		}
		if rec := ask("GET", "/"+testCode(80)); rec.Code != http.StatusServiceUnavailable || !strings.Contains(rec.Body.String(), "暂时打不开") {
			t.Errorf("database down: %d", rec.Code)
		}
		css := httptest.NewRecorder()
		s.web.Public().ServeHTTP(css, httptest.NewRequest("GET", s.web.paths.PublicAsset("crm.css"), nil))
		if css.Code != 200 {
			t.Errorf("style of the public page: %d", css.Code)
		}
	}
}

package web

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// everyPage shows every page in both languages.
func everyPage(t *testing.T, s *site, check func(t *testing.T, path string, a answer)) {
	t.Helper()
	for _, lang := range languages() {
		for _, path := range s.pagesToSee() {
			a := s.do(visit{method: "GET", path: s.base + path, header: http.Header{"Cookie": {"crm_lang=" + lang}}})
			if a.StatusCode != http.StatusOK {
				t.Errorf("%s %s: status %d", lang, path, a.StatusCode)
				continue
			}
			check(t, lang+" "+path, a)
		}
	}
}

var (
	scriptRE = regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style| style="| on[a-z]+="|hx-on|hx-vals|javascript:|data:image|<script>`)
	keyRE    = regexp.MustCompile(`\b(?:nav|error|fresh|home|sync|cond|op|table|panel|campaigns?|delivery|person|order|problem|dry|composer|preview|confirm|unit|count|none|say|reach|feed)\.[a-z_.]+[a-z]\b`)
	placeRE  = regexp.MustCompile(`\{\d\}`)
	idRE     = regexp.MustCompile(` id="([^"]*)"`)
	forRE    = regexp.MustCompile(` (?:for|aria-labelledby|aria-describedby)="([^"]*)"`)
	imgRE    = regexp.MustCompile(`<(?:input|select|textarea|button|iframe)\b[^>]*>`)
)

// TestEveryPage holds pages to what the policy allows and assistive technology needs.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	everyPage(t, s, func(t *testing.T, path string, a answer) {
		if m := scriptRE.FindString(a.body); m != "" {
			t.Errorf("%s: %q is not allowed by the policy", path, m)
		}
		text := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(a.body, " ")
		if m := keyRE.FindString(text); m != "" && !strings.Contains(m, "example") {
			t.Errorf("%s: a message is missing: %s", path, m)
		}
		if m := placeRE.FindString(text); m != "" {
			t.Errorf("%s: an argument is missing: %s", path, m)
		}
		if n := strings.Count(a.body, "<h1"); n != 1 {
			t.Errorf("%s: %d <h1>", path, n)
		}
		for _, landmark := range []string{"<main", "<header", "<nav", `class="crm-skip"`, "<title>"} {
			if !strings.Contains(a.body, landmark) {
				t.Errorf("%s: no %s", path, landmark)
			}
		}
		if n := strings.Count(a.body, "aria-live"); n > 1 {
			t.Errorf("%s: %d live regions", path, n)
		}
		if strings.Count(a.body, "<table") != strings.Count(a.body, "<caption") {
			t.Errorf("%s: a table without a caption", path)
		}
		ids := map[string]bool{}
		for _, m := range idRE.FindAllStringSubmatch(a.body, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %q twice", path, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range forRE.FindAllStringSubmatch(a.body, -1) {
			for _, id := range strings.Fields(m[1]) {
				if !ids[id] {
					t.Errorf("%s: %s names nothing", path, m[0])
				}
			}
		}
		unnamed(t, path, a.body, ids)
		balanced(t, path, a.body)
	})
}

// unnamed finds controls that nothing names: no label, no aria-label, no text.
func unnamed(t *testing.T, path, body string, ids map[string]bool) {
	t.Helper()
	for _, at := range imgRE.FindAllStringIndex(body, -1) {
		tag := body[at[0]:at[1]]
		if strings.Contains(tag, `type="hidden"`) || strings.Contains(tag, " hidden") || strings.Contains(tag, "aria-label=") || strings.Contains(tag, "title=") {
			continue
		}
		if strings.HasPrefix(tag, "<button") {
			inner, _, _ := strings.Cut(body[at[1]:], "</button>")
			if strings.TrimSpace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(inner, "")) != "" {
				continue
			}
		}
		id := idRE.FindStringSubmatch(tag)
		if id != nil && strings.Contains(body, `for="`+id[1]+`"`) {
			continue
		}
		if open, shut := strings.LastIndex(body[:at[0]], "<label"), strings.LastIndex(body[:at[0]], "</label>"); open > shut {
			continue
		}
		t.Errorf("%s: nothing names %s", path, tag)
	}
}

var tagRE = regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)\b[^>]*?(/?)>`)

// balanced finds elements that are not closed where they were opened.
func balanced(t *testing.T, path, body string) {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true, "img": true}
	var open []string
	for _, m := range tagRE.FindAllStringSubmatch(body, -1) {
		switch {
		case void[m[2]] || m[3] == "/":
		case m[1] == "":
			open = append(open, m[2])
		case len(open) == 0 || open[len(open)-1] != m[2]:
			t.Errorf("%s: </%s> closes %v", path, m[2], open[max(0, len(open)-3):])
			return
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: not closed: %v", path, open)
	}
}

// TestContactsAreMasked holds that no page shows a number or address to who may not see them.
func TestContactsAreMasked(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.world.staff.Permissions = without("contact_view")
	check := func(t *testing.T, path string, a answer) {
		a.lacks(t, "secret")
		for _, p := range s.world.people {
			if p.Mobile != "" && strings.Contains(a.body, p.Mobile) {
				t.Errorf("%s shows the number of person %d", path, p.ID)
			}
		}
	}
	everyPage(t, s, check)
	for target, path := range map[string]string{"aud-panel": "/audience", "aud-table": "/audience?size=100", "recipients": "/campaigns/12", "campaign-live": "/campaigns/12"} {
		check(t, path, s.hx(path, target))
	}
	check(t, "preview", s.do(visit{method: "POST", path: "/crm/drafts/MAILDRAFT", form: letter(), hx: "preview"}))
}

func TestHostileNames(t *testing.T) {
	t.Parallel()
	evil := `"><script>alert(1)</script>` + "\r\nBcc: x@y.z"
	s := newSite(t, func(w *world, c *Config) {
		w.chosen.SiteName = &evil
		w.staff.Name = evil
		for i := range w.people {
			w.people[i].Nickname, w.people[i].RealName, w.people[i].Tags, w.people[i].MemberLevel = evil, evil, []string{evil}, evil
		}
		for i := range w.campaigns {
			w.campaigns[i].Name, w.campaigns[i].Content.Subject, w.campaigns[i].Fill.Link, w.campaigns[i].ByName = evil, evil, "javascript:alert(1)", evil
		}
	})
	everyPage(t, s, func(t *testing.T, path string, a answer) {
		a.lacks(t, "<script>alert", `href="javascript:`, `"><script`)
		balanced(t, path, a.body)
	})
	a := s.do(visit{method: "POST", path: "/crm/drafts/MAILDRAFT", form: letter("b.1.text", evil), hx: "preview"}).want(t, 200)
	a.lacks(t, "<script>alert")
	for _, name := range []string{"HX-Push-Url", "HX-Redirect", "Location"} {
		q := url.QueryEscape("{\"all\":[{\"field\":\"member_level\",\"op\":\"in\",\"value\":[\"a\\r\\nX-Evil: 1\"]}]}")
		if got := s.hx("/audience?q="+q, "aud-panel").Header; strings.ContainsAny(got.Get(name), "\r\n") || got.Get("X-Evil") != "" {
			t.Errorf("header %s carries a line break", name)
		}
	}
}

func TestEveryTemplateHasAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, lang := range languages() {
		for name := range s.web.pages.sets[lang] {
			if name == "missing" || name == "mail" || name == "error" || name == "confirm" {
				continue // shown by tests of their own
			}
			if _, err := s.web.pages.execute(lang, name, struct{}{}); err == nil {
				t.Errorf("%s: page %s shows nothing of what it is given", lang, name)
			}
		}
	}
	if _, err := s.web.pages.execute(en, "nothing", nil); err == nil || !strings.Contains(fmt.Sprint(err), "nothing") {
		t.Errorf("a page that is not there: %v", err)
	}
}

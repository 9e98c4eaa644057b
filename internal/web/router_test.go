package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// address fills in a route's path.
func address(rt route) string {
	return strings.NewReplacer("{$}", "", "{id}", "12", "{key}", "SMSDRAFT", "{file}", "x").Replace(rt.path)
}

// asksAlso is what some actions ask for besides what the router does.
var asksAlso = map[string]h.Permission{"POST /settings/audit/export": h.PermExport, "POST /people/{id}/labels": h.PermFollowup}

func TestEveryRouteAsksForItsPermission(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, rt := range s.web.routes() {
		call := func() answer {
			if rt.method == http.MethodPost {
				return s.post(address(rt), url.Values{"s": {"none"}})
			}
			return s.get(address(rt))
		}
		for _, refused := range [][]h.Permission{nil, {h.PermExport}, without(h.PermView), without(rt.perm)} {
			s.world.staff.Permissions = refused
			if a := call(); a.StatusCode != http.StatusForbidden {
				t.Errorf("%s %s with %v: status %d, want 403", rt.method, rt.path, refused, a.StatusCode)
			} else {
				a.want(t, http.StatusForbidden, "没有权限")
			}
		}
		s.world.staff.Permissions = []h.Permission{h.PermView, rt.perm, asksAlso[rt.method+" "+rt.path]}
		if a := call(); a.StatusCode == http.StatusForbidden || a.StatusCode >= 500 {
			t.Errorf("%s %s with its permission: status %d", rt.method, rt.path, a.StatusCode)
		}
		s.world.staff.Permissions = h.AllPermissions()
		for _, scope := range []h.Scope{h.ScopeNone, h.ScopeOwn, h.ScopeTeam} {
			s.world.staff.Scope = scope
			call().want(t, http.StatusForbidden, "数据范围").lacks(t, "许知夏")
		}
		s.world.staff.Scope = h.ScopeAll
	}
}

func without(p h.Permission) []h.Permission {
	return slices.DeleteFunc(h.AllPermissions(), func(o h.Permission) bool { return o == p })
}

func TestWhoIsNotLoggedIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(w *world, _ *Config) { w.who, w.staff = fmt.Errorf("session: %w", h.ErrUnauthenticated), h.Staff{} })
	s.get("/").want(t, http.StatusUnauthorized, "请先登录").lacks(t, "session")
	s.world.staff.LoginURL = "/login?next=crm"
	if a := s.get("/").want(t, http.StatusSeeOther); a.Header.Get("Location") != "/login?next=crm" {
		t.Errorf("Location %q", a.Header.Get("Location"))
	}
	if a := s.hx("/", "home-live").want(t, http.StatusUnauthorized); a.Header.Get("HX-Redirect") == "" {
		t.Error("htmx is not told where to log in")
	}
	s.world.who = h.ErrUnavailable
	s.get("/").want(t, http.StatusServiceUnavailable)
}

func TestErrorsBecomePages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		status int
	}{
		{fault.ErrForbidden, 403}, {fault.ErrNotFound, 404}, {fault.ErrConflict, 409}, {fault.ErrInvalid, 422},
		{fault.Fields{"x": {}}, 422}, {fault.ErrUnavailable, 503}, {errors.New("secret dsn"), 500},
	} {
		s := newSite(t, func(w *world, _ *Config) { w.fail = fmt.Errorf("secret host text: %w", tt.err) })
		a := s.get("/").want(t, tt.status, "编号", "<main").lacks(t, "secret")
		if (tt.status == 503) != (a.Header.Get("Retry-After") != "") {
			t.Errorf("%v: Retry-After %q", tt.err, a.Header.Get("Retry-After"))
		}
		s.hx("/campaigns", "campaigns").want(t, tt.status, `class="crm-toast"`, `role="alert"`).lacks(t, "secret", "<html")
	}
}

func TestAPanicIsAPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, func(_ *world, c *Config) { c.Links = panicking{} })
	s.get("/people/1").want(t, http.StatusInternalServerError, "编号").lacks(t, "boom", "goroutine")
}

type panicking struct{}

func (panicking) LearnerURL(h.LearnerID) string { panic("boom") }
func (panicking) OfferingURL(h.Target) string   { return "" }

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	unread := &counting{}
	r := httptest.NewRequest("POST", "/crm/drafts/SMSDRAFT", unread)
	r.ContentLength = 100 << 20
	rec := httptest.NewRecorder()
	s.web.Admin().ServeHTTP(rec, r)
	if rec.Code != http.StatusRequestEntityTooLarge || unread.n != 0 || !strings.Contains(rec.Body.String(), "太大") {
		t.Errorf("declared: status %d, %d bytes read", rec.Code, unread.n)
	}
	r = httptest.NewRequest("POST", "/crm/drafts/SMSDRAFT", unread)
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec = httptest.NewRecorder()
	s.web.Admin().ServeHTTP(rec, r)
	if rec.Code != http.StatusRequestEntityTooLarge || unread.n > maxBody+64<<10 {
		t.Errorf("undeclared: status %d, %d bytes read", rec.Code, unread.n)
	}
}

// counting is an endless body that counts what is read of it.
type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	c.n += len(p)
	return len(p), nil
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
	} {
		a := s.do(visit{method: "POST", path: "/crm/sync/repair", form: url.Values{}, header: header})
		a.want(t, http.StatusForbidden, "其他网站")
	}
	if s.world.repairs != 0 {
		t.Error("a refused form did its work")
	}
	s.do(visit{method: "POST", path: "/crm/sync/repair", form: url.Values{}, header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}).want(t, http.StatusSeeOther)
	if s.world.repairs != 1 {
		t.Error("the repair pass was not started")
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/nope", "/people/0x1", "/people/-1", "/people/999", "/people/99999999999999999999", "/campaigns/999", "/campaigns/new?s=unknown", "/audience?s=unknown", "/campaigns/12?f=nonsense", "/audience/choices?field=learner&path=0"} {
		s.get(path).want(t, http.StatusNotFound, "编号")
	}
	for _, q := range []string{"{", "null", `{"all":[{"field":"learner","op":"in","value":[1]}]}`, strings.Repeat("[", 5000)} {
		s.get("/audience?q="+url.QueryEscape(q)).want(t, http.StatusUnprocessableEntity)
	}
	if a := s.get("/audience/select").want(t, http.StatusMethodNotAllowed); a.Header.Get("Allow") != "POST" {
		t.Errorf("Allow %q", a.Header.Get("Allow"))
	}
	s.do(visit{method: "DELETE", path: "/crm/campaigns"}).want(t, http.StatusMethodNotAllowed)
}

func TestHeadersOfEveryPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range append(s.pagesToSee(), "/nope") {
		a := s.get(path)
		for name, want := range map[string]string{"Content-Security-Policy": policy, "Cache-Control": "no-store", "Vary": "HX-Request", "X-Content-Type-Options": "nosniff"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
	}
}

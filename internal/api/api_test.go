package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// door lets staff in.
type door struct {
	staff hostadapter.Staff
	err   error
}

func (d door) Staff(*http.Request) (hostadapter.Staff, error) { return d.staff, d.err }

// book keeps the record.
type book struct{ entries []audit.Entry }

func (p *book) Write(_ context.Context, e audit.Entry) error {
	p.entries = append(p.entries, e)
	return nil
}

// plain is an API without services, for what needs none.
func plain(t *testing.T, d door) *API {
	t.Helper()
	a, err := New(Config{BasePath: "/admin/crm/", Location: time.UTC, Staff: d, Audit: &book{}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Campaigns: campaign.NewService(nil, nil, nil, nil, nil, campaign.Settings{Secret: []byte("secret")}, time.Now),
		Say:       func(_ *http.Request, p fault.Problem) string { return p.Key }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func everybody() door {
	return door{staff: hostadapter.Staff{ID: "1", Scope: hostadapter.ScopeAll, Permissions: []hostadapter.Permission{view, contact, edit, send, export, settings, template, approve, follow}}}
}

func (a *API) ask(t *testing.T, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/admin/crm/api/v1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

func TestDocument(t *testing.T) {
	t.Parallel()
	a := plain(t, everybody())
	seen := map[string]bool{}
	for path, item := range a.document.Paths {
		for _, o := range methodsOf(item) {
			permission, _ := o.Extensions["x-permission"].(hostadapter.Permission)
			if seen[o.OperationID] || o.OperationID == "" || len(o.Tags) != 1 || o.Tags[0] == "" || !strings.HasSuffix(o.Summary, ".") || permission == "" {
				t.Errorf("%s %s is not complete: %q %v %q %q", o.Method, path, o.OperationID, o.Tags, o.Summary, permission)
			}
			seen[o.OperationID] = true
			if o.Method != http.MethodGet && permission == view && !strings.HasPrefix(o.Path, "/audience/") && o.Description == "" {
				t.Errorf("%s %s changes something with no permission but view", o.Method, path)
			}
			if o.Responses["default"] == nil {
				t.Errorf("%s %s has no problems", o.Method, path)
			}
		}
	}
	for path, want := range map[string]string{"/openapi.json": `"openapi":"3.1.0"`, "/docs": "list-queries", "/docs.css": "color-scheme"} {
		if w := a.ask(t, "GET", path, ""); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %.200s", path, w.Code, w.Body)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	viewer := hostadapter.Staff{ID: "1", Scope: hostadapter.ScopeAll, Permissions: []hostadapter.Permission{view}}
	own := viewer
	own.Scope = hostadapter.ScopeOwn
	for name, tt := range map[string]struct {
		door               door
		method, path, body string
		status             int
		has                string
	}{
		"nobody":           {door{err: hostadapter.ErrUnauthenticated}, "GET", "/queries", "", 401, "error.title.login"},
		"host away":        {door{err: hostadapter.ErrUnavailable}, "GET", "/queries", "", 503, "error.title.busy"},
		"no permission":    {door{staff: viewer}, "POST", "/queries", `{"name":"x"}`, 403, "error.title.forbidden"},
		"no view":          {door{staff: hostadapter.Staff{ID: "1", Scope: hostadapter.ScopeAll}}, "GET", "/docs", "", 403, "error.title.forbidden"},
		"scope":            {door{staff: own}, "GET", "/queries", "", 403, "error.title.scope"},
		"nothing there":    {everybody(), "GET", "/nonsense", "", 404, "error.title.missing"},
		"method":           {everybody(), "PUT", "/queries", `{}`, 405, "error.title.method"},
		"missing field":    {everybody(), "POST", "/queries", `{"shared":true}`, 422, "name"},
		"wrong type":       {everybody(), "POST", "/queries", `{"name":7}`, 422, "body.name"},
		"unknown field":    {everybody(), "POST", "/queries", `{"name":"x","colour":"13800135621"}`, 422, "body.colour"},
		"unknown query":    {everybody(), "GET", "/queries?colour=red", "", 422, "query.colour"},
		"not JSON":         {everybody(), "POST", "/queries", `{"name":`, 400, "application/problem+json"},
		"bad id":           {everybody(), "GET", "/queries/0", "", 422, "path.id"},
		"too large":        {everybody(), "POST", "/queries", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, 413, "error.title.large"},
		"staff is a panic": {door{err: errors.New("boom")}, "GET", "/queries", "", 500, "error.title.broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := plain(t, tt.door).ask(t, tt.method, tt.path, tt.body)
			text := w.Body.String() + w.Header().Get("Content-Type")
			if w.Code != tt.status || !strings.Contains(text, tt.has) || !strings.Contains(w.Header().Get("Content-Type"), "application/problem+json") {
				t.Errorf("%d %s", w.Code, text)
			}
			if strings.Contains(text, "13800135621") || strings.Contains(text, "boom") {
				t.Errorf("an answer repeats what it should not: %s", text)
			}
			var p huma.ErrorModel
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != tt.status || !strings.HasPrefix(p.Instance, "urn:coursecrm:request:") {
				t.Errorf("%+v, %v", p, err)
			}
		})
	}
}

func TestOtherSites(t *testing.T) {
	t.Parallel()
	a := plain(t, everybody())
	r := httptest.NewRequestWithContext(t.Context(), "POST", "https://learn.example/admin/crm/api/v1/queries", strings.NewReader(`{"name":"x"}`))
	r.Header.Set("Origin", "https://evil.example")
	w := httptest.NewRecorder()
	if a.Handler().ServeHTTP(w, r); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "error.title.origin") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	of := func(staff, method, path string) *call {
		return &call{id: staff, staff: hostadapter.Staff{ID: staff}, r: httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)}
	}
	c := of("1", "POST", "/labels/1/merge")
	first, again := c.key("k", 1), c.key("k", 1)
	if first != again {
		t.Error("a request that is sent again is another one")
	}
	seen := map[string]bool{first: true}
	for what, key := range map[string]string{"somebody else's": of("2", "POST", "/labels/1/merge").key("k", 1), "another thing's": of("1", "POST", "/labels/2/merge").key("k", 1),
		"another deed's": of("1", "POST", "/labels/1/delete").key("k", 1), "another body's": c.key("k", 2), "another key's": c.key("l", 1), "none": c.key("", 1), "none again": c.key("", 1)} {
		if seen[key] || len(key) != len(first) {
			t.Errorf("%s: %s", what, key)
		}
		seen[key] = true
	}
}

// TestSlowBodies finds the time that bodies may take: not the five seconds of huma.
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	a := plain(t, everybody())
	for path, want := range map[string]time.Duration{"/queries": bodyTime, "/suppressions": listTime} {
		if got := a.document.Paths[path].Post.BodyReadTimeout; got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

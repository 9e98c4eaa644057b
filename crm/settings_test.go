package crm_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// TestSettingsReachEveryProcess: what staff save in one process holds in another, without a restart.
func TestSettingsReachEveryProcess(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Open(t))
	host := hosttest.NewMemory(hosttest.Seed{})
	host.SetStaff(hosttest.StaffAlways(hostadapter.Staff{ID: "1", Name: "王老师", Permissions: hostadapter.AllPermissions(), Scope: hostadapter.ScopeAll}))
	cfg.Host, cfg.SiteName = host, "旧名字"
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	var processes []*crm.CRM
	for range 2 {
		c, err := crm.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		processes = append(processes, c)
	}
	visit := func(c *crm.CRM, r *http.Request) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		c.Admin().ServeHTTP(rec, r)
		return rec
	}
	page := func(c *crm.CRM) string {
		return visit(c, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/crm/settings/staff", nil)).Body.String()
	}
	if !strings.Contains(page(processes[1]), "旧名字") || !strings.Contains(page(processes[1]), "助教小李") {
		t.Error("the other process shows neither the school's name nor its staff")
	}
	form := url.Values{"version": {"0"}, "site_name": {"新名字"}, "cap_days": {"7"}, "late_after": {"30"}, "spend_bounds": {"100", "500", "2000"}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/crm/settings", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if rec := visit(processes[0], r); rec.Code != http.StatusSeeOther {
		t.Fatalf("status %d", rec.Code)
	}
	if !strings.Contains(page(processes[0]), "新名字") {
		t.Error("the process that saved shows the old name")
	}
	for end := time.Now().Add(10 * time.Second); !strings.Contains(page(processes[1]), "新名字"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the other process never followed")
		}
	}
	for _, path := range []string{"/crm/settings", "/crm/settings/audit", "/crm/settings/channels", "/crm/health"} {
		if rec := visit(processes[1], httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "新名字") {
			t.Errorf("%s: status %d", path, rec.Code)
		}
	}
}

func TestSpendBoundsAreChecked(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Open(t))
	for _, list := range [][]int64{{}, {1, 2}, {3, 2, 1}, {0, 1, 2}} {
		cfg.SpendBounds = list
		if _, err := crm.New(cfg); err == nil || !strings.Contains(err.Error(), "SpendBounds") {
			t.Errorf("%v: %v", list, err)
		}
	}
}

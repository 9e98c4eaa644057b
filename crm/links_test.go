package crm_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

// TestLinksOverTime: what codes lead to, and who followed them, outlives a new key and the process,
// and clicks become visible by themselves.
func TestLinksOverTime(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.DSN = pgtest.DSN(t)
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	pool := pgtest.Open(t)
	db, err := storage.New(pool)
	if err != nil {
		t.Fatal(err)
	}
	store := &storage.Links{DB: db}
	poster := func(name string) (code string) {
		ring, err := shortlink.NewRing(t.Context(), store, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		l, err := shortlink.NewFree(store, ring, nil, time.Now).Create(t.Context(), name, shortlink.FreeForm{Title: name, Target: "https://learn.example/" + name}, hostadapter.Staff{ID: "1", Name: "周敏"})
		if err != nil {
			t.Fatal(err)
		}
		return l.Code
	}
	c, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	leads := func(c *crm.CRM, code, want string) {
		t.Helper()
		rec := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/go/"+code, nil)
		r.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0 Mobile Safari/537.36")
		c.Public().ServeHTTP(rec, r)
		if rec.Code != http.StatusFound || rec.Header().Get("Location") != "https://learn.example/"+want {
			t.Errorf("leads to %d %s, want %s", rec.Code, rec.Header().Get("Location"), want)
		}
	}
	old := poster("old")
	leads(c, old, "old")
	for want := 1; want < shortlink.KeyVersions; want++ {
		if got, err := c.RotateLinkKey(t.Context()); err != nil || got != want {
			t.Fatalf("key %d, %v", got, err)
		}
	}
	if _, err := c.RotateLinkKey(t.Context()); !errors.Is(err, crm.ErrConflict) {
		t.Errorf("a seventeenth key: %v", err)
	}
	fresh := poster("fresh")
	leads(c, old, "old")
	leads(c, fresh, "fresh")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	next, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	leads(next, old, "old")
	leads(next, fresh, "fresh")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- next.Run(ctx, crm.RoleWorkers) }()
	eventually(t, "five clicks are there and judged", func() bool {
		return one(t, pool, "SELECT count(*) || ' ' || (SELECT count(*) FROM crm_click_spans) FROM crm_clicks") == "5 0"
	})
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

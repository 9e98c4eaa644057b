package crm_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// school is the reference host with somebody who may do everything.
func school() *hosttest.Memory {
	m := hosttest.NewMemory(hosttest.SmallSeed())
	m.SetStaff(func(*http.Request) (hostadapter.Staff, error) {
		return hostadapter.Staff{ID: "1", Name: "周敏", Permissions: hostadapter.AllPermissions(), Scope: hostadapter.ScopeAll}, nil
	})
	return m
}

func config(t testing.TB, db *sql.DB) crm.Config {
	return crm.Config{DB: db, Redis: asynq.RedisClientOpt{Addr: pgtest.Redis(t)}, Host: school(), BasePath: "/crm", PublicURL: "https://learn.example/go",
		PollInterval: 20 * time.Millisecond, Links: crm.Links{SpoolDir: t.TempDir()}, Logger: slog.New(slog.DiscardHandler)}
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	_, err := crm.New(crm.Config{BasePath: "crm", PublicURL: "ftp://x", TimeZone: "Mars/Olympus", Currency: "yuan", RepairHour: 24, Workers: -1, PollInterval: -1,
		Links: crm.Links{Domains: []string{"https://learn.example/"}, Programs: []string{"x"}, KeepMonths: -1}, Email: crm.Email{Addr: "nonsense", From: "nobody\r\nBcc: x@example.com"}})
	if err == nil {
		t.Fatal("taken")
	}
	for _, field := range []string{"DB", "Redis", "Host", "BasePath", "PublicURL", "TimeZone", "Currency", "RepairHour", "Workers", "PollInterval", "Links.Domains", "Links.Programs", "KeepMonths", "Email", "Addr", "From"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not named in:\n%v", field, err)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	t.Parallel()
	good := config(t, pgtest.Open(t))
	if err := crm.Migrate(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*crm.Config)
		want   string
		is     error
	}{
		"nonsense DSN":         {func(c *crm.Config) { c.DB, c.DSN = nil, "postgres://%zz:secret@" }, "crm.Config.DSN", nil},
		"nobody at the DSN":    {func(c *crm.Config) { c.DB, c.DSN = nil, "postgres://u:secret@127.0.0.1:1/x" }, "database", crm.ErrUnavailable},
		"both DB and DSN":      {func(c *crm.Config) { c.DSN = "postgres://u:secret@127.0.0.1/x" }, "not both", nil},
		"nobody at Redis":      {func(c *crm.Config) { c.Redis = asynq.RedisClientOpt{Addr: "127.0.0.1:1", Password: "secret"} }, "Redis", crm.ErrUnavailable},
		"nonsense Redis":       {func(c *crm.Config) { c.Redis = asynq.RedisClientOpt{Addr: "no such host at all"} }, "Redis", crm.ErrUnavailable},
		"path with a query":    {func(c *crm.Config) { c.BasePath = "/crm?x=1" }, "BasePath", nil},
		"path with dots":       {func(c *crm.Config) { c.BasePath = "/a/../crm" }, "BasePath", nil},
		"address with a login": {func(c *crm.Config) { c.PublicURL = "https://u:secret@learn.example/go" }, "PublicURL", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad := good
			c.change(&bad)
			_, err := crm.New(bad)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
				t.Fatalf("got %v, want %q named and no secret", err, c.want)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
		})
	}
}

func TestNewNeedsMigrate(t *testing.T) {
	t.Parallel()
	if _, err := crm.New(config(t, pgtest.Open(t))); !errors.Is(err, crm.ErrSchemaOutdated) {
		t.Errorf("got %v", err)
	}
}

// TestLifecycle runs everything, pushes a change, serves pages, and stops.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	cfg.DSN = pgtest.DSN(t)
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	c, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	db := pgtest.Open(t)
	eventually(t, "the first sync is over", func() bool {
		return one(t, db, "SELECT count(*)::text FROM crm_sync_feeds WHERE feed = 'facts' AND caught_up_at IS NOT NULL") == "1"
	})
	l := hosttest.SmallSeed().Learners[10]
	l.City, l.UpdatedAt = "敦煌", time.Now().UTC()
	if err := c.Notify(t.Context(), hostadapter.Changed(l)); err != nil {
		t.Fatal(err)
	}
	if got := one(t, db, "SELECT city FROM crm_learners WHERE host_id = '"+string(l.ID)+"'"); got != "敦煌" {
		t.Errorf("a pushed change shows %q when Notify returns", got)
	}
	for path, want := range map[string]int{"/crm/": 200, "/crm/audience": 200, "/crm/sync": 200, "/crm/nothing": 404, "/crm/people/999999": 404} {
		rec := httptest.NewRecorder()
		c.Admin().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if rec.Code != want {
			t.Errorf("GET %s: %d, want %d", path, rec.Code, want)
		}
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Run does not end")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnknownRole(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Open(t))
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	c, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Run(t.Context(), "cook"); err == nil || !strings.Contains(err.Error(), "cook") {
		t.Errorf("got %v", err)
	}
}

// endless is a body of 100 MB that counts how much of it is read.
type endless struct{ read, left int }

func (e *endless) Read(p []byte) (int, error) {
	n := min(len(p), e.left)
	if n == 0 {
		return 0, io.EOF
	}
	for i := range n {
		p[i] = 'a'
	}
	e.read, e.left = e.read+n, e.left-n
	return n, nil
}

func TestHugeBodyIsRefused(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Open(t))
	if err := crm.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	c, err := crm.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := &endless{left: 100 << 20}
	r := httptest.NewRequest(http.MethodPost, "/crm/audience/select", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	c.Admin().ServeHTTP(rec, r)
	if rec.Code != http.StatusRequestEntityTooLarge || body.read > 4<<20 {
		t.Errorf("status %d after %d bytes", rec.Code, body.read)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func one(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	var out string
	if err := db.QueryRowContext(t.Context(), query).Scan(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

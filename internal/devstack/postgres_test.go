package devstack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, Options{Settings: map[string]string{"work_mem": "5MB"}})
	for setting, want := range map[string]string{
		"timezone": "UTC", "server_encoding": "UTF8", "jit": "off", "listen_addresses": "127.0.0.1",
		"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on",
		"max_connections": "200", "shared_buffers": "256MB", "work_mem": "5MB",
	} {
		if got := query(t, p.URL(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := query(t, p.URL(), "SELECT lower('ÄÖЖ')"); got != "äöж" && query(t, p.URL(), "SHOW lc_ctype") != "C" {
		t.Errorf("lower-cased to %q", got)
	}
}

func TestPostgresKeepsDataAndAddress(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, Options{})
	url := p.URL()
	query(t, url, "CREATE TABLE kept AS SELECT 1 AS one")
	for name, interrupt := range map[string]func(context.Context) error{
		"restart": p.Restart,
		"stop":    p.Stop,
		"kill":    p.Kill,
	} {
		if err := interrupt(t.Context()); err != nil {
			t.Fatal(name, err)
		}
		if _, err := tryQuery(t.Context(), url, "SELECT 1"); (err == nil) != (name == "restart") {
			t.Fatalf("after %s, a query returns %v", name, err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(name, err)
		}
		if p.URL() != url {
			t.Errorf("after %s the address is %s, was %s", name, p.URL(), url)
		}
		if got := query(t, url, "SELECT one FROM kept"); got != "1" {
			t.Errorf("after %s the table holds %q", name, got)
		}
	}
}

func TestPostgresStopDisconnectsClients(t *testing.T) {
	t.Parallel()
	p := startPostgres(t, Options{})
	slept := make(chan error, 1)
	go func() {
		_, err := tryQuery(t.Context(), p.URL(), "SELECT 'x' FROM pg_sleep(60)")
		slept <- err
	}()
	eventually(t, "the sleeper is there", func() bool {
		return query(t, p.URL(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "1"
	})
	began := time.Now()
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stop took %v", took)
	}
	if err := <-slept; err == nil {
		t.Error("the sleeper's query succeeded")
	}
}

func TestPostgresDirIsKeptBetweenRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(openDir(t), "new", "place")
	for run := range 2 {
		p := startPostgres(t, Options{Dir: dir, Durable: true})
		if got := query(t, p.URL(), "SHOW fsync"); got != "on" {
			t.Errorf("fsync is %s", got)
		}
		if run == 0 {
			query(t, p.URL(), "CREATE TABLE kept AS SELECT 'still here' AS word")
		} else if got := query(t, p.URL(), "SELECT word FROM kept"); got != "still here" {
			t.Errorf("second run found %q", got)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Errorf("start after close: %v", err)
		}
	}
}

func TestPostgresInterruptedInitdbIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "postgres", "data.new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "postgres", "data.new", "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startPostgres(t, Options{Dir: dir})
	query(t, p.URL(), "SELECT 1")
}

func TestPostgresFailedStartShowsLogAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	_, err := StartPostgres(t.Context(), Options{Dir: dir, Settings: map[string]string{"work_mem": "much"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("error does not show the log: %v", err)
	}
	if exists(filepath.Join(dir, "postgres", "data", "postmaster.pid")) {
		t.Error("a server is left behind")
	}
}

func TestPostgresGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := StartPostgres(ctx, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("start with a cancelled context: %v", err)
	}
}

func TestPostgresTellsOfAnUnreachableDir(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root's PostgreSQL runs as another user")
	}
	closed := openDir(t)
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := StartPostgres(t.Context(), Options{Dir: filepath.Join(closed, "data")})
	if err == nil || !strings.Contains(err.Error(), "may not enter "+closed) {
		t.Errorf("error does not name %s: %v", closed, err)
	}
}

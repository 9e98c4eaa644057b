package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxConns bounds each pool, because all parallel tests of all packages share max_connections.
const maxConns = 8

// Open returns a pool whose connections see this test's own empty schema and nothing else. Called
// again in the same test, it returns another pool on the same schema, as a second process would have;
// a subtest is a test of its own. At the end of the test the pool is closed and the schema dropped.
//
// Statements run without being prepared (default_query_exec_mode=exec), as the library recommends to
// its hosts.
func Open(t testing.TB) *sql.DB {
	t.Helper()
	config, err := pgx.ParseConfig(DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(maxConns)
	t.Cleanup(func() { check(t, db.Close()) })
	return db
}

// DSN returns the address of this test's own schema, the one that Open uses, for code and processes
// that open connections themselves. They must be closed by the end of the test, when the schema is
// dropped.
func DSN(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return inSchema(s.url, schemaOf(t, s))
}

// schemas holds the schema of each running test, by its testing.TB.
var schemas sync.Map

// schemaOf returns the test's schema, which the first call makes.
func schemaOf(t testing.TB, s server) string {
	t.Helper()
	made := sync.OnceValues(func() (string, error) {
		name := "test_" + strings.ToLower(rand.Text()[:16])
		if _, err := s.admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
			return "", fmt.Errorf("create schema: %w", err)
		}
		t.Cleanup(func() {
			schemas.Delete(t)
			check(t, drop(s, name))
		})
		return name, nil
	})
	entry, _ := schemas.LoadOrStore(t, made)
	name, err := entry.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// drop gives up when a connection that somebody forgot to close holds on to the schema; without a
// limit it would wait for ever.
func drop(s server, schema string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := s.admin.ExecContext(ctx, "DROP SCHEMA "+schema+" CASCADE"); err != nil {
		return fmt.Errorf("drop schema (is a connection of the test still in a transaction?): %w", err)
	}
	return nil
}

// inSchema adds the schema to an address, in either of the forms that PostgreSQL knows.
func inSchema(address, schema string) string {
	settings := [][2]string{{"search_path", schema}, {"application_name", schema}, {"default_query_exec_mode", "exec"}}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		for _, s := range settings {
			address += " " + s[0] + "=" + s[1] // the later of two wins
		}
		return address
	}
	query := u.Query()
	for _, s := range settings {
		query.Set(s[0], s[1])
	}
	u.RawQuery = query.Encode()
	return u.String()
}

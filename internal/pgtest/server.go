package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/internal/devstack"
)

// server is the PostgreSQL that the schemas of this process share.
type server struct {
	url   string
	admin *sql.DB // makes and drops schemas
}

// shared is found or started by the first test that asks. Nobody closes it: tests of one process
// have no last one, and devstack ends a private server with its process.
var shared = sync.OnceValues(func() (server, error) {
	url := os.Getenv("DATABASE_URL")
	if url == "" {
		private, err := devstack.StartPostgres(context.Background(), devstack.Options{})
		if err != nil {
			return server{}, err
		}
		url = private.URL()
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return server{}, fmt.Errorf("DATABASE_URL: %w", err)
	}
	admin := stdlib.OpenDB(*config)
	admin.SetMaxOpenConns(4)
	if err := admin.Ping(); err != nil {
		return server{}, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return server{url: url, admin: admin}, nil
})

// Server starts a PostgreSQL for this test alone, for tests that restart or kill it. It is closed at
// the end of the test.
func Server(t testing.TB) *devstack.Postgres {
	t.Helper()
	p, err := devstack.StartPostgres(t.Context(), devstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, p.Close()) })
	return p
}

// Redis starts an empty Redis for this test alone, because tests flush it, and returns its address
// as host:port. It is closed at the end of the test.
func Redis(t testing.TB) string {
	t.Helper()
	return RedisServer(t).Addr()
}

// RedisServer is Redis for tests that restart or kill it.
func RedisServer(t testing.TB) *devstack.Redis {
	t.Helper()
	r, err := devstack.StartRedis(t.Context(), devstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, r.Close()) })
	return r
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// Flush empties a Redis, as an operator with a wrong window open would.
func Flush(t testing.TB, addr string) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answer := make([]byte, 64)
	if _, err := conn.Write([]byte("FLUSHALL\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(answer); err != nil || string(answer[:n]) != "+OK\r\n" {
		t.Fatalf("%q, %v", answer[:n], err)
	}
}

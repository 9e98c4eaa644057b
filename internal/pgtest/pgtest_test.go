package pgtest

import (
	"database/sql"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestParallelTestsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	meet := make(chan struct{})
	for _, mine := range []string{"one", "two"} {
		t.Run(mine, func(t *testing.T) {
			t.Parallel()
			db := Open(t)
			do(t, db, "CREATE TABLE thing (word text)")
			do(t, db, "INSERT INTO thing VALUES ($1)", mine)
			select { // both tables are there now
			case meet <- struct{}{}:
			case <-meet:
			}
			if got := value(t, db, "SELECT string_agg(word, ' ') FROM thing"); got != mine {
				t.Errorf("table holds %q", got)
			}
			if got := value(t, db, "SELECT count(*)::text FROM pg_class WHERE relname = 'thing' AND pg_table_is_visible(oid)"); got != "1" {
				t.Errorf("%s tables are visible", got)
			}
		})
	}
}

func TestOneTestHasOneSchema(t *testing.T) {
	t.Parallel()
	first, second := Open(t), Open(t)
	do(t, first, "CREATE TABLE thing (word text)")
	do(t, second, "INSERT INTO thing VALUES ('shared')")
	conn, err := pgx.Connect(t.Context(), DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var word, schema string
	if err := conn.QueryRow(t.Context(), "SELECT word, current_schema FROM thing").Scan(&word, &schema); err != nil || word != "shared" {
		t.Errorf("read %q, %v", word, err)
	}
	t.Run("but not with its subtest", func(t *testing.T) {
		if got := value(t, Open(t), "SELECT current_schema"); got == schema {
			t.Errorf("subtest has schema %s too", got)
		}
	})
}

func TestSchemaIsDropped(t *testing.T) {
	t.Parallel()
	var schema string
	t.Run("test", func(t *testing.T) {
		db := Open(t)
		schema = value(t, db, "SELECT current_schema")
		do(t, db, "CREATE TABLE thing (word text)")
	})
	if got := value(t, Open(t), "SELECT count(*)::text FROM pg_namespace WHERE nspname = $1", schema); got != "0" {
		t.Errorf("schema %s is still there", schema)
	}
}

func TestInSchema(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"postgres://u:p%40@db.example:5433/name?sslmode=disable&search_path=public",
		"postgres://u:p%40@db.example:5433/name?sslmode=disable",
		"host=db.example port=5433 user=u password=p@ dbname=name sslmode=disable search_path=public",
	} {
		c, err := pgx.ParseConfig(inSchema(address, "test_x"))
		if err != nil {
			t.Fatal(err)
		}
		if c.Host != "db.example" || c.Port != 5433 || c.User != "u" || c.Password != "p@" || c.Database != "name" ||
			c.RuntimeParams["search_path"] != "test_x" || c.DefaultQueryExecMode != pgx.QueryExecModeExec {
			t.Errorf("%s is read as %s, %v", address, c.ConnString(), c.RuntimeParams)
		}
	}
}

func TestServersArePrivate(t *testing.T) {
	t.Parallel()
	s := Server(t)
	if s.URL() == Server(t).URL() {
		t.Error("two servers have one address")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Error(err)
	}
	r := RedisServer(t)
	if err := r.Restart(t.Context()); err != nil {
		t.Error(err)
	}
	conn, err := net.Dial("tcp", Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestWithoutServers runs this test binary where no server answers: that is a failure, not a skip.
func TestWithoutServers(t *testing.T) {
	t.Parallel()
	const inside = "COURSECRM_PGTEST_UNREACHABLE"
	if os.Getenv(inside) != "" {
		Open(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestWithoutServers$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1", "DATABASE_URL=postgres://127.0.0.1:1/none?sslmode=disable")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--- FAIL: TestWithoutServers") || !strings.Contains(string(out), "DATABASE_URL") {
		t.Errorf("a test without its server ends with %v:\n%s", err, out)
	}
}

// TestPrivateServerEndsWithTheProcess runs one test of this binary without DATABASE_URL.
func TestPrivateServerEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	const inside = "COURSECRM_PGTEST_PRIVATE"
	if file := os.Getenv(inside); file != "" {
		if err := os.WriteFile(file, []byte(value(t, Open(t), "SHOW data_directory")), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	file := filepath.Join(t.TempDir(), "data_directory")
	cmd := exec.Command(os.Args[0], "-test.run=^TestPrivateServerEndsWithTheProcess$")
	cmd.Env = append(os.Environ(), inside+"="+file, "DATABASE_URL=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Dir(string(data))); errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", data)
		}
	}
}

func do(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func value(t *testing.T, db *sql.DB, statement string, args ...any) (v string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), statement, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return v
}

package storage

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/uptrace/bun/migrate"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// open gives a migrated database of the test's own.
func open(t testing.TB) *DB {
	t.Helper()
	db := openEmpty(t)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openEmpty(t testing.TB) *DB {
	t.Helper()
	db, err := New(pgtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestMigrateFromFourProcessesAtOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for range 4 {
		wg.Go(func() {
			pool, err := Open(dsn)
			if err != nil {
				errs <- err
				return
			}
			defer pool.Close()
			db, err := New(pool)
			if err == nil {
				err = db.Migrate(context.Background())
			}
			if err == nil {
				err = db.CheckSchema(context.Background())
			}
			errs <- err
		})
	}
	wg.Wait()
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestCheckSchemaBeforeMigrate(t *testing.T) {
	t.Parallel()
	if err := openEmpty(t).CheckSchema(t.Context()); !errors.Is(err, ErrSchemaOutdated) {
		t.Errorf("empty schema: %v", err)
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	t.Parallel()
	db := openEmpty(t)
	m, err := newMigrator(db.bun, fstest.MapFS{
		"20300101000000_good.tx.up.sql": {Data: []byte("CREATE TABLE crm_good (id int);")},
		"20300101000001_bad.tx.up.sql":  {Data: []byte("CREATE TABLE crm_half (id int); SELECT 1/0;")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Init(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Migrate(t.Context()); err == nil {
		t.Fatal("a failing migration did not fail")
	}
	var tables []string
	if err := db.bun.NewRaw(`SELECT relname FROM pg_class WHERE relname LIKE 'crm\_%' AND relkind = 'r'
		AND pg_table_is_visible(oid) ORDER BY 1`).Scan(t.Context(), &tables); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tables, " "); got != "crm_good crm_migration_locks crm_migrations" {
		t.Errorf("tables after the failure: %s", got)
	}
	applied, err := m.AppliedMigrations(t.Context())
	if err != nil || len(applied) != 1 {
		t.Errorf("recorded as done: %v, %v", names(applied), err)
	}
}

// TestMigrationsRunInTransactions: what bun runs outside of one is recorded beside it.
func TestMigrationsRunInTransactions(t *testing.T) {
	t.Parallel()
	files, err := migrationFS.ReadDir("migrations")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".tx.up.sql") {
			t.Errorf("%s: bun would run it without a transaction", f.Name())
		}
	}
}

// TestCrashWhileRecording: a process that dies where a migration is recorded leaves it with its record,
// or neither.
func TestCrashWhileRecording(t *testing.T) {
	t.Parallel()
	for dies, want := range map[string]string{"INSERT": "0 0", "UPDATE": "1 1"} {
		t.Run(dies, func(t *testing.T) {
			t.Parallel()
			s := &sending{school: &school{db: openEmpty(t)}}
			m, err := newMigrator(s.db.bun, fstest.MapFS{"20300101000000_make.tx.up.sql": {Data: []byte("CREATE TABLE crm_made (id int);")}})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Init(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.do(t, "CREATE FUNCTION crm_die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'dead'; END $$")
			s.do(t, "CREATE TRIGGER crm_die BEFORE "+dies+" ON crm_migrations FOR EACH ROW EXECUTE FUNCTION crm_die()")
			if err := migrateAll(t.Context(), m, 1, 0); err == nil {
				t.Fatal("it did not die")
			}
			state := "SELECT (to_regclass('crm_made') IS NOT NULL)::int || ' ' || (SELECT count(*) FROM crm_migrations)"
			if got := s.text(t, state); got != want {
				t.Errorf("tables and records: %s", got)
			}
			s.do(t, "DROP TRIGGER crm_die ON crm_migrations")
			for range 2 {
				if err := migrateAll(t.Context(), m, 1, 0); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.text(t, state); got != "1 1" {
				t.Errorf("tables and records in the end: %s", got)
			}
		})
	}
}

// TestMigrationWaitsBriefly: a migration that cannot have its table gives way, and is tried again.
func TestMigrationWaitsBriefly(t *testing.T) {
	t.Parallel()
	db := open(t)
	m, err := newMigrator(db.bun, fstest.MapFS{
		"20300101000000_alter.tx.up.sql": {Data: []byte("ALTER TABLE crm_learners ADD COLUMN late text;")},
	})
	if err != nil {
		t.Fatal(err)
	}
	busy, err := db.bun.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Rollback() //nolint:errcheck // it is rolled back below
	if _, err := busy.ExecContext(t.Context(), "SELECT FROM crm_learners"); err != nil {
		t.Fatal(err)
	}
	if err := migrateAll(t.Context(), m, 1, 0); !isLocked(err) || !errors.Is(translate(err), fault.ErrUnavailable) {
		t.Fatalf("a table in use: %v", err)
	}
	done := make(chan error)
	go func() { done <- migrateAll(context.WithoutCancel(t.Context()), m, migrateTries, 0) }()
	until(t, "the migration waits", func() bool {
		var n int
		err := db.bun.NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'crm_learners'::regclass").Scan(t.Context(), &n)
		return err == nil && n == 1
	})
	if err := busy.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func names(list migrate.MigrationSlice) (out []string) {
	for _, m := range list {
		out = append(out, m.Name)
	}
	return out
}

// TestOnlyOurTables: a host's schema may hold anything beside us.
func TestOnlyOurTables(t *testing.T) {
	t.Parallel()
	db := open(t)
	var foreign int
	if err := db.bun.NewRaw(`SELECT count(*) FROM pg_class WHERE pg_table_is_visible(oid) AND relkind IN ('r', 'p', 'S', 'v', 'm')
		AND relnamespace = current_schema::regnamespace AND relname NOT LIKE 'crm\_%'`).Scan(t.Context(), &foreign); err != nil || foreign != 0 {
		t.Errorf("%d relations without our prefix, %v", foreign, err)
	}
}

func TestMigrateAgainChangesNothing(t *testing.T) {
	t.Parallel()
	db := open(t)
	before, err := db.Secret(t.Context())
	if err != nil || len(before) != 32 {
		t.Fatalf("secret of %d bytes, %v", len(before), err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after, err := db.Secret(t.Context()); err != nil || string(after) != string(before) {
		t.Errorf("secret changed, %v", err)
	}
}

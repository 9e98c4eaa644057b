package storage

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"github.com/coursecrm/coursecrm/internal/fault"
)

//go:embed migrations/*.sql
var migrationFS embed.FS

// ErrSchemaOutdated says that Migrate must run before this version of the library can work.
var ErrSchemaOutdated = errors.New("the database schema is not of this version: run crm.Migrate")

// lockKey seeds the advisory lock that one migration of a schema at a time holds; any constant
// does, this one spells "crm_migr".
const lockKey int64 = 0x63726d5f6d696772

const (
	migrationsTable = "crm_migrations"
	locksTable      = "crm_migration_locks"
)

// How long a migration may wait for a lock: everybody who comes later waits behind it. Whoever reads
// or writes for longer is in nobody's way: it is tried again.
const (
	migrateWait  = "2s"
	migrateTries = 15
	migratePause = 2 * time.Second
)

// Migrate brings the schema up to date. It may run at any time, from any number of processes at
// once; each migration runs in a transaction with the record that it ran, so one that fails or whose
// process dies leaves nothing half done. The pool needs two connections.
//
// Errors: fault.ErrUnavailable when others used a table for so long that it gave up after a minute;
// the migrations before that one stay, and it may be called again.
func (d *DB) Migrate(ctx context.Context) error {
	// A session lock on a connection of its own: bun's lock is a row that outlives a crash.
	conn, err := d.bun.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtextextended(current_schema(), ?))", lockKey); err != nil {
		return fmt.Errorf("take the migration lock: %w", translate(err))
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtextextended(current_schema(), ?))", lockKey) //nolint:errcheck // closing the session frees it too

	m, err := d.migrator()
	if err != nil {
		return err
	}
	if err := m.Init(ctx); err != nil {
		return fmt.Errorf("prepare migrations: %w", translate(err))
	}
	if err := migrateAll(ctx, m, migrateTries, migratePause); err != nil {
		return fmt.Errorf("migrate: %w", translate(err))
	}
	if err := d.createSecrets(ctx); err != nil {
		return err
	}
	// Who reads clicks for long is in the way; then the months are made later, while the CRM runs.
	if err := d.Months(ctx, time.Now(), 0); !errors.Is(err, fault.ErrUnavailable) {
		return err
	}
	return nil
}

// migrateAll runs the migrations that were not, and goes on where others were in the way for too long.
func migrateAll(ctx context.Context, m *migrate.Migrator, tries int, pause time.Duration) error {
	for try := 1; ; try++ {
		_, err := m.Migrate(ctx)
		if err == nil || try == tries || !isLocked(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// waitBriefly runs in the transaction of each migration, before it.
func waitBriefly(ctx context.Context, db bun.IConn, _ *migrate.Migration) error {
	_, err := db.ExecContext(ctx, "SET LOCAL lock_timeout = '"+migrateWait+"'")
	return err
}

// record runs in the transaction of each migration, after it. bun writes its own record after that
// transaction, where a process may die in between: it meets this one.
func record(ctx context.Context, db bun.IConn, m *migrate.Migration) error {
	_, err := db.ExecContext(ctx, "INSERT INTO ? (name, group_id) VALUES (?, ?)", bun.Ident(migrationsTable), m.Name, m.GroupID)
	return err
}

// CheckSchema tells whether Migrate has run for this version.
//
// Errors: ErrSchemaOutdated; fault.ErrUnavailable when the database does not answer.
func (d *DB) CheckSchema(ctx context.Context) error {
	files, err := migrationNames()
	if err != nil {
		return err
	}
	var applied []string
	err = d.bun.NewRaw("SELECT name FROM ?", bun.Ident(migrationsTable)).Scan(ctx, &applied)
	if isUndefinedTable(err) {
		return ErrSchemaOutdated
	}
	if err != nil {
		return fmt.Errorf("check schema: %w", translate(err))
	}
	done := map[string]bool{}
	for _, name := range applied {
		done[name] = true
	}
	for _, name := range files {
		if !done[name] {
			return ErrSchemaOutdated
		}
	}
	return nil
}

func (d *DB) migrator() (*migrate.Migrator, error) {
	sub, err := fs.Sub(migrationFS, "migrations")
	if err != nil {
		return nil, err
	}
	return newMigrator(d.bun, sub)
}

func newMigrator(db *bun.DB, files fs.FS) (*migrate.Migrator, error) {
	set := migrate.NewMigrations()
	if err := set.Discover(files); err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return migrate.NewMigrator(db, set, migrate.WithTableName(migrationsTable), migrate.WithLocksTableName(locksTable),
		migrate.BeforeMigration(waitBriefly), migrate.AfterMigration(record), migrate.WithUpsert(true),
		migrate.WithMarkAppliedOnSuccess(true)), nil // bun's default records a failed migration as done
}

// migrationNames gives the part of each file name that bun records: the digits in front.
func migrationNames() ([]string, error) {
	entries, err := migrationFS.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, _, ok := strings.Cut(e.Name(), "_"); ok {
			names = append(names, name)
		}
	}
	return names, nil
}

// createSecrets makes the keys of this installation once; whoever is first wins.
func (d *DB) createSecrets(ctx context.Context) error {
	key := make([]byte, 32)
	rand.Read(key) // never fails, says its documentation
	_, err := d.bun.NewRaw("INSERT INTO crm_settings (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
		secretKey, key).Exec(ctx)
	return translate(err)
}

const secretKey = "secret.1"

// Secret is the key of this installation, 32 bytes, from which others are derived.
func (d *DB) Secret(ctx context.Context) ([]byte, error) {
	var key []byte
	err := d.bun.NewRaw("SELECT value FROM crm_settings WHERE key = ?", secretKey).Scan(ctx, &key)
	return key, translate(err)
}

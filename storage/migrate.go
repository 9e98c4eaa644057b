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

// Migrate brings the schema up to date. It may run at any time, from any number of processes at
// once; each migration runs in a transaction, so a failed one leaves nothing half done. The pool
// needs two connections.
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
	if _, err := m.Migrate(ctx); err != nil {
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

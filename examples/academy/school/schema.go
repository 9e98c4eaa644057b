package school

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

//go:embed schema.sql
var schemaSQL string

//go:embed indexes.sql
var indexesSQL string

// MaxConns bounds the school's pool.
const MaxConns = 16

// Open connects to databaseURL with schema first in the search path, making the schema if need be.
// An empty schema keeps the address's own search path. The school's statements name no schema, so
// that each test can have its own.
func Open(ctx context.Context, databaseURL, schema string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, errors.New("the database address cannot be read") // the parser's error would show it
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	name := pgx.Identifier{schema}.Sanitize()
	if schema != "" {
		cfg.RuntimeParams["search_path"] = name
	}
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(MaxConns)
	db.SetMaxIdleConns(MaxConns / 2)
	if schema == "" {
		return db, nil
	}
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+name); err != nil {
		db.Close()
		return nil, fmt.Errorf("create schema %s: %w", name, err)
	}
	return db, nil
}

// CreateTables makes the tables that are missing. It may run any number of times.
func CreateTables(ctx context.Context, db *sql.DB) error {
	return inLock(ctx, db, "create the school's tables", schemaSQL)
}

// CreateIndexes makes the indexes that are missing, and tells the planner about the data.
func CreateIndexes(ctx context.Context, db *sql.DB) error {
	return inLock(ctx, db, "create the school's indexes", indexesSQL)
}

// inLock runs a script in a transaction, one process at a time.
func inLock(ctx context.Context, db *sql.DB, what, script string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	for _, sql := range []string{"SELECT pg_advisory_xact_lock(hashtext('academy'))", script} {
		if _, err := tx.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Fact reads a fact about the data; empty when there is none.
func Fact(ctx context.Context, db *sql.DB, name string) (string, error) {
	var value string
	err := db.QueryRowContext(ctx, "SELECT value FROM facts WHERE name = $1", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read fact %s: %w", name, err)
	}
	return value, nil
}

// SetFact keeps a fact about the data.
func SetFact(ctx context.Context, db *sql.DB, name, value string) error {
	_, err := db.ExecContext(ctx, `INSERT INTO facts (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	if err != nil {
		return fmt.Errorf("keep fact %s: %w", name, err)
	}
	return nil
}

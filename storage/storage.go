package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// DB is the database of the CRM. It is safe for concurrent use.
type DB struct {
	bun   *bun.DB
	heavy chan struct{} // a place for each heavy question that may run at once
	bulk  chan struct{} // a place for each export

	unprepared atomic.Bool // a pooler does not let statements be prepared

	watcher Watcher // nil: nobody is told of statements
	replica bool    // as the watcher is told
}

// Open connects to a PostgreSQL DSN (URL or key=value form). It does not ask the server yet.
func Open(dsn string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("DSN: not a PostgreSQL address") // pgx's own text may show the password
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(24)
	db.SetMaxIdleConns(12)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

// New wraps a pool. It does not ask the server.
//
// Errors: a pool whose connections are not pgx's.
func New(db *sql.DB) (*DB, error) {
	if _, ok := db.Driver().(*stdlib.Driver); !ok {
		return nil, fmt.Errorf("the pool's driver is %T; open it with github.com/jackc/pgx/v5/stdlib", db.Driver())
	}
	return &DB{bun: bun.NewDB(db, pgdialect.New()), heavy: make(chan struct{}, maxHeavy), bulk: make(chan struct{}, maxExports)}, nil
}

// inTx runs fn in a transaction on a connection of its own, so that COPY can take part in it.
func (d *DB) inTx(ctx context.Context, fn func(tx *tx) error) error {
	conn, err := d.bun.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer conn.Close()
	btx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return translate(err)
	}
	defer btx.Rollback() //nolint:errcheck // after Commit it says so, and before that the first error counts
	if err := fn(&tx{Tx: btx, conn: conn, db: d}); err != nil {
		return translate(err)
	}
	return translate(btx.Commit())
}

// tx is a transaction that can COPY.
type tx struct {
	bun.Tx
	conn bun.Conn
	db   *DB
}

// copyFrom streams n rows into a table by COPY.
func (t *tx) copyFrom(ctx context.Context, table string, columns []string, n int, row func(i int) ([]any, error)) error {
	return t.raw(func(c *pgx.Conn) error {
		bad := false // a value that does not fit its column never reaches the server
		_, err := c.CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) {
			values, err := row(i)
			bad = bad || err != nil
			return values, err
		}))
		var pg *pgconn.PgError
		if err != nil && ctx.Err() == nil && (bad || errors.As(err, &pg) && pg.Code == "57014") {
			// pgx ends the COPY from its side when it cannot encode a value, which shows as a cancel.
			return fmt.Errorf("%w: a value does not fit its column", fault.ErrInvalid)
		}
		return err
	})
}

// exec runs a statement that returns no rows.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

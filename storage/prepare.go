package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Statements that a push needs have the same text each time. Planning a large one costs more than
// executing it for a few rows, so a connection prepares it once – unless the host's pool is set up
// otherwise, or a pooler turns out to change the server behind the connection.
//
// A prepared plan must suit few rows and many alike. Statements are prepared that look rows up by key
// (LATERAL … OFFSET 0); those of a first sync, which may join a page with a whole table, are not.

// modeOf is how a statement is run on a connection.
func (d *DB) modeOf(c *pgx.Conn) pgx.QueryExecMode {
	conf := c.Config()
	switch {
	case conf.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol:
		return conf.DefaultQueryExecMode
	case conf.StatementCacheCapacity == 0, d.unprepared.Load():
		return pgx.QueryExecModeExec
	}
	return pgx.QueryExecModeCacheStatement
}

// notPrepared recognises that a pooler gave the statement to a server that does not know it, or knows
// another by its name. From then on nothing is prepared.
func (d *DB) notPrepared(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "26000" && pg.Code != "42P05" {
		return false
	}
	d.unprepared.Store(true)
	return true
}

// queue adds a question to a batch. One that is to be prepared costs a round trip of its own the first
// time that a connection asks it.
func (d *DB) queue(ctx context.Context, conn *pgx.Conn, b *pgx.Batch, q question) error {
	if !q.prepare || d.modeOf(conn) != pgx.QueryExecModeCacheStatement {
		b.Queue(d.bun.QueryGen().FormatQuery(q.sql, q.args...))
		return nil
	}
	query := numbered.ReplaceAllStringFunc(q.sql, func(p string) string { return "$" + strconv.Itoa(int(p[1]-'0')+1) })
	name := fmt.Sprintf("crm_%x", sha256.Sum256([]byte(query)))[:32]
	if _, err := conn.Prepare(ctx, name, query); err != nil {
		return err
	}
	b.Queue(name, q.args...)
	return nil
}

// numbered are the placeholders of a question, ?0 to ?9.
var numbered = regexp.MustCompile(`\?[0-9]`)

// run executes a prepared statement, whose arguments are $1 …; it gives how many rows it wrote.
func (t *tx) run(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = t.raw(func(c *pgx.Conn) error {
		tag, err := c.Exec(ctx, query, append([]any{t.db.modeOf(c)}, args...)...)
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// raw lends fn pgx's connection. A transaction in which a statement was not prepared after all is to
// be tried again.
func (t *tx) raw(fn func(*pgx.Conn) error) error {
	return t.conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("connection is %T, not pgx's", driverConn)
		}
		err := fn(c.Conn())
		if t.db.notPrepared(err) {
			return fmt.Errorf("%w: prepare: %w", fault.ErrUnavailable, errLostRace)
		}
		return err
	})
}

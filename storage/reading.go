package storage

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Beyond this an audience is refused with a clear message instead of holding up everybody else.
const audienceTimeout = 10 * time.Second

// maxHeavy is how many questions over all people one process asks at once. The others wait their
// turn, so that the rest of the pool's connections serve the pages that are quick.
const maxHeavy = 4

// maxExports is how many exports one process sends at once. They take minutes, and must not stand
// in the way of counts.
const maxExports = 2

// reading runs fn in a read-only transaction that ends after audienceTimeout.
func (d *DB) reading(ctx context.Context, fn func(bun.Tx) error) error {
	return translate(d.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL statement_timeout = %d; ", audienceTimeout.Milliseconds())+" SET LOCAL transaction_read_only = on; SET LOCAL jit = off"); err != nil {
			return err
		}
		return fn(tx)
	}))
}

// roomy gives a transaction the same memory as a pipeline.
func roomy(ctx context.Context, tx bun.IDB) error {
	_, err := tx.ExecContext(ctx, "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")
	return err
}

// question is a statement of a pipeline and what to do with its rows.
type question struct {
	sql   string
	args  []any
	read  func(pgx.Rows) error
	joins int // sets of people that are joined

	prepare bool // the text is one of few: the connection plans it once
}

func newQuestion(sql string, args []any, read func(pgx.Rows) error) question {
	return question{sql: sql, args: args, read: read}
}

// ask sends questions together and reads the answers: one round trip, one implicit transaction.
// Whoever stops waiting (ctx) stops the server too.
func (d *DB) ask(ctx context.Context, timeout time.Duration, questions ...question) error {
	return d.askIn(ctx, d.heavy, timeout, questions...)
}

// waitForPlace is how long a question waits for others to end before it is refused.
const waitForPlace = 10 * time.Second

// enter waits for a place, and gives what frees it; of nil there are any number.
func enter(ctx context.Context, places chan struct{}) (leave func(), err error) {
	if places == nil {
		return func() {}, nil
	}
	wait := time.NewTimer(waitForPlace)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-wait.C:
		return nil, fmt.Errorf("%w: too many questions at once", fault.ErrUnavailable)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// askIn asks once there is a place for it; nil: at once.
func (d *DB) askIn(ctx context.Context, places chan struct{}, timeout time.Duration, questions ...question) error {
	return d.onConn(ctx, places, func(c *pgx.Conn) error { return d.pipeline(ctx, c, timeout, questions) })
}

// onConn lends fn a connection of pgx's own once there is a place for it; nil: at once. A connection
// that fn breaks does not go back to the pool.
func (d *DB) onConn(ctx context.Context, places chan struct{}, fn func(*pgx.Conn) error) error {
	leave, err := enter(ctx, places)
	if err != nil {
		return err
	}
	defer leave()
	return translate(d.lend(ctx, fn))
}

// lend is onConn without a place and with the driver's own errors.
func (d *DB) lend(ctx context.Context, fn func(*pgx.Conn) error) (err error) {
	_, end := d.watched(ctx)
	defer func() { end(err) }()
	conn, err := d.bun.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("connection is %T, not pgx's", driverConn)
		}
		err := fn(c.Conn())
		if err != nil && c.Conn().IsClosed() {
			return fmt.Errorf("%w (%w)", err, driver.ErrBadConn)
		}
		return err
	})
}

// settings of a pipeline: hash tables of a million ids fit into the memory, without which the
// planner would look them up one by one, and no second is spent on compiling a statement that runs
// for a tenth of one. What is prepared is planned once: of somebody with thousands of events the planner
// would think a plan of their own worth its time with every page.
const settings = "SELECT set_config('statement_timeout', $1, true), set_config('work_mem', $2, true), set_config('jit', 'off', true), set_config('plan_cache_mode', $3, true)"

// Each joined set of people has a hash table of its own; a rule of two hundred such conditions must
// not ask for two hundred times the memory.
const (
	memoryEach = 64  // MB
	memoryAll  = 512 // MB
)

func memory(questions []question) int {
	joins := 1
	for _, q := range questions {
		joins = max(joins, q.joins)
	}
	return max(min(memoryEach, memoryAll/joins), 4)
}

func (d *DB) pipeline(ctx context.Context, conn *pgx.Conn, timeout time.Duration, questions []question) error {
	err := d.tryPipeline(ctx, conn, timeout, questions)
	if d.notPrepared(err) {
		return d.tryPipeline(ctx, conn, timeout, questions)
	}
	return err
}

func (d *DB) tryPipeline(ctx context.Context, conn *pgx.Conn, timeout time.Duration, questions []question) (err error) {
	var b pgx.Batch
	plans := "auto"
	if slices.ContainsFunc(questions, func(q question) bool { return q.prepare }) {
		plans = "force_generic_plan"
	}
	b.Queue(settings, strconv.FormatInt(timeout.Milliseconds(), 10)+"ms", strconv.Itoa(memory(questions))+"MB", plans)
	for _, q := range questions {
		if err := d.queue(ctx, conn, &b, q); err != nil {
			return err
		}
	}
	answers := conn.SendBatch(ctx, &b)
	defer func() {
		if closing := answers.Close(); err == nil {
			err = closing
		}
	}()
	if _, err := answers.Exec(); err != nil {
		return err
	}
	for _, q := range questions {
		rows, err := answers.Query()
		if err != nil {
			return err
		}
		if err := readRows(rows, q.read); err != nil {
			return err
		}
	}
	return nil
}

func readRows(rows pgx.Rows, read func(pgx.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

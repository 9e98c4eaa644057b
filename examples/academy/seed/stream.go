package seed

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// batchRows is how many rows travel to a stream at once. A batch is all that is kept in memory of
// a table, however many learners there are.
const batchRows = 500

// stream loads one table with COPY on a connection of its own.
type stream struct {
	table   string
	columns []string
	batches chan [][]any
	batch   [][]any
	next    int64 // the id of the next row, for tables whose ids are given here
}

func newStream(table string, columns ...string) *stream {
	return &stream{table: table, columns: columns, batches: make(chan [][]any, 4), next: 1}
}

// add queues a row. It waits when the database is behind, and stops when ctx ends.
func (s *stream) add(ctx context.Context, row ...any) error {
	s.batch = append(s.batch, row)
	if len(s.batch) < batchRows {
		return nil
	}
	return s.flush(ctx)
}

// flush sends the batch on its way.
func (s *stream) flush(ctx context.Context) error {
	if len(s.batch) == 0 {
		return nil
	}
	select {
	case s.batches <- s.batch:
		s.batch = make([][]any, 0, batchRows)
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// end flushes and tells the database that this is all.
func (s *stream) end(ctx context.Context) error {
	defer close(s.batches)
	return s.flush(ctx)
}

// copy loads what comes until end is called.
func (s *stream) copy(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("load %s: %w", s.table, err)
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{s.table}, s.columns, s.source(ctx))
		return err
	})
	if err != nil {
		return fmt.Errorf("load %s: %w", s.table, err)
	}
	return nil
}

// source hands the queued rows to COPY one by one.
func (s *stream) source(ctx context.Context) pgx.CopyFromSource {
	var rows [][]any
	return pgx.CopyFromFunc(func() ([]any, error) {
		for len(rows) == 0 {
			select {
			case batch, more := <-s.batches:
				if !more {
					return nil, nil
				}
				rows = batch
			case <-ctx.Done(): // the COPY must not commit a part
				return nil, context.Cause(ctx)
			}
		}
		row := rows[0]
		rows = rows[1:]
		return row, nil
	})
}

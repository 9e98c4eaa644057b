package storage

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/shortlink"
)

// Append implements shortlink.HitStore: a row for the whole batch. What it is joined to, and the
// indexes by which hits are found, are Admit's work, which nobody waits for.
func (s *Links) Append(ctx context.Context, b shortlink.Batch) error {
	if err := s.execRaw(ctx, "INSERT INTO crm_hit_batches (hits) VALUES ($1)", b.Encode()); err != nil {
		return fmt.Errorf("keep hits: %w", err)
	}
	return nil
}

// execRaw runs a statement with pgx's own arguments: arrays go over as they are, and no text is
// built of them. It is prepared once on each connection, which is most of what a small batch costs
// otherwise, unless the host's pool is set up otherwise.
func (d *DB) execRaw(ctx context.Context, query string, args ...any) (err error) {
	_, end := d.watched(ctx)
	defer func() { end(err) }()
	conn, err := d.bun.Conn(ctx)
	if err != nil {
		return translate(err)
	}
	defer conn.Close()
	return translate(conn.Raw(func(driverConn any) error {
		c, ok := driverConn.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("connection is %T, not pgx's", driverConn)
		}
		_, err := c.Conn().Exec(ctx, query, append([]any{d.modeOf(c.Conn())}, args...)...)
		if d.notPrepared(err) {
			_, err = c.Conn().Exec(ctx, query, append([]any{pgx.QueryExecModeExec}, args...)...)
		}
		return err
	}))
}

package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// errLostRace says that PostgreSQL gave a deadlock or a serialisation to somebody else; the same
// transaction may well succeed the next time.
var errLostRace = errors.New("lost a deadlock")

// translate turns the driver's errors into faults, by SQLSTATE and never by text. The cause stays
// wrapped, for the log; web pages show faults only.
func translate(err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case isFault(err), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w: %w", fault.ErrNotFound, err)
	case errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01"):
		return fmt.Errorf("%w: %w (SQLSTATE %s)", fault.ErrUnavailable, errLostRace, pg.Code)
	case errors.As(err, &pg):
		if kind := kindOf(pg.Code); kind != nil {
			return fmt.Errorf("%w: SQLSTATE %s in %s%s", kind, pg.Code, pg.TableName, pg.ConstraintName)
		}
		return fmt.Errorf("database: %s (SQLSTATE %s)", pg.Message, pg.Code)
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, io.ErrUnexpectedEOF), isConnect(err):
		return fmt.Errorf("%w: no connection to the database", fault.ErrUnavailable)
	}
	return err
}

func isFault(err error) bool {
	for _, f := range []error{fault.ErrInvalid, fault.ErrForbidden, fault.ErrNotFound, fault.ErrConflict, fault.ErrUnavailable} {
		if errors.Is(err, f) {
			return true
		}
	}
	return false
}

func isConnect(err error) bool {
	var connect *pgconn.ConnectError
	var broken *net.OpError
	return errors.As(err, &connect) || errors.As(err, &broken)
}

// kindOf sorts SQLSTATEs. Class 22 is a value PostgreSQL cannot hold (a number out of range).
func kindOf(code string) error {
	switch {
	case code == "23514", code == "23502", strings.HasPrefix(code, "22"), strings.HasPrefix(code, "54"):
		return fault.ErrInvalid
	case code == "23503", code == "23505":
		return fault.ErrConflict
	case code == "53300", code == "55P03",
		code == "57014", strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "08"):
		return fault.ErrUnavailable
	}
	return nil
}

// isDuplicate recognises a key that somebody else inserted first.
func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// isLocked recognises a statement that others kept waiting for too long, or that lost a deadlock.
func isLocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "40P01")
}

// isUndefinedTable recognises a schema that was never migrated.
func isUndefinedTable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42P01"
}

// isRetryable reports errors after which the same transaction may well succeed.
func isRetryable(err error) bool {
	return errors.Is(err, errLostRace)
}

// Package school is a small learning platform: accounts, courses, classrooms, orders, refunds,
// learning, private messages. It knows nothing of the CRM; what connects the two is package
// adapter, as it would be in a real school.
//
// Every change is one transaction. After its commit the school tells [School.OnChange] which rows
// it touched.
package school

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// What the methods of [School] return, wrapped, besides errors of the database.
var (
	ErrNotFound   = errors.New("school: not found")
	ErrConflict   = errors.New("school: not possible in this state")
	ErrBadRequest = errors.New("school: bad input")
)

// PlaceholderDomain is the domain of the e-mail addresses that the school makes up for people who
// sign up with a phone number. Nobody receives mail there.
const PlaceholderDomain = "phone.academy.invalid"

// School is the platform on its database. Its methods may be called by several goroutines.
type School struct {
	// OnChange is told, after each commit, which rows changed. Set it before the school is used;
	// nil is fine. It must not block for long: the visitor waits for it.
	OnChange func(context.Context, Change)

	db  *sql.DB
	now func() time.Time
}

// Change names the rows that a committed transaction touched.
type Change struct {
	Users, Courses, Classrooms, Orders, Enrollments, Members, Activities []int64
}

// New makes a school on a database whose search_path holds the school's schema. A nil now is
// time.Now.
func New(db *sql.DB, now func() time.Time) *School {
	if now == nil {
		now = time.Now
	}
	// PostgreSQL keeps microseconds; a time that was stored must equal the one that was meant.
	return &School{db: db, now: func() time.Time { return now().UTC().Truncate(time.Microsecond) }}
}

// DB is the school's database, for those who read it themselves (the adapter, the mail sink).
func (s *School) DB() *sql.DB { return s.db }

// change runs do in a transaction and tells OnChange what it touched.
func (s *School) change(ctx context.Context, what string, do func(tx *sql.Tx, c *Change) error) error {
	var c Change
	err := func() error {
		tx, err := s.db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
		if err := do(tx, &c); err != nil {
			return err
		}
		return tx.Commit()
	}()
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if s.OnChange != nil {
		s.OnChange(ctx, c)
	}
	return nil
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// list runs a query and scans each row.
func list[T any](ctx context.Context, q querier, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}

// one runs a query for a single row; no row is ErrNotFound.
func one[T any](ctx context.Context, q querier, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	row, err := scan(q.QueryRowContext(ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return row, fmt.Errorf("%s: %w", what, err)
	}
	return row, nil
}

// scanner is what *sql.Row and *sql.Rows have in common.
type scanner interface{ Scan(dest ...any) error }

// moment scans a timestamptz that may be NULL into a time in UTC; NULL is the zero time.
type moment struct{ to *time.Time }

// Scan implements sql.Scanner.
func (m moment) Scan(src any) error {
	*m.to = time.Time{}
	if t, ok := src.(time.Time); ok {
		*m.to = t.UTC()
	} else if src != nil {
		return fmt.Errorf("a time is needed, not %T", src)
	}
	return nil
}

package adapter

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	host "github.com/coursecrm/coursecrm/hostadapter"
)

// source says how one kind of row is read. The query ends before its WHERE.
type source[T any] struct {
	query      string
	timeColumn string // empty: updated_at
	idColumn   string // empty: id
	key        func(T) (time.Time, string)
	scan       func(*sql.Rows) (T, error)
}

// feed reads the page of a source behind a cursor, by the index on (time, id).
func feed[T any](ctx context.Context, a *Adapter, s source[T], after host.Cursor, limit int) (host.Page[T], error) {
	at, last, err := after.After()
	if err != nil {
		return host.Page[T]{}, err
	}
	id, err := strconv.ParseInt(cmp.Or(last, "0"), 10, 64)
	if err != nil {
		return host.Page[T]{}, host.ErrInvalidCursor
	}
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	query := fmt.Sprintf("%[1]s WHERE (%[2]s, %[3]s) > ($1, $2) AND %[2]s <= $3 ORDER BY %[2]s, %[3]s LIMIT $4",
		s.query, cmp.Or(s.timeColumn, "updated_at"), cmp.Or(s.idColumn, "id"))
	found, err := rows(ctx, a, s.scan, query, at, id, now().Add(-a.Settle), limit+1)
	if err != nil {
		return host.Page[T]{}, err
	}
	return host.KeysetPage(found, after, limit, s.key), nil
}

// byID reads some rows of a source.
func byID[T any](ctx context.Context, a *Adapter, s source[T], ids []int64) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return rows(ctx, a, s.scan, s.query+" WHERE "+cmp.Or(s.idColumn, "id")+" = ANY($1)", ids)
}

// rows runs a query and scans each row.
func rows[T any](ctx context.Context, a *Adapter, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	found, err := a.School.DB().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the school: %w", err)
	}
	defer found.Close()
	var all []T
	for found.Next() {
		row, err := scan(found)
		if err != nil {
			return nil, fmt.Errorf("read the school: %w", err)
		}
		all = append(all, row)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the school: %w", err)
	}
	return all, nil
}

// utcTime scans a time that may be NULL; NULL is the zero time.
type utcTime struct{ to *time.Time }

func utc(to *time.Time) utcTime { return utcTime{to} }

// Scan implements sql.Scanner.
func (u utcTime) Scan(src any) error {
	t, ok := src.(time.Time)
	if !ok && src != nil {
		return fmt.Errorf("a time is needed, not %T", src)
	}
	*u.to = time.Time{}
	if ok {
		*u.to = t.UTC()
	}
	return nil
}

// split is strings.Split, but nothing gives nothing.
func split(text, by string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, by)
}

// numbers are the ids that can be ids of the school; others are unknown to it.
func numbers(ids []host.LearnerID) []int64 {
	var all []int64
	for _, id := range ids {
		if n, err := strconv.ParseInt(string(id), 10, 64); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// courseKey and classroomKey are the column key of the view offerings.
func courseKey(id int64) int64    { return id * 2 }
func classroomKey(id int64) int64 { return id*2 + 1 }

func offeringKey(o host.Offering) string {
	id, _ := strconv.ParseInt(o.ID, 10, 64) // it was a bigint a moment ago
	if o.Type == host.TargetClassroom {
		return strconv.FormatInt(classroomKey(id), 10)
	}
	return strconv.FormatInt(courseKey(id), 10)
}

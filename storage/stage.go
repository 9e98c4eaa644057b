package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A stage is a temporary table into which a page is copied before one statement merges it. It
// lives as long as its connection and is emptied by every commit, so pages pay for it once.

// column is a column of a stage and of the table it is merged into.
type column struct {
	name, typ string
}

// stage describes how rows of type T are copied.
type stage[T any] struct {
	name    string
	columns []column
	values  func(T) ([]any, error)
}

// fill makes the stage and copies rows into it.
func (s *stage[T]) fill(ctx context.Context, t *tx, rows []T) error {
	if err := s.create(ctx, t); err != nil {
		return err
	}
	err := t.copyFrom(ctx, s.name, s.names(), len(rows), func(i int) ([]any, error) { return s.values(rows[i]) })
	if err != nil {
		return fmt.Errorf("copy %d rows to %s: %w", len(rows), s.name, err)
	}
	return nil
}

func (s *stage[T]) create(ctx context.Context, t *tx) error {
	defs := make([]string, len(s.columns))
	for i, c := range s.columns {
		defs[i] = c.name + " " + c.typ
	}
	_, err := t.exec(ctx, "CREATE TEMPORARY TABLE IF NOT EXISTS "+s.name+" ("+strings.Join(defs, ", ")+") ON COMMIT DELETE ROWS")
	return err
}

func (s *stage[T]) names() []string {
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = c.name
	}
	return names
}

// assign renders "a = EXCLUDED.a, …" for all columns but those left out.
func assign(columns []string, leaveOut ...string) string {
	var b strings.Builder
	for _, c := range columns {
		if slices.Contains(leaveOut, c) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c + " = EXCLUDED." + c)
	}
	return b.String()
}

// newer is the condition under which a snapshot replaces what is stored: it is younger, or as
// old and different. Hosts count in seconds, so two changes may share a time; the later to
// arrive wins then, and the repair pass has the last word.
func newer(table string) string {
	return fmt.Sprintf("(%[1]s.updated_at < EXCLUDED.updated_at OR "+
		"(%[1]s.updated_at = EXCLUDED.updated_at AND %[1]s.content_hash <> EXCLUDED.content_hash))", table)
}

// orNull maps the zero time to NULL.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// textOrNull maps the empty string to NULL.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// latest keeps the newest of rows that share a key, in place of the first of them: one statement
// cannot write a row twice. Of equally old ones the last wins.
func latest[T any](rows []T, key func(T) string, at func(T) time.Time) []T {
	index := make(map[string]int, len(rows))
	out := rows[:0:0]
	for _, row := range rows {
		k := key(row)
		i, dup := index[k]
		if !dup {
			index[k] = len(out)
			out = append(out, row)
			continue
		}
		if !at(row).Before(at(out[i])) {
			out[i] = row
		}
	}
	return out
}

// Package fault is the error vocabulary of the library. Services and stores return these, plain
// or wrapped; internal/web turns them into status codes, internal/jobs into retries, and
// internal/storage makes them from SQLSTATEs. No other package may do any of the three.
package fault

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// The kinds of failure a caller can act on. Compare with errors.Is.
var (
	ErrInvalid     = errors.New("invalid input")
	ErrForbidden   = errors.New("not allowed")
	ErrNotFound    = errors.New("not found")
	ErrConflict    = errors.New("changed meanwhile")
	ErrUnavailable = errors.New("temporarily unavailable")
)

// Problem is one thing that is wrong with an input. Key names a message of the reader's language
// (see internal/web/messages); Args fill its places, in order.
type Problem struct {
	Key  string
	Args []any
}

// Fields maps an input's field names to what is wrong with them. It is an error only when it is
// not empty; use [Fields.Err].
type Fields map[string]Problem

// Add records a problem unless the field has one already: the first is the most basic.
func (f Fields) Add(field, key string, args ...any) {
	if _, ok := f[field]; !ok {
		f[field] = Problem{Key: key, Args: args}
	}
}

// Err returns f as an error, nil when nothing is wrong.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Error lists fields and message keys, for logs and for hosts that call services from Go. It
// holds no value that a person typed.
func (f Fields) Error() string {
	parts := make([]string, 0, len(f))
	for field, p := range f {
		parts = append(parts, fmt.Sprintf("%s: %s", field, p.Key))
	}
	sort.Strings(parts)
	return "invalid input: " + strings.Join(parts, ", ")
}

// Is makes errors.Is(err, ErrInvalid) true for Fields.
func (f Fields) Is(target error) bool { return target == ErrInvalid }

package storage

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Cursors are opaque to everybody else: JSON in URL-safe base64, written and read here only.

func encodeCursor(key any) string {
	text, err := json.Marshal(key)
	if err != nil {
		return "" // keys are structs of numbers, times and texts, which always encode
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// decodeCursor reads a cursor. Errors: fault.ErrInvalid.
func decodeCursor(cursor string, key any) error {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil && len(cursor) < 1000 {
		err = json.Unmarshal(text, key)
	}
	if err != nil || len(cursor) >= 1000 {
		return fmt.Errorf("%w: cursor", fault.ErrInvalid)
	}
	return nil
}

// placeKey is a place in a list of people.
type placeKey struct {
	Sort   string    `json:"s"`
	Time   time.Time `json:"t,omitzero"` // zero: the value is missing, which comes last
	Number int64     `json:"n,omitempty"`
	ID     int64     `json:"i"`
}

// place is a condition with its arguments.
type place struct {
	sql  string
	args []any
}

// after gives the ranges of rows behind the place, for a column sorted downwards with missing
// values last. They are read one after the other: each is a range of an index, which one
// condition for both would not be.
func (k placeKey) after(column string, isTime bool) []place {
	missing := column + " IS NULL"
	switch {
	case !isTime:
		return []place{{"(" + column + ", l.id) < (?, ?)", []any{k.Number, k.ID}}}
	case k.Time.IsZero():
		return []place{{missing + " AND l.id < ?", []any{k.ID}}}
	}
	return []place{
		{column + " <= ? AND (" + column + ", l.id) < (?, ?)", []any{k.Time, k.Time, k.ID}},
		{missing, nil},
	}
}

// idKey is a place in a list ordered by one number.
type idKey struct {
	ID int64 `json:"i"`
}

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

// after is the condition for rows behind the place, for a column sorted downwards with missing
// values last.
func (k placeKey) after(column string, isTime bool) (string, []any) {
	switch {
	case !isTime:
		return "(" + column + ", l.id) < (?, ?)", []any{k.Number, k.ID}
	case k.Time.IsZero():
		return column + " IS NULL AND l.id < ?", []any{k.ID}
	}
	return "(" + column + " < ? OR (" + column + " = ? AND l.id < ?) OR " + column + " IS NULL)", []any{k.Time, k.Time, k.ID}
}

// idKey is a place in a list ordered by one number.
type idKey struct {
	ID int64 `json:"i"`
}

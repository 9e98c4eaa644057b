package hostadapter

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"iter"
	"time"
	"unicode/utf8"
)

// MaxPage is the largest page the CRM asks for.
const MaxPage = 10_000

// Cursor is a place in a feed. Its text is the host's own business; the CRM stores it and hands
// it back. The zero Cursor is the beginning. It should hold no personal data.
type Cursor string

// Page is one answer of a feed.
type Page[T any] struct {
	Items []T
	Next  Cursor // where to resume; set even on the last page. On an empty page it is the cursor that was asked for
	More  bool   // false: caught up, come back later
}

// All reads a feed from the beginning to its present end, page by page.
// It yields an error at most once, as the last pair, with the zero T.
func All[T any](ctx context.Context, feed func(context.Context, Cursor, int) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		for after := Cursor(""); ; {
			page, err := feed(ctx, after, MaxPage)
			if err != nil {
				yield(zero, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if !page.More {
				return
			}
			if page.Next == after {
				yield(zero, fmt.Errorf("hostadapter: feed says there is more but its cursor does not move"))
				return
			}
			after = page.Next
		}
	}
}

// CursorAt makes the cursor behind the row with this UpdatedAt and ID.
// It keeps microseconds, the precision of PostgreSQL and MySQL; a host whose UpdatedAt is finer must
// truncate it, or its last row would come again for ever. Offerings of two types may share an id:
// put the type into the cursor's id for them.
func CursorAt(updatedAt time.Time, id string) Cursor {
	buf := binary.BigEndian.AppendUint64(nil, uint64(updatedAt.UnixMicro()))
	return Cursor(base64.RawURLEncoding.EncodeToString(append(buf, id...)))
}

// After reads a cursor made by [CursorAt]. The zero Cursor gives the Unix epoch and an empty id,
// which lie before every row, so that one query serves the first page and all others.
//
// Errors: [ErrInvalidCursor].
func (c Cursor) After() (updatedAt time.Time, id string, err error) {
	if c == "" {
		return time.Unix(0, 0).UTC(), "", nil
	}
	buf, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || len(buf) < 8 {
		return time.Time{}, "", ErrInvalidCursor
	}
	updatedAt, id = time.UnixMicro(int64(binary.BigEndian.Uint64(buf))).UTC(), string(buf[8:])
	// Most texts that are no cursors decode to a time nobody means, or to an id that is no text.
	if updatedAt.Year() < 1970 || updatedAt.Year() > 9999 || !utf8.ValidString(id) {
		return time.Time{}, "", ErrInvalidCursor
	}
	return updatedAt, id, nil
}

// KeysetPage makes the page of a host that queried limit+1 rows after the cursor: the extra row
// tells that there is more and is left out. key gives the keyset of a row.
func KeysetPage[T any](rows []T, after Cursor, limit int, key func(T) (time.Time, string)) Page[T] {
	page := Page[T]{Items: rows, Next: after}
	if len(rows) > limit {
		page.Items, page.More = rows[:limit], true
	}
	if n := len(page.Items); n > 0 {
		page.Next = CursorAt(key(page.Items[n-1]))
	}
	return page
}

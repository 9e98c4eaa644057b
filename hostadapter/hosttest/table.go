package hosttest

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// table holds one feed's rows in the order of its keyset. Rows are never changed in place and
// are cloned on the way in and out, so that nobody shares a slice or a map with the table.
type table[T any] struct {
	kind kind[T]

	mu     sync.Mutex
	rows   map[string]*entry[T]
	sorted []*entry[T] // nil after a change: put in order again by the next reader
	newest time.Time   // of all times ever stored here
}

type entry[T any] struct {
	at  time.Time
	id  string
	row T
}

func newTable[T any](k kind[T], rows []T, now time.Time) *table[T] {
	t := &table[T]{kind: k, rows: make(map[string]*entry[T], len(rows))}
	for _, row := range rows {
		t.put(row, now)
	}
	return t
}

// put stores a snapshot. A zero UpdatedAt means now; see stamp. A deleted row keeps only what a
// host still knows of a row that it removed.
func (t *table[T]) put(row T, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.putLocked(row, now)
}

func (t *table[T]) putLocked(row T, now time.Time) {
	row = t.kind.clone(row)
	if *t.kind.deleted(&row) {
		row = t.kind.tombstone(row)
	}
	at := t.kind.at(&row)
	if at.IsZero() {
		*at = t.stamp(now)
	}
	*at = at.UTC().Truncate(time.Microsecond) // a cursor keeps no more, see CursorAt
	if at.After(t.newest) {
		t.newest = *at
	}
	id := t.kind.key(row)
	t.rows[id] = &entry[T]{at: *at, id: id, row: row}
	t.sorted = nil
}

// stamp is now, or just after the newest row when that is later: a change must come behind every
// cursor already handed out, whatever clock the test lives by.
func (t *table[T]) stamp(now time.Time) time.Time {
	if now = now.UTC().Truncate(time.Microsecond); now.After(t.newest) {
		return now
	}
	return t.newest.Add(time.Microsecond)
}

// touch changes a row in place of its owner and stamps it; it reports whether the row is there.
func (t *table[T]) touch(id string, now time.Time, change func(*T)) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.rows[id]
	if !ok {
		return false
	}
	row := t.kind.clone(e.row)
	change(&row)
	*t.kind.at(&row) = time.Time{}
	t.putLocked(row, now)
	return true
}

// replace changes a row without moving its UpdatedAt, so that no feed tells of it.
func (t *table[T]) replace(id string, change func(*T)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.rows[id]; ok {
		row := t.kind.clone(e.row)
		change(&row)
		t.putLocked(row, time.Time{})
	}
}

func (t *table[T]) vanish(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rows, id)
	t.sorted = nil
}

func (t *table[T]) get(id string) (row T, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.rows[id]
	if !ok {
		return row, false
	}
	return t.kind.clone(e.row), true
}

// page answers a feed. It takes one row more than limit, as an adapter with SQL does.
func (t *table[T]) page(after hostadapter.Cursor, limit int) (hostadapter.Page[T], error) {
	at, id, err := after.After()
	if err != nil {
		return hostadapter.Page[T]{}, err
	}
	rows := t.rest(entry[T]{at: at, id: id}, limit+1)
	return hostadapter.KeysetPage(rows, after, limit, func(row T) (time.Time, string) {
		return *t.kind.at(&row), t.kind.key(row)
	}), nil
}

// rest clones at most limit rows behind a place.
func (t *table[T]) rest(after entry[T], limit int) []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sorted == nil {
		t.order()
	}
	from, found := slices.BinarySearchFunc(t.sorted, &after, compare[T])
	if found {
		from++
	}
	until := from + min(limit, len(t.sorted)-from)
	rows := make([]T, 0, until-from)
	for _, e := range t.sorted[from:until] {
		rows = append(rows, t.kind.clone(e.row))
	}
	return rows
}

func (t *table[T]) order() {
	t.sorted = make([]*entry[T], 0, len(t.rows))
	for _, e := range t.rows {
		if t.kind.fed == nil || t.kind.fed(e.row) {
			t.sorted = append(t.sorted, e)
		}
	}
	slices.SortFunc(t.sorted, compare[T])
}

func (t *table[T]) all() []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := make([]T, 0, len(t.rows))
	for _, e := range t.rows {
		rows = append(rows, t.kind.clone(e.row))
	}
	slices.SortFunc(rows, func(a, b T) int { return strings.Compare(t.kind.key(a), t.kind.key(b)) })
	return rows
}

// len counts the rows that are fed.
func (t *table[T]) len() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sorted == nil {
		t.order()
	}
	return int64(len(t.sorted))
}

func compare[T any](a, b *entry[T]) int {
	return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id))
}

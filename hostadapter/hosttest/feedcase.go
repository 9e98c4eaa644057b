package hosttest

import (
	"context"
	"fmt"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// feedCase is one feed under test, with the rows it owes.
type feedCase[T any] struct {
	kind[T]
	feed   string // the method, and the name of the subtest
	source string // the optional interface; empty: the feed is required
	read   func(context.Context, hostadapter.Cursor, int) (hostadapter.Page[T], error)
	seed   []T
	rules  rules[T]
}

// page asks the host for one page.
func (c *feedCase[T]) page(ctx context.Context, after hostadapter.Cursor, limit int) (hostadapter.Page[T], error) {
	return guard(func() (hostadapter.Page[T], error) { return c.read(ctx, after, limit) })
}

// step is one page of a walk and the cursor it was asked with.
type step[T any] struct {
	after hostadapter.Cursor
	page  hostadapter.Page[T]
}

// steps walks the feed from a cursor to its end. It gives up on a walk that has no end.
func (c *feedCase[T]) steps(ctx context.Context, after hostadapter.Cursor, limit int) ([]step[T], error) {
	var walk []step[T]
	most := 2*len(c.seed) + 20
	for {
		page, err := c.page(ctx, after, limit)
		if err != nil {
			return walk, fmt.Errorf("page %d of %d rows: %w", len(walk)+1, limit, err)
		}
		walk = append(walk, step[T]{after, page})
		switch {
		case !page.More:
			return walk, nil
		case page.Next == after:
			return walk, fmt.Errorf("page %d of %d rows says there is more, but its cursor does not move", len(walk), limit)
		case len(walk) == most:
			return walk, fmt.Errorf("no end after %d pages of %d rows; the seed has %d", most, limit, len(c.seed))
		}
		after = page.Next
	}
}

// rows is a whole walk, flat.
func (c *feedCase[T]) rows(ctx context.Context, after hostadapter.Cursor, limit int) ([]T, error) {
	walk, err := c.steps(ctx, after, limit)
	var rows []T
	for _, s := range walk {
		rows = append(rows, s.page.Items...)
	}
	return rows, err
}

// mustRows ends the check when the walk fails.
func (c *feedCase[T]) mustRows(t reporter, after hostadapter.Cursor, limit int) []T {
	t.Helper()
	rows, err := c.rows(context.Background(), after, limit)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return rows
}

func (c *feedCase[T]) keys(rows []T) []string {
	keys := make([]string, len(rows))
	for i, row := range rows {
		keys[i] = c.id(row)
	}
	return keys
}

// id is the key as it is shown.
func (c *feedCase[T]) id(row T) string {
	id, kind, both := strings.Cut(c.key(row), "\x00")
	if both {
		return kind + " " + id
	}
	return id
}

func (c *feedCase[T]) isDeleted(row T) bool { return *c.deleted(&row) }

// isGone also holds for an account whose status says that it is deleted.
func (c *feedCase[T]) isGone(row T) bool {
	if l, ok := any(row).(hostadapter.Learner); ok && l.Status == hostadapter.LearnerDeleted {
		return true
	}
	return c.isDeleted(row)
}

// owed are the rows of the seed that the feed has to give, by id. Removed rows are among them.
func (c *feedCase[T]) owed() map[string]T {
	owed := make(map[string]T, len(c.seed))
	for _, row := range c.seed {
		if c.fed == nil || c.fed(row) {
			owed[c.id(row)] = row
		}
	}
	return owed
}

// some shows the first few of many.
func some(ids []string) string {
	const most = 6
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

package hosttest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// checkOrder looks at time alone. Among rows of one time the order is the host's business (of
// numbers, or of text in its collation), as long as it is the same every time: checkStable.
func (c *feedCase[T]) checkOrder(t reporter) {
	t.Helper()
	rows := c.mustRows(t, "", hostadapter.MaxPage)
	for i := 1; i < len(rows); i++ {
		before, now := *c.at(&rows[i-1]), *c.at(&rows[i])
		if now.Before(before) {
			t.Fatalf("%s of %s comes after %s of %s", c.id(rows[i]), show(valueOf(now)), c.id(rows[i-1]), show(valueOf(before)))
		}
	}
}

func (c *feedCase[T]) checkStable(t reporter) {
	t.Helper()
	first := c.keys(c.mustRows(t, "", hostadapter.MaxPage))
	for _, limit := range []int{hostadapter.MaxPage, min(len(first)+1, hostadapter.MaxPage), 7, hostadapter.MaxPage} {
		again := c.keys(c.mustRows(t, "", limit))
		if !slices.Equal(first, again) {
			at := 0
			for at < len(first) && at < len(again) && first[at] == again[at] {
				at++
			}
			t.Fatalf("the same walk in pages of %d rows goes another way after %d rows: %s, before that %s",
				limit, at, some(again[at:]), some(first[at:]))
		}
	}
}

// promptly is how long a host may take to notice that nobody waits for it.
const promptly = 5 * time.Second

func (c *feedCase[T]) checkContext(t reporter) {
	t.Helper()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancelLate := context.WithDeadline(context.Background(), time.Now().Add(-time.Hour))
	defer cancelLate()
	for _, ctx := range []context.Context{cancelled, late} {
		answer := make(chan error, 1)
		go func() {
			_, err := c.page(ctx, "", 10)
			answer <- err
		}()
		select {
		case err := <-answer:
			if !errors.Is(err, ctx.Err()) {
				t.Errorf("asked with a context that has ended (%v): got error %v, want the context's own", ctx.Err(), err)
			}
		case <-time.After(promptly):
			t.Errorf("asked with a context that has ended (%v): no answer in %v", ctx.Err(), promptly)
		}
	}
}

// checkGarbage takes texts that no host makes. A host that answers one with its first page would
// walk everything again without knowing.
func (c *feedCase[T]) checkGarbage(t reporter) {
	t.Helper()
	for _, garbage := range []string{"!!", "no cursor, \x00 nor a number", "%zz", strings.Repeat("?", 3000), "\xff\xfe"} {
		page, err := c.page(context.Background(), hostadapter.Cursor(garbage), 10)
		shown := garbage[:min(len(garbage), 30)]
		switch {
		case err == nil:
			t.Errorf("cursor %q: got a page of %d rows (%s), want an error", shown, len(page.Items), some(c.keys(page.Items)))
		case !errors.Is(err, hostadapter.ErrInvalidCursor) && !errors.Is(err, hostadapter.ErrCursorExpired):
			t.Errorf("cursor %q: got error %v, want ErrInvalidCursor or ErrCursorExpired", shown, err)
		}
	}
}

func (c *feedCase[T]) checkSideBySide(t reporter) {
	t.Helper()
	type result struct {
		keys []string
		err  error
	}
	sizes := []int{2, 3, 7, hostadapter.MaxPage}
	results := make([]result, len(sizes))
	done := make(chan struct{})
	for i, limit := range sizes {
		go func() {
			defer func() { done <- struct{}{} }()
			rows, err := c.rows(context.Background(), "", limit)
			results[i] = result{c.keys(rows), err}
		}()
	}
	for range sizes {
		<-done
	}
	for i, r := range results {
		if r.err != nil {
			t.Fatalf("%d walks at once: %v", len(sizes), r.err)
		}
		if !slices.Equal(r.keys, results[0].keys) {
			t.Fatalf("%d walks at once: the one in pages of %d rows saw %d rows, the one in pages of %d saw %d, or in another order",
				len(sizes), sizes[i], len(r.keys), sizes[0], len(results[0].keys))
		}
	}
}

// emptyHost is the name of the check of a feed that has nothing to feed.
const emptyHost = "of an empty host"

func (c *feedCase[T]) checkEmpty(t reporter, opts Options) {
	t.Helper()
	if c.read == nil {
		return // check has said so
	}
	t.Run(c.feed+"/"+emptyHost, func(t reporter) {
		t.Helper()
		if opts.skips(c.feed, emptyHost) {
			t.Skipf("left out by Options.Skip")
		}
		after := hostadapter.Cursor("")
		for range 2 { // with the cursor of an empty page too
			page, err := c.page(context.Background(), after, 10)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if len(page.Items) > 0 || page.More {
				t.Fatalf("got %d rows (%s), more: %t; want none", len(page.Items), some(c.keys(page.Items)), page.More)
			}
			after = page.Next
		}
	})
}

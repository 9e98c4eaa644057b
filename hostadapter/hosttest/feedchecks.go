package hosttest

import (
	"context"
	"slices"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// feedRule is one rule of the contract that every feed keeps.
type feedRule[T any] struct {
	name  string
	check func(*feedCase[T], reporter, Options)
}

// feedRules lists the rules in the order in which a fault is best understood.
func feedRules[T any]() []feedRule[T] {
	walk := func(name string, check func(*feedCase[T], reporter)) feedRule[T] {
		return feedRule[T]{name, func(c *feedCase[T], t reporter, _ Options) { t.Helper(); check(c, t) }}
	}
	return []feedRule[T]{
		walk("limit is respected", (*feedCase[T]).checkLimit),
		walk("cursor moves while there is more", (*feedCase[T]).checkMoves),
		walk("each row once at any page size", (*feedCase[T]).checkOnce),
		walk("next is set at the end", (*feedCase[T]).checkEnd),
		walk("resume from every cursor", (*feedCase[T]).checkResume),
		walk("in the order of time", (*feedCase[T]).checkOrder),
		walk("same order on every walk", (*feedCase[T]).checkStable),
		{"rows are those of the seed", (*feedCase[T]).checkContent},
		walk("tombstones are fed", (*feedCase[T]).checkTombstones),
		walk("times are UTC", (*feedCase[T]).checkTimes),
		walk("required fields are set", (*feedCase[T]).checkRequired),
		walk("words are known", (*feedCase[T]).checkWords),
		walk("money is sound", (*feedCase[T]).checkMoney),
		walk("cancelled context", (*feedCase[T]).checkContext),
		walk("garbage cursor", (*feedCase[T]).checkGarbage),
		walk("walks side by side", (*feedCase[T]).checkSideBySide),
	}
}

func (c *feedCase[T]) check(t reporter, opts Options) {
	t.Helper()
	opts.group(t, c.feed, c.source, c.read != nil, func(t reporter) {
		t.Helper()
		for _, r := range feedRules[T]() {
			opts.rule(t, c.feed, r.name, func(t reporter) { t.Helper(); r.check(c, t, opts) })
		}
	})
}

func (c *feedCase[T]) checkLimit(t reporter) {
	t.Helper()
	for _, limit := range []int{1, 2, 7} {
		walk, err := c.steps(context.Background(), "", limit)
		for i, s := range walk {
			if n := len(s.page.Items); n > limit {
				t.Fatalf("page %d has %d rows, asked for at most %d", i+1, n, limit)
			}
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
}

func (c *feedCase[T]) checkMoves(t reporter) {
	t.Helper()
	for _, limit := range []int{1, 3} {
		walk, err := c.steps(context.Background(), "", limit)
		seen := map[hostadapter.Cursor]int{"": 0}
		for i, s := range walk {
			if before, again := seen[s.page.Next]; again && s.page.More {
				t.Fatalf("pages of %d rows: page %d says there is more, but its cursor is that after page %d", limit, i+1, before)
			}
			seen[s.page.Next] = i + 1
		}
		if err != nil {
			t.Fatalf("%v", err)
		}
	}
}

func (c *feedCase[T]) checkOnce(t reporter) {
	t.Helper()
	owed := c.owed()
	n := len(owed)
	sizes := []int{1, 2, 3, 7, n - 1, n, n + 1, hostadapter.MaxPage}
	slices.Sort(sizes)
	for _, limit := range slices.Compact(sizes) {
		if limit < 1 || limit > hostadapter.MaxPage {
			continue
		}
		rows := c.mustRows(t, "", limit)
		count := map[string]int{}
		var repeated, strange, lost []string
		for _, id := range c.keys(rows) {
			count[id]++
			if _, ok := owed[id]; !ok {
				strange = append(strange, id)
			} else if count[id] == 2 {
				repeated = append(repeated, id)
			}
		}
		for id, row := range owed {
			if count[id] == 0 && !c.isDeleted(row) { // removed rows are for "tombstones are fed"
				lost = append(lost, id)
			}
		}
		slices.Sort(lost)
		if len(lost) > 0 {
			t.Errorf("pages of %d rows: lost %s", limit, some(lost))
		}
		if len(repeated) > 0 {
			t.Errorf("pages of %d rows: repeated %s", limit, some(repeated))
		}
		if len(strange) > 0 {
			t.Errorf("pages of %d rows: not in the seed, or not to be fed: %s (a host that chooses ids sets Options.IDs)", limit, some(strange))
		}
		if len(lost)+len(repeated)+len(strange) > 0 {
			return // the other sizes would say the same
		}
	}
}

func (c *feedCase[T]) checkEnd(t reporter) {
	t.Helper()
	for _, limit := range []int{1, 7, hostadapter.MaxPage} {
		walk, err := c.steps(context.Background(), "", limit)
		if err != nil {
			t.Fatalf("%v", err)
		}
		end := walk[len(walk)-1].page.Next
		for range 2 { // an empty page leads on to another
			if end == "" && len(c.seed) > 0 {
				t.Fatalf("pages of %d rows: Next is not set at the end, so the CRM would start again from the beginning", limit)
			}
			page, err := c.page(context.Background(), end, limit)
			if err != nil {
				t.Fatalf("asked again at the end: %v", err)
			}
			if len(page.Items) > 0 || page.More {
				t.Fatalf("pages of %d rows: asked again at the end, got %d rows (%s), more: %t; want none",
					limit, len(page.Items), some(c.keys(page.Items)), page.More)
			}
			end = page.Next
		}
	}
}

func (c *feedCase[T]) checkResume(t reporter) {
	t.Helper()
	walk, err := c.steps(context.Background(), "", 1)
	if err != nil {
		t.Fatalf("%v", err)
	}
	var all []string
	for _, s := range walk {
		all = append(all, c.keys(s.page.Items)...)
	}
	for _, s := range walk {
		rest := c.keys(c.mustRows(t, s.after, hostadapter.MaxPage))
		if !slices.Equal(rest, all) {
			t.Fatalf("resumed with the cursor before %s: got %d rows (%s), want %d (%s)",
				some(all), len(rest), some(rest), len(all), some(all))
		}
		all = all[len(s.page.Items):]
	}
}

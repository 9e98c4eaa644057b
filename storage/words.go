package storage

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/coursecrm/coursecrm/internal/projection"
)

// word is something the host says that people may want to choose from a list.
type word struct{ kind, value, note string }

// wordCache remembers the words that are stored. They are never removed, so it cannot go stale.
// The zero value is ready to use.
type wordCache struct {
	mu     sync.Mutex
	stored map[word]bool
}

// maxWord is the longest word that can be chosen, in bytes; no rule takes a longer one.
const maxWord = 255

// maxWords bounds what is remembered; a host whose provinces are typed by hand has many.
const maxWords = 100_000

func (c *wordCache) unknown(words map[word]bool) []word {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []word
	for w := range words {
		if !c.stored[w] {
			out = append(out, w)
		}
	}
	return out
}

// remember keeps words once their transaction has been committed.
func (c *wordCache) remember(words []word) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stored == nil || len(c.stored) > maxWords {
		c.stored = map[word]bool{}
	}
	for _, w := range words {
		c.stored[w] = true
	}
}

// wordsOf gathers the words of a batch.
func wordsOf(b *projection.Batch) map[word]bool {
	out := map[word]bool{}
	add := func(kind, value, note string) {
		if value != "" && len(value) <= maxWord {
			out[word{kind, value, note}] = true
		}
	}
	for _, l := range b.Learners {
		add("source", l.RegisterSource, "")
		add("province", l.Province, "")
		add("city", l.City, "")
		for key, v := range l.Custom {
			add("custom", key, string(v.Kind))
		}
	}
	for _, v := range b.Activities {
		add("activity", string(v.Type), "")
	}
	return out
}

// saveWords stores words that were not seen before, in one order for all writers. The first kind
// of a custom field stays.
func saveWords(ctx context.Context, t *tx, words []word) error {
	if len(words) == 0 {
		return nil
	}
	slices.SortFunc(words, func(a, b word) int {
		return slices.Compare([]string{a.kind, a.value, a.note}, []string{b.kind, b.value, b.note})
	})
	var kinds, values, notes []string
	for _, w := range words {
		kinds, values, notes = append(kinds, w.kind), append(values, w.value), append(notes, w.note)
	}
	_, err := t.exec(ctx, "INSERT INTO crm_words (kind, value, note) SELECT * FROM unnest(?::text[], ?::text[], ?::text[]) ON CONFLICT DO NOTHING",
		textArray(kinds), textArray(values), textArray(notes))
	if err != nil {
		return fmt.Errorf("save words: %w", err)
	}
	return nil
}

package shortlink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Ages of what the cache knows, and how much it knows.
const (
	freshFor   = 2 * time.Second  // not asked again
	usableFor  = 10 * time.Second // used while it is asked again; after that visitors wait for the answer
	askWithin  = time.Second      // a visitor waits no longer for the database
	maxEntries = 10_000
	maxUnknown = 8 // unknown links that are asked for at once
)

// linkStore finds links.
type linkStore interface {
	Owner(ctx context.Context, key int, n Number) (Link, error)
	Slug(ctx context.Context, slug string) (Link, error)
}

// cache holds links that were followed, so that most visitors cost no question, and none is turned
// away because the database is. A link that staff change is followed to its new place after a few
// seconds. It is safe for concurrent use.
type cache struct {
	store linkStore
	now   func() time.Time
	calls singleflight.Group
	// strangers holds a place for each unknown link that is asked for.
	strangers chan struct{}

	mu     sync.RWMutex
	ranges []*entry // by key and first number; ranges of one key do not overlap
	slugs  map[string]*entry
	away   time.Time // until then nobody waits for the database
}

type entry struct {
	Link
	destination string
	asked       time.Time
}

// owner gives the link of a number.
func (c *cache) owner(ctx context.Context, key int, n Number) (*entry, error) {
	c.mu.RLock()
	e := c.inRange(key, n)
	c.mu.RUnlock()
	return c.known(ctx, e, "code", func(ctx context.Context) (Link, error) { return c.store.Owner(ctx, key, n) })
}

// slug gives the link of a name.
func (c *cache) slug(ctx context.Context, slug string) (*entry, error) {
	c.mu.RLock()
	e := c.slugs[slug]
	c.mu.RUnlock()
	return c.known(ctx, e, slug, func(ctx context.Context) (Link, error) { return c.store.Slug(ctx, slug) })
}

// known gives what is known already where that will do.
func (c *cache) known(ctx context.Context, e *entry, by string, ask func(context.Context) (Link, error)) (*entry, error) {
	if e == nil {
		return c.stranger(ctx, ask)
	}
	now := c.now()
	switch age := now.Sub(c.askedAt(e)); {
	case age < freshFor:
		return e, nil
	case age < usableFor || c.isAway(now):
		if c.claim(e, now) {
			go c.again(e, by, ask)
		}
		return e, nil
	}
	return c.again(e, by, ask)
}

// stranger asks for a link that nobody followed lately, together with few others: whoever tries one
// name after the other does not take the whole database.
func (c *cache) stranger(ctx context.Context, ask func(context.Context) (Link, error)) (*entry, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	select {
	case c.strangers <- struct{}{}:
		defer func() { <-c.strangers }()
		return c.ask(ctx, ask)
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: too many unknown links at once", fault.ErrUnavailable)
	}
}

// claim lets one of many visitors ask again.
func (c *cache) claim(e *entry, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(e.asked) < freshFor {
		return false
	}
	e.asked = now
	return true
}

func (c *cache) askedAt(e *entry) time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return e.asked
}

func (c *cache) isAway(now time.Time) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return now.Before(c.away)
}

// again asks once for all who want to know the same link, and stays with what was known when
// there is no answer. A link that is gone is forgotten.
func (c *cache) again(e *entry, by string, ask func(context.Context) (Link, error)) (*entry, error) {
	v, err, _ := c.calls.Do(strconv.FormatInt(int64(e.ID), 10)+" "+by, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), askWithin)
		defer cancel()
		return c.ask(ctx, ask)
	})
	switch {
	case err == nil:
		return v.(*entry), nil
	case errors.Is(err, fault.ErrNotFound):
		c.forget(e)
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = c.now().Add(awayFor)
	return e, nil
}

func (c *cache) ask(ctx context.Context, ask func(context.Context) (Link, error)) (*entry, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	link, err := ask(ctx)
	if err != nil {
		return nil, err
	}
	e := &entry{Link: link, destination: link.Destination(), asked: c.now()}
	c.remember(e)
	return e, nil
}

// remember puts an entry in place of the one there was.
func (c *cache) remember(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ranges) >= maxEntries { // rare: begin anew rather than keep a record of use
		c.ranges, c.slugs = nil, nil
	}
	i, found := c.find(e.Key, e.First)
	if found {
		delete(c.slugs, c.ranges[i].Slug)
		c.ranges[i] = e
	} else {
		c.ranges = slices.Insert(c.ranges, i, e)
	}
	if e.Slug != "" {
		if c.slugs == nil {
			c.slugs = map[string]*entry{}
		}
		c.slugs[e.Slug] = e
	}
}

func (c *cache) forget(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i, found := c.find(e.Key, e.First); found {
		c.ranges = slices.Delete(c.ranges, i, i+1)
	}
	delete(c.slugs, e.Slug)
}

func (c *cache) find(key int, first Number) (int, bool) {
	return slices.BinarySearchFunc(c.ranges, first, func(e *entry, first Number) int {
		if e.Key != key {
			return e.Key - key
		}
		return int(min(max(e.First-first, -1), 1))
	})
}

func (c *cache) inRange(key int, n Number) *entry {
	i, found := c.find(key, n)
	if !found {
		i--
	}
	if i < 0 || c.ranges[i].Key != key || int64(n-c.ranges[i].First) >= c.ranges[i].Count {
		return nil
	}
	return c.ranges[i]
}

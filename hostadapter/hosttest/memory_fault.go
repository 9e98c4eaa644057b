package hosttest

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// fault is what happens at the door of a feed.
type fault struct {
	do      func(context.Context) error
	cleared chan struct{}
}

// Intercept calls f before each answer of a feed (one of the Feed and Call names), until Clear.
// An error of f is the answer; after nil the feed goes on as usual. A later Intercept, Fail, Hang
// or Panic of the same feed takes its place. An unknown name panics.
func (m *Memory) Intercept(feed string, f func(ctx context.Context) error) {
	m.setFault(feed, &fault{do: f, cleared: make(chan struct{})})
}

// Fail makes a feed answer with err until Clear. A nil err clears.
func (m *Memory) Fail(feed string, err error) {
	if err == nil {
		m.Clear(feed)
		return
	}
	m.Intercept(feed, func(context.Context) error { return err })
}

// Hang makes a feed wait until the context ends (whose error it then returns) or until Clear
// (after which it answers as usual).
func (m *Memory) Hang(feed string) {
	f := &fault{cleared: make(chan struct{})}
	f.do = func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.cleared:
			return nil
		}
	}
	m.setFault(feed, f)
}

// Panic makes a feed panic until Clear.
func (m *Memory) Panic(feed string) {
	m.Intercept(feed, func(context.Context) error { panic("hosttest: " + feed + " was told to panic") })
}

// Clear ends what Intercept, Fail, Hang or Panic began.
func (m *Memory) Clear(feed string) { m.setFault(feed, nil) }

func (m *Memory) setFault(feed string, f *fault) {
	switch feed {
	case FeedLearners, FeedOfferings, FeedOrders, FeedEnrollments, FeedMemberships, FeedActivities, CallConsents, CallTotals, CallMessages, CallSenders:
	default:
		panic(fmt.Sprintf("hosttest: Memory has no feed %q", feed))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.faults[feed]; old != nil {
		close(old.cleared)
	}
	m.faults[feed] = f
}

// Calls counts the calls of a feed since the beginning, failed ones too.
func (m *Memory) Calls(feed string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[feed]
}

// enter counts a call, lets a fault happen, and keeps the contract's word about contexts. It
// holds no lock while a fault happens.
func (m *Memory) enter(ctx context.Context, feed string) error {
	m.mu.Lock()
	m.calls[feed]++
	f := m.faults[feed]
	m.mu.Unlock()
	if f != nil {
		if err := f.do(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ExpireCursors makes every cursor handed out so far, of all feeds, answer with
// hostadapter.ErrCursorExpired for good. Cursors handed out later are sound.
func (m *Memory) ExpireCursors() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.generation++
}

// seal writes the generation of a cursor in front of it, so that it can expire.
func seal(generation int, c hostadapter.Cursor) hostadapter.Cursor {
	return hostadapter.Cursor(strconv.Itoa(generation)) + "." + c
}

// unseal opens a cursor and tells the present generation.
func (m *Memory) unseal(c hostadapter.Cursor) (inner hostadapter.Cursor, generation int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c == "" {
		return "", m.generation, nil
	}
	prefix, rest, found := strings.Cut(string(c), ".")
	made, err := strconv.Atoi(prefix)
	switch {
	case !found, err != nil, made < 0, made > m.generation:
		return "", 0, hostadapter.ErrInvalidCursor
	case made < m.generation:
		return "", 0, hostadapter.ErrCursorExpired
	}
	return hostadapter.Cursor(rest), made, nil
}

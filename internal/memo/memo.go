// Package memo lets many who ask the same at once have one answer. Pages that count a million rows are
// opened by a whole team in the morning: without it the database counts once for each of them.
// golang.org/x/sync/singleflight shares an answer too, but neither keeps it for those who come a moment
// later nor ends the question when all who asked have left.
package memo

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Memo remembers answers for a moment: at least as long as each took to find, so that finding one
// never takes more than half of a processor's time however many ask. The zero value is empty. It is
// safe for concurrent use; it must not be copied.
type Memo[K comparable, V any] struct {
	// Least is how long an answer is remembered at least; 0: no longer than it took.
	Least time.Duration

	mu    sync.Mutex
	known map[K]*answer[V]
}

// most answers are remembered; then it begins anew rather than keep a record of their use.
const most = 200

// answer is one that is there, or on its way.
type answer[V any] struct {
	done    chan struct{}
	value   V
	err     error
	until   time.Time
	waiting int // who waits for it
	asking  context.Context
	forget  context.CancelFunc // ends asking
}

// errAsked is what those who wait for an answer hear when whoever asked broke down.
var errAsked = errors.New("the question was not answered")

// Get gives a fresh answer, or waits for the one that somebody asks for at the moment. The question
// ends early when all who waited for it have gone. An error is told to those who waited, and forgotten.
// All get the same value: who changes what it points to changes it for the others.
func (m *Memo[K, V]) Get(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	var none V
	if err := ctx.Err(); err != nil {
		return none, err
	}
	a, first := m.find(ctx, key)
	defer context.AfterFunc(ctx, func() { m.leave(key, a) })()
	if !first {
		select {
		case <-a.done:
			return a.value, a.err
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
	a.err = errAsked
	defer a.forget()
	defer close(a.done)
	began := time.Now()
	a.value, a.err = ask(a.asking)
	took := time.Since(began)
	if a.err == nil {
		a.until = began.Add(took + max(m.Least, took))
	}
	return a.value, a.err
}

// find gives the answer to a question; first tells that it is to be found out by the caller.
func (m *Memo[K, V]) find(ctx context.Context, key K) (a *answer[V], first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.known[key]; a != nil && !a.over() {
		a.waiting++
		return a, false
	}
	if m.known == nil || len(m.known) >= most {
		m.known = map[K]*answer[V]{}
	}
	a = &answer[V]{done: make(chan struct{}), waiting: 1}
	a.asking, a.forget = context.WithCancel(context.WithoutCancel(ctx))
	m.known[key] = a
	return a, true
}

// leave is called when somebody waits no longer. Who comes after the last has gone asks anew.
func (m *Memo[K, V]) leave(key K, a *answer[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a.waiting--; a.waiting > 0 || a.there() {
		return
	}
	if m.known[key] == a {
		delete(m.known, key)
	}
	a.forget()
}

// there reports whether an answer has come.
func (a *answer[V]) there() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// over reports whether an answer is there and too old, or none.
func (a *answer[V]) over() bool { return a.there() && !time.Now().Before(a.until) } // of an error until is zero

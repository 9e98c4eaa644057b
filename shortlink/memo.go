package shortlink

import (
	"context"
	"errors"
	"sync"
	"time"
)

// memo answers questions that many ask again and again by asking each now and then: not before
// memoAge has passed, nor before as long as the answer took. The zero value is empty. It is safe for
// concurrent use.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	known map[K]*answer[V]
}

const (
	memoAge = time.Second
	memoMax = 200 // answers; then it begins anew rather than keep a record of their use
)

// answer is one that is there, or on its way.
type answer[V any] struct {
	done  chan struct{}
	value V
	err   error
	until time.Time
}

// errAsked is what those who wait for an answer hear when whoever asked broke down.
var errAsked = errors.New("shortlink: the question was not answered")

// get gives a fresh answer, or waits for the one that somebody asks for at the moment. Whoever asks
// does so to the end, for the others.
func (m *memo[K, V]) get(ctx context.Context, key K, ask func(context.Context) (V, error)) (V, error) {
	a, first := m.find(key)
	if !first {
		select {
		case <-a.done:
			return a.value, a.err
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
	a.err = errAsked
	defer close(a.done)
	began := time.Now()
	a.value, a.err = ask(context.WithoutCancel(ctx))
	took := time.Since(began)
	if a.err == nil {
		a.until = began.Add(took + max(memoAge, took))
	}
	return a.value, a.err
}

// find gives the answer to a question; first tells that it is to be found out by the caller.
func (m *memo[K, V]) find(key K) (a *answer[V], first bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.known[key]; a != nil && !a.over() {
		return a, false
	}
	if m.known == nil || len(m.known) >= memoMax {
		m.known = map[K]*answer[V]{}
	}
	a = &answer[V]{done: make(chan struct{})}
	m.known[key] = a
	return a, true
}

// over reports whether an answer is there and too old, or none.
func (a *answer[V]) over() bool {
	select {
	case <-a.done:
		return time.Now().After(a.until) // of an error it is zero
	default:
		return false
	}
}

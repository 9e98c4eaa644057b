package shortlink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// keyCupboard is a store of keys that several rings share.
type keyCupboard struct {
	mu    sync.Mutex
	keys  []Key
	fail  error
	slow  time.Duration // between reading and answering
	asked int
}

func (k *keyCupboard) Keys(ctx context.Context) ([]Key, error) {
	k.mu.Lock()
	k.asked++
	keys, err, slow := k.keys, k.fail, k.slow
	k.mu.Unlock()
	if slow > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(slow):
		}
	}
	return keys, err
}

func (k *keyCupboard) change(fn func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fn()
}

func newRing(t testing.TB, store KeyStore) *Ring {
	t.Helper()
	r, err := NewRing(t.Context(), store, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRingLearnsByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &keyCupboard{keys: someKeys(0)}
		sender, follower := newRing(t, store), newRing(t, store)
		time.Sleep(time.Minute)
		store.change(func() { store.keys = someKeys(0, 1) })
		code, err := sender.Encode(t.Context(), 1, 42)
		if err != nil {
			t.Fatal(err)
		}
		if version, n, err := follower.Decode(t.Context(), code); err != nil || version != 1 || n != 42 {
			t.Errorf("%q is %d of %d, %v", code, n, version, err)
		}
		if store.asked != 4 {
			t.Errorf("asked %d times", store.asked)
		}
		if _, err := sender.Encode(t.Context(), 2, 42); !errors.Is(err, ErrKey) || errors.Is(err, fault.ErrUnavailable) {
			t.Errorf("a version that nobody made: %v", err)
		}
	})
}

// TestStrangersCodesAskSeldom: codes that nobody made cost the store one question a second, and
// keep no sender from a new key.
func TestStrangersCodesAskSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &keyCupboard{keys: someKeys(0)}
		r := newRing(t, store)
		time.Sleep(time.Minute)
		code := mustEncode(t, newCoder(t, someKeys(0, 1, 9)...), 9, 1)
		for range 10 {
			for range 100 {
				if version, n, err := r.Decode(t.Context(), code); !errors.Is(err, ErrKey) || version != 9 || n != 0 {
					t.Fatalf("%d of %d, %v", n, version, err)
				}
			}
			time.Sleep(askAgain / 2)
		}
		if store.asked != 1+5 {
			t.Errorf("asked %d times in five seconds", store.asked)
		}
		if _, _, err := r.Decode(t.Context(), "no code"); !errors.Is(err, ErrMalformed) || store.asked != 1+5 {
			t.Errorf("malformed: %v, asked %d times", err, store.asked)
		}
		if _, _, err := r.Decode(t.Context(), code); !errors.Is(err, ErrKey) || store.asked != 1+6 {
			t.Fatalf("asked %d times, %v", store.asked, err)
		}
		store.change(func() { store.keys = someKeys(0, 1) })
		if _, err := r.Encode(t.Context(), 1, 1); err != nil {
			t.Errorf("a sender behind a stranger: %v", err)
		}
	})
}

func TestRingWithoutStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &keyCupboard{fail: fmt.Errorf("%w: no connection", fault.ErrUnavailable)}
		if _, err := NewRing(t.Context(), store, time.Now); !errors.Is(err, fault.ErrUnavailable) {
			t.Errorf("no key at all: %v", err)
		}
		store.fail, store.keys = nil, someKeys(0)
		r := newRing(t, store)
		young := mustEncode(t, newCoder(t, someKeys(0, 1)...), 1, 5)
		for name, away := range map[string]func(){
			"fails":                func() { store.fail = errors.New("gone") },
			"hangs":                func() { store.slow = time.Hour },
			"has lost its first":   func() { store.keys = someKeys(1) },
			"has lost all of them": func() { store.keys = nil },
		} {
			store.change(func() {
				store.keys, store.fail, store.slow = someKeys(0, 1), nil, 0
				away()
			})
			time.Sleep(askAgain)
			from := time.Now()
			if _, _, err := r.Decode(t.Context(), young); !errors.Is(err, ErrKey) {
				t.Errorf("store %s: decode: %v", name, err)
			}
			if _, err := r.Encode(t.Context(), 1, 5); !errors.Is(err, fault.ErrUnavailable) {
				t.Errorf("store %s: encode: %v", name, err)
			}
			if waited := time.Since(from); waited > 2*askTimeout {
				t.Errorf("store %s: waited %s", name, waited)
			}
			code, err := r.Encode(t.Context(), 0, 5)
			if err != nil {
				t.Fatal(err)
			}
			if version, n, err := r.Decode(t.Context(), code); version != 0 || n != 5 || err != nil {
				t.Errorf("store %s: a code of a known key: %d of %d, %v", name, n, version, err)
			}
		}
		store.change(func() { store.fail, store.slow, store.keys = nil, 0, someKeys(0, 1) })
		time.Sleep(askAgain)
		if _, n, err := r.Decode(t.Context(), young); n != 5 || err != nil {
			t.Errorf("store is back: %d, %v", n, err)
		}
	})
}

// TestVisitorsShareAQuestion: all who come with a young code get their number from one question,
// though the first of them goes away; and a sender whose key was made after the store had answered
// that question asks once more.
func TestVisitorsShareAQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &keyCupboard{keys: someKeys(0)}
		r := newRing(t, store)
		time.Sleep(time.Minute)
		store.change(func() { store.keys, store.slow = someKeys(0, 1), time.Second })
		code := mustEncode(t, newCoder(t, someKeys(0, 1)...), 1, 7)
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := r.Decode(first, code); !errors.Is(err, ErrKey) {
				t.Errorf("who left has %v", err)
			}
		})
		synctest.Wait()
		for range 100 {
			all.Go(func() {
				if version, n, err := r.Decode(t.Context(), code); version != 1 || n != 7 || err != nil {
					t.Errorf("%d of %d, %v", n, version, err)
				}
			})
		}
		synctest.Wait()
		leave()
		store.change(func() { store.keys = someKeys(0, 1, 2) })
		all.Go(func() {
			if _, err := r.Encode(t.Context(), 2, 7); err != nil {
				t.Errorf("encode: %v", err)
			}
		})
		all.Wait()
		if store.asked != 1+2 {
			t.Errorf("asked %d times", store.asked)
		}
	})
}

func ExampleRing() {
	ctx := context.Background()
	store := &keyCupboard{keys: []Key{{Version: 0, Secret: []byte("32 random bytes, kept for ever")}}} // in life storage.Links
	ring, err := NewRing(ctx, store, time.Now)
	if err != nil {
		fmt.Println(err)
		return
	}
	store.keys = append(store.keys, Key{Version: 1, Secret: []byte("another process has rotated")})
	code, _ := ring.Encode(ctx, 1, 42)
	fmt.Println(ring.Decode(ctx, code))
	// Output: 1 42 <nil>
}

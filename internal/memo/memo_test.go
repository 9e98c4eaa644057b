package memo

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestEqualQuestions: one is asked for all who wait, and again once it is as old as it took.
func TestEqualQuestions(t *testing.T) {
	t.Parallel()
	for least, kept := range map[time.Duration]time.Duration{0: 3 * time.Second, time.Second: 3 * time.Second, 5 * time.Second: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			m, asked := Memo[string, int]{Least: least}, 0
			ask := func(context.Context) (int, error) {
				asked++
				time.Sleep(3 * time.Second)
				return asked, nil
			}
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if n, err := m.Get(t.Context(), "q", ask); n != 1 || err != nil {
						t.Errorf("%d, %v", n, err)
					}
				})
			}
			all.Wait()
			if time.Sleep(kept - time.Millisecond); asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if n, _ := m.Get(t.Context(), "q", ask); n != 1 {
				t.Errorf("shortly before %v the answer is the %d.", kept, n)
			}
			time.Sleep(time.Millisecond)
			if n, _ := m.Get(t.Context(), "q", ask); n != 2 {
				t.Errorf("after %v the answer is the %d.", kept, n)
			}
		})
	}
}

// TestWhoGoesAway: a question goes on while anybody waits, and ends when the last has gone.
func TestWhoGoesAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := Memo[int, int]{}
		slow := func(ctx context.Context) (int, error) {
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(time.Minute):
				return 7, nil
			}
		}
		first, leaveFirst := context.WithCancel(t.Context())
		second, leaveSecond := context.WithCancel(t.Context())
		defer leaveSecond()
		errs := make(chan error, 2)
		for _, ctx := range []context.Context{first, second} {
			go func() { _, err := m.Get(ctx, 1, slow); errs <- err }()
			synctest.Wait()
		}
		leaveFirst()
		synctest.Wait()
		if len(errs) > 0 {
			t.Fatalf("the question ended although somebody waited: %v", <-errs)
		}
		leaveSecond()
		synctest.Wait()
		for range 2 {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if n, err := m.Get(t.Context(), 1, slow); n != 7 || err != nil {
			t.Errorf("the next: %d, %v", n, err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if _, err := m.Get(gone, 1, slow); !errors.Is(err, context.Canceled) {
			t.Errorf("who had gone before: %v", err)
		}
	})
}

// TestWhoBreaksDown: who waits for an answer that never comes hears so, and others may ask.
func TestWhoBreaksDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := Memo[int, int]{}
		go func() {
			defer func() { _ = recover() }()
			_, _ = m.Get(t.Context(), 1, func(context.Context) (int, error) { time.Sleep(time.Second); panic("broken") })
		}()
		synctest.Wait()
		ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		if _, err := m.Get(ctx, 1, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("whoever stops waiting: %v", err)
		}
		if _, err := m.Get(t.Context(), 1, nil); !errors.Is(err, errAsked) {
			t.Errorf("the others: %v", err)
		}
		if n, err := m.Get(t.Context(), 1, func(context.Context) (int, error) { return 7, nil }); n != 7 || err != nil {
			t.Errorf("the next: %d, %v", n, err)
		}
		for i := range 2 * most {
			if n, err := m.Get(t.Context(), 10+i, func(context.Context) (int, error) { return i, nil }); n != i || err != nil || len(m.known) > most {
				t.Fatalf("%d: %d, %v; %d are kept", i, n, err, len(m.known))
			}
		}
	})
}

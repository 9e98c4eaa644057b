package storage

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// TestFirstKeyIsMadeOnce: processes that start together agree.
func TestFirstKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	links := &Links{DB: open(t)}
	secrets := make([][]byte, 30)
	var all sync.WaitGroup
	for i := range secrets {
		all.Go(func() {
			keys, err := links.Keys(t.Context())
			if err != nil || len(keys) != 1 || keys[0].Version != 0 {
				t.Errorf("%d keys, %v", len(keys), err)
				return
			}
			secrets[i] = keys[0].Secret
		})
	}
	all.Wait()
	for _, secret := range secrets {
		if len(secret) != 32 || !bytes.Equal(secret, secrets[0]) {
			t.Fatal("two processes have two keys")
		}
	}
	if slices.Max(secrets[0]) == 0 {
		t.Error("the secret is empty")
	}
}

// TestRotate: codes that were sent stay what they are, and another process learns the new key when
// it meets it.
func TestRotate(t *testing.T) {
	t.Parallel()
	links := &Links{DB: open(t)}
	now := hosttest.SeedTime()
	ring := func() *shortlink.Ring {
		r, err := shortlink.NewRing(t.Context(), links, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	encode := func(r *shortlink.Ring, version int) string {
		t.Helper()
		code, err := r.Encode(t.Context(), version, 42)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	follower, sender := ring(), ring()
	before := encode(sender, 0)
	now = now.Add(time.Hour)
	for version := 1; version < shortlink.KeyVersions; version++ {
		got, err := links.Rotate(t.Context(), now)
		if err != nil || got != version {
			t.Fatalf("version %d, %v, want %d", got, err, version)
		}
		code := encode(sender, version)
		if v, n, err := follower.Decode(t.Context(), code); err != nil || v != version || n != 42 {
			t.Fatalf("%q is %d of %d, %v", code, n, v, err)
		}
		now = now.Add(time.Second)
	}
	for name, r := range map[string]*shortlink.Ring{"sender": sender, "follower": follower, "a new process": ring()} {
		if v, n, err := r.Decode(t.Context(), before); err != nil || v != 0 || n != 42 || encode(r, 0) != before {
			t.Errorf("%s: %q is %d of %d, %v", name, before, n, v, err)
		}
	}
	if version, err := links.Rotate(t.Context(), now); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("one more: version %d, %v", version, err)
	}
}

// TestRotateTogether: each version has one secret, whoever makes it.
func TestRotateTogether(t *testing.T) {
	t.Parallel()
	links := &Links{DB: open(t)} // without any key yet
	var mu sync.Mutex
	var made []int
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			version, err := links.Rotate(t.Context(), hosttest.SeedTime())
			if errors.Is(err, fault.ErrConflict) {
				return
			}
			if err != nil {
				t.Errorf("rotate: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			made = append(made, version)
		})
	}
	all.Wait()
	slices.Sort(made)
	keys, err := links.Keys(t.Context())
	if err != nil || len(made) == 0 || len(keys) != len(made)+1 {
		t.Fatalf("%d keys after versions %v, %v", len(keys), made, err)
	}
	for i, k := range keys {
		if k.Version != i || i > 0 && made[i-1] != i {
			t.Errorf("key %d is version %d; made %v", i, k.Version, made)
		}
	}
}

func TestNewestKey(t *testing.T) {
	t.Parallel()
	links := &Links{DB: open(t)}
	newest := func() (version int) {
		t.Helper()
		if err := links.inTx(t.Context(), func(tx *tx) (err error) {
			version, err = newestKey(t.Context(), tx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return version
	}
	if got := newest(); got != 0 {
		t.Errorf("version %d before any is made", got)
	}
	for want := 1; want < 3; want++ {
		// The transaction began before the rotation; what counts is when it makes its link.
		err := links.inTx(t.Context(), func(tx *tx) error {
			if _, err := newestKey(t.Context(), tx); err != nil {
				return err
			}
			if _, err := links.Rotate(t.Context(), hosttest.SeedTime()); err != nil {
				return err
			}
			got, err := newestKey(t.Context(), tx)
			if got != want {
				t.Errorf("version %d within the transaction, want %d", got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := newest(); got != want {
			t.Errorf("version %d, want %d", got, want)
		}
	}
}

package shortlink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// keeping is a store in memory that can be slow and away, and that can take a batch and lose the
// answer.
type keeping struct {
	mu      sync.Mutex
	hits    map[int64]int // how often each was taken as new
	appends int
	largest int
	away    atomic.Bool
	deaf    atomic.Bool // takes the batch, but nobody hears so
	slow    time.Duration
}

func (k *keeping) Append(ctx context.Context, b Batch) error {
	if k.slow > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(k.slow):
		}
	}
	if k.away.Load() {
		return fmt.Errorf("keeping: %w", fault.ErrUnavailable)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.appends++
	k.largest = max(k.largest, len(b.Hits))
	if k.hits == nil {
		k.hits = map[int64]int{}
	}
	for _, h := range b.Hits {
		if k.hits[h.ID] == 0 { // by identity, as the table does
			k.hits[h.ID] = 1
		}
	}
	if k.deaf.Load() {
		return fmt.Errorf("keeping: connection lost: %w", fault.ErrUnavailable)
	}
	return nil
}

func (k *keeping) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.hits)
}

func newRecorder(t *testing.T, k *keeping) (*Recorder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "spool")
	r := NewRecorder(k, NewSpool(dir), time.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(r.Close)
	return r, dir
}

// visitors records hits from so many at once and returns when all were sent on.
func visitors(r *Recorder, first, each, at int) {
	var wg sync.WaitGroup
	for v := range at {
		wg.Go(func() {
			for i := range each {
				r.Record(Hit{ID: int64(first + v*each + i), At: time.Now()}, Agent{})
			}
		})
	}
	wg.Wait()
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func TestHitsAreKeptBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	k := &keeping{slow: 2 * time.Millisecond}
	r, dir := newRecorder(t, k)
	visitors(r, 1, 50, 64)
	if n := k.count(); n != 3200 {
		t.Errorf("%d of 3200 hits", n)
	}
	if k.appends > 3200/8 || k.largest < 16 {
		t.Errorf("%d writes, the largest of %d hits: visitors do not share them", k.appends, k.largest)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("there is a spool although the database was there")
	}
}

func TestAHitAloneWaitsForNobody(t *testing.T) {
	t.Parallel()
	k := &keeping{}
	r, _ := newRecorder(t, k)
	r.Record(Hit{ID: 1}, Agent{})
	if k.count() != 1 || k.appends != 1 {
		t.Errorf("%d hits in %d writes", k.count(), k.appends)
	}
}

// TestDatabaseAway: visitors go on, and what was kept on disk comes to the database once it is
// back, each hit once, also when the database took a batch and could not say so.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	k := &keeping{}
	r, _ := newRecorder(t, k)
	visitors(r, 1, 10, 8)
	k.away.Store(true)
	visitors(r, 1001, 10, 8)
	if n := k.count(); n != 80 {
		t.Errorf("%d hits while it was away", n)
	}
	k.away.Store(false)
	k.deaf.Store(true)
	visitors(r, 2001, 10, 8)
	k.deaf.Store(false)
	waitFor(t, "all hits are in the database", func() bool { return k.count() == 240 && r.spool.Empty() })
	for id, n := range k.hits {
		if n != 1 {
			t.Errorf("hit %d is there %d times", id, n)
		}
	}
}

// TestDatabaseHangs: a database that does not answer at all holds visitors up once and for a
// bounded time.
func TestDatabaseHangs(t *testing.T) {
	t.Parallel()
	k := &keeping{slow: time.Hour}
	r, _ := newRecorder(t, k)
	began := time.Now()
	visitors(r, 1, 3, 20)
	if took := time.Since(began); took > 4*appendWithin {
		t.Errorf("visitors waited %v", took)
	}
	if r.spool.Empty() {
		t.Error("nothing is on disk")
	}
}

// TestSuccessorHandsIn: what a process that died left on disk its successor hands in, by itself.
func TestSuccessorHandsIn(t *testing.T) {
	t.Parallel()
	k := &keeping{}
	k.away.Store(true)
	r, dir := newRecorder(t, k)
	visitors(r, 1, 5, 4)
	r.Close()
	k.away.Store(false)
	next := NewRecorder(k, NewSpool(dir), time.Now, slog.New(slog.DiscardHandler))
	defer next.Close()
	if !next.Drain(t.Context()) || k.count() != 20 || !next.spool.Empty() {
		t.Errorf("%d of 20 hits", k.count())
	}
}

// TestOneFailureAndNoDisk: a database that is back is asked again where the disk is of no help.
func TestOneFailureAndNoDisk(t *testing.T) {
	t.Parallel()
	k := &keeping{}
	k.away.Store(true)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := NewRecorder(k, NewSpool(filepath.Join(file, "spool")), time.Now, slog.New(slog.DiscardHandler))
	defer r.Close()
	r.Record(Hit{ID: 1}, Agent{})
	k.away.Store(false)
	visitors(r, 2, 5, 4)
	if n := k.count(); n != 20 {
		t.Errorf("%d of 20 hits are kept while the database is there", n)
	}
}

// TestUnreadableFileHoldsUpNone: the others are handed in all the same.
func TestUnreadableFileHoldsUpNone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "spool")
	s := NewSpool(dir)
	if err := s.Save(Batch{Hits: []Hit{{ID: 1}}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "0"+spooled), 0o700); err != nil { // sorts first, and cannot be read as a file
		t.Fatal(err)
	}
	if n, err := s.Replay(func(Batch) error { return nil }); n != 1 || err == nil {
		t.Errorf("%d hits, %v", n, err)
	}
}

// TestNeitherDatabaseNorDisk: visitors go on all the same.
func TestNeitherDatabaseNorDisk(t *testing.T) {
	t.Parallel()
	k := &keeping{}
	k.away.Store(true)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := NewRecorder(k, NewSpool(filepath.Join(file, "spool")), time.Now, slog.New(slog.DiscardHandler))
	defer r.Close()
	visitors(r, 1, 1, 3) // returns
	if k.count() != 0 {
		t.Error("hits came from nowhere")
	}
}

func TestSpoolPutsAsideWhatNobodyTakes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "spool")
	s := NewSpool(dir)
	for id := range int64(3) {
		if err := s.Save(Batch{Hits: []Hit{{ID: id + 1, Referrer: "a.example"}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "torn"+spooled), []byte(`{"Hits":[{"ID":`), 0o600); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "old"+unwritten)
	if err := os.WriteFile(old, []byte(`{"Hits`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	took := map[int64]bool{}
	for range 3 { // each pass stops at the first trouble
		_, _ = s.Replay(func(b Batch) error {
			if b.Hits[0].ID == 2 {
				return fmt.Errorf("test: %w", fault.ErrInvalid)
			}
			took[b.Hits[0].ID] = b.Hits[0].Referrer == "a.example"
			return nil
		})
	}
	if !took[1] || !took[3] || took[2] || !s.Empty() {
		t.Errorf("took %v, empty %v", took, s.Empty())
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("what a killed process had begun to write is still there")
	}
	aside, err := filepath.Glob(filepath.Join(dir, "*"+refused))
	if err != nil || len(aside) != 2 {
		t.Errorf("put aside: %v, %v", aside, err)
	}
}

func TestSpoolStopsWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	s := NewSpool(t.TempDir())
	for id := range int64(3) {
		if err := s.Save(Batch{Hits: []Hit{{ID: id}}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, away := range []error{fault.ErrUnavailable, context.DeadlineExceeded, errors.New("something new")} {
		if n, err := s.Replay(func(Batch) error { return away }); n != 0 || err == nil || s.Empty() {
			t.Errorf("%v: %d hits, %v", away, n, err)
		}
	}
	if n, err := s.Replay(func(Batch) error { return nil }); n != 3 || err != nil || !s.Empty() {
		t.Errorf("%d hits, %v", n, err)
	}
}

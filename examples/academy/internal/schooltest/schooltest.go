// Package schooltest makes schools for tests: each on a schema of its own, with a few offerings
// and learners, and a clock that stands still until it is moved.
package schooltest

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/seed"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// Noon is when the clock of a test school starts.
var Noon = time.Date(2026, 3, 14, 4, 0, 0, 0, time.UTC)

// School is a school under test.
type School struct {
	*school.School
	mu      sync.Mutex
	now     time.Time
	changes []school.Change
}

// Database opens the test's own schema with the school's tables in it.
func Database(t testing.TB) *sql.DB {
	t.Helper()
	db, err := school.Open(t.Context(), pgtest.DSN(t), "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { db.Close() })
	if err := school.CreateTables(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

// New makes a school with generated learners (there is always the catalog and the staff).
func New(t testing.TB, learners int) *School {
	t.Helper()
	db := Database(t)
	if err := seed.Fill(t.Context(), db, seed.Options{Learners: learners, Seed: 1, Now: Noon}); err != nil {
		t.Fatal(err)
	}
	s := &School{now: Noon}
	s.School = school.New(db, s.Now)
	s.OnChange = func(_ context.Context, c school.Change) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changes = append(s.changes, c)
	}
	return s
}

// Now is the school's clock. It moves by a microsecond when it is looked at, so that no two changes
// have one time; the trigger would take the second for a change that forgot its time.
func (s *School) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Microsecond)
	return s.now
}

// Pass moves the clock on.
func (s *School) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// Changes returns what the school has told since the last call.
func (s *School) Changes() []school.Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.changes
	s.changes = nil
	return told
}

// Learner registers a new learner and forgets the change.
func (s *School) Learner(t testing.TB, mobile string) int64 {
	t.Helper()
	id, err := s.Register(t.Context(), "小测", mobile)
	if err != nil {
		t.Fatal(err)
	}
	s.Changes()
	return id
}

// Value reads one value of the database.
func Value[T any](t testing.TB, s *school.School, query string, args ...any) (v T) {
	t.Helper()
	if err := s.DB().QueryRowContext(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

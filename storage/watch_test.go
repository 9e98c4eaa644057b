package storage

import (
	"context"
	"slices"
	"sync"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// seen notes statements.
type seen struct {
	mu     sync.Mutex
	begun  []string
	ended  int
	failed int
}

func (s *seen) Statement(ctx context.Context, useCase string, _ bool) (context.Context, func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, useCase)
	return ctx, func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended++
		if err != nil {
			s.failed++
		}
	}
}

// TestStatementsAreNamedAfterTheirUseCase: by the method that was called, however deep the statement.
func TestStatementsAreNamedAfterTheirUseCase(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.Seed{Learners: []h.Learner{{ID: "1", Status: h.LearnerActive, RegisteredAt: hosttest.SeedTime(), UpdatedAt: hosttest.SeedTime()}}})
	var w seen
	s.db.Watch(&w)
	s.sync(t)
	segments := &Segments{DB: s.db}
	if n, err := segments.Total(t.Context(), segment.Predicate{SQL: "TRUE"}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if _, err := segments.Selection(t.Context(), "none"); err == nil {
		t.Fatal("found a selection that nobody made")
	}
	if _, err := segments.Total(t.Context(), segment.Predicate{SQL: "1/0 = 1"}); err == nil {
		t.Fatal("nonsense was counted")
	}
	for _, want := range []string{"Projection.Apply", "Projection.State", "Projection.ComputeFacts", "Segments.Total", "Segments.Selection"} {
		if !slices.Contains(w.begun, want) {
			t.Errorf("no statement of %s among %v", want, slices.Compact(slices.Sorted(slices.Values(w.begun))))
		}
	}
	if slices.Contains(w.begun, "other") || w.ended != len(w.begun) || w.failed != 1 {
		t.Errorf("%d begun, %d ended, %d failed: %v", len(w.begun), w.ended, w.failed, w.begun)
	}
}

func TestPlainName(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{"(*Campaigns).Take.func1": "Campaigns.Take", "(*Segments).Each": "Segments.Each", "(*DB).Acquire-fm": "DB.Acquire",
		"(*DB).inTx": "", "(*school).sync": "", "translate": ""} {
		if got := plainName(method); got != want {
			t.Errorf("%s: %s, want %s", method, got, want)
		}
	}
}

func BenchmarkUseCase(b *testing.B) {
	for b.Loop() {
		(&DB{watcher: &seen{}}).watched(b.Context())
	}
}

package storage

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func library(t *testing.T) (*school, *segment.Service) {
	t.Helper()
	s := newSchool(t, three())
	s.sync(t)
	return s, segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, hosttest.SeedTime)
}

// TestPresetsAreSound compiles and counts what comes with the product.
func TestPresetsAreSound(t *testing.T) {
	t.Parallel()
	_, service := library(t)
	all, err := service.Queries(t.Context(), "anybody")
	if err != nil || len(all) != 12 {
		t.Fatalf("%d queries, %v", len(all), err)
	}
	for _, q := range all {
		if _, err := service.Recount(t.Context(), q.ID); err != nil || q.Preset == "" {
			t.Errorf("%s: %v", q.Preset, err)
		}
	}
}

func TestQueriesAreKept(t *testing.T) {
	t.Parallel()
	_, service := library(t)
	save := func(q segment.Saved, staff string) (segment.QueryID, error) {
		if q.Name == "" {
			q.Name = "q"
		}
		return service.SaveQuery(t.Context(), q, staff)
	}
	rule := segment.Group("all", segment.Condition("paid_count", segment.OpGe, 1, ""))
	id, err := save(segment.Saved{Rule: rule, OwnerID: "ann"}, "ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.FindQuery(t.Context(), id, "bob"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("somebody else's query: %v", err)
	}
	if _, err := save(segment.Saved{ID: id, Rule: rule}, "bob"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("somebody else changes it: %v", err)
	}
	if err := service.DeleteQuery(t.Context(), id, "bob"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("somebody else deletes it: %v", err)
	}
	for name, q := range map[string]segment.Saved{
		"problem.long":           {Name: strings.Repeat("长", segment.MaxName+1), Rule: rule},
		"problem.control":        {Name: "a\nb", Rule: rule},
		"problem.taken":          {Name: "q", Rule: rule},
		"problem.rule_op":        {Rule: segment.Condition("paid_count", segment.OpYes, nil, ""), Name: "n"},
		"problem.rule_query":     {Rule: segment.Condition("query", segment.OpIn, []int{999}, ""), Name: "n"},
		"problem.rule_gone":      {Rule: segment.Condition("bought", segment.OpAnyOf, []int{999}, ""), Name: "n"},
		"problem.rule_cycle":     {ID: id, Rule: segment.Condition("query", segment.OpIn, []segment.QueryID{id}, ""), Name: "n", OwnerID: "ann"},
		"problem.rule_gone list": {Rule: segment.Condition("list", segment.OpIn, []int{7}, ""), Name: "n"},
	} {
		_, err := save(q, "ann")
		var problems fault.Fields
		word, _, _ := strings.Cut(name, " ")
		if !errors.As(err, &problems) || problems["rule"].Key != word && problems["name"].Key != word {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, err := save(segment.Saved{Name: "other", Rule: segment.Condition("query", segment.OpNotIn, []segment.QueryID{id}, ""), OwnerID: "ann"}, "ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := save(segment.Saved{ID: id, Rule: segment.Condition("query", segment.OpIn, []segment.QueryID{other}, ""), OwnerID: "ann"}, "ann"); err == nil {
		t.Error("a circle over two queries was saved")
	}
	var used *segment.InUseError
	if err := service.DeleteQuery(t.Context(), id, "ann"); !errors.As(err, &used) || !errors.Is(err, fault.ErrConflict) || used.Uses[0].Name != "other" {
		t.Errorf("a query in use was deleted: %v", err)
	}
	if err := errors.Join(service.DeleteQuery(t.Context(), other, "ann"), service.DeleteQuery(t.Context(), id, "ann")); err != nil {
		t.Error(err)
	}
	if err := service.DeleteQuery(t.Context(), id, "ann"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

// TestUnsoundQueriesCanBePutAway: what cannot be counted any more can be renamed and deleted.
func TestUnsoundQueriesCanBePutAway(t *testing.T) {
	t.Parallel()
	s, service := library(t)
	var course int64
	if err := s.db.bun.NewRaw("SELECT id FROM crm_offerings LIMIT 1").Scan(t.Context(), &course); err != nil {
		t.Fatal(err)
	}
	q := segment.Saved{Name: "q", Rule: segment.Condition("bought", segment.OpAnyOf, []int64{course}, "")}
	id, err := service.SaveQuery(t.Context(), q, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.bun.ExecContext(t.Context(), "UPDATE crm_offerings SET deleted_at = now()"); err != nil {
		t.Fatal(err)
	}
	if _, err := service.SaveQuery(t.Context(), segment.Saved{Name: "the same", Rule: q.Rule}, ""); err == nil {
		t.Error("a course that is gone was saved")
	}
	q.ID, q.Name = id, "renamed"
	if _, err := service.SaveQuery(t.Context(), q, ""); err != nil {
		t.Errorf("rename: %v", err)
	}
	if err := service.DeleteQuery(t.Context(), id, ""); err != nil {
		t.Errorf("delete: %v", err)
	}
}

// TestQueriesMoveAmongThoseSeen: what somebody cannot see does not count as a place.
func TestQueriesMoveAmongThoseSeen(t *testing.T) {
	t.Parallel()
	_, service := library(t)
	rule := segment.Everyone()
	for _, q := range []segment.Saved{{Name: "a", OwnerID: "ann"}, {Name: "hidden", OwnerID: "bob"}, {Name: "b", OwnerID: "ann"}} {
		q.Rule = rule
		if _, err := service.SaveQuery(t.Context(), q, q.OwnerID); err != nil {
			t.Fatal(err)
		}
	}
	order := func() (names string) {
		list, err := service.Queries(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range list[12:] {
			names += q.Name
		}
		return names
	}
	list, err := service.Queries(t.Context(), "ann")
	if err != nil || order() != "ab" {
		t.Fatalf("%s, %v", order(), err)
	}
	if err := service.MoveQuery(t.Context(), list[13].ID, -1, "ann"); err != nil || order() != "ba" {
		t.Errorf("moved up: %s, %v", order(), err)
	}
	if err := service.MoveQuery(t.Context(), list[12].ID, 1, "ann"); err != nil || order() != "ba" {
		t.Errorf("moved beyond the end: %s, %v", order(), err)
	}
}

// TestTrendsHaveAPointADay, whoever counts and however often.
func TestTrendsHaveAPointADay(t *testing.T) {
	t.Parallel()
	s, _ := library(t)
	now := hosttest.SeedTime()
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, func() time.Time { return now })
	process := func(owner string) *segment.Keeper {
		return &segment.Keeper{Service: service, Leases: s.db, Owner: owner, Log: slog.New(slog.DiscardHandler)}
	}
	keeper := process("me")
	var group sync.WaitGroup
	for _, k := range []*segment.Keeper{keeper, process("you"), process("they")} {
		group.Go(func() {
			if err := k.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := s.db.Release(t.Context(), "queries", "you"); err != nil { // whoever was first had the lease
		t.Fatal(err)
	}
	if err := s.db.Release(t.Context(), "queries", "they"); err != nil {
		t.Fatal(err)
	}
	now = now.AddDate(0, 0, 1)
	if err := keeper.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := service.Queries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range list {
		trend, err := service.Trend(t.Context(), q.ID, 30)
		if err != nil || len(trend) != 2 || !q.CountedAt.Equal(now) || trend[1].Count != q.Count {
			t.Errorf("%s: %v of %d at %v, %v", q.Preset, trend, q.Count, q.CountedAt, err)
		}
	}
	// Another rule under the same name is another question: its trend begins anew.
	q := list[0]
	q.Rule = segment.Everyone()
	if _, err := service.SaveQuery(t.Context(), q, ""); err != nil {
		t.Fatal(err)
	}
	if trend, err := service.Trend(t.Context(), q.ID, 30); err != nil || len(trend) != 0 {
		t.Errorf("the old trend stays: %v, %v", trend, err)
	}
	if err := process("another process").Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := service.FindQuery(t.Context(), q.ID, ""); err != nil || !again.CountedAt.IsZero() {
		t.Errorf("two processes count at once: %v, %v", again.CountedAt, err)
	}
}

func TestListsFindPeople(t *testing.T) {
	t.Parallel()
	s, service := library(t)
	if _, err := s.db.bun.ExecContext(t.Context(), "UPDATE crm_learners SET mobile = '13800000001', email = 'A@example.com' WHERE host_id IN ('all', 'other')"); err != nil {
		t.Fatal(err)
	}
	parsed, err := segment.ParseIDs(strings.NewReader("all\nnobody\n138 0000 0001\na@EXAMPLE.com\n13900000000\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	report, err := service.SaveList(t.Context(), parsed, segment.ListInput{Name: "list", ByID: "ann"})
	if err != nil || report.Given != 5 || report.People != 2 || report.Missing != 2 || len(report.Unmatched) != 2 ||
		report.Unmatched[0].Line != 2 || report.Unmatched[1].Value != "13900000000" {
		t.Errorf("%+v, %v", report, err)
	}
	counts, err := service.Count(t.Context(), segment.Condition("list", segment.OpIn, []int64{report.ID}, ""))
	if err != nil || counts.Matched != 2 {
		t.Errorf("%d people on the list, %v", counts.Matched, err)
	}
	nobody, err := segment.ParseIDs(strings.NewReader("nobody"), segment.KindID)
	if err != nil {
		t.Fatal(err)
	}
	var problems fault.Fields
	if _, err := service.SaveList(t.Context(), nobody, segment.ListInput{Name: "empty"}); !errors.As(err, &problems) || problems["list"].Key == "" {
		t.Errorf("a list of nobody: %v", err)
	}
	var lists int
	if err := s.db.bun.NewRaw("SELECT count(*) FROM crm_lists").Scan(t.Context(), &lists); err != nil || lists != 1 {
		t.Errorf("%d lists are kept, %v", lists, err)
	}
}

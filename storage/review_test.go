package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
)

// What a review of audiences with fresh eyes found, kept.

// TestLongWordsAreNotOffered: a word that no index holds must not keep its row out.
func TestLongWordsAreNotOffered(t *testing.T) {
	t.Parallel()
	text := make([]byte, 4000)
	for i := range text {
		text[i] = byte('!' + rand.IntN(90))
	}
	long, at := string(text), hosttest.SeedTime()
	db := open(t)
	_, err := (&Projection{DB: db, Currency: "CNY"}).Apply(t.Context(), projection.Batch{Now: at, Learners: []projection.Learner{
		{Learner: h.Learner{ID: "1", Status: h.LearnerActive, City: long, RegisterSource: long, Custom: map[string]h.CustomValue{long: {Text: "x"}}, UpdatedAt: at}}}})
	if err != nil {
		t.Fatalf("%.200s", err)
	}
	var people, words int
	if err := db.bun.NewRaw("SELECT (SELECT count(*) FROM crm_learners), (SELECT count(*) FROM crm_words)").Scan(t.Context(), &people, &words); err != nil || people != 1 || words != 0 {
		t.Errorf("%d people, %d words, %v", people, words, err)
	}
}

// TestCopiesOfCopies count the same by the set in the person's row, by rows and in Go.
func TestCopiesOfCopies(t *testing.T) {
	t.Parallel()
	seed, at := three(), hosttest.SeedTime().Add(-time.Hour)
	for id, origin := range map[string]string{"B": "1", "C": "B"} {
		seed.Offerings = append(seed.Offerings, h.Offering{Type: h.TargetCourse, ID: id, Title: id, Status: h.OfferingPublished, OriginCourseID: origin,
			CategoryPath: []string{"链"}, RequiredUnits: 10, UpdatedAt: at})
	}
	seed.Enrollments = append(seed.Enrollments, h.Enrollment{ID: "chain", LearnerID: "none", Target: h.Target{Type: h.TargetCourse, ID: "C"},
		Status: h.EnrollmentActive, JoinedAt: at, UpdatedAt: at, RequiredDone: 5})
	s := newSchool(t, seed)
	s.sync(t)
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, hosttest.SeedTime)
	var id int64
	if err := s.db.bun.NewRaw("SELECT id FROM crm_learners WHERE host_id = 'none'").Scan(t.Context(), &id); err != nil {
		t.Fatal(err)
	}
	for _, r := range []segment.Rule{segment.Condition("learning", segment.OpGe, 1, ""), segment.Condition("learning", segment.OpEq, 1, ""), segment.Condition("progress", segment.OpGe, 10, "")} {
		r.Of = &segment.Of{Categories: []string{"链"}}
		size, err := service.Size(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		page, err := service.List(t.Context(), segment.Query{Rule: r, Limit: 10, Known: 1 << 40})
		if err != nil {
			t.Fatal(err)
		}
		e, err := service.Explain(t.Context(), r, segment.PersonID(id))
		if err != nil || size != int64(len(page.People)) || e.Holds != (size == 1) {
			t.Errorf("%s: counted %d, listed %d, explained %v, %v", r.JSON(), size, len(page.People), e.Holds, err)
		}
	}
}

// TestExportsLeaveRoomForCounts, however slowly they are taken.
func TestExportsLeaveRoomForCounts(t *testing.T) {
	t.Parallel()
	s, service := library(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, ended := make(chan struct{}, maxExports), make(chan error, maxExports)
	for range maxExports {
		go func() {
			ended <- service.Each(ctx, segment.Everyone(), func(segment.Person) error {
				select {
				case started <- struct{}{}:
				default:
				}
				<-ctx.Done()
				return ctx.Err()
			})
		}()
	}
	for range maxExports {
		<-started
	}
	if _, err := service.Count(t.Context(), segment.Everyone()); err != nil {
		t.Errorf("a count beside full exports: %v", err)
	}
	if len(s.db.heavy) != 0 {
		t.Errorf("%d heavy places are taken", len(s.db.heavy))
	}
	cancel()
	for range maxExports {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	}
}

// TestARecountOfAnOldRuleIsDropped: the rule was changed while it was counted.
func TestARecountOfAnOldRuleIsDropped(t *testing.T) {
	t.Parallel()
	s, service := library(t)
	list, err := service.Queries(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	old := list[0]
	changed := old
	changed.Rule, changed.Name = segment.Everyone(), "changed"
	later := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, func() time.Time { return hosttest.SeedTime().Add(time.Minute) })
	if _, err := later.SaveQuery(t.Context(), changed, ""); err != nil {
		t.Fatal(err)
	}
	if err := (&Segments{DB: s.db}).SaveCount(t.Context(), old, 4711, hosttest.SeedTime(), hosttest.SeedTime()); err != nil {
		t.Fatal(err)
	}
	if q, err := service.FindQuery(t.Context(), old.ID, ""); err != nil || !q.CountedAt.IsZero() {
		t.Errorf("%d people counted at %v, %v", q.Count, q.CountedAt, err)
	}
}

// TestSearchesThatNoTextHolds find nothing.
func TestSearchesThatNoTextHolds(t *testing.T) {
	t.Parallel()
	_, service := library(t)
	for _, search := range []string{"a\x00b", "a\xffb"} {
		if list, err := service.Choices(t.Context(), segment.TagChoices, search, 10); err != nil || len(list) != 0 {
			t.Errorf("%q: %v, %v", search, list, err)
		}
	}
}

// TestSomebodyElsesQueryCannotBeUsed in a rule, and one that is too deep cannot be saved.
func TestSomebodyElsesQueryCannotBeUsed(t *testing.T) {
	t.Parallel()
	_, service := library(t)
	own, err := service.SaveQuery(t.Context(), segment.Saved{Name: "own", Rule: segment.Everyone(), OwnerID: "ann"}, "ann")
	if err != nil {
		t.Fatal(err)
	}
	var problems fault.Fields
	_, err = service.SaveQuery(t.Context(), segment.Saved{Name: "spy", Rule: segment.Condition("query", segment.OpIn, []segment.QueryID{own}, ""), OwnerID: "bob"}, "bob")
	if !errors.As(err, &problems) || problems["rule"].Key != "problem.rule_query" {
		t.Errorf("bob uses ann's query: %v", err)
	}
	deep := segment.Everyone()
	for range segment.MaxDepth {
		deep = segment.Group("any", deep)
	}
	if _, err = service.SaveQuery(t.Context(), segment.Saved{Name: "deep", Rule: deep, OwnerID: "bob"}, "bob"); !errors.As(err, &problems) || problems["rule"].Key != "problem.rule_deep" {
		t.Errorf("a rule of six levels: %v", err)
	}
}

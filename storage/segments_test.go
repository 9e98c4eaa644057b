package storage

import (
	"reflect"
	"slices"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// site is where the tests' services work.
var site = segment.Site{Location: time.UTC, Currency: "CNY"}

// three is a school of three: one has everything, one has other things, one has nothing.
func three() hosttest.Seed {
	at := hosttest.SeedTime()
	learner := func(id string, change func(*h.Learner)) h.Learner {
		l := h.Learner{ID: h.LearnerID(id), Nickname: id, Status: h.LearnerActive, RegisteredAt: at.AddDate(-1, 0, 0), UpdatedAt: at}
		change(&l)
		return l
	}
	course := func(id, tag string) h.Offering {
		return h.Offering{Type: h.TargetCourse, ID: id, Title: "course " + id, Status: h.OfferingPublished, Price: 9900, Currency: "CNY", Tags: []string{tag}, UpdatedAt: at}
	}
	order := func(id string, who h.LearnerID, course string, cash int64, ago int) h.Order {
		return h.Order{ID: id, LearnerID: who, Status: h.OrderFinished, PayableAmount: cash, PaidCash: cash, Currency: "CNY",
			CreatedAt: at.AddDate(0, 0, -ago), PaidAt: at.AddDate(0, 0, -ago), UpdatedAt: at,
			Items: []h.OrderItem{{Target: h.Target{Type: h.TargetCourse, ID: course}, Quantity: 1, Amount: cash}}}
	}
	return hosttest.Seed{
		Offerings: []h.Offering{course("1", "数学"), course("2", "英语")},
		Learners: []h.Learner{
			learner("all", func(l *h.Learner) { l.LastLoginAt = at.AddDate(0, 0, -5); l.RegisteredAt = at.AddDate(0, 0, -10) }),
			learner("other", func(l *h.Learner) { l.LastLoginAt = at.AddDate(0, 0, -50); l.Status = h.LearnerLocked }),
			learner("none", func(*h.Learner) {}),
		},
		Orders: []h.Order{order("o1", "all", "1", 20_000, 3), order("o2", "all", "1", 10_000, 2), order("o3", "other", "2", 5_000, 60)},
		Enrollments: []h.Enrollment{
			{ID: "e1", LearnerID: "all", Target: h.Target{Type: h.TargetCourse, ID: "1"}, Status: h.EnrollmentActive, JoinedAt: at, UpdatedAt: at},
			{ID: "e2", LearnerID: "other", Target: h.Target{Type: h.TargetCourse, ID: "2"}, Status: h.EnrollmentActive, JoinedAt: at, UpdatedAt: at},
		},
		Memberships: []h.Membership{
			{LearnerID: "all", LevelID: "gold", LevelName: "金", Rank: 2, UpdatedAt: at},
			{LearnerID: "other", LevelID: "silver", LevelName: "银", Rank: 1, UpdatedAt: at},
		},
	}
}

// TestFewPeopleArePagedAlike: a later page is the same, whether the order is walked or all people of
// the rule are found first.
func TestFewPeopleArePagedAlike(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	// Ties and missing values in every order.
	if _, err := s.db.bun.NewRaw(`UPDATE crm_learners SET last_login_at = CASE WHEN id % 3 > 0 THEN date_trunc('month', registered_at) END,
		last_learn_at = CASE WHEN id % 4 = 0 THEN registered_at END`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	store := &Segments{DB: s.db}
	store.all.remember(1_000_000)
	whole := segment.Predicate{SQL: "(l.id % ? > 0)", Args: []any{5}, Rows: true}
	walk := func(sort segment.Sort, known int64) (pages [][]segment.PersonID) {
		ask := segment.Ask{Whole: whole, Walk: whole, Limit: 7, Sort: sort, Known: known}
		if got := store.few(ask, known); got != (known > 0) {
			t.Fatalf("%d people are few: %v", known, got)
		}
		for {
			a, err := store.Ask(t.Context(), ask)
			if err != nil {
				t.Fatal(err)
			}
			var ids []segment.PersonID
			for _, p := range a.Page.People {
				ids = append(ids, p.ID)
			}
			pages = append(pages, ids)
			if ask.After = a.Page.Next; ask.After == "" {
				return pages
			}
		}
	}
	for _, sort := range segment.Sorts() {
		if walked, picked := walk(sort, 0), walk(sort, 40); len(walked) < 4 || !reflect.DeepEqual(walked, picked) {
			t.Errorf("%s: walked %v, picked %v", sort, walked, picked)
		}
	}
}

// TestPagesMeetEverybodyOnce walks lists by cursor in every order.
func TestPagesMeetEverybodyOnce(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, time.Now)
	rule := segment.Group("all", segment.Condition("status", segment.OpNotIn, []string{"x"}, ""))
	for _, sort := range segment.Sorts() {
		whole, err := service.List(t.Context(), segment.Query{Rule: rule, Sort: sort, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var got []segment.PersonID
		for after := ""; ; {
			page, err := service.List(t.Context(), segment.Query{Rule: rule, Sort: sort, After: after, Limit: 7})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.People {
				got = append(got, p.ID)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		var want []segment.PersonID
		for _, p := range whole.People {
			want = append(want, p.ID)
		}
		if !slices.Equal(got, want) || len(got) < 50 {
			t.Errorf("%s: pages give %v, the whole %v", sort, got, want)
		}
	}
	for _, cursor := range []string{"nonsense", "e30"} {
		if _, err := service.List(t.Context(), segment.Query{Rule: rule, After: cursor, Limit: 7}); err == nil {
			t.Errorf("cursor %q was taken", cursor)
		}
	}
}

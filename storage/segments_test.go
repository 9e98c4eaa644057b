package storage

import (
	"slices"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// TestCatalogColumnsExist walks the real schema.
func TestCatalogColumnsExist(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, f := range segment.DefaultCatalog().Fields() {
		if _, err := db.bun.NewRaw("SELECT " + f.Column + " FROM crm_learners l LIMIT 0").Exec(t.Context()); err != nil {
			t.Errorf("field %s: %v", f.Key, err)
		}
	}
}

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

// TestEveryField includes, excludes and treats a missing value, once for each row of the
// catalogue, with the condition and with its negation.
func TestEveryField(t *testing.T) {
	t.Parallel()
	s := newSchool(t, three())
	s.sync(t)
	service := segment.NewService(&Segments{s.db}, segment.DefaultCatalog(), time.UTC, func() time.Time { return hosttest.SeedTime() })
	id := func(query string, args ...any) (n int64) {
		t.Helper()
		if err := s.db.bun.NewRaw(query, args...).Scan(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	course := id("SELECT id FROM crm_offerings WHERE host_id = '1'")
	tag := id("SELECT id FROM crm_tags WHERE name = '数学'")
	me := id("SELECT id FROM crm_learners WHERE host_id = 'all'")
	tested := map[string]bool{}
	for _, c := range []struct {
		field string
		op    segment.Op
		value any
		unit  segment.Unit
		want  []string // the negation must select exactly the others
	}{
		{"status", segment.OpIn, []string{"active"}, "", []string{"all", "none"}},
		{"last_login", segment.OpInLast, 30, segment.Day, []string{"all"}},
		{"last_login", segment.OpOlder, 30, segment.Day, []string{"other"}},
		{"last_login", segment.OpEmpty, nil, "", []string{"none"}},
		{"registered", segment.OpInLast, 2, segment.Month, []string{"all"}},
		{"registered", segment.OpBefore, "2026-01-01", "", []string{"none", "other"}},
		{"last_paid", segment.OpInLast, 1, segment.Week, []string{"all"}},
		{"last_paid", segment.OpEmpty, nil, "", []string{"none"}},
		{"paid_count", segment.OpEq, 0, "", []string{"none"}},
		{"paid_count", segment.OpGe, 2, "", []string{"all"}},
		{"paid_total", segment.OpBetween, []int64{1, 10_000}, "", []string{"other"}},
		{"member_level", segment.OpIn, []string{"gold"}, "", []string{"all"}},
		{"member_level", segment.OpNotIn, []string{"gold"}, "", []string{"none", "other"}},
		{"interest_tag", segment.OpAnyOf, []int64{tag}, "", []string{"all"}},
		{"bought", segment.OpNoneOf, []int64{course}, "", []string{"none", "other"}},
		{"enrolled", segment.OpAllOf, []int64{course}, "", []string{"all"}},
		{"learner", segment.OpIn, []int64{me}, "", []string{"all"}},
	} {
		tested[c.field] = true
		rule := segment.Condition(c.field, c.op, c.value, c.unit)
		for _, r := range []struct {
			rule segment.Rule
			want []string
		}{{rule, c.want}, {segment.Group("none", rule), without([]string{"all", "none", "other"}, c.want)}} {
			page, err := service.List(t.Context(), segment.Query{Rule: r.rule, Limit: 10})
			if err != nil {
				t.Fatalf("%s: %v", r.rule.JSON(), err)
			}
			var got []string
			for _, p := range page.People {
				got = append(got, p.Nickname)
			}
			slices.Sort(got)
			if !slices.Equal(got, r.want) {
				t.Errorf("%s selects %v, want %v", r.rule.JSON(), got, r.want)
			}
			counts, err := service.Count(t.Context(), segment.Group("all", r.rule))
			if err != nil || counts.Matched != int64(len(r.want)) || counts.Members[0] != int64(len(r.want)) || counts.All != 3 {
				t.Errorf("%s counts %+v, %v", r.rule.JSON(), counts, err)
			}
		}
	}
	for _, f := range segment.DefaultCatalog().Fields() {
		if !tested[f.Key] {
			t.Errorf("field %s has no row in this test", f.Key)
		}
	}
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// TestPagesMeetEverybodyOnce walks lists by cursor in every order.
func TestPagesMeetEverybodyOnce(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	service := segment.NewService(&Segments{s.db}, segment.DefaultCatalog(), time.UTC, time.Now)
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

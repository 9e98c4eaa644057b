package proof

import (
	"maps"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// TestRulesMeanTheSameInSQLAndGo holds the compiled SQL to the evaluation in Go over random rules
// and random people: with missing values, times on the very edge, days of 23 and 25 hours, the
// 29th of February, and quick queries inside of rules.
func TestRulesMeanTheSameInSQLAndGo(t *testing.T) {
	t.Parallel()
	var seen sync.Mutex
	answers, fields := map[string]map[bool]bool{}, []segment.Field(nil)
	t.Run("scenes", func(t *testing.T) {
		for _, s := range scenes() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				cat, said := s.agrees(t)
				seen.Lock()
				defer seen.Unlock()
				fields = cat.Fields()
				for field, kinds := range said {
					if answers[field] == nil {
						answers[field] = map[bool]bool{}
					}
					maps.Copy(answers[field], kinds)
				}
			})
		}
	})
	for _, f := range fields { // a field that always answers the same proves nothing
		if !answers[f.Key][true] || !answers[f.Key][false] {
			t.Errorf("%s answered %v only", f.Key, answers[f.Key])
		}
	}
}

// agrees draws rules and compares, in one scene; it tells what each field answered.
func (s scene) agrees(t *testing.T) (segment.Catalog, map[string]map[bool]bool) {
	db := s.populate(t, crowd)
	store := &storage.Segments{DB: db}
	service := segment.NewService(store, segment.DefaultCatalog(), segment.Site{Location: s.now.Location(), Currency: "CNY"}, func() time.Time { return s.now })
	saveQueries(t, service)
	env, err := service.Env(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	profiles := make([]*segment.Profile, crowd)
	for i := range profiles {
		if profiles[i], err = store.Profile(t.Context(), segment.PersonID(i+1)); err != nil {
			t.Fatal(err)
		}
	}
	pairs, answers := 0, map[string]map[bool]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		r := s.rule(rt, env.Catalog, 3)
		pairs += agree(t, rt, service, env, profiles, r, answers)
	})
	t.Logf("%d pairs of rule and person agree", pairs)
	return env.Catalog, answers
}

// saveQueries keeps three quick queries, of which the last refers to the others.
func saveQueries(t *testing.T, service *segment.Service) {
	t.Helper()
	for i, r := range []segment.Rule{
		segment.Group("any", segment.Condition("last_login", segment.OpInLast, 3, segment.Day), segment.Condition("paid_total", segment.OpGe, 2, "")),
		segment.Group("none", segment.Condition("last_login", segment.OpOlder, 3, segment.Day), segment.Condition("bought", segment.OpAnyOf, []int{1}, "")),
		segment.Group("all", segment.Condition("query", segment.OpIn, []int{13, 14}, ""), segment.Condition("query", segment.OpNotIn, []int{13}, "")),
	} {
		if id, err := service.SaveQuery(t.Context(), segment.Saved{Name: string(rune('a' + i)), Rule: r, Shared: true}, ""); err != nil || int(id) != 13+i {
			t.Fatalf("query %d: %v", id, err)
		}
	}
}

// agree compares who is selected, and how many each part selects, with the evaluation in Go.
func agree(t *testing.T, rt *rapid.T, service *segment.Service, env segment.Env, profiles []*segment.Profile, r segment.Rule, answers map[string]map[bool]bool) int {
	selected := map[segment.PersonID]bool{}
	err := service.Each(t.Context(), r, func(p segment.Person) error {
		selected[p.ID] = true
		return nil
	})
	if err != nil {
		rt.Fatalf("%s: %v", r.JSON(), err)
	}
	same := func(how string, q segment.Query, list func(segment.Query) (segment.Page, error)) {
		q.Rule, q.Limit = r, crowd
		page, err := list(q)
		if err != nil {
			rt.Fatalf("%s %s: %v", how, r.JSON(), err)
		}
		for _, p := range page.People {
			if !selected[p.ID] {
				rt.Fatalf("%s: %s finds person %d too", r.JSON(), how, p.ID)
			}
		}
		if len(page.People) != len(selected) {
			rt.Fatalf("%s: %s finds %d, not %d", r.JSON(), how, len(page.People), len(selected))
		}
	}
	same("walking", segment.Query{Known: 1 << 40}, func(q segment.Query) (segment.Page, error) { return service.List(t.Context(), q) })
	same("one pass", segment.Query{Sort: segment.SortRegistered}, func(q segment.Query) (segment.Page, error) {
		counts, page, err := service.Audience(t.Context(), q)
		if counts.Matched != int64(len(selected)) {
			rt.Fatalf("%s: one pass counts %d, not %d", r.JSON(), counts.Matched, len(selected))
		}
		return page, err
	})
	var counts segment.Counts
	same("joining", segment.Query{Parts: true, Sort: segment.SortPaid}, func(q segment.Query) (page segment.Page, err error) {
		counts, page, err = service.Audience(t.Context(), q)
		return page, err
	})
	parts := r.Paths()
	found := make([]int64, len(parts))
	for _, p := range profiles {
		e, err := segment.Explain(r, p, env)
		if err != nil {
			rt.Fatalf("%s: %v", r.JSON(), err)
		}
		if e.Holds != selected[p.Person] {
			rt.Fatalf("%s: SQL says %v of person %d, Go %+v", r.JSON(), selected[p.Person], p.Person, e)
		}
		at := 0
		var count func(part segment.Explanation)
		count = func(part segment.Explanation) {
			if field := part.Rule.Field; field != "" {
				if answers[field] == nil {
					answers[field] = map[bool]bool{}
				}
				answers[field][part.Holds] = true
			}
			if part.Path != "" {
				if part.Holds {
					found[at]++
				}
				at++
			}
			for _, k := range part.Parts {
				count(k)
			}
		}
		count(e)
	}
	if counts.Matched != int64(len(selected)) || counts.All != int64(len(profiles)) {
		rt.Fatalf("%s: counted %d of %d, selected %d of %d", r.JSON(), counts.Matched, counts.All, len(selected), len(profiles))
	}
	for i := range parts {
		if counts.Members[i] != found[i] {
			rt.Fatalf("%s: part %s counted %d, Go says %d", r.JSON(), parts[i].Path, counts.Members[i], found[i])
		}
	}
	return len(profiles)
}

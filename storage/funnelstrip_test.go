package storage

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// TestStripNumbersOpenTheirPeople: the audience that a number of the strip opens is as large as the
// number, for every offering and period.
func TestStripNumbersOpenTheirPeople(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	if _, err := s.db.bun.NewRaw(`UPDATE crm_learners SET status = 'deleted' WHERE id IN (SELECT learner_id FROM crm_orders ORDER BY id LIMIT 2)`).Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.again(t)
	now := func() time.Time { return s.now }
	service := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, now)
	funnels := funnel.NewService(&Funnels{DB: s.db, Currency: "CNY"}, service, now)
	var ids []funnel.OfferingID
	if err := s.db.bun.NewRaw("SELECT id FROM crm_offerings WHERE canonical_id = id ORDER BY id").Scan(t.Context(), &ids); err != nil {
		t.Fatal(err)
	}
	seen := map[funnel.Step]map[int64]bool{}
	for _, id := range ids {
		for _, p := range funnel.Periods() {
			v, err := funnels.View(t.Context(), id, p)
			if err != nil {
				t.Fatal(err)
			}
			for step, want := range map[funnel.Step]int64{funnel.StepOrdered: v.Strip.Ordered, funnel.StepPaid: v.Strip.Paid, funnel.StepStarted: v.Strip.Started} {
				got, err := service.Size(t.Context(), funnel.StepRule(id, step, p))
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("offering %d, %d days: %d are %s, their audience is %d", id, p, want, step, got)
				}
				if seen[step] == nil {
					seen[step] = map[int64]bool{}
				}
				seen[step][want] = true
			}
		}
	}
	for step, numbers := range seen {
		if len(numbers) < 3 {
			t.Errorf("only %v people are ever %s: that shows little", numbers, step)
		}
	}
}

package storage

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// TestInterestsComeFromRawRows: a copy counts for its origin, an order once for each offering, and
// what shows no interest not at all.
func TestInterestsComeFromRawRows(t *testing.T) {
	t.Parallel()
	at := hosttest.SeedTime()
	seed := three()
	course := func(id string) h.Target { return h.Target{Type: h.TargetCourse, ID: id} }
	seed.Offerings = append(seed.Offerings, h.Offering{Type: h.TargetCourse, ID: "1c", OriginCourseID: "1", Title: "copy", Status: h.OfferingPublished, Tags: []string{"别的"}, UpdatedAt: at})
	for i, typ := range []h.ActivityType{h.ActivityView, h.ActivityLearn, h.ActivityLogin, "unheard-of"} {
		seed.Activities = append(seed.Activities, h.Activity{EventID: string(typ), LearnerID: "none", Type: typ, Target: course([]string{"1", "1c"}[i%2]), OccurredAt: at})
	}
	item := h.OrderItem{Target: course("1"), Quantity: 1, Amount: 100}
	seed.Orders = append(seed.Orders,
		h.Order{ID: "c1", LearnerID: "none", Status: h.OrderClosed, PayableAmount: 200, Currency: "CNY", CreatedAt: at.Add(-time.Hour), UpdatedAt: at, Items: []h.OrderItem{item, item}},
		h.Order{ID: "c2", LearnerID: "none", Status: h.OrderClosed, PayableAmount: 100, Currency: "CNY", CreatedAt: at, UpdatedAt: at, Items: []h.OrderItem{item}})
	s := newSchool(t, seed)
	s.sync(t)
	if _, err := s.db.bun.ExecContext(t.Context(), "UPDATE crm_orders SET status = 'deleted' WHERE host_id = 'c2'"); err != nil {
		t.Fatal(err)
	}
	d := &drawer{school: s, t: t}
	service := label.NewService(&Labels{DB: s.db}, nil, hosttest.SeedTime)
	list, err := service.Interests(t.Context(), d.who("none"))
	if err != nil || len(list) != 1 || list[0].Name != "数学" || len(list[0].Reasons) != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
	got := map[string]float64{}
	for _, r := range list[0].Reasons {
		got[string(r.Kind)] = r.Score
		if r.Title != "course 1" || r.Times != 1 {
			t.Errorf("%+v", r)
		}
	}
	for kind, want := range map[string]float64{"order": 5, "closed": 5, "view": 1, "learn": 1} {
		if math.Abs(got[kind]-want) > 0.01 { // the orders are an hour old
			t.Errorf("%s: %v, want %v", kind, got[kind], want)
		}
	}
	if list, err = service.Interests(t.Context(), d.who("all")); err != nil || len(list) != 1 || list[0].Reasons[0].Kind != "paid" || list[0].Reasons[0].Times != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestAFormSentTwiceAtOnce acts once.
func TestAFormSentTwiceAtOnce(t *testing.T) {
	t.Parallel()
	d := newDrawer(t)
	id, rule := d.create("a"), d.rule("all", "none")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			b, err := d.Add(t.Context(), minzhou, id, rule, "k")
			if err != nil || b.People != 2 {
				t.Errorf("%+v, %v", b, err)
			}
		})
	}
	group.Wait()
	list, err := d.List(t.Context())
	if err != nil || len(list.Batches) != 1 || d.people(id) != "all none" {
		t.Errorf("%+v, %v", list.Batches, err)
	}
}

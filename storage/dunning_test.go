package storage

import (
	"maps"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// TestDunning: a message to everybody about an open order names the latest one's title and amount, each
// recipient's own; who has none, or no longer, is not sent to.
func TestDunning(t *testing.T) {
	t.Parallel()
	seed := crowd(5)
	at := seed.Learners[4].UpdatedAt
	seed.Offerings = []h.Offering{{Type: h.TargetCourse, ID: "1", Title: "考研数学全程班", Status: h.OfferingPublished, Price: 328000, Currency: "CNY", UpdatedAt: at}}
	order := func(id string, learner h.LearnerID, status h.OrderStatus, payable int64, currency string, after time.Duration, items ...h.OrderItem) {
		seed.Orders = append(seed.Orders, h.Order{ID: id, SN: "SN" + id, LearnerID: learner, Status: status, ListAmount: payable, PayableAmount: payable, Currency: currency,
			CreatedAt: at.Add(after), UpdatedAt: at.Add(after), Items: items})
	}
	course := h.OrderItem{Target: h.Target{Type: h.TargetCourse, ID: "1"}, Title: "考研数学全程班", Quantity: 1, Amount: 328000}
	book := h.OrderItem{Target: h.Target{Type: h.TargetOther, ID: "b"}, Title: "讲义", Quantity: 1, Amount: 100}
	order("1", "1", h.OrderPending, 5000, "CNY", 0, book)
	order("2", "1", h.OrderPending, 328105, "CNY", time.Hour, book, course)
	order("3", "2", h.OrderPending, 1999, "USD", time.Hour, h.OrderItem{Target: book.Target, Quantity: 1, Amount: 1999})
	order("4", "3", h.OrderClosed, 100, "CNY", time.Hour, course)
	order("5", "4", h.OrderPending, 100, "CNY", time.Hour, course)
	s := newSending(t, seed)
	subjects := map[string]string{}
	s.answer = func(m campaign.Message) campaign.OutcomeKind {
		subjects[m.To] = m.Subject
		return campaign.OutcomeAccepted
	}
	d := mail("dun", segment.Everyone())
	d.Content.Subject = "{{ 待付款课程 }}：{{ 待付款金额 }}"
	preview, err := s.service.DryRun(t.Context(), d)
	if err != nil || preview.Sendable != 3 || preview.Excluded[campaign.NoVariable] != 2 {
		t.Fatalf("dry run says %+v, %v", preview, err)
	}
	id := s.launchDraft(t, d)
	sender := s.sender("a")
	s.workPlan(t, sender)
	s.exec(t, "UPDATE crm_orders SET status = 'paid' WHERE host_id = '5'")
	s.work(t, sender)
	want := map[string]string{"learner1@example.com": "考研数学全程班：3281.05", "learner2@example.com": "SN3：19.99 USD"}
	if !maps.Equal(subjects, want) {
		t.Errorf("sent %v, want %v", subjects, want)
	}
	if r := s.result(t, id); r.Sendable != 3 || r.LateOutTotal() != 1 {
		t.Errorf("result %+v", r)
	}
}

// TestDunningForACourse: who is asked to pay for a course is told of the order for it, or for a copy of
// it, also when they placed another one later.
func TestDunningForACourse(t *testing.T) {
	t.Parallel()
	seed := crowd(3)
	at := seed.Learners[2].UpdatedAt
	for _, o := range []h.Offering{{ID: "1", Title: "考研数学"}, {ID: "2", Title: "考研英语"}, {ID: "3", Title: "考研数学（班级）", OriginCourseID: "1"}} {
		o.Type, o.Status, o.Price, o.Currency, o.UpdatedAt = h.TargetCourse, h.OfferingPublished, 100, "CNY", at
		seed.Offerings = append(seed.Offerings, o)
	}
	order := func(id string, learner h.LearnerID, payable int64, after time.Duration, courses ...string) {
		o := h.Order{ID: id, SN: "SN" + id, LearnerID: learner, Status: h.OrderPending, ListAmount: payable, PayableAmount: payable, Currency: "CNY", CreatedAt: at.Add(after), UpdatedAt: at.Add(after)}
		for _, c := range courses {
			o.Items = append(o.Items, h.OrderItem{Target: h.Target{Type: h.TargetCourse, ID: c}, Title: "课程" + c, Quantity: 1, Amount: payable})
		}
		seed.Orders = append(seed.Orders, o)
	}
	order("1", "1", 1000, 0, "2", "1")
	order("2", "1", 2000, time.Hour, "2")
	order("3", "2", 3000, 0, "3")
	order("4", "2", 4000, time.Hour, "2")
	order("5", "3", 5000, time.Hour, "2")
	s := newSending(t, seed)
	subjects := map[string]string{}
	s.answer = func(m campaign.Message) campaign.OutcomeKind {
		subjects[m.To] = m.Subject
		return campaign.OutcomeAccepted
	}
	var course int64
	if err := s.db.bun.NewRaw("SELECT id FROM crm_offerings WHERE host_id = '1'").Scan(t.Context(), &course); err != nil {
		t.Fatal(err)
	}
	about := segment.Condition("stage", segment.OpAnyOf, []string{"pending"}, "")
	about.Of = &segment.Of{Offerings: []int64{course}}
	d := mail("dun", segment.Group("any", about, segment.Everyone()))
	d.Content.Subject = "{{ 待付款课程 }}：{{ 待付款金额 }}"
	if preview, err := s.service.Preview(t.Context(), d, 1); err != nil || preview.Subject != "课程3：30.00" {
		t.Errorf("preview: %q, %v", preview.Subject, err)
	}
	s.launchDraft(t, d)
	sender := s.sender("a")
	s.workPlan(t, sender)
	s.work(t, sender)
	want := map[string]string{"learner1@example.com": "课程1：10.00", "learner2@example.com": "课程3：30.00", "learner3@example.com": "课程2：50.00"}
	if !maps.Equal(subjects, want) {
		t.Errorf("sent %v, want %v", subjects, want)
	}
}

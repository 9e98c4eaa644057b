package storage

import (
	"maps"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// TestDunning: a message about an open order names the latest one's title and amount, each
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

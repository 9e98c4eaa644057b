package storage

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// TestLiftCountsBothGroups: orders from the moment on at which the audience was frozen until the
// window ends, of all whom the campaign set out to reach and of all held back.
func TestLiftCountsBothGroups(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(200))
	d := mail("k", segment.Everyone())
	d.Control = 50
	id := s.launchDraft(t, d)
	if _, err := s.service.Lift(t.Context(), id); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("before planning: %v", err)
	}
	s.onMessage(20, func() {
		if err := s.service.Cancel(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
	planned := s.now
	s.work(t, s.sender("a"))
	r := s.result(t, id)
	order := func(person segment.PersonID, paid int64, refunded int64, currency string, at time.Time) {
		t.Helper()
		s.exec(t, `INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, paid_on, created_at, content_hash, updated_at, written_at)
			SELECT count(*)::text, '', ?, 'paid', 'self', 0, 0, 0, 0, ?, ?, ?, ?, ?, 0, now(), now() FROM crm_orders`, int64(person), refunded, currency, paid, at, at)
	}
	groups := map[string][]segment.PersonID{}
	for p := range segment.PersonID(200) {
		state := s.text(t, "SELECT state FROM crm_deliveries WHERE learner_id = ?", int64(p+1))
		groups[state] = append(groups[state], p+1)
		if want := campaign.InControl("k", p+1, 50); want != (state == "excluded") {
			t.Errorf("person %d is %s", p+1, state)
		}
	}
	week := 7 * 24 * time.Hour
	sent, held := groups["accepted"], groups["excluded"]
	order(sent[0], 1000, 0, "CNY", planned)
	order(sent[0], 500, 100, "CNY", planned.Add(time.Hour))
	order(sent[1], 700, 0, "CNY", planned.Add(-time.Second)) // too early
	order(sent[2], 700, 0, "CNY", planned.Add(week))         // too late
	order(sent[3], 900, 0, "USD", planned.Add(time.Hour))    // paid, in money that is not added up
	order(held[0], 300, 300, "CNY", planned.Add(week-time.Second))
	order(groups["cancelled"][0], 5000, 0, "CNY", planned.Add(time.Hour))
	s.now = planned.Add(30 * 24 * time.Hour)
	l, err := s.service.Lift(t.Context(), id)
	want := campaign.Lift{Sent: campaign.Group{People: r.ByState[campaign.Accepted], Payers: 2, Sum: 1400, SumSq: 1400 * 1400},
		Control: campaign.Group{People: r.Excluded[campaign.Control], Payers: 1}}
	if err != nil || l.Sent != want.Sent || l.Control != want.Control || l.Enough {
		t.Errorf("%+v, %v, want %+v and %+v", l, err, want.Sent, want.Control)
	}
	s.now = planned.Add(30 * time.Minute) // what is still to come does not count
	if l, err := s.service.Lift(t.Context(), id); err != nil || l.Sent.Payers != 1 || l.Control.Payers != 0 {
		t.Errorf("after half an hour: %+v, %v", l, err)
	}
	plain := s.launch(t, "plain", segment.Everyone())
	s.workPlan(t, s.sender("a"))
	if _, err := s.service.Lift(t.Context(), plain); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("without a control group: %v", err)
	}
	if fmt.Sprint(r.Matched) != "200" || r.Excluded[campaign.Control] < 60 || r.Excluded[campaign.Control] > 140 {
		t.Errorf("%+v", r)
	}
}

package storage

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/segment"
)

// TestAttributionAgrees holds the SQL to campaign.Attribute over random clicks and orders.
func TestAttributionAgrees(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(30))
	var ids []campaign.ID
	for i := range 3 {
		ids = append(ids, s.launch(t, fmt.Sprint(i), segment.Everyone()))
	}
	s.work(t, s.sender("a"))
	random := rand.New(rand.NewPCG(1, 2))
	var clicks []campaign.Click
	for range 200 {
		c := campaign.Click{Person: segment.PersonID(1 + random.IntN(30)), Campaign: ids[random.IntN(3)],
			At: s.now.Add(time.Duration(random.IntN(30*24)) * time.Hour)}
		clicks = append(clicks, c)
		if _, err := s.db.bun.NewRaw(`INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT (random() * 1e15)::bigint, 1, campaign_id, ordinal, learner_id, ?, 'human' FROM crm_deliveries WHERE campaign_id = ? AND learner_id = ?`,
			c.At, int64(c.Campaign), int64(c.Person)).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var orders []campaign.Purchase
	for i := range 150 {
		o := campaign.Purchase{ID: int64(i + 1), Person: segment.PersonID(1 + random.IntN(30)),
			PaidOn: s.now.Add(time.Duration(random.IntN(45*24)) * time.Hour), Net: int64(random.IntN(10_000))}
		orders = append(orders, o)
		if _, err := s.db.bun.NewRaw(`INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash,
				paid_coin, refunded, currency, paid_amount, paid_on, created_at, content_hash, updated_at, written_at)
			VALUES (?, '', ?, 'paid', 'self', 0, 0, 0, 0, 1, 'CNY', ?, ?, ?, 0, now(), now())`,
			fmt.Sprint("o", i), int64(o.Person), o.Net+1, o.PaidOn, o.PaidOn).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	type total struct{ orders, buyers, revenue int64 }
	want := map[campaign.ID]total{}
	buyers := map[string]bool{}
	for _, c := range campaign.Attribute(clicks, orders, campaign.AttributionWindow) {
		w := want[c.Campaign]
		w.orders++
		w.revenue += c.Net
		if key := fmt.Sprint(c.Campaign, c.Person); !buyers[key] {
			buyers[key] = true
			w.buyers++
		}
		want[c.Campaign] = w
	}
	for _, id := range ids {
		r := s.result(t, id)
		if got := (total{r.Orders, r.Buyers, r.Revenue}); got != want[id] || got.orders == 0 {
			t.Errorf("campaign %d: SQL %+v, Go %+v", id, got, want[id])
		}
	}
}

package storage

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/segment"
)

// front is the first page over a school.
func (s *sending) front(t testing.TB, loc *time.Location, bounds ...int64) (*home.Service, *Home) {
	t.Helper()
	store := &Home{DB: s.db, Currency: "CNY", Location: loc}
	at := home.Site{Location: loc, Currency: "CNY", Members: true}
	if bounds != nil {
		at.SpendBounds = func() []int64 { return bounds }
	}
	return home.NewService(store, at, s.clock), store
}

func (s *sending) totals(t testing.TB, service *home.Service) home.Totals {
	t.Helper()
	out, err := service.Totals(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBandsAreTheirRules: who opens a band finds as many people as it shows, and all bands of a
// composition are everybody.
func TestBandsAreTheirRules(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Asia/Shanghai", "America/New_York"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			loc, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			s := newSending(t, hosttest.SmallSeed())
			s.do(t, `INSERT INTO crm_learners (host_id, status, marketable, roles, last_login_at, paid_order_count, paid_total, member_level, last_learn_at, content_hash, updated_at, written_at)
				SELECT 'x' || n, CASE WHEN n % 13 = 0 THEN 'locked' ELSE 'active' END, n % 17 <> 0, CASE WHEN n % 17 = 0 THEN '{staff}'::text[] WHEN n % 5 = 0 THEN '{student}' ELSE '{}' END,
					CASE WHEN n % 7 > 0 THEN ?0::timestamptz - (n % 1500) * interval '2 hours' END, n % 12, CASE WHEN n % 12 > 0 THEN (n * 7919) % 60000 + 1 ELSE 0 END,
					CASE WHEN n % 3 = 0 THEN 'gold' ELSE '' END, CASE WHEN n % 4 > 0 THEN ?0::timestamptz - (n % 130) * interval '1 day' END, n, now(), now()
				FROM generate_series(1, 3000) n`, s.now)
			segments := segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), segment.Site{Location: loc, Currency: "CNY"}, s.clock)
			service, _ := s.front(t, loc, 50000, 10000, 10000, 0)
			totals := s.totals(t, service)
			kinds := []home.Kind{}
			for _, c := range totals.Compositions {
				kinds = append(kinds, c.Kind)
				for i, b := range c.Bands {
					n, err := segments.Size(t.Context(), b.Rule())
					if err != nil || n != b.People {
						t.Errorf("%s %d: shows %d, its rule finds %d: %v", c.Kind, i, b.People, n, err)
					}
					if b.People == 0 {
						t.Errorf("%s %d: nobody is in it", c.Kind, i)
					}
				}
				want := totals.People
				if c.Kind == home.ByLearning {
					want = s.number(t, "SELECT count(*) FROM crm_learners WHERE status = 'active' AND marketable AND member_level <> ''")
				}
				if c.People != want {
					t.Errorf("%s: %d people in all bands, want %d", c.Kind, c.People, want)
				}
			}
			if want := []home.Kind{home.ByLogin, home.ByPurchases, home.BySpend, home.ByLearning}; !slices.Equal(kinds, want) {
				t.Errorf("compositions %v", kinds)
			}
			if n := s.number(t, "SELECT count(*) FROM crm_learners WHERE status = 'active' AND marketable"); n != totals.People || totals.Accounts <= n {
				t.Errorf("%d people of %d accounts, want %d", totals.People, totals.Accounts, n)
			}
		})
	}
}

// TestRatesAndMoney compares the click rates and the attributed revenue with the results of the
// campaigns themselves.
func TestRatesAndMoney(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(40))
	var ids []campaign.ID
	for i := range 4 {
		ids = append(ids, s.launch(t, fmt.Sprint(i), segment.Everyone()))
		s.work(t, s.sender("a"))
		s.do(t, `INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT ?0 * 1000 + ordinal, 1, campaign_id, ordinal, learner_id, ?1, 'human' FROM crm_deliveries WHERE campaign_id = ?2 AND ordinal < ?3`,
			i, s.now.Add(time.Minute), int64(ids[i]), 3+4*i)
		s.do(t, "UPDATE crm_deliveries SET state = 'failed', reason = 'rejected' WHERE campaign_id = ?0 AND ordinal <= ?1", int64(ids[i]), i+1)
		s.now = s.now.Add(20 * 24 * time.Hour)
	}
	s.unrated(t, ids)
	s.do(t, `INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, paid_on, created_at, content_hash, updated_at, written_at)
		SELECT 'o' || k.id || n, '', k.learner_id, 'paid', 'self', 0, 0, 0, 0, 100, CASE WHEN k.id % 5 = 0 THEN 'USD' ELSE 'CNY' END, 5000, k.at + n * interval '5 days', k.at, 0, now(), now()
		FROM crm_clicks k, generate_series(1, 2) n`)
	service, _ := s.front(t, time.UTC)
	got := s.totals(t, service)
	var rates []float64
	var money [2]int64 // of these 30 days, of the 30 before
	for i, id := range ids {
		r := s.result(t, id)
		if r.Bounced == 0 || r.Taken() != 40 {
			t.Errorf("campaign %d: %d of %d bounced", id, r.Bounced, r.Taken())
		}
		rates = append(rates, float64(r.Clickers)/float64(r.Taken()))
		if i >= 1 { // launched 60, 40 and 20 days ago
			money[(3-i)/2] += r.Revenue
		}
	}
	last := rates[len(rates)-1]
	mean := (rates[0] + rates[1] + rates[2]) / 3
	if !got.RateKnown || got.RateCampaign != ids[3] || got.ClickRate != last || !got.MeanKnown || math.Abs(got.MeanRate-mean) > 1e-9 {
		t.Errorf("rate %v of %d, mean %v; want %v of %d, %v", got.ClickRate, got.RateCampaign, got.MeanRate, last, ids[3], mean)
	}
	if got.Attributed == 0 || got.AttributedBefore == 0 || got.Attributed+got.AttributedBefore != money[0]+money[1] || got.Attributed >= got.AttributedBefore {
		t.Errorf("revenue %d after %d; the campaigns' own are %v", got.Attributed, got.AttributedBefore, money)
	}
	if got.Campaigns != 7 || got.CampaignsMonth+got.CampaignsBefore == 0 {
		t.Errorf("campaigns: %+v", got)
	}
}

// unrated makes campaigns after others that have no click rate: one that waits for its hour, one of
// which nothing was sent, and one that is half an hour old. When staff pressed the button is no
// matter, and one of the others is in the report's figures already.
func (s *sending) unrated(t testing.TB, ids []campaign.ID) {
	t.Helper()
	none := s.launch(t, "none", segment.Everyone())
	s.workPlan(t, s.sender("a"))
	s.do(t, "UPDATE crm_deliveries SET state = 'cancelled' WHERE campaign_id = ?", int64(none))
	s.do(t, "UPDATE crm_chunks SET done = true WHERE campaign_id = ?", int64(none))
	s.do(t, "UPDATE crm_campaigns SET state = 'cancelled' WHERE id = ?", int64(none))
	later := mail("later", segment.Everyone())
	later.SendAt = s.now.Add(48 * time.Hour)
	s.launchDraft(t, later)
	s.now = s.now.Add(2 * time.Hour)
	s.launch(t, "young", segment.Everyone())
	s.work(t, s.sender("a"))
	s.now = s.now.Add(30 * time.Minute)
	s.do(t, "UPDATE crm_campaigns SET launched_at = launched_at - interval '70 days' WHERE id = ?", int64(ids[3]))
	if err := (&Reports{DB: s.db, Currency: "CNY", Location: time.UTC}).Count(t.Context(), ids[1], campaign.AttributionWindow, s.now); err != nil {
		t.Fatal(err)
	}
}

// TestRunningIsAsListed: what is on its way is counted from its chunks, and as the list counts it.
func TestRunningIsAsListed(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	s.do(t, `INSERT INTO crm_learners (host_id, usable_email, status, marketable, content_hash, updated_at, written_at)
		SELECT 'x' || n, CASE WHEN n % 9 > 0 THEN n || '@example.com' END, 'active', true, n, now(), now() FROM generate_series(2, 2300) n`)
	id := s.launch(t, "k", segment.Everyone())
	later := mail("later", segment.Everyone())
	later.SendAt = s.now.Add(time.Hour)
	s.launchDraft(t, later)
	service, store := s.front(t, time.UTC)
	s.runningAgrees(t, store, "before it is planned")
	s.workPlan(t, s.sender("a"))
	s.runningAgrees(t, store, "planned")
	due, err := s.sender("a").Due(t.Context(), 100)
	if err != nil || len(due) < 4 {
		t.Fatal(len(due), err)
	}
	s.silentTo("5")
	for i, w := range due {
		if w.Campaign != id {
			continue
		}
		if err := s.sender("a").Do(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		s.runningAgrees(t, store, fmt.Sprint("after chunk ", i))
		if i == 2 {
			break
		}
	}
	if list := s.totals(t, service).Running; len(list) != 2 || list[1].Settled == 0 || list[1].Settled >= list[1].Sendable {
		t.Errorf("%+v", list)
	}
}

func (s *sending) runningAgrees(t testing.TB, store *Home, when string) {
	t.Helper()
	got, err := store.Running(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := (&Campaigns{DB: s.db}).List(t.Context(), campaign.ListView{}, "", 5)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%s: %d campaigns, want %d: %v", when, len(got), len(want), err)
	}
	for i, w := range want {
		if g := got[i]; g.ID != w.ID || g.Sendable != w.Sendable || g.Settled != w.Settled || g.Accepted != w.Accepted {
			t.Errorf("%s: campaign %d: %d of %d, %d accepted; want %d of %d, %d", when, g.ID, g.Settled, g.Sendable, g.Accepted, w.Settled, w.Sendable, w.Accepted)
		}
	}
}

// TestTrendsOfPins reads several at once.
func TestTrendsOfPins(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	s.do(t, "INSERT INTO crm_query_counts (query_id, day, count) SELECT q, ?0::date - n, q * 10 + n FROM generate_series(1, 3) q, generate_series(0, 40) n", s.now)
	service, _ := s.front(t, time.UTC)
	got, err := service.Trends(t.Context(), []segment.QueryID{1, 3}, 30)
	if err != nil || len(got) != 2 || len(got[1]) != 30 || len(got[3]) != 30 || got[3][29].Count != 30 || got[3][0].Count != 59 {
		t.Errorf("%+v: %v", got, err)
	}
}

package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// reporting is a school whose campaigns are compared.
type reporting struct {
	*sending
	reports *Reports
	report  *report.Service
	keeper  *report.Keeper
	random  *rand.Rand
	orders  int
}

func newReporting(t *testing.T, people int) *reporting {
	t.Helper()
	s := &reporting{sending: newSending(t, crowd(people)), random: rand.New(rand.NewPCG(7, 26))}
	s.reports = &Reports{DB: s.db, Currency: "CNY", Location: shanghai(t)}
	s.report = report.NewService(s.reports, s.reports.Location, s.clock)
	s.keeper = &report.Keeper{Books: s.reports, Leases: s.db, Owner: "test", Now: s.clock, Log: slog.New(slog.DiscardHandler)}
	return s
}

func shanghai(t *testing.T) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func (s *reporting) tick(t *testing.T) {
	t.Helper()
	if err := s.keeper.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// lines are the campaigns as kept, by id.
func (s *reporting) lines(t *testing.T) map[campaign.ID]report.Line {
	t.Helper()
	list, err := s.reports.Lines(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[campaign.ID]report.Line{}
	for _, l := range list {
		out[l.ID] = l
	}
	return out
}

// agree holds what is kept to what the campaigns' own pages say.
func (s *reporting) agree(t *testing.T, when string, ids ...campaign.ID) {
	t.Helper()
	kept := s.lines(t)
	for _, id := range ids {
		r, l := s.result(t, id), kept[id]
		want := report.Figures{Sendable: r.Sendable, Taken: r.Taken(), Delivered: r.ByState[campaign.Delivered], Failed: r.ByState[campaign.Failed],
			Clickers: r.Clickers, Orders: r.Orders, Buyers: r.Buyers, Revenue: r.Revenue}
		if l.Tracked {
			want.Linked = want.Taken
		}
		if err := s.db.bun.NewRaw("SELECT count(DISTINCT learner_id) FROM crm_consents WHERE campaign_id = ? AND state = 'denied'", int64(id)).Scan(t.Context(), &want.Unsubscribes); err != nil {
			t.Fatal(err)
		}
		if l.Figures != want {
			t.Errorf("%s, campaign %d: %+v, want %+v", when, id, l.Figures, want)
		}
		lift, err := s.service.Lift(t.Context(), id)
		if got, ok := l.Lift(); ok != (err == nil) || err == nil && got != lift || err != nil && !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%s, campaign %d: lift %+v (%v), want %+v, %v", when, id, got, ok, lift, err)
		}
	}
}

// disturb does one thing that changes figures.
func (s *reporting) disturb(t *testing.T, ids []campaign.ID) {
	t.Helper()
	id, person := int64(ids[s.random.IntN(len(ids))]), 1+s.random.IntN(60)
	switch s.random.IntN(5) {
	case 0: // a click
		kind := []string{"human", "human", "bot"}[s.random.IntN(3)]
		s.exec(t, `INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT (random() * 1e15)::bigint, 1, campaign_id, ordinal, learner_id, ?, ? FROM crm_deliveries WHERE campaign_id = ? AND learner_id = ?`, s.now, kind, id, person)
	case 1: // an order, paid by those who clicked
		s.orders++
		s.exec(t, `INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, paid_on, created_at, content_hash, updated_at, written_at)
			SELECT ?, '', coalesce((SELECT learner_id FROM crm_clicks ORDER BY random() LIMIT 1), ?), 'paid', 'self', 0, 0, 0, 0, 0, 'CNY', ?, ?, ?, 0, now(), ?`,
			fmt.Sprint("o", s.orders), person, 1+s.random.IntN(90_000), s.now.Add(-time.Minute), s.now.Add(-time.Hour), s.now)
	case 2: // a refund, or an order that is taken back
		s.exec(t, `UPDATE crm_orders SET refunded = paid_amount / (1 + id % 3), written_at = ? WHERE id = (SELECT id FROM crm_orders ORDER BY random() LIMIT 1)`, s.now)
	case 3: // a receipt
		s.exec(t, `UPDATE crm_deliveries SET state = CASE WHEN ordinal % 2 = 0 THEN 'delivered' ELSE 'failed' END, settled_at = ? WHERE campaign_id = ? AND learner_id = ? AND state = 'accepted'`, s.now, id, person)
	case 4: // a refusal
		if err := (&Campaigns{DB: s.db}).SetConsents(t.Context(), []campaign.ConsentChange{{Person: segment.PersonID(person), Channel: h.ChannelEmail, State: h.ConsentDenied, Source: campaign.FromPage, Campaign: campaign.ID(id), At: s.now}}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReportsAgreeWithCampaigns: after any changes the figures are those of the campaigns' own
// pages: at once of young ones, of older ones when something that touches them was seen, and of all
// after a day.
func TestReportsAgreeWithCampaigns(t *testing.T) {
	t.Parallel()
	s := newReporting(t, 60)
	held := mail("held", segment.Everyone())
	held.Control = 50
	ids := []campaign.ID{s.launch(t, "all", segment.Everyone()), s.launchDraft(t, held), s.launch(t, "third", segment.Everyone())}
	s.work(t, s.sender("a"))
	s.tick(t)
	s.agree(t, "as sent", ids...)
	for round := range 6 {
		for range 25 {
			s.now = s.now.Add(20 * time.Minute)
			s.disturb(t, ids)
		}
		s.now = s.now.Add(15 * time.Minute)
		s.tick(t)
		s.agree(t, fmt.Sprint("round ", round), ids...)
	}
}

// TestOldCampaignsAreCountedWhenTouched: a refund of an order that counts for a campaign of last
// year, a receipt that comes months late, and what nothing tells of but the daily count.
func TestOldCampaignsAreCountedWhenTouched(t *testing.T) {
	t.Parallel()
	s := newReporting(t, 5)
	id := s.launch(t, "old", segment.Everyone())
	s.work(t, s.sender("a"))
	s.exec(t, `INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind) SELECT 1, 1, campaign_id, ordinal, learner_id, ?, 'human' FROM crm_deliveries WHERE learner_id = 1`, s.now)
	s.exec(t, `INSERT INTO crm_orders (host_id, sn, learner_id, status, origin, list_amount, payable_amount, paid_cash, paid_coin, refunded, currency, paid_amount, paid_on, created_at, content_hash, updated_at, written_at)
		VALUES ('o', '', 1, 'paid', 'self', 0, 0, 0, 0, 0, 'CNY', 1000, ?, ?, 0, now(), ?)`, s.now.Add(time.Hour), s.now.Add(-time.Hour), s.now.Add(time.Hour))
	s.now = s.now.Add(300 * 24 * time.Hour)
	s.tick(t)
	s.agree(t, "after months", id)
	first := s.lines(t)[id]
	s.now = s.now.Add(6 * time.Hour)
	s.tick(t)
	if l := s.lines(t)[id]; l.CountedAt != first.CountedAt || l.Revenue != 1000 {
		t.Errorf("counted at %v without a reason: %+v", l.CountedAt, l.Figures)
	}
	s.exec(t, "UPDATE crm_orders SET refunded = 400, written_at = ?", s.now)
	s.now = s.now.Add(time.Minute)
	s.tick(t)
	s.agree(t, "after a refund", id)
	if got := s.lines(t)[id].Revenue; got != 600 {
		t.Errorf("revenue %d, want 600", got)
	}
	s.now = s.now.Add(time.Hour)
	s.tick(t)
	for _, ordinal := range []int64{s.number(t, "SELECT ordinal FROM crm_deliveries WHERE learner_id = 3"), s.number(t, "SELECT ordinal FROM crm_deliveries WHERE learner_id = 4")} {
		if n, err := (&Campaigns{DB: s.db}).Receive(t.Context(), h.ChannelEmail, []campaign.Receipt{{Campaign: id, Ordinal: ordinal, Delivered: true}}, s.now); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		s.now = s.now.Add(time.Second)
	}
	s.now = s.now.Add(11 * time.Minute)
	s.tick(t)
	s.agree(t, "after receipts", id)
	if got := s.lines(t)[id].Delivered; got != 2 {
		t.Errorf("%d delivered, want 2", got)
	}
	counted := s.lines(t)[id].CountedAt
	s.now = s.now.Add(time.Hour)
	s.tick(t)
	if got := s.lines(t)[id].CountedAt; got != counted {
		t.Errorf("counted at %v: the receipts were long counted", got)
	}
	s.exec(t, "UPDATE crm_deliveries SET state = 'delivered' WHERE learner_id = 2")
	s.now = s.now.Add(25 * time.Hour)
	s.tick(t)
	s.agree(t, "a day later", id)
	if got := s.lines(t)[id].Delivered; got != 3 {
		t.Errorf("%d delivered, want 3", got)
	}
}

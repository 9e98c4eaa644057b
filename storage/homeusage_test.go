package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// usageSchool has two campaigns of many messages that are in every state.
func usageSchool(t *testing.T, people int) *sending {
	t.Helper()
	s := newSending(t, crowd(1))
	s.do(t, `INSERT INTO crm_campaigns (id, key, name, channel, rule, content, state, by_id, by_name, launched_at, planned_at) OVERRIDING SYSTEM VALUE
		VALUES (101, 'a', '', 'email', '{}', '{}', 'sending', '', '', ?0, ?0), (102, 'b', '', 'sms', '{}', '{}', 'sending', '', '', ?0, ?0)`, s.now)
	s.do(t, `INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, tries, sending_at)
		SELECT c, n, n + 1, n / 500, (ARRAY['queued', 'sending', 'unknown'])[1 + n % 3], least(n % 3, 1), CASE WHEN n % 3 > 0 THEN ?0::timestamptz END
		FROM generate_series(0, ?1 - 1) n, (VALUES (101), (102)) k (c)`, s.now, people)
	return s
}

// TestUsageIsExact changes messages in every way that a provider can, adds up in between, and
// compares with a full count.
func TestUsageIsExact(t *testing.T) {
	t.Parallel()
	const people = 60
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	s := usageSchool(t, people)
	_, store := s.front(t, shanghai)
	ledger := &Campaigns{DB: s.db, Currency: "CNY"}
	random := rand.New(rand.NewPCG(7, 8))
	channels := map[campaign.ID]h.Channel{101: h.ChannelEmail, 102: h.ChannelSMS}
	counted := 0
	for round := range 250 {
		s.now = s.now.Add(time.Duration(random.IntN(300)) * time.Minute)
		id := campaign.ID(101 + random.IntN(2))
		switch random.IntN(7) {
		case 0, 1, 2:
			var outcomes []campaign.Attempt
			for _, n := range random.Perm(people)[:1+random.IntN(8)] {
				o := campaign.Attempt{Ordinal: int64(n)}
				o.State = []campaign.DeliveryState{campaign.Accepted, campaign.Accepted, campaign.Failed, campaign.Unknown, campaign.Queued}[random.IntN(5)]
				if o.State == campaign.Failed {
					o.Reason = []campaign.Reason{campaign.ReasonRejected, campaign.ReasonGaveUp}[random.IntN(2)]
				}
				outcomes = append(outcomes, o)
			}
			err = ledger.Finish(t.Context(), id, outcomes, s.now)
		case 3, 4:
			var list []campaign.Receipt
			for range 1 + random.IntN(12) {
				r := campaign.Receipt{Campaign: campaign.ID(101 + random.IntN(3)), Ordinal: int64(random.IntN(people)), Delivered: random.IntN(2) == 0}
				if !r.Delivered {
					r.Reason = campaign.ReasonRejected
				}
				list = append(list, r)
			}
			_, err = ledger.Receive(t.Context(), channels[id], list, s.now)
		case 5:
			_, err = ledger.Move(t.Context(), id, campaign.Move{From: []campaign.State{campaign.Sending}, To: campaign.Sending, Again: true}, s.now)
		default:
			if counted++; counted%4 == 1 {
				err = store.Recount(t.Context(), s.now, s.now)
			} else {
				err = store.Fold(t.Context())
			}
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round%10 == 0 && counted > 0 {
			s.usageAgrees(t, store, fmt.Sprint("round ", round))
		}
	}
	s.usageAgrees(t, store, "at the end")
	if n := s.number(t, "SELECT count(DISTINCT state) FROM crm_deliveries"); n < 4 {
		t.Errorf("only %d states were reached", n)
	}
	if store.Location, err = time.LoadLocation("Asia/Kathmandu"); err != nil {
		t.Fatal(err)
	}
	if err := store.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Recount(t.Context(), s.now.Add(-time.Hour), s.now); err != nil {
		t.Fatal(err)
	}
	s.usageAgrees(t, store, "in another zone")
}

// usageAgrees compares days, campaigns and the sums with a full count.
func (s *sending) usageAgrees(t testing.TB, store *Home, when string) {
	t.Helper()
	zone := store.Location.String()
	const full = "SELECT c.channel, (d.accepted_at AT TIME ZONE ?)::date AS day, d.campaign_id FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id WHERE d.state IN ('accepted', 'delivered')"
	for _, by := range home.Steps() {
		got, err := store.Usage(t.Context(), by, s.now.AddDate(-1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range got {
			n := s.number(t, "SELECT count(*) FROM ("+full+") f WHERE channel = ? AND date_trunc(?, day::timestamp)::date = ?::date", zone, string(one.Channel), string(by), one.From.Format(time.DateOnly))
			if n != one.Accepted {
				t.Errorf("%s: %s of %s: %d, want %d", when, one.Channel, one.From.Format(time.DateOnly), one.Accepted, n)
			}
		}
	}
	all, month, before, err := store.Deliveries(t.Context(), s.now.AddDate(0, 0, -3), s.now.AddDate(0, 0, -9), s.now.AddDate(0, 0, -5))
	if err != nil {
		t.Fatal(err)
	}
	if n := s.number(t, "SELECT count(*) FROM ("+full+") f", zone); n != all || n == 0 {
		t.Errorf("%s: %d in all, want %d", when, all, n)
	}
	if n := s.number(t, "SELECT count(*) FROM ("+full+") f WHERE day >= ?::date", zone, s.now.AddDate(0, 0, -3).Format(time.DateOnly)); n != month {
		t.Errorf("%s: %d since, want %d", when, month, n)
	}
	if n := s.number(t, "SELECT count(*) FROM ("+full+") f WHERE day BETWEEN ?::date AND ?::date", zone, s.now.AddDate(0, 0, -9).Format(time.DateOnly), s.now.AddDate(0, 0, -5).Format(time.DateOnly)); n != before {
		t.Errorf("%s: %d between, want %d", when, before, n)
	}
	for _, id := range []int64{101, 102} {
		n := s.number(t, `SELECT coalesce(sum(accepted), 0)::bigint FROM (SELECT campaign_id, accepted FROM crm_usage_campaigns UNION ALL SELECT campaign_id, accepted FROM crm_usage_changes) u WHERE campaign_id = ?`, id)
		if want := s.number(t, "SELECT count(*) FROM ("+full+") f WHERE campaign_id = ?", zone, id); n != want {
			t.Errorf("%s: campaign %d: %d, want %d", when, id, n, want)
		}
	}
}

// TestUsageIsCountedAtNight: what workers of an older version sent, who wrote no change down, counts
// from then on; in between nobody walks over all messages.
func TestUsageIsCountedAtNight(t *testing.T) {
	t.Parallel()
	s := usageSchool(t, 30)
	_, store := s.front(t, time.UTC)
	ledger := &Campaigns{DB: s.db, Currency: "CNY"}
	sum := func(want int64, when string) {
		t.Helper()
		if all, _, _, err := store.Deliveries(t.Context(), s.now, s.now, s.now); err != nil || all != want {
			t.Errorf("%s: %d sent, want %d: %v", when, all, want, err)
		}
	}
	counted := func(want bool) {
		t.Helper()
		if ok, err := store.Counted(t.Context()); err != nil || ok != want {
			t.Errorf("counted: %t: %v", ok, err)
		}
	}
	recount := func(due time.Time) {
		t.Helper()
		if err := store.Recount(t.Context(), due, s.now); err != nil {
			t.Fatal(err)
		}
	}
	older := func(n int) {
		t.Helper()
		s.do(t, "UPDATE crm_deliveries SET state = 'accepted', accepted_at = ?0 WHERE campaign_id = 101 AND ordinal = ?1", s.now, n)
	}
	older(0)
	if err := ledger.Finish(t.Context(), 101, []campaign.Attempt{{Ordinal: 1, State: campaign.Accepted}}, s.now); err != nil {
		t.Fatal(err)
	}
	if err := store.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	counted(false)
	if n := s.number(t, "SELECT count(*) FROM crm_usage_changes"); n != 1 {
		t.Errorf("%d changes were left for the count", n)
	}
	recount(s.now)
	counted(true)
	sum(2, "at first")
	older(2)
	recount(s.now.Add(-time.Hour))
	sum(2, "the same day")
	s.now = s.now.Add(24 * time.Hour)
	recount(s.now.Add(-time.Hour))
	sum(3, "the next day")
	s.usageAgrees(t, store, "the next day")
}

// TestUsageIsNotWaitedFor: who adds up or counts while somebody else does lets it be.
func TestUsageIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := usageSchool(t, 3)
	_, store := s.front(t, time.UTC)
	err := store.alone(t.Context(), func(bun.Tx) error {
		if err := store.Recount(t.Context(), s.now, s.now); err != nil {
			return err
		}
		return store.Fold(t.Context())
	})
	if ok, stateErr := store.Counted(t.Context()); err != nil || stateErr != nil || ok {
		t.Errorf("counted %t: %v, %v", ok, err, stateErr)
	}
}

// TestUsageWhileItIsCounted adds up in several processes while others send.
func TestUsageWhileItIsCounted(t *testing.T) {
	t.Parallel()
	const people = 400
	s := usageSchool(t, people)
	_, store := s.front(t, time.UTC)
	var all sync.WaitGroup
	errs := make(chan error, 4)
	for i := range 2 {
		all.Go(func() {
			ledger := &Campaigns{DB: s.db, Currency: "CNY"}
			for n := range people / 10 {
				outcomes := make([]campaign.Attempt, 10)
				for k := range outcomes {
					outcomes[k] = campaign.Attempt{Ordinal: int64(n*10 + k), State: campaign.Accepted}
				}
				if err := ledger.Finish(t.Context(), campaign.ID(101+i), outcomes, s.now); err != nil {
					errs <- err
					return
				}
			}
		})
		all.Go(func() {
			for n := range 30 {
				step := store.Fold
				if n%5 == 0 {
					step = func(ctx context.Context) error { return store.Recount(ctx, s.now.Add(time.Hour), s.now) }
				}
				if err := step(t.Context()); err != nil && !errors.Is(err, fault.ErrUnavailable) && !errors.Is(err, fault.ErrConflict) {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if ok, err := store.Counted(t.Context()); err != nil || !ok {
		t.Fatalf("counted %t: %v", ok, err)
	}
	s.usageAgrees(t, store, "after it")
}

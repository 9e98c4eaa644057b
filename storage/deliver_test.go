package storage

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func TestTemporaryFailuresEndInDelivery(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(40))
	tries := map[string]int{}
	s.wire.answer = func(m campaign.Message) campaign.OutcomeKind {
		tries[m.To]++
		switch {
		case m.To == "learner7@example.com": // never gets better
			return campaign.OutcomeTemporary
		case m.To == "learner8@example.com":
			return campaign.OutcomePermanent
		case m.To == "learner9@example.com":
			return campaign.OutcomeUnknown
		case tries[m.To] == 1 && strings.Contains(m.To, "3"):
			return campaign.OutcomeTemporary
		}
		return campaign.OutcomeAccepted
	}
	id := s.launch(t, "k", segment.Everyone())
	sender := s.sender("a")
	for range 10 {
		s.work(t, sender)
		s.now = s.now.Add(5 * time.Minute)
	}
	r := s.result(t, id)
	if r.ByState[campaign.Accepted] != 37 || r.ByReason[campaign.ReasonGaveUp] != 1 || r.ByReason[campaign.ReasonRejected] != 1 ||
		r.ByReason[campaign.ReasonBroken] != 1 {
		t.Errorf("result %+v", r)
	}
	if tries["learner7@example.com"] != 5 || tries["learner9@example.com"] != 1 {
		t.Errorf("tries: %d of the hopeless, %d of the unknown", tries["learner7@example.com"], tries["learner9@example.com"])
	}
}

func TestProviderAwayAndBack(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(20))
	s.wire.fail = fmt.Errorf("test: %w", campaign.ErrUnreachable)
	id := s.launch(t, "k", segment.Everyone())
	sender := s.sender("a")
	for range 20 { // longer than any limit on tries: an absent provider uses none up
		s.work(t, sender)
		s.now = s.now.Add(time.Minute)
	}
	if c, err := s.service.Find(t.Context(), id); err != nil || c.Stalled != campaign.StallUnreachable || c.StalledAt.IsZero() {
		t.Errorf("stalled: %q, %v", c.Stalled, err)
	}
	s.wire.fail = nil
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 20 {
		t.Errorf("result %+v", r)
	}
	if c, err := s.service.Find(t.Context(), id); err != nil || c.Stalled != "" || c.State != campaign.Done {
		t.Errorf("afterwards: %+v, %v", c, err)
	}
}

// TestWorkerDiesInFlight: what was in flight is unknown and never sent again; the rest is sent
// once by the successor; and the dead worker's late answer is taken when it comes after all.
func TestWorkerDiesInFlight(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(50))
	id := s.launch(t, "k", segment.Everyone())
	ledger := &Campaigns{DB: s.db, Currency: "CNY"}
	a := s.sender("a")
	s.workPlan(t, a)
	due, err := a.Due(t.Context(), 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	dead, ok, err := ledger.Claim(t.Context(), due[0], "dead", 50*time.Millisecond, nil, s.now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	inFlight, err := ledger.Take(t.Context(), dead, campaign.Sieve{Channel: h.ChannelEmail, Campaign: id}, 8, 50*time.Millisecond, s.now)
	if err != nil || len(inFlight) != 8 {
		t.Fatal(len(inFlight), err)
	}
	if due, _ := a.Due(t.Context(), 10); len(due) != 0 {
		t.Errorf("a held chunk is due: %v", due)
	}
	until(t, "the claim ends", func() bool {
		due, err := a.Due(t.Context(), 10)
		return err == nil && len(due) > 0
	})
	s.work(t, a)
	r := s.result(t, id)
	if r.ByState[campaign.Unknown] != 8 || r.ByState[campaign.Accepted] != 42 || r.ByReason[campaign.ReasonCrash] != 8 {
		t.Errorf("result %+v", r)
	}
	// It was only slow: it cannot go on, but what it knows counts.
	if _, err := ledger.Take(t.Context(), dead, campaign.Sieve{Channel: h.ChannelEmail, Campaign: id}, 8, time.Second, s.now); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("a lost claim took more: %v", err)
	}
	if err := ledger.Finish(t.Context(), id, []campaign.Attempt{{Ordinal: inFlight[0].Ordinal, State: campaign.Accepted},
		{Ordinal: inFlight[1].Ordinal, State: campaign.Queued, NextAt: s.now}}, s.now); err != nil {
		t.Fatal(err)
	}
	if r := s.result(t, id); r.ByState[campaign.Unknown] != 7 || r.ByState[campaign.Accepted] != 43 || r.ByState[campaign.Queued] != 0 {
		t.Errorf("after the late answer: %+v", r)
	}
}

// workPlan does the planning only.
func (s *sending) workPlan(t testing.TB, sender *campaign.Sender) {
	t.Helper()
	due, err := sender.Due(t.Context(), 10)
	if err != nil || len(due) != 1 || due[0].Chunk != campaign.PlanChunk {
		t.Fatal(due, err)
	}
	for range 2 { // the second is stale
		if err := sender.Do(t.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
	}
}

// TestManyWorkersAtOnce lets workers fight for the same chunks, each task handed out several times.
func TestManyWorkersAtOnce(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1500))
	id := s.launch(t, "k", segment.Everyone())
	s.workPlan(t, s.sender("planner"))
	var wg sync.WaitGroup
	for i := range 4 {
		sender := s.sender(fmt.Sprint("worker", i))
		wg.Go(func() {
			for {
				due, err := sender.Due(t.Context(), 10)
				if err != nil || len(due) == 0 {
					return
				}
				for _, w := range due {
					if err := sender.Do(t.Context(), w); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	s.work(t, s.sender("last"))
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 1500 || len(s.got) != 1500 {
		t.Errorf("result %+v, %d reached", r, len(s.got))
	}
	for to, keys := range s.got {
		if len(keys) != 1 {
			t.Errorf("%s got %d messages", to, len(keys))
		}
	}
}

// TestTakeReadsItsChunkOnly: the plan must not read finished rows of other chunks, however large
// the campaign.
func TestTakeReadsItsChunkOnly(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3000))
	s.launch(t, "k", segment.Everyone())
	s.workPlan(t, s.sender("a"))
	if _, err := s.db.bun.NewRaw("UPDATE crm_deliveries SET state = 'accepted' WHERE ordinal % 500 < 480").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.bun.NewRaw("ANALYZE crm_deliveries").Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	from, to := ordinals(3)
	var plan []string
	if err := s.db.bun.NewRaw("EXPLAIN "+due, 1, from, to, s.now, 32).Scan(t.Context(), &plan); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "Index Cond: ((campaign_id = 1) AND (ordinal >= 1500) AND (ordinal < 2000))") || strings.Contains(text, "Seq Scan") {
		t.Errorf("plan:\n%s", text)
	}
}

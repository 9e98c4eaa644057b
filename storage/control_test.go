package storage

import (
	"errors"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// onMessage does something when the n-th message is about to leave.
func (s *sending) onMessage(n int, do func()) {
	s.wire.set(func(w *wire) {
		w.die = func(at int) {
			if at == n {
				do()
			}
		}
	})
}

// everybodyOnce fails when somebody got nothing or something twice.
func (s *sending) everybodyOnce(t testing.TB, people int) {
	t.Helper()
	if len(s.got) != people || s.wire.total() != people {
		t.Errorf("%d messages reached %d of %d people", s.wire.total(), len(s.got), people)
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(50))
	id := s.launch(t, "k", segment.Everyone())
	a := s.sender("a")
	if err := s.service.Pause(t.Context(), id); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("paused before it is planned: %v", err)
	}
	for _, at := range []int{20, 40} {
		s.onMessage(at, func() {
			if err := s.service.Pause(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
		s.work(t, a)
		if n := s.wire.total(); n < at || n >= at+8 {
			t.Errorf("paused at message %d, stopped at %d", at, n)
		}
		c, r := s.campaign(t, id), s.result(t, id)
		if c.State != campaign.Paused || c.Stalled != campaign.StallStaff || c.StalledAt.IsZero() || r.ByState[campaign.InFlight] != 0 {
			t.Errorf("paused: %s, %q, %+v", c.State, c.Stalled, r)
		}
		if err := s.service.Pause(t.Context(), id); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("paused twice: %v", err)
		}
		s.now = s.now.Add(time.Hour)
		s.work(t, a) // a paused campaign is nobody's work
		if err := s.service.Resume(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	s.work(t, s.sender("b")) // resumed by another process
	s.everybodyOnce(t, 50)
	if c := s.campaign(t, id); c.State != campaign.Done || c.Stalled != "" {
		t.Errorf("resumed: %s, %q", c.State, c.Stalled)
	}
	for name, move := range map[string]error{"pause": s.service.Pause(t.Context(), id), "resume": s.service.Resume(t.Context(), id),
		"cancel": s.service.Cancel(t.Context(), id), "send late": s.service.SendLate(t.Context(), id), "resend": s.service.ResendUnknown(t.Context(), id)} {
		if !errors.Is(move, fault.ErrConflict) {
			t.Errorf("%s what is done: %v", name, move)
		}
	}
	if err := s.service.Pause(t.Context(), 4711); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("pause what is not there: %v", err)
	}
}

func TestCancelWhileSending(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(50))
	id := s.launch(t, "k", segment.Everyone())
	s.onMessage(20, func() {
		if err := s.service.Cancel(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
	s.work(t, s.sender("a"))
	c, r := s.campaign(t, id), s.result(t, id)
	if c.State != campaign.CalledOff || c.DoneAt.IsZero() || r.ByState[campaign.Accepted] != 24 || r.ByState[campaign.Cancelled] != 26 || r.Settled() != 50 {
		t.Errorf("%s, %+v", c.State, r)
	}
	s.everybodyOnce(t, 24)
	if err := errors.Join(s.service.Resume(t.Context(), id), s.service.Cancel(t.Context(), id)); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("what is cancelled moves again: %v", err)
	}
	if open := s.text(t, "SELECT count(*)::text FROM crm_chunks WHERE NOT done"); open != "0" {
		t.Errorf("%s chunks are open", open)
	}
}

// TestCancelWhilePaused: nobody holds the chunks, and all of it is cancelled.
func TestCancelWhilePaused(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(600))
	id := s.launch(t, "k", segment.Everyone())
	s.onMessage(5, func() {
		if err := s.service.Pause(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
	s.work(t, s.sender("a"))
	if err := s.service.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	s.work(t, s.sender("b"))
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 8 || r.ByState[campaign.Cancelled] != 592 {
		t.Errorf("%+v", r)
	}
}

// TestCancelWhilePlanning does not wait for the planning, of which nothing stays.
func TestCancelWhilePlanning(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(30))
	id := s.launch(t, "k", segment.Everyone())
	hold, err := s.db.bun.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback() //nolint:errcheck // it is rolled back below
	if _, err := hold.ExecContext(t.Context(), "SELECT FROM crm_link_numbers FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	sender := s.sender("a")
	due, err := sender.Due(t.Context(), 1)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	planned := make(chan error)
	go func() { planned <- sender.Do(t.Context(), due[0]) }()
	until(t, "the planning waits for link numbers", func() bool {
		return s.text(t, "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'crm_deliveries'::regclass)") == "1"
	})
	if err := s.service.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-planned; err != nil {
		t.Errorf("planning what is cancelled: %v", err)
	}
	s.work(t, sender)
	if n := s.text(t, "SELECT (SELECT count(*) FROM crm_deliveries) + (SELECT count(*) FROM crm_links) || ' ' || (SELECT count(*) FROM crm_chunks WHERE NOT done)"); n != "0 0" {
		t.Errorf("deliveries, links and open chunks left: %s", n)
	}
	if c := s.campaign(t, id); c.State != campaign.CalledOff || !c.PlannedAt.IsZero() {
		t.Errorf("campaign is %s", c.State)
	}
}

// TestMovesMeetReleases: staff and workers that change the same campaign wait for each other and
// never in a circle.
func TestMovesMeetReleases(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1))
	ledger := &Campaigns{DB: s.db, Currency: "CNY"}
	id := s.launch(t, "k", segment.Everyone())
	s.workPlan(t, s.sender("a"))
	claim, ok, err := ledger.Claim(t.Context(), campaign.Work{Campaign: id}, "a", time.Minute, nil, s.now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	// A move stands between the campaign's row and its chunks, and a release comes.
	move, err := s.db.bun.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer move.Rollback() //nolint:errcheck // it is committed below
	if _, err := move.ExecContext(t.Context(), "UPDATE crm_campaigns SET stalled = '' WHERE id = ?", int64(id)); err != nil {
		t.Fatal(err)
	}
	released := make(chan error)
	go func() { released <- ledger.Release(t.Context(), claim, "", time.Time{}, s.now) }()
	until(t, "the release waits", func() bool {
		return s.text(t, "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_locks WHERE relation = 'crm_campaigns'::regclass)") == "1"
	})
	if _, err := move.ExecContext(t.Context(), "UPDATE crm_chunks SET next_at = NULL WHERE campaign_id = ?", int64(id)); err != nil {
		t.Errorf("the move: %v", err)
	}
	if err := move.Commit(); err != nil {
		t.Errorf("the move: %v", err)
	}
	if err := <-released; err != nil {
		t.Errorf("the release: %v", err)
	}
}

// TestLargeDoesNotStarveSmall, and a message to one person goes before both.
func TestLargeDoesNotStarveSmall(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(1600))
	sender := s.senderOver("a", line{wire: s.wire, name: h.ChannelEmail, traits: campaign.Traits{BatchSize: 500}})
	step := func() {
		t.Helper()
		due, err := sender.Due(t.Context(), 1)
		if err != nil || len(due) != 1 {
			t.Fatal(due, err)
		}
		if err := sender.Do(t.Context(), due[0]); err != nil {
			t.Fatal(err)
		}
	}
	large := s.launch(t, "large", segment.Everyone())
	step() // its planning
	step() // its first chunk
	small := s.launch(t, "small", among[int64](1, 2, 3))
	direct := mail("direct", among[int64](4))
	direct.Direct = true
	one := s.launchDraft(t, direct)
	for range 2 {
		step()
	}
	if c := s.campaign(t, one); c.State != campaign.Done {
		t.Errorf("the message to one person is %s", c.State)
	}
	for range 2 {
		step()
	}
	if c, r := s.campaign(t, small), s.result(t, large); c.State != campaign.Done || r.ByState[campaign.Accepted] != 500 {
		t.Errorf("the small campaign is %s while the large one has sent %d", c.State, r.ByState[campaign.Accepted])
	}
	s.work(t, sender)
	if r := s.result(t, large); r.ByState[campaign.Accepted] != 1600 {
		t.Errorf("the large one: %+v", r)
	}
}

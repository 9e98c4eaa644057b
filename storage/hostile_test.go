package storage

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// long is a text that no compression makes short enough for an index.
func long() string {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, "%x", i*2654435761)
	}
	return b.String()
}

// TestRowsThatNoDatabaseHolds: each loses only itself; a good row behind it arrives.
func TestRowsThatNoDatabaseHolds(t *testing.T) {
	t.Parallel()
	year12000 := time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	learner := func(change func(*h.Learner)) func(*school) {
		return func(s *school) {
			l := s.Snapshot().Learners[0]
			l.ID, l.UpdatedAt = "bad", s.now
			change(&l)
			s.PutLearners(l)
		}
	}
	offering := func(change func(*h.Offering)) func(*school) {
		return func(s *school) {
			o := s.Snapshot().Offerings[0]
			o.ID, o.UpdatedAt = "bad", s.now
			change(&o)
			s.PutOfferings(o)
		}
	}
	for name, put := range map[string]func(*school){
		"year 12000": learner(func(l *h.Learner) { l.RegisteredAt = year12000 }),
		"not a number": learner(func(l *h.Learner) {
			l.Custom = map[string]h.CustomValue{"x": {Kind: h.CustomNumber, Number: math.NaN()}}
		}),
		"custom date":         learner(func(l *h.Learner) { l.Custom = map[string]h.CustomValue{"x": {Kind: h.CustomDate, Date: year12000}} }),
		"NUL in a bad row":    learner(func(l *h.Learner) { l.Nickname, l.Status = "a\x00b", "weird" }),
		"units beyond int32":  offering(func(o *h.Offering) { o.RequiredUnits = 3_000_000_000 }),
		"tag beyond an index": offering(func(o *h.Offering) { o.Tags = []string{long()} }),
		"origin as long":      offering(func(o *h.Offering) { o.OriginCourseID = long() }),
		"rank beyond int32": func(s *school) {
			m := s.Snapshot().Memberships[0]
			m.UpdatedAt, m.Rank = s.now, 3_000_000_000
			s.PutMemberships(m)
		},
		"event in year 12000": func(s *school) {
			a := s.Snapshot().Activities[0]
			a.EventID, a.OccurredAt = "bad", year12000
			s.PutActivities(a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSchool(t, hosttest.SmallSeed())
			s.sync(t)
			put(s)
			good := s.Snapshot().Orders[0]
			good.ID, good.SN, good.UpdatedAt = "good", "", s.now.Add(time.Second)
			s.PutOrders(good)
			s.sync(t)
			if got := s.text(t, "SELECT count(*) FROM crm_orders WHERE host_id = 'good'"); got != "1" {
				t.Error("the good row behind it was lost")
			}
			if got := s.text(t, "SELECT count(*) FROM crm_sync_problems"); got != "1" {
				t.Errorf("%s problem rows", got)
			}
		})
	}
}

func TestOrderChangesHands(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	seed := s.Snapshot()
	for _, o := range seed.Orders {
		if o.Deleted || !o.Status.Paid() || o.PaidCash == 0 || o.Refunded > 0 {
			continue
		}
		for _, l := range seed.Learners {
			if l.ID != o.LearnerID && !l.Deleted {
				o.LearnerID, o.UpdatedAt = l.ID, s.now
				s.PutOrders(o)
				s.sync(t)
				s.checkFacts(t)
				return
			}
		}
	}
	t.Fatal("the seed has no such order")
}

func TestTombstoneBeforeItsRow(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	e, o := s.Snapshot().Enrollments[0], s.Snapshot().Orders[0]
	e.ID, e.UpdatedAt, e.Deleted = "new", s.now.Add(-2*time.Second), false
	o.ID, o.UpdatedAt, o.Deleted = "new", s.now.Add(-2*time.Second), false
	later := s.now.Add(-time.Second)
	for _, event := range []h.Event{h.Changed(h.Enrollment{ID: "new", UpdatedAt: later, Deleted: true}), h.Changed(e),
		h.Changed(h.Order{ID: "new", UpdatedAt: later, Deleted: true}), h.Changed(o)} {
		if err := s.syncer.Push(t.Context(), []h.Event{event}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.text(t, "SELECT (SELECT count(*) FROM crm_enrollments WHERE host_id = 'new') + (SELECT count(*) FROM crm_orders WHERE host_id = 'new')"); got != "0" {
		t.Errorf("%s rows rose from the dead", got)
	}
	o.UpdatedAt = s.now // the host made it again
	if err := s.syncer.Push(t.Context(), []h.Event{h.Changed(o)}); err != nil {
		t.Fatal(err)
	}
	if got := s.text(t, "SELECT count(*) FROM crm_orders WHERE host_id = 'new'"); got != "1" {
		t.Error("a younger snapshot was refused")
	}
}

// TestClockBehind: a push by a process whose clock is behind, of a place that has just ended.
func TestClockBehind(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	e := s.Snapshot().Enrollments[0]
	e.ID, e.Status, e.Role, e.UpdatedAt, e.ExpiresAt, e.Deleted = "ended", h.EnrollmentActive, h.EnrolledStudent, s.now, s.now.Add(-time.Minute), false
	e.ExitedAt, e.ExitReason = time.Time{}, ""
	s.PutEnrollments(e)
	behind, real := *s.syncer, s.now
	behind.Now = func() time.Time { return real.Add(-2 * time.Minute) }
	if err := behind.Push(t.Context(), []h.Event{h.Changed(e)}); err != nil {
		t.Fatal(err)
	}
	s.sync(t)
	s.checkFacts(t)
}

func TestExpiredMembersAreNone(t *testing.T) {
	t.Parallel()
	s := newSchool(t, three())
	m := s.Snapshot().Memberships[0]
	m.ExpiresAt = s.now.Add(20 * time.Minute)
	m.UpdatedAt = s.now
	s.PutMemberships(m)
	s.sync(t)
	if got := s.text(t, "SELECT member_level FROM crm_learners WHERE host_id = ?", string(m.LearnerID)); got != m.LevelID {
		t.Errorf("level %q before the end", got)
	}
	s.now = s.now.Add(time.Hour)
	s.sync(t)
	if got := s.text(t, "SELECT member_level FROM crm_learners WHERE host_id = ?", string(m.LearnerID)); got != "" {
		t.Errorf("level %q after the end", got)
	}
}

// failing is a host whose orders are empty for a while.
type failing struct {
	*hosttest.Memory
	empty bool
}

func (f *failing) Orders(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
	p, err := f.Memory.Orders(ctx, after, limit)
	if f.empty {
		return h.Page[h.Order]{Next: after}, nil
	}
	return p, err
}

func TestRepairAfterTheHostsBadMoment(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	before := s.contents(t)
	host := &failing{Memory: s.Memory, empty: true}
	s.syncer.Host = host
	for range 2 { // staff may begin the pass again at once
		if err := s.syncer.StartRepair(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.sync(t)
		if s.state(t).RepairRunning() {
			t.Fatalf("the pass does not end: %+v", s.state(t).Repair)
		}
		host.empty = false
	}
	if failing := s.state(t).Failing(); len(failing) > 0 {
		t.Errorf("still failing: %+v", failing)
	}
	if after := s.contents(t); after != before {
		t.Errorf("something was removed:\n%s", firstDiff(before, after))
	}
}

// deaf is a host that does not heed its context.
type deaf struct {
	*hosttest.Memory
	until <-chan struct{} // it answers
}

func (d *deaf) Learners(context.Context, h.Cursor, int) (h.Page[h.Learner], error) {
	<-d.until
	return h.Page[h.Learner]{}, nil
}

func TestDeafHostDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	answer := make(chan struct{})
	defer close(answer)
	s.syncer.Host = &deaf{s.Memory, answer}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.syncer.Run(ctx) }()
	select {
	case <-ended:
	case <-time.After(15 * time.Second):
		t.Error("Run waits for a host that does not listen")
	}
}

func TestHostPanicsWhenCounting(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.Panic(hosttest.CallTotals)
	s.sync(t)
	if !s.state(t).FirstDone() {
		t.Error("the first sync does not end")
	}
}

func TestAbsentProviderUsesUpNoTries(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(6))
	id := s.launch(t, "k", segment.Everyone())
	sender := s.sender("a")
	s.wire.fail = fmt.Errorf("test: %w", campaign.ErrUnreachable)
	for range 8 {
		s.work(t, sender)
		s.now = s.now.Add(time.Minute)
	}
	s.wire.fail = nil
	s.wire.answer = func(campaign.Message) campaign.OutcomeKind { return campaign.OutcomeTemporary }
	s.work(t, sender)
	if r := s.result(t, id); r.ByState[campaign.Queued] != 6 {
		t.Errorf("after the first answer: %+v", r.ByState)
	}
}

func TestForeignMoneyIsNotAddedUp(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(3))
	id := s.launch(t, "k", segment.Everyone())
	s.work(t, s.sender("a"))
	if _, err := s.db.bun.NewRaw(`INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
		SELECT (random() * 1e15)::bigint, k.id, k.campaign_id, d.ordinal, d.learner_id, ?, 'human' FROM crm_links k JOIN crm_deliveries d USING (campaign_id) WHERE d.ordinal = 0`, s.now).
		Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	who := s.text(t, "SELECT l.host_id FROM crm_deliveries d JOIN crm_learners l ON l.id = d.learner_id WHERE d.ordinal = 0")
	at := s.now.Add(time.Minute)
	if err := s.syncer.Push(t.Context(), []h.Event{h.Changed(h.Order{ID: "yen", LearnerID: h.LearnerID(who), Status: h.OrderPaid, PaidCash: 50_000,
		PayableAmount: 50_000, Currency: "JPY", CreatedAt: at, PaidAt: at, UpdatedAt: at})}); err != nil {
		t.Fatal(err)
	}
	if r := s.result(t, id); r.Orders != 1 || r.Revenue != 0 {
		t.Errorf("%d orders, revenue %d", r.Orders, r.Revenue)
	}
}

// TestPreviewFindsTheSendable although hundreds before them are not.
func TestPreviewFindsTheSendable(t *testing.T) {
	t.Parallel()
	seed := crowd(300)
	for i := range seed.Learners[:290] {
		seed.Learners[i].Email = ""
	}
	s := newSending(t, seed)
	p, err := s.service.Preview(t.Context(), mail("", segment.Everyone()), 0)
	if err != nil || p.Of != 10 {
		t.Errorf("preview of %d people, %v", p.Of, err)
	}
}

// tarpit takes its time.
type tarpit struct{ *wire }

func (p *tarpit) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	select {
	case <-ctx.Done():
	case <-time.After(12 * time.Second): // longer than a claim lasts
	}
	return p.wire.Send(ctx, batch)
}

// TestSlowProviderKeepsItsClaim: while one worker waits for an answer, no other takes its chunk.
func TestSlowProviderKeepsItsClaim(t *testing.T) {
	t.Parallel()
	s := newSending(t, crowd(4))
	id := s.launch(t, "k", segment.Everyone())
	s.workPlan(t, s.sender("a"))
	slow := s.senderOver("slow", &tarpit{s.wire})
	due, err := slow.Due(t.Context(), 10)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	done := make(chan error, 1)
	go func() { done <- slow.Do(t.Context(), due[0]) }()
	time.Sleep(campaign.ClaimTTL + time.Second)
	s.work(t, s.sender("b"))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r := s.result(t, id); r.ByState[campaign.Accepted] != 4 {
		t.Errorf("%+v", r.ByState)
	}
}

func TestTimeoutIsUnavailable(t *testing.T) {
	t.Parallel()
	s := newSchool(t, three())
	_, err := s.db.bun.ExecContext(t.Context(), "SET statement_timeout = '20ms'; SELECT pg_sleep(1)")
	if err = translate(err); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

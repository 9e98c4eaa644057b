package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// wire is the far end of a channel: it remembers what reached it and answers as a test tells it.
type wire struct {
	mu     sync.Mutex
	got    map[string][]string // by address: the message keys that arrived
	answer func(m campaign.Message) campaign.OutcomeKind
	fail   error
	die    func(n int) // called before the n-th message
	n      int
}

func (w *wire) Name() h.Channel         { return h.ChannelEmail }
func (w *wire) Traits() campaign.Traits { return campaign.Traits{BatchSize: 8} }

func (w *wire) Send(_ context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return nil, w.fail
	}
	var out []campaign.Outcome
	for _, m := range batch {
		w.n++
		if w.die != nil {
			w.die(w.n)
		}
		kind := campaign.OutcomeAccepted
		if w.answer != nil {
			kind = w.answer(m)
		}
		if kind == campaign.OutcomeAccepted || kind == campaign.OutcomeUnknown {
			if w.got == nil {
				w.got = map[string][]string{}
			}
			w.got[m.To] = append(w.got[m.To], m.Key)
		}
		out = append(out, campaign.Outcome{Kind: kind})
	}
	return out, nil
}

// sending is a school with everything a campaign needs.
type sending struct {
	*school
	*wire
	segments *segment.Service
	service  *campaign.Service
	coder    *shortlink.Coder
	links    *shortlink.Service
}

func newSending(t testing.TB, seed hosttest.Seed) *sending {
	t.Helper()
	s := &sending{school: newSchool(t, seed), wire: &wire{}}
	s.sync(t)
	s.segments = segment.NewService(&Segments{DB: s.db}, segment.DefaultCatalog(), site, s.clock)
	s.service = campaign.NewService(&Campaigns{DB: s.db, Currency: "CNY"}, s.segments, []campaign.Channel{s.wire}, "启明网校", s.clock)
	s.coder = shortlink.NewCoder([]byte("secret"))
	s.links = shortlink.NewService(&Links{s.db}, s.coder, s.clock, slog.New(slog.DiscardHandler))
	return s
}

func (s *sending) clock() time.Time { return s.now }

func (s *sending) sender(owner string) *campaign.Sender { return s.senderOver(owner, s.wire) }

// senderOver sends over another channel.
func (s *sending) senderOver(owner string, ch campaign.Channel) *campaign.Sender {
	return campaign.NewSender(campaign.SenderConfig{Ledger: &Campaigns{DB: s.db, Currency: "CNY"}, Segments: s.segments, Channels: []campaign.Channel{ch},
		Coder: s.coder, PublicURL: "https://s.example/go", Site: "启明网校", Owner: owner, Location: time.UTC, Now: s.clock,
		Log: slog.New(slog.DiscardHandler)})
}

func (s *sending) launch(t testing.TB, key string, r segment.Rule) campaign.ID {
	t.Helper()
	id, err := s.service.Launch(t.Context(), campaign.Input{Key: key, Name: "返场", Channel: h.ChannelEmail, Rule: r,
		Subject: "{{ 用户名 }}，你好", Body: "看看 {{ 链接 }}", LinkTarget: "https://learn.example/courses/1", By: h.Staff{ID: "1", Name: "周敏"}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// work does everything that is due, until nothing is.
func (s *sending) work(t testing.TB, sender *campaign.Sender) {
	t.Helper()
	for {
		due, err := sender.Due(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, w := range due {
			if err := sender.Do(t.Context(), w); err != nil && !errors.Is(err, fault.ErrConflict) {
				t.Fatal(err)
			}
		}
	}
}

func (s *sending) result(t testing.TB, id campaign.ID) campaign.Result {
	t.Helper()
	r, err := s.service.Result(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for state, n := range r.ByState {
		if state != campaign.Excluded {
			sum += n
		}
	}
	if r.Matched != r.ExcludedTotal()+sum || r.Sendable != sum {
		t.Errorf("sums do not close: %+v", r)
	}
	return r
}

// people makes a seed of n learners who can be reached by e-mail.
func crowd(n int) hosttest.Seed {
	var seed hosttest.Seed
	for i := range n {
		at := hosttest.SeedTime().Add(time.Duration(i) * time.Second)
		seed.Learners = append(seed.Learners, h.Learner{ID: h.LearnerID(fmt.Sprint(i + 1)), Nickname: fmt.Sprintf("learner%d", i+1),
			Email: fmt.Sprintf("learner%d@example.com", i+1), EmailVerified: true, Status: h.LearnerActive,
			RegisteredAt: at, UpdatedAt: at})
	}
	return seed
}

func TestCampaignReachesEverybodyOnce(t *testing.T) {
	t.Parallel()
	seed := hosttest.SmallSeed()
	s := newSending(t, seed)
	id := s.launch(t, "k", segment.Everyone())
	if again := s.launch(t, "k", segment.Everyone()); again != id {
		t.Errorf("the same key launched twice: %d and %d", id, again)
	}
	sum, err := s.service.DryRun(t.Context(), segment.Everyone(), h.ChannelEmail)
	if err != nil {
		t.Fatal(err)
	}
	s.work(t, s.sender("a"))
	r := s.result(t, id)
	if fmt.Sprint(r.Sum) != fmt.Sprint(sum) {
		t.Errorf("dry run said %+v, planning %+v", sum, r.Sum)
	}
	if r.ByState[campaign.Accepted] != r.Sendable || int(r.Sendable) != len(s.got) {
		t.Errorf("%d of %d accepted, %d addresses reached", r.ByState[campaign.Accepted], r.Sendable, len(s.got))
	}
	for to, keys := range s.got {
		if len(keys) != 1 {
			t.Errorf("%s got %d messages", to, len(keys))
		}
	}
	if c, err := s.service.Find(t.Context(), id); err != nil || c.State != campaign.Done || c.DoneAt.IsZero() {
		t.Errorf("campaign is %+v, %v", c.State, err)
	}
}

// TestExclusionsFollowTheText compares the sieve with the rules of DOMAIN §3 written in Go.
func TestExclusionsFollowTheText(t *testing.T) {
	t.Parallel()
	s := newSending(t, hosttest.SmallSeed())
	sum, err := s.service.DryRun(t.Context(), segment.Group("all", segment.Condition("status", segment.OpNotIn, []string{"nothing"}, "")), h.ChannelEmail)
	if err != nil {
		t.Fatal(err)
	}
	want := map[campaign.Exclusion]int64{}
	var matched, sendable int64
	taken := map[string]bool{}
	for _, l := range s.Snapshot().Learners { // in the order of their ids, as our own ids were given
		if l.Deleted || l.Status == h.LearnerDeleted {
			continue
		}
		matched++
		email := s.syncer.Contacts.UsableEmail(l.Email)
		switch {
		case l.Status != h.LearnerActive:
			want[campaign.NotActive]++
		case slices.ContainsFunc(l.Roles, func(r h.Role) bool { return r != h.RoleStudent }):
			want[campaign.NotLearner]++
		case email == "":
			want[campaign.NoContact]++
		case taken[email]:
			want[campaign.SameContact]++
		case l.Consent[h.ChannelEmail] == h.ConsentDenied:
			want[campaign.NoConsent]++
		default:
			taken[email] = true
			sendable++
		}
	}
	if sum.Matched != matched || sum.Sendable != sendable || fmt.Sprint(sum.Excluded) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %d matched, %d to be sent, %v", sum, matched, sendable, want)
	}
	for _, e := range campaign.Exclusions() {
		if want[e] == 0 {
			t.Errorf("the seed has nobody excluded as %s", e)
		}
	}
}

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
	dead, ok, err := ledger.Claim(t.Context(), due[0], "dead", 50*time.Millisecond, s.now)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	inFlight, err := ledger.Take(t.Context(), dead, 8, 50*time.Millisecond, s.now)
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
	if _, err := ledger.Take(t.Context(), dead, 8, time.Second, s.now); !errors.Is(err, fault.ErrConflict) {
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

// TestTakeWalksThePartialIndex: the plan must not read finished rows, however large the campaign.
func TestTakeWalksThePartialIndex(t *testing.T) {
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
	var plan []string
	if err := s.db.bun.NewRaw(`EXPLAIN SELECT ordinal FROM crm_deliveries WHERE campaign_id = 1 AND chunk = 3 AND state = 'queued'
		AND (next_at IS NULL OR next_at <= now()) ORDER BY ordinal LIMIT 32`).Scan(t.Context(), &plan); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "Index Scan using crm_deliveries_queued") || strings.Contains(text, "Sort") {
		t.Errorf("plan:\n%s", text)
	}
}

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
		if _, err := s.db.bun.NewRaw(`INSERT INTO crm_clicks (link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT 1, campaign_id, ordinal, learner_id, ?, 'human' FROM crm_deliveries WHERE campaign_id = ? AND learner_id = ?`,
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

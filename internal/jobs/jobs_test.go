package jobs_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/jobs"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

// counter is a channel that counts what reaches whom, slowly enough to be disturbed.
type counter struct {
	mu  sync.Mutex
	got map[string]int
}

func (c *counter) Name() h.Channel         { return h.ChannelEmail }
func (c *counter) Traits() campaign.Traits { return campaign.Traits{BatchSize: 20} }
func (c *counter) Send(_ context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	time.Sleep(5 * time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]campaign.Outcome, len(batch))
	for i, m := range batch {
		c.got[m.To]++
		out[i].Kind = campaign.OutcomeAccepted
	}
	return out, nil
}

func (c *counter) reached() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.got) }

// site is a campaign to many people that waits to be sent.
type site struct {
	*counter
	sender  func(owner string) *campaign.Sender
	service *campaign.Service
	id      campaign.ID
}

const people = 3000

func newSite(t *testing.T) *site {
	t.Helper()
	db, err := storage.New(pgtest.Open(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var seed hosttest.Seed
	for i := range people {
		seed.Learners = append(seed.Learners, h.Learner{ID: h.LearnerID(fmt.Sprint(i)), Email: fmt.Sprintf("u%d@example.com", i), Status: h.LearnerActive,
			RegisteredAt: hosttest.SeedTime(), UpdatedAt: hosttest.SeedTime()})
	}
	quiet := slog.New(slog.DiscardHandler)
	syncer := projection.Syncer{Host: hosttest.NewMemory(seed), Store: &storage.Projection{DB: db, Currency: "CNY"}, Leases: db,
		Contacts: projection.Contacts{UnverifiedEmail: true}, Log: quiet, Now: time.Now}
	if err := syncer.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{counter: &counter{got: map[string]int{}}}
	segments := segment.NewService(&storage.Segments{DB: db}, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	channels := []campaign.Channel{s.counter}
	set := campaign.Settings{Site: campaign.Site{Name: "school"}, Location: time.UTC, PublicURL: "https://s.example", Secret: []byte("x")}
	stores := &storage.Campaigns{DB: db}
	templates := campaign.NewTemplates(&storage.Templates{DB: db}, nil, time.Now, quiet)
	codes, err := shortlink.NewRing(t.Context(), &storage.Links{DB: db}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s.service = campaign.NewService(stores, templates, segments, channels, nil, set, time.Now)
	s.sender = func(owner string) *campaign.Sender {
		return campaign.NewSender(campaign.SenderConfig{Ledger: stores, Segments: segments, Channels: channels,
			Codes: codes, Settings: set, Owner: owner, Now: time.Now, Log: quiet})
	}
	s.id, err = s.service.Launch(t.Context(), campaign.Draft{Key: "k", Name: "n", Channel: h.ChannelEmail, Rule: segment.Everyone(), ByID: "1",
		Content: campaign.Content{Subject: "s", Blocks: []campaign.Block{{Kind: campaign.BlockText, Text: "b"}}}}, h.Staff{ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs a runner until the test ends or stop is called.
func (s *site) run(t *testing.T, redis, owner string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r := jobs.New(asynq.RedisClientOpt{Addr: redis}, s.sender(owner), 4, slog.New(slog.DiscardHandler))
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("run: %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func (s *site) finish(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c, err := s.service.Find(t.Context(), s.id)
		if err != nil {
			t.Fatal(err)
		}
		if c.State == campaign.Done {
			break
		}
	}
	r, err := s.service.Result(t.Context(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	if r.ByState[campaign.Accepted] != people || s.reached() != people {
		t.Errorf("%+v, %d reached", r.ByState, s.reached())
	}
	for to, n := range s.got {
		if n != 1 {
			t.Errorf("%s was reached %d times", to, n)
		}
	}
}

func (s *site) wait(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); s.reached() < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d reached, waiting for %d", s.reached(), n)
		}
	}
}

func TestFlushedRedisLosesNothing(t *testing.T) {
	t.Parallel()
	s, redis := newSite(t), pgtest.Redis(t)
	s.run(t, redis, "a")
	s.run(t, redis, "b")
	for _, n := range []int{1, 800, 1600} {
		s.wait(t, n)
		pgtest.Flush(t, redis)
	}
	s.finish(t)
}

func TestRedisAwayAndBack(t *testing.T) {
	t.Parallel()
	s, redis := newSite(t), pgtest.RedisServer(t)
	s.run(t, redis.Addr(), "a")
	s.wait(t, 500)
	if err := redis.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.finish(t)
}

// TestToldToStop: a worker that is told to stop finishes what is in flight, nothing becomes
// unknown, and another goes on at once.
func TestToldToStop(t *testing.T) {
	t.Parallel()
	s, redis := newSite(t), pgtest.Redis(t)
	stop := s.run(t, redis, "a")
	s.wait(t, 300)
	stop()
	r, err := s.service.Result(t.Context(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	if r.ByState[campaign.InFlight] != 0 || r.ByState[campaign.Unknown] != 0 {
		t.Errorf("after the stop: %+v", r.ByState)
	}
	s.run(t, redis, "b")
	s.finish(t)
}

func TestPing(t *testing.T) {
	t.Parallel()
	if err := jobs.Ping(asynq.RedisClientOpt{Addr: pgtest.Redis(t)}); err != nil {
		t.Error(err)
	}
	if err := jobs.Ping(asynq.RedisClientOpt{Addr: "127.0.0.1:1"}); err == nil {
		t.Error("nobody answered, and that was fine")
	}
}

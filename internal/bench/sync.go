package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/storage"
)

// database makes a schema with our tables and gives a pool that works in it, with settings of
// PostgreSQL as names and values.
func (b *bench) database(ctx context.Context, schema string, settings ...string) (*storage.DB, *sql.DB, error) {
	config, err := pgx.ParseConfig(b.stack.DatabaseURL)
	if err != nil {
		return nil, nil, err
	}
	config.RuntimeParams["search_path"] = schema
	for i := 0; i+1 < len(settings); i += 2 {
		config.RuntimeParams[settings[i]] = settings[i+1]
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config)
	if _, err := pool.ExecContext(ctx, "CREATE SCHEMA "+schema); err != nil {
		return nil, nil, err
	}
	db, err := storage.New(pool)
	if err != nil {
		return nil, nil, err
	}
	return db, pool, db.Migrate(ctx)
}

// rounds is how often a whole first sync is repeated: three times where that is quick, once at
// full size, where every feed is hundreds of pages and the two sides take turns feed by feed.
func (b *bench) rounds() int {
	if b.scale <= 0.1 {
		return 3
	}
	return 1
}

// benchSync measures the first sync and pushed events.
func benchSync(ctx context.Context, b *bench) error {
	var ours, reference []time.Duration
	rows := 0
	for round := range b.rounds() {
		last := round == b.rounds()-1
		o, r, n, err := b.firstSync(ctx, round, last)
		if err != nil {
			return err
		}
		ours, reference, rows = append(ours, o), append(reference, r), n
	}
	b.fact("rows of a first sync", float64(rows), "rows")
	b.atLeast("first sync with facts vs COPY + INSERT … SELECT", float64(rows)/median(ours), float64(rows)/median(reference), "rows/s", 0.5)
	return nil
}

// firstSync runs one first sync, the reference taking its turn before each feed.
func (b *bench) firstSync(ctx context.Context, round int, last bool) (ours, ref time.Duration, rows int, err error) {
	s := newSynth(b)
	db, pool, err := b.database(ctx, fmt.Sprintf("ours%d", round))
	if err != nil {
		return 0, 0, 0, err
	}
	defer pool.Close()
	_, refPool, err := b.database(ctx, fmt.Sprintf("reference%d", round))
	if err != nil {
		return 0, 0, 0, err
	}
	defer refPool.Close()
	conn, err := refPool.Conn(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer conn.Close()
	var refErr error
	perFeed := map[string]time.Duration{}
	before := func(feed string) {
		began := time.Now()
		refErr = conn.Raw(func(c any) error {
			return (&reference{conn: c.(*stdlib.Conn).Conn(), s: s}).load(ctx, feed)
		})
		perFeed[feed] = time.Since(began)
		ref += perFeed[feed]
	}
	syncer := b.syncer(s, db)
	timed := &timed{Store: syncer.Store, took: map[projection.Feed]time.Duration{}, before: before, begun: map[projection.Feed]bool{}}
	syncer.Store = timed
	began := time.Now()
	if err := syncer.Tick(ctx); err != nil {
		return 0, 0, 0, err
	}
	ours = time.Since(began) - ref
	state, err := syncer.Store.State(ctx)
	if err != nil || refErr != nil || !state.FirstDone() || state.Problems > 0 || len(state.Failing()) > 0 {
		return 0, 0, 0, fmt.Errorf("first sync did not finish: %+v, %w, %w", state, err, refErr)
	}
	if last {
		for feed, took := range timed.took {
			b.fact("… saving "+string(feed), took.Seconds(), "s")
		}
		for feed, d := range perFeed {
			b.fact("… reference for "+feed, d.Seconds(), "s")
		}
		if err := b.pushes(ctx, s, syncer, pool); err != nil {
			return 0, 0, 0, err
		}
	}
	return ours, ref, s.learners + s.orders + s.enrollments + s.activities + s.offerings, nil
}

func (b *bench) syncer(host h.HostAdapter, db *storage.DB) *projection.Syncer {
	return &projection.Syncer{Host: host, Store: &storage.Projection{DB: db, Currency: "CNY"}, Leases: db, Owner: "bench", Poll: time.Second,
		Contacts: projection.Contacts{UnverifiedEmail: true, UnverifiedMobile: true}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

// timed tells which feed the time of a first sync went into, and lets the reference take its turn
// before each: the sync reads the state between two feeds, when it is doing nothing else.
type timed struct {
	projection.Store
	took   map[projection.Feed]time.Duration
	before func(feed string)
	begun  map[projection.Feed]bool
}

// State implements projection.Store.
func (t *timed) State(ctx context.Context) (projection.State, error) {
	state, err := t.Store.State(ctx)
	for _, feed := range []projection.Feed{projection.Learners, projection.Orders, projection.Enrollments, projection.Activities} {
		if state.Feed(feed).CaughtUpAt.IsZero() {
			if !t.begun[feed] {
				t.begun[feed] = true
				t.before(string(feed))
			}
			break
		}
	}
	return state, err
}

// Apply implements projection.Store.
func (t *timed) Apply(ctx context.Context, b projection.Batch) (projection.Applied, error) {
	began := time.Now()
	out, err := t.Store.Apply(ctx, b)
	if b.Step != nil {
		t.took[b.Step.Feed] += time.Since(began)
	}
	return out, err
}

// ComputeFacts implements projection.Store.
func (t *timed) ComputeFacts(ctx context.Context, all bool, now time.Time) (int, error) {
	began := time.Now()
	defer func() { t.took[projection.Facts] += time.Since(began) }()
	return t.Store.ComputeFacts(ctx, all, now)
}

// ComputeFunnel implements projection.Store: the pass over the funnels comes after the first sync, and
// is not part of it.
func (t *timed) ComputeFunnel(context.Context, bool, time.Time) (int, error) { return 0, nil }

// pushes sends changes of 1 % of the learners a minute, half of them with an order, for a while,
// and asks after each whether it shows in a count and in the learner's own figures.
func (b *bench) pushes(ctx context.Context, s *synth, syncer *projection.Syncer, pool *sql.DB) error {
	const lasting = 20 * time.Second
	pace := max(time.Minute/time.Duration(max(s.learners/100, 1)), time.Millisecond)
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	work := make(chan int, 64)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range work {
				d, err := b.push(ctx, s, syncer, pool, i)
				mu.Lock()
				took, failed = append(took, d), errors.Join(failed, err)
				mu.Unlock()
			}
		})
	}
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for i, end := 0, time.Now().Add(lasting); time.Now().Before(end) && ctx.Err() == nil; i++ {
		<-ticker.C
		work <- i
	}
	close(work)
	wg.Wait()
	if failed != nil {
		return failed
	}
	b.fact("pushed events: rate", float64(len(took))/lasting.Seconds(), "/s")
	b.fact("pushed events: median until visible", median(took)*1000, "ms")
	b.below("pushed events: 99.9 % visible within", quantile(took, 0.999), "s", 2)
	return nil
}

// push sends one change and waits until it is seen.
func (b *bench) push(ctx context.Context, s *synth, syncer *projection.Syncer, pool *sql.DB, i int) (time.Duration, error) {
	l := s.learner(int(mix(i) % uint64(s.learners)))
	now := time.Now().UTC()
	l.LastLoginAt, l.UpdatedAt = now, now
	events := []h.Event{h.Changed(l)}
	if i%2 == 0 {
		o := s.order(i)
		o.ID, o.LearnerID, o.UpdatedAt, o.PaidAt = fmt.Sprint("pushed", i), l.ID, now, now
		o.Status, o.PaidCash, o.Refunded, o.Refunds = h.OrderPaid, 1, 0, nil
		events = append(events, h.Changed(o))
	}
	began := time.Now()
	if err := syncer.Push(ctx, events); err != nil {
		return 0, err
	}
	var seen bool
	err := pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM crm_learners WHERE host_id = $1 AND last_login_at >= $2
		AND ($3 OR last_paid_at >= $2))`, string(l.ID), now.Truncate(time.Microsecond), i%2 != 0).Scan(&seen)
	if err == nil && !seen {
		err = fmt.Errorf("a push that was taken does not show")
	}
	return time.Since(began), err
}

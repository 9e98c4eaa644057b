package proof

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/storage"
)

// funnelSite is a school with a CRM on a database of its own, and a clock.
type funnelSite struct {
	*hosttest.Memory
	store    *storage.Projection
	pool     *sql.DB
	zone     *time.Location
	pageSize int

	mu  sync.Mutex
	now time.Time
}

func newFunnelSite(t testing.TB, seed hosttest.Seed, zone string) *funnelSite {
	t.Helper()
	s := &funnelSite{Memory: hosttest.NewMemory(seed), pool: impatient(t), now: historyEnds}
	var err error
	if s.zone, err = time.LoadLocation(zone); err != nil {
		t.Fatal(err)
	}
	db, err := storage.New(s.pool)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.store = &storage.Projection{DB: db, Currency: siteCurrency, Location: s.zone}
	return s
}

// impatient opens the test's schema. Where it may, it has deadlocks noticed at once: these processes
// get into each other's way more than any host's, and each deadlock costs a second otherwise.
func impatient(t testing.TB) *sql.DB {
	t.Helper()
	pool := pgtest.Open(t)
	var super bool
	if err := pool.QueryRowContext(t.Context(), "SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Scan(&super); err != nil {
		t.Fatal(err)
	}
	if !super {
		return pool
	}
	config, err := pgx.ParseConfig(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["deadlock_timeout"] = "20ms"
	pool = stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(8)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// pass lets time pass; it tells what time it is then.
func (s *funnelSite) pass(d time.Duration) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	return s.now
}

// syncer is a process whose clock is wrong by so much.
func (s *funnelSite) syncer(wrong time.Duration) *projection.Syncer {
	return &projection.Syncer{Host: s.Memory, Store: s.store, Leases: s.store.DB, Owner: "proof", Poll: time.Millisecond, PageSize: s.pageSize,
		Contacts: projection.Contacts{PlaceholderDomains: []string{"edusoho.net"}, UnverifiedEmail: true},
		Log:      slog.New(slog.DiscardHandler), Now: func() time.Time { return s.pass(0).Add(wrong) }}
}

func (s *funnelSite) tick(t testing.TB) {
	t.Helper()
	if err := s.syncer(0).Tick(t.Context()); err != nil {
		t.Error(err)
	}
}

// settle ticks until only so many rows wait for a learner of whom nobody tells. Rows are tried
// again after a while that doubles, to an hour.
func (s *funnelSite) settle(t testing.TB, orphans int, step time.Duration) {
	t.Helper()
	for range 60 {
		s.pass(step)
		s.tick(t)
		state, err := s.store.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if state.FirstDone() && int(state.Problems) <= orphans {
			return
		}
	}
	t.Fatalf("rows wait for somebody who is there: %s", s.column(t, "SELECT DISTINCT feed || ' ' || reason FROM crm_sync_problems"))
}

func (s *funnelSite) column(t testing.TB, query string, args ...any) (out []string) {
	t.Helper()
	rows, err := s.pool.QueryContext(context.WithoutCancel(t.Context()), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// seedOf is what a host's feeds give before the last things are told.
func seedOf(lives []life) hosttest.Seed {
	var seed hosttest.Seed
	for _, l := range lives {
		e := l.final()
		if l.last && !l.only && e.Enrollment != nil && e.Enrollment.Deleted {
			e = l.versions[len(l.versions)-2]
		}
		switch {
		case e.Learner != nil:
			seed.Learners = append(seed.Learners, *e.Learner)
		case e.Offering != nil:
			seed.Offerings = append(seed.Offerings, *e.Offering)
		case e.Order != nil:
			seed.Orders = append(seed.Orders, *e.Order)
		case e.Enrollment != nil:
			seed.Enrollments = append(seed.Enrollments, *e.Enrollment)
		case e.Activity != nil:
			seed.Activities = append(seed.Activities, *e.Activity)
		}
	}
	return seed
}

// endings puts what the host tells last into its feeds.
func (s *funnelSite) endings(lives []life) {
	for _, l := range lives {
		if e := l.final(); l.last && !l.only && e.Enrollment != nil {
			s.PutEnrollments(*e.Enrollment)
		}
	}
}

// orphans counts the rows of learners of whom the host never tells.
func orphans(lives []life, w *world) (n int) {
	for _, l := range lives {
		var id h.LearnerID
		switch e := l.final(); {
		case e.Order != nil:
			id = e.Order.LearnerID
		case e.Enrollment != nil:
			id = e.Enrollment.LearnerID
		case e.Activity != nil:
			id = e.Activity.LearnerID
		}
		if _, ok := w.learners[id]; !ok && id != "" {
			n++
		}
	}
	return n
}

// disorder is the events of lives as they may arrive: in any order, some twice. First those in any
// order, then what the host tells last, with more that are stale by then.
func disorder(r *rand.Rand, lives []life) (first, last []h.Event) {
	for _, l := range lives {
		before, final := l.versions[:len(l.versions)-1], l.final()
		switch {
		case l.only:
			first = append(first, final)
			last = append(last, before...)
		case l.last:
			first = append(first, before...)
			last = append(last, final)
		default:
			first = append(first, l.versions...)
			if r.IntN(10) == 0 {
				last = append(last, before...)
			}
			if r.IntN(20) == 0 {
				last = append(last, final)
			}
		}
		if !l.only && r.IntN(5) == 0 {
			first = append(first, before...)
		}
	}
	mixed := func(list []h.Event) { r.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] }) }
	mixed(first)
	mixed(last)
	// Most hosts tell of an account before they tell what it does.
	known := slices.IndexFunc(first, func(e h.Event) bool { return e.Learner == nil })
	for i, e := range first {
		if e.Learner != nil && i > known && known >= 0 && r.IntN(10) > 0 {
			first[i], first[known] = first[known], e
			known++
		}
	}
	return first, last
}

// pushers is how many processes tell of events at the same time.
const pushers = 3

// push has several processes tell of events, in batches of all sizes. Their clocks differ.
func (s *funnelSite) push(t testing.TB, r *rand.Rand, events []h.Event) {
	t.Helper()
	batches := make(chan []h.Event, len(events))
	for len(events) > 0 {
		n := min(len(events), []int{1, 3, 30, 300, 600, 600}[r.IntN(6)])
		batches <- events[:n]
		events = events[n:]
	}
	close(batches)
	var wg sync.WaitGroup
	for i := range pushers {
		process := s.syncer(time.Duration(i-1) * 40 * time.Second)
		wg.Go(func() {
			for batch := range batches {
				if err := pushed(t.Context(), process, batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// pushed pushes as a host does: again, when the database was too busy.
func pushed(ctx context.Context, s *projection.Syncer, batch []h.Event) (err error) {
	for range 50 {
		if err = s.Push(ctx, batch); !errors.Is(err, fault.ErrUnavailable) {
			return err
		}
	}
	return err
}

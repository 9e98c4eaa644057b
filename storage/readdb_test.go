package storage

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/devstack"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/segment"
)

// pair is a database and a replica of it, each a server of its own.
type pair struct {
	first, standby *devstack.Postgres
	db, other      *DB
	log            *logText
}

// logText collects a log.
type logText struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}
func (l *logText) String() string { l.mu.Lock(); defer l.mu.Unlock(); return l.buf.String() }

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{first: pgtest.Server(t), log: &logText{}}
	var err error
	if p.standby, err = p.first.StartStandby(t.Context(), devstack.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.standby.Close(); err != nil {
			t.Error(err)
		}
	})
	p.db, p.other = connect(t, p.first), connect(t, p.standby)
	if err := p.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func connect(t *testing.T, server *devstack.Postgres) *DB {
	t.Helper()
	pool, err := Open(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	db, err := New(pool)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// replica makes a replica with a bound, so that a test need not wait for what an earlier one learned.
func (p *pair) replica(bound time.Duration) *Replica {
	return &Replica{db: p.other, bound: bound, log: slog.New(slog.NewTextHandler(p.log, nil))}
}

func (p *pair) do(t *testing.T, db *DB, statement string) {
	t.Helper()
	if _, err := db.bun.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// settled waits until the replica is asked, which on a busy machine may not be at once.
func (p *pair) settled(t *testing.T, s *Segments) {
	t.Helper()
	until(t, "the replica answers", func() bool { return p.onReplica(t, s) })
}

// onReplica asks as an audience is asked, and tells which server answered.
func (p *pair) onReplica(t *testing.T, s *Segments) (standby bool) {
	t.Helper()
	if err := s.aside(t.Context(), s.heavy, time.Minute, newQuestion("SELECT pg_is_in_recovery()", nil,
		func(r pgx.Rows) error { return r.Scan(&standby) })); err != nil {
		t.Fatal(err)
	}
	return standby
}

// TestReplicaAnswersWhileItIsFit walks through a replica's day on one pair of servers: they take
// seconds to start.
func TestReplicaAnswersWhileItIsFit(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	until(t, "the standby has the schema", func() bool {
		var n int
		return p.other.bun.NewRaw("SELECT count(*) FROM crm_learners").Scan(t.Context(), &n) == nil
	})

	t.Run("it answers", func(t *testing.T) {
		s := &Segments{DB: p.db, Replica: p.replica(time.Minute)}
		p.settled(t, s)
		if n, err := s.Total(t.Context(), segment.Predicate{SQL: "pg_is_in_recovery()"}); err != nil || n != 0 {
			t.Errorf("total %d, %v", n, err)
		}
	})
	t.Run("also on a quiet night", func(t *testing.T) {
		s := &Segments{DB: p.db, Replica: p.replica(time.Minute)}
		for range 3 {
			s.Replica.reached = time.Time{} // nothing is known any more, so it is looked at again
			p.settled(t, s)
		}
	})
	t.Run("what staff picked by hand is asked where they wrote it", func(t *testing.T) {
		s := &Segments{DB: p.db, Replica: p.replica(time.Minute)}
		var standby bool
		err := s.aside(t.Context(), s.heavy, time.Minute, newQuestion("SELECT pg_is_in_recovery() /* crm_list_members */", nil,
			func(r pgx.Rows) error { return r.Scan(&standby) }))
		if err != nil || standby {
			t.Errorf("the replica answered: %v, %v", standby, err)
		}
	})
	t.Run("behind its bound the database answers", func(t *testing.T) { p.testBehind(t) })
	t.Run("a question that the replica cannot answer", func(t *testing.T) { p.testFailing(t) })
	t.Run("away", func(t *testing.T) { p.testAway(t) })
	t.Run("after a failover", func(t *testing.T) {
		if err := p.standby.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.do(t, p.other, "SELECT pg_promote()")
		s := &Segments{DB: p.other, Replica: p.replica(time.Minute)} // both pools lead to the new database
		if p.onReplica(t, s) || p.log.String() != "" {
			t.Errorf("still a standby, or not fit: %s", p.log)
		}
	})
}

// testBehind: a replica that stands still serves until its bound is over, and again once it has
// caught up.
func (p *pair) testBehind(t *testing.T) {
	p.log = &logText{}
	replica := p.replica(time.Second)
	s := &Segments{DB: p.db, Replica: replica}
	count := func() (n int64) {
		t.Helper()
		n, err := s.Total(t.Context(), segment.Predicate{SQL: "TRUE"})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	p.settled(t, s)
	p.log = &logText{}
	s.Replica.log = slog.New(slog.NewTextHandler(p.log, nil))
	p.do(t, p.other, "SELECT pg_wal_replay_pause()")
	written := time.Now()
	seed := hosttest.Seed{Learners: []h.Learner{{ID: "1", Status: h.LearnerActive, RegisteredAt: hosttest.SeedTime(), UpdatedAt: hosttest.SeedTime()}}}
	p.feed(t, seed)
	for count() == 0 { // the replica may answer as it stood within the bound, and no longer
		if time.Since(written) > 20*time.Second {
			t.Fatal("a replica that stands still is believed for ever")
		}
	}
	if p.onReplica(t, s) || strings.Count(p.log.String(), "behind or away") != 1 {
		t.Errorf("the log says %q", p.log)
	}
	p.do(t, p.other, "SELECT pg_wal_replay_resume()")
	until(t, "the replica answers again", func() bool { return p.onReplica(t, s) })
	if count() != 1 || !strings.Contains(p.log.String(), "answers again") {
		t.Errorf("%d people, the log says %q", count(), p.log)
	}
}

// feed syncs a seed into the database.
func (p *pair) feed(t *testing.T, seed hosttest.Seed) {
	t.Helper()
	s := newSchool(t, seed)
	s.db = p.db
	s.syncer.Store, s.syncer.Leases = &Projection{DB: p.db, Currency: "CNY"}, p.db
	s.sync(t)
}

// testFailing: what only the replica cannot do the database does; what nobody can is said once.
func (p *pair) testFailing(t *testing.T) {
	p.log = &logText{}
	s := &Segments{DB: p.db, Replica: p.replica(time.Minute)}
	p.settled(t, s)
	p.log = &logText{}
	s.Replica.log = slog.New(slog.NewTextHandler(p.log, nil))
	ask := func(timeout time.Duration, sql string) (n int, err error) {
		err = s.aside(t.Context(), s.heavy, timeout, newQuestion(sql, nil, func(r pgx.Rows) error { return r.Scan(&n) }))
		return n, err
	}
	if n, err := ask(time.Minute, "SELECT 1 / (NOT pg_is_in_recovery())::integer"); err == nil {
		t.Errorf("a division by zero was asked again: %d", n)
	}
	if _, err := ask(50*time.Millisecond, "SELECT 1 FROM pg_sleep(60)"); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("too long: %v", err)
	}
	if !p.onReplica(t, s) || p.log.String() != "" {
		t.Errorf("a bad question tells against the replica: %s", p.log)
	}
	// What a standby cannot do at all.
	if n, err := ask(time.Minute, "WITH x AS (SELECT set_config('transaction_read_only', 'off', true)) SELECT count(*)::integer FROM x"); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
	if p.onReplica(t, s) || !strings.Contains(p.log.String(), "behind or away") {
		t.Errorf("a replica that gave an error is asked at once again: %s", p.log)
	}
}

// testAway: a replica that is gone costs nobody an answer, also in the middle of an export.
func (p *pair) testAway(t *testing.T) {
	p.log = &logText{}
	s := &Segments{DB: p.db, Replica: p.replica(time.Minute)}
	p.settled(t, s)
	p.log = &logText{}
	s.Replica.log = slog.New(slog.NewTextHandler(p.log, nil))
	seen := 0
	err := s.aside(t.Context(), s.bulk, time.Minute, newQuestion("SELECT n FROM generate_series(1, 200000) n", nil, func(pgx.Rows) error {
		if seen++; seen == 1 {
			return p.standby.Kill(t.Context())
		}
		return nil
	}))
	if !errors.Is(err, fault.ErrUnavailable) || seen == 200000 {
		t.Errorf("an export cut off: %d rows, %v", seen, err)
	}
	if p.onReplica(t, s) {
		t.Error("the dead answer")
	}
	fresh := &Segments{DB: p.db, Replica: p.replica(time.Minute)}
	if p.onReplica(t, fresh) || strings.Count(p.log.String(), "behind or away") != 2 {
		t.Errorf("the log says %q", fmt.Sprint(p.log))
	}
	p.log = &logText{}
}

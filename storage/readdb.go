package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
)

// Replica is a PostgreSQL that follows the database by streaming replication and takes over
// questions about all people. It is safe for concurrent use.
//
// What it answers is never older than the bound, by this process's clock: a look notes where the
// database's log ends, and the replica is fit while it has replayed such a note that is not older
// than the bound. Unlike the time of the last transaction replayed, that holds on a quiet night too,
// needs no clocks that agree, and does not take a broken connection between the two for quiet.
type Replica struct {
	db    *DB
	bound time.Duration
	log   *slog.Logger

	mu      sync.Mutex // held while looking: whoever comes meanwhile waits for what is found
	marks   []mark     // the oldest first
	reached time.Time  // the replica shows everything committed before
	rest    time.Time  // it is not asked until then
	behind  bool       // as it was last logged
}

// mark is a place in the database's log that a commit before at cannot lie behind.
type mark struct {
	at    time.Time
	place int64
}

const (
	lookTimeout = time.Second            // a replica that does not answer must not hold up a page
	lookPause   = 20 * time.Millisecond  // a healthy replica has caught up with a fresh note by then
	lookAtMost  = 200 * time.Millisecond // for which a question waits for that
	restBehind  = time.Second            // before a replica that was behind is looked at again
	restBroken  = 5 * time.Second        // and one that gave an error
)

// NewReplica wraps a pool whose connections lead to a replica. It does not ask the server; bound is
// how far back its answers may lie.
//
// Errors: a pool whose connections are not pgx's.
func NewReplica(pool *sql.DB, bound time.Duration, log *slog.Logger) (*Replica, error) {
	db, err := New(pool)
	if err != nil {
		return nil, err
	}
	return &Replica{db: db, bound: bound, log: log}, nil
}

// aside asks the replica, where there is one that is fit, and otherwise the database. What staff have
// just written is asked where they wrote it: whoever picks people by hand sees them on the next page.
func (s *Segments) aside(ctx context.Context, places chan struct{}, timeout time.Duration, questions ...question) error {
	if s.Replica == nil || slices.ContainsFunc(questions, func(q question) bool { return strings.Contains(q.sql, "crm_list_members") }) {
		return s.askIn(ctx, places, timeout, questions...)
	}
	leave, err := enter(ctx, places)
	if err != nil {
		return err
	}
	defer leave()
	if s.Replica.fit(ctx, s.DB) {
		if again, err := s.Replica.ask(ctx, timeout, questions); !again {
			return err
		}
	}
	return s.askIn(ctx, nil, timeout, questions...)
}

// ask puts questions to the replica. Again: it could not answer, nothing was read, and the database
// may be asked instead.
func (r *Replica) ask(ctx context.Context, timeout time.Duration, questions []question) (again bool, err error) {
	read, taken := false, error(nil)
	questions = slices.Clone(questions)
	for i := range questions {
		take := questions[i].read
		questions[i].read = func(rows pgx.Rows) error {
			read, taken = true, take(rows)
			return taken
		}
	}
	err = r.db.lend(ctx, func(c *pgx.Conn) error { return r.db.pipeline(ctx, c, timeout, questions) })
	if err == nil || ctx.Err() != nil || taken != nil || isHopeless(err) {
		return false, translate(err)
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "40001" {
		r.broken(ctx, err)
	} // else it had to replay what the question looked at, which says nothing against the next one
	return !read, translate(err)
}

// isHopeless recognises what would end alike on every server: it took too long, or makes no sense.
func isHopeless(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "57014" || strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "54"))
}

// fit reports whether the replica shows what was committed within the bound, and looks if that is
// not known.
func (r *Replica) fit(ctx context.Context, primary *DB) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch now := time.Now(); {
	case now.Before(r.rest):
		return false
	case now.Sub(r.reached) <= r.bound:
		return true
	}
	fit, err := r.look(ctx, primary)
	switch {
	case ctx.Err() != nil: // whoever asked has gone; nothing is known
		return false
	case err != nil:
		r.leave(ctx, restBroken, err)
	case !fit:
		r.leave(ctx, restBehind, nil)
	case r.behind:
		r.behind = false
		r.log.InfoContext(ctx, "storage: the replica answers again")
	}
	return fit
}

// look notes where the database's log ends and waits a little for the replica to get there.
func (r *Replica) look(ctx context.Context, primary *DB) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	began := time.Now()
	place, err := logPlace(ctx, primary.bun, "pg_current_wal_lsn()")
	if err != nil {
		return false, fmt.Errorf("look where the database's log ends: %w", translate(err))
	}
	r.marks = append(r.marks, mark{began, place})
	r.marks = slices.DeleteFunc(r.marks, func(m mark) bool { return began.Sub(m.at) > r.bound })
	for {
		// A server that has become the database itself, in a failover, has replayed all it wrote.
		place, err := logPlace(ctx, r.db.bun, "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END")
		if err != nil {
			return false, fmt.Errorf("look how far the replica is: %w", translate(err))
		}
		for _, m := range r.marks {
			if m.place <= place && m.at.After(r.reached) {
				r.reached = m.at
			}
		}
		if time.Since(r.reached) <= r.bound {
			return true, nil
		}
		if time.Since(began) > lookAtMost {
			return false, nil
		}
		select {
		case <-time.After(lookPause):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// logPlace reads a place in a server's log.
func logPlace(ctx context.Context, db *bun.DB, expression string) (place int64, err error) {
	err = db.NewRaw("SELECT coalesce(("+expression+" - '0/0'::pg_lsn)::bigint, 0)").Scan(ctx, &place)
	return place, err
}

// broken leaves the replica alone for a while after an error.
func (r *Replica) broken(ctx context.Context, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(ctx, restBroken, fmt.Errorf("ask the replica: %w", translate(err)))
}

// leave sends questions to the database for a while, and says so once; r.mu is held.
func (r *Replica) leave(ctx context.Context, rest time.Duration, err error) {
	r.rest, r.reached = time.Now().Add(rest), time.Time{}
	if r.behind {
		return
	}
	r.behind = true
	r.log.WarnContext(ctx, "storage: the replica is behind or away, the database is asked instead", "bound", r.bound, "err", err)
}

// Package seed makes a school's data: as skewed as a real one's, the same for the same seed, and
// streamed, so that a million learners need no more memory than a thousand.
package seed

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/school"
)

// Options say what to make. All times in the data are relative to Now.
type Options struct {
	Learners int
	Seed     uint64
	Now      time.Time                // zero: the time of the call
	Progress func(done, learners int) // called now and then from one goroutine; may be nil
}

// doneFact is the fact that tells that the data is complete.
const doneFact = "seed"

// Filled reports whether a school's data was generated to the end.
func Filled(ctx context.Context, db *sql.DB) (bool, error) {
	value, err := school.Fact(ctx, db, doneFact)
	return value != "", err
}

// About says how a school's data was generated: how many learners, which seed, when.
func About(ctx context.Context, db *sql.DB) (string, error) { return school.Fact(ctx, db, doneFact) }

// Fill empties the school's tables and fills them. When it fails or is interrupted, Filled stays
// false and Fill may be called again. It needs eight connections of the pool at once.
func Fill(ctx context.Context, db *sql.DB, o Options) error {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	if _, err := db.ExecContext(ctx, `TRUNCATE users, categories, courses, classrooms, classroom_courses, member_levels, memberships, orders,
		order_items, refunds, enrollments, activities, messages, mails, sessions, facts RESTART IDENTITY`); err != nil {
		return fmt.Errorf("empty the school: %w", err)
	}
	g, w := newGenerator(o.Learners, o.Seed, o.Now), newWriter()
	if m := db.Stats().MaxOpenConnections; m > 0 && m < len(w.streams()) {
		return fmt.Errorf("fill the school: the pool allows %d connections, %d are needed", m, len(w.streams()))
	}
	if err := load(ctx, db, w.streams(), func(ctx context.Context) error { return tell(ctx, g, w, o.Progress) }); err != nil {
		return err
	}
	goods := w.catalog(ctx, g)
	if err := load(ctx, db, goods, func(context.Context) error { return nil }); err != nil {
		return err
	}
	if err := restartIDs(ctx, db); err != nil {
		return err
	}
	if err := school.CreateIndexes(ctx, db); err != nil {
		return err
	}
	return school.SetFact(ctx, db, doneFact, fmt.Sprintf("%d learners, seed %d, %s", o.Learners, o.Seed, g.cal.now.Format(time.RFC3339)))
}

// tell writes the life of everybody.
func tell(ctx context.Context, g *generator, w *writer, progress func(done, learners int)) error {
	for _, l := range g.others() {
		if err := w.write(ctx, l); err != nil {
			return err
		}
	}
	for i := range g.learners {
		if i%1000 == 0 {
			progress(i, g.learners)
		}
		if err := w.write(ctx, g.learner(i)); err != nil {
			return err
		}
	}
	progress(g.learners, g.learners)
	return nil
}

// load runs one COPY for each stream while produce feeds them. The first error stops all.
func load(ctx context.Context, db *sql.DB, streams []*stream, produce func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var copies sync.WaitGroup
	for _, s := range streams {
		copies.Go(func() {
			if err := s.copy(ctx, db); err != nil {
				stop(err)
			}
		})
	}
	err := produce(ctx)
	for _, s := range streams {
		if err != nil {
			break
		}
		err = s.end(ctx)
	}
	if err != nil {
		stop(err)
	}
	copies.Wait()
	return context.Cause(ctx)
}

// restartIDs lets new rows continue after the ids that the generator gave.
func restartIDs(ctx context.Context, db *sql.DB) error {
	for _, table := range []string{"users", "categories", "courses", "classrooms", "orders"} {
		query := fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), (SELECT max(id) FROM %[1]s) + 1, false)", table)
		if _, err := db.ExecContext(ctx, query); err != nil {
			return fmt.Errorf("continue the ids of %s: %w", table, err)
		}
	}
	return nil
}

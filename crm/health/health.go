// Package health looks at what the CRM works with: the database, the queue, the workers, the
// keepers and what waits for them.
package health

import (
	"context"
	"sync"
	"time"
)

// Database is how PostgreSQL does.
type Database struct {
	Version  string        // "18.1"
	Size     int64         // bytes of the schema's tables and indexes
	Sessions int           // of all programs at this database
	Oldest   time.Duration // how long the longest transaction of these runs
}

// Queue is the work in Redis.
type Queue struct {
	Pending  int           // waits for a worker
	Active   int           // is being done
	Archived int           // was given up by the queue; it is done again by the relay
	Lag      time.Duration // how long the first of those that wait has waited
	Workers  []Worker
}

// Worker is a process that takes work from the queue.
type Worker struct {
	Host    string
	PID     int
	Busy    int // chunks it works on
	Of      int // chunks it can work on at once
	Started time.Time
}

// Keeper is a job that one process at a time does.
type Keeper struct {
	Name  string    // of its lease: "sync", "tags"
	Owner string    // the process that did it last
	Until time.Time // when its right to do so ends; past: nobody does the job just now
}

// Backlog is what waits in the database.
type Backlog struct {
	Chunks  int64 // pieces of campaigns that are due and that nobody works on
	Stalled int64 // campaigns that stand still for a reason that nobody chose
	Batches int64 // batches of clicks that are not taken in yet
	Refused int64 // batches of clicks that can never be
	Spans   int64 // spans of time whose clicks wait for judgement
	Facts   int64 // learners whose facts wait to be computed
}

// Spool is what waits on the disk of this process's machine.
type Spool struct {
	Waiting int // batches of clicks
	Refused int // that the database would never take
}

// Runs tell when jobs last ended well; zero: never.
type Runs struct {
	Queries time.Time // quick queries were counted
	Tags    time.Time // tags were counted
	Figures time.Time // figures of the first page were computed
}

// Store asks the database; storage.Health implements it.
type Store interface {
	Database(ctx context.Context) (Database, error)
	Keepers(ctx context.Context) ([]Keeper, error)
	Backlog(ctx context.Context, now time.Time) (Backlog, error)
	Runs(ctx context.Context) (Runs, error)
}

// Queues asks Redis; jobs.Inspector implements it.
type Queues interface {
	Queue(ctx context.Context) (Queue, error)
}

// Spooled counts what waits on the disk; shortlink.Spool implements it.
type Spooled interface {
	Count() (waiting, refused int, err error)
}

// Part is an answer, or why there is none.
type Part[T any] struct {
	Value T
	Took  time.Duration
	Err   error
}

// OK reports whether there is an answer.
func (p Part[T]) OK() bool { return p.Err == nil }

// Report is all of it.
type Report struct {
	At       time.Time
	Database Part[Database]
	Queue    Part[Queue]
	Keepers  Part[[]Keeper]
	Backlog  Part[Backlog]
	Spool    Part[Spool]
	Runs     Part[Runs]
}

// Working reports whether nothing is known to be wrong: both servers answer and somebody works.
func (r Report) Working() bool {
	return r.Database.OK() && r.Queue.OK() && r.Backlog.OK() && len(r.Queue.Value.Workers) > 0
}

// Service reports. It is safe for concurrent use.
type Service struct {
	store  Store
	queues Queues
	spool  Spooled
	now    func() time.Time
}

// NewService makes a service.
func NewService(store Store, queues Queues, spool Spooled, now func() time.Time) *Service {
	return &Service{store: store, queues: queues, spool: spool, now: now}
}

// patience is how long one part may take.
const patience = 3 * time.Second

// Report looks at everything at once. What does not answer is told in its part.
func (s *Service) Report(ctx context.Context) Report {
	out := Report{At: s.now()}
	var wg sync.WaitGroup
	ask(ctx, &wg, &out.Database, s.store.Database)
	ask(ctx, &wg, &out.Queue, s.queues.Queue)
	ask(ctx, &wg, &out.Keepers, s.store.Keepers)
	ask(ctx, &wg, &out.Backlog, func(ctx context.Context) (Backlog, error) { return s.store.Backlog(ctx, out.At) })
	ask(ctx, &wg, &out.Runs, s.store.Runs)
	ask(ctx, &wg, &out.Spool, func(context.Context) (Spool, error) {
		waiting, refused, err := s.spool.Count()
		return Spool{waiting, refused}, err
	})
	wg.Wait()
	return out
}

// ask fills a part in the background. Who is asked may hold on to nothing after patience is over.
func ask[T any](ctx context.Context, wg *sync.WaitGroup, part *Part[T], do func(context.Context) (T, error)) {
	wg.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		begun := time.Now()
		part.Value, part.Err = do(ctx)
		part.Took = time.Since(begun)
	})
}

package projection

import (
	"context"
	"time"
)

// Store keeps the projection; storage.Projection implements it. Each method is one transaction.
type Store interface {
	// Apply saves a batch. Rows older than what is stored change nothing; an order, enrollment,
	// membership or activity of an unknown learner becomes a problem row. fault.ErrConflict: the
	// cursor is not at Step.From. fault.ErrInvalid: the database refused a value of some row.
	Apply(ctx context.Context, b Batch) (Applied, error)

	// State reads where everything stands.
	State(ctx context.Context) (State, error)

	// Failed notes that a try failed and when to try again.
	Failed(ctx context.Context, feed Feed, walk Walk, f Failure, now, retryAt time.Time) error

	// Rewind puts a walk back to the beginning of its feed.
	Rewind(ctx context.Context, feed Feed, walk Walk) error

	// ComputeFacts works off what is due: a stretch of the first pass when all is true, else
	// learners marked as due and enrollments and memberships that expired. It returns how many
	// learners it looked at; 0 means that nothing is due.
	ComputeFacts(ctx context.Context, all bool, now time.Time) (int, error)

	// ComputeFunnel works off what is due of where learners stand with offerings and what they are
	// interested in: a stretch of the first pass over all learners when all is true, else what time
	// or a changed offering made stale. It returns how many it looked at; 0 means that nothing is due.
	ComputeFunnel(ctx context.Context, all bool, now time.Time) (int, error)

	// BeginRepair starts a repair pass over these feeds; one under way goes on.
	BeginRepair(ctx context.Context, feeds []Feed, now time.Time) error

	// EndRepair marks as gone what the finished walk did not meet and closes the feed's pass. It
	// returns how many rows that were, or ErrTooManyVanished: then no row is marked and the pass
	// is closed with that failure.
	EndRepair(ctx context.Context, feed Feed, now time.Time) (int64, error)

	// DropRepair closes a feed's pass without marking anything.
	DropRepair(ctx context.Context, feed Feed) error

	// Problems returns up to limit problem rows that are due for another try, the longest untried
	// first: 2, 4, 8 … seconds after the last one, up to an hour. Most wait for a learner who is in the
	// next page of another feed.
	Problems(ctx context.Context, now time.Time, limit int) ([]Problem, error)
}

// Leases give one process at a time the right to do a job.
type Leases interface {
	// Acquire takes or renews the lease for ttl. False: another owner holds it.
	Acquire(ctx context.Context, name, owner string, ttl time.Duration) (bool, error)
	// Release gives it back early; not holding it is no error.
	Release(ctx context.Context, name, owner string) error
}

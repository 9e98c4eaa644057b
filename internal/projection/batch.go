package projection

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Feed names a feed of the host.
type Feed string

// The feeds, in the order in which they are first read: a row comes after what it points to.
const (
	Offerings   Feed = "offerings"
	Learners    Feed = "learners"
	Orders      Feed = "orders"
	Enrollments Feed = "enrollments"
	Memberships Feed = "memberships"
	Activities  Feed = "activities"
)

// Feeds lists all feeds in reading order.
func Feeds() []Feed {
	return []Feed{Offerings, Learners, Orders, Enrollments, Memberships, Activities}
}

// Walk is one way of going over a feed; each has its own cursor.
type Walk string

// Walks. Live is the first sync and, once it has caught up, the incremental one.
const (
	Live   Walk = "live"
	Repair Walk = "repair"
)

// Batch is what is saved in one transaction: the sound rows of a page (or of a push), the rows
// that are not, and the move of the cursor.
type Batch struct {
	Learners    []Learner
	Offerings   []Offering
	Orders      []Order
	Enrollments []Enrollment
	Memberships []Membership
	Activities  []Activity
	Problems    []Problem

	Step *Step // nil for pushed events: they move no cursor
	// Of is set on the first half of a batch that had to be halved: its rows belong to this step
	// too, though the cursor moves with the second half.
	Of  *Step
	Now time.Time // when this is written
	// SkipFacts leaves the facts to a later pass over all learners. Only the first sync does so:
	// the pass costs a third of keeping them current row by row. See State.FactsReady.
	SkipFacts bool
}

// Step is the move of a walk's cursor that goes with a batch. It is refused as a conflict when
// the cursor is not at From any more: another process moved it.
type Step struct {
	Feed     Feed
	Walk     Walk
	From, To h.Cursor
	Read     int     // rows of the page, sound or not
	CaughtUp bool    // the feed has no more than this
	Rate     float64 // rows per second, smoothed; for the progress display
	Total    int64   // about how many rows the feed holds; 0: not known
}

// Problem is a row that could not be taken.
type Problem struct {
	Feed    Feed
	HostID  string
	Reason  Reason
	Payload []byte      // the row as JSON, for another try
	At      time.Time   // the row's UpdatedAt: of two of the same id the younger is kept; zero: not known
	Learner h.LearnerID // whom the row is about; empty: nobody, or not known
}

// Applied counts what a batch changed.
type Applied struct {
	Inserted, Updated int
	Problems          int
}

// Size is the number of rows in the batch.
func (b *Batch) Size() int {
	return len(b.Learners) + len(b.Offerings) + len(b.Orders) + len(b.Enrollments) +
		len(b.Memberships) + len(b.Activities)
}

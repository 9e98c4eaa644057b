package projection

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Facts is the pseudo feed under which the first pass over all learners' facts keeps its place.
const Facts Feed = "facts"

// Funnel is the pseudo feed under which the first pass over all learners' places in the funnels keeps
// its place.
const Funnel Feed = "funnel"

// FeedState is where a walk over a feed stands.
type FeedState struct {
	Feed       Feed
	Walk       Walk
	Cursor     h.Cursor
	Rows       int64     // read so far
	Total      int64     // about how many there are; 0: not known
	Rate       float64   // rows per second, smoothed
	StartedAt  time.Time // zero: not begun
	CaughtUpAt time.Time // when the walk first reached the end; zero: not yet
	Walked     bool      // repair: the end was reached, what is missing is not marked yet
	LastOKAt   time.Time // last page saved
	Failures   int       // in a row
	Failure    Failure   // of the last failed try; empty: the last try went well
	FailedAt   time.Time
	RetryAt    time.Time
	Mended     int64 // repair: rows that differed from the host
	Vanished   int64 // repair: rows that the host no longer has
}

// Failure says in one word what went wrong with a feed, for staff. The error's own text goes to
// the log only: it is the host's, and may hold anything.
type Failure string

// Failures.
const (
	FailureUnavailable Failure = "unavailable"       // the host said so, or did not answer in time
	FailureHost        Failure = "host_error"        // any other error of the host
	FailurePanic       Failure = "host_panic"        // the adapter panicked
	FailureStuck       Failure = "stuck_cursor"      // more rows, but the cursor does not move
	FailureStorage     Failure = "storage"           // our own database
	FailureVanished    Failure = "too_many_vanished" // the repair pass would remove most of a feed
)

// Failures lists every failure, so that a test can hold the message files to it.
func Failures() []Failure {
	return []Failure{FailureUnavailable, FailureHost, FailurePanic, FailureStuck, FailureStorage, FailureVanished}
}

// State is the whole of the sync, for the loop and for the pages that show it.
type State struct {
	Live     []FeedState // the host's feeds in reading order, as far as they have begun
	Repair   []FeedState // of the running or the last repair pass; empty: never run
	Facts    FeedState
	Funnel   FeedState
	Problems int64 // rows waiting for another try
}

// FactsReady reports whether every learner's facts have been computed once. From then on they
// are kept current in the transaction that changes what they come from.
func (s State) FactsReady() bool { return !s.Facts.CaughtUpAt.IsZero() }

// FunnelReady reports whether where every learner stands has been computed once. It is after the
// first sync: pages show what there is meanwhile.
func (s State) FunnelReady() bool { return !s.Funnel.CaughtUpAt.IsZero() }

// FirstDone reports whether the first sync is over.
func (s State) FirstDone() bool { return s.FactsReady() }

// Feed finds the live state of a feed; zero values when it has not begun.
func (s State) Feed(f Feed) FeedState {
	for _, fs := range s.Live {
		if fs.Feed == f {
			return fs
		}
	}
	return FeedState{Feed: f, Walk: Live}
}

// RepairRunning reports whether a repair pass is under way.
func (s State) RepairRunning() bool {
	for _, fs := range s.Repair {
		if fs.CaughtUpAt.IsZero() {
			return true
		}
	}
	return false
}

// LastOKAt is the time of the oldest last success among the feeds: nothing shown is older.
func (s State) LastOKAt() time.Time {
	var oldest time.Time
	for _, fs := range s.Live {
		if oldest.IsZero() || fs.LastOKAt.Before(oldest) {
			oldest = fs.LastOKAt
		}
	}
	return oldest
}

// Failing gives the feeds whose last try failed.
func (s State) Failing() []FeedState {
	var out []FeedState
	for _, fs := range append(append([]FeedState{}, s.Live...), s.Repair...) {
		if fs.Failure != "" {
			out = append(out, fs)
		}
	}
	return out
}

// Progress is the share of the first sync that is done, 0 to 1, and the time left. Rows weigh
// the same in every feed, and the pass over the facts counts as the learners once more. Time
// left is 0 when it cannot be told.
func (s State) Progress() (share float64, left time.Duration) {
	var rows, total int64
	var rate float64
	known := true
	for _, fs := range append(s.Live, s.Facts) {
		t := max(fs.Total, fs.Rows)
		if !fs.CaughtUpAt.IsZero() {
			t = fs.Rows
		} else if fs.Total == 0 {
			known = false
		}
		rows, total = rows+fs.Rows, total+t
		if fs.CaughtUpAt.IsZero() && fs.Rate > 0 {
			rate = fs.Rate
		}
	}
	if total == 0 {
		return 0, 0
	}
	share = float64(rows) / float64(total)
	if known && rate > 0 {
		left = time.Duration(float64(total-rows) / rate * float64(time.Second))
	}
	return share, left
}

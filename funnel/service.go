package funnel

import (
	"context"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Weeks is how many weeks of seven days the trend of a list goes back. The last ends today: a week
// from Monday would fall with each Monday, and say that nobody joins any more.
const Weeks = 8

// Row is an offering in the list.
type Row struct {
	Offering
	Figures
	Joined [Weeks]int64 // people who joined in each seven days of the site's zone; the oldest first, the last with today
}

// Listing is all offerings of a kind with their figures.
type Listing struct {
	Rows []Row
	// Recent is what came in within the last 30 days less refunds of the same orders, of all
	// offerings of the kind; Closing is owed by orders that close by themselves within 48 hours.
	Recent, Closing int64
	Ready           bool // false: the first computation is still under way, figures grow
}

// Strip is one offering's funnel over a period: people, each counted once. Nobody need pass all
// steps: a place may be given, an order placed without a look that the host knows of.
type Strip struct {
	Viewed   int64 // looked at its page
	Intended int64 // tried, asked, liked it or took a coupon
	Ordered  int64
	Paid     int64
	Started  int64 // learned
	Before   int64 // looked in the period of the same length before; 0 for all time
}

// LevelFigures are the potential learners of one level.
type LevelFigures struct {
	Level  Level
	People int64
	// Of those who were interested within the last 180 days and had this level when they paid, or
	// have it now: how many there are and how many paid.
	Sample, Converted int64
}

// Expected is what the people of the level are expected to bring: price × the observed rate; false:
// nobody was observed.
func (l LevelFigures) Expected(price int64) (int64, bool) {
	if l.Sample <= 0 {
		return 0, false
	}
	return l.People * price * l.Converted / l.Sample, true
}

// BehaviourFigure says how many potential learners did something within the window.
type BehaviourFigure struct {
	Type   h.ActivityType
	People int64
}

// View is one offering's page above its lists.
type View struct {
	Offering
	Figures
	Strip      Strip
	Levels     []LevelFigures // all levels, the highest first
	Behaviours []BehaviourFigure
	Ready      bool
}

// Period is the time that a strip covers, in days until now; 0: all.
type Period int

// Pair is a learner and what is known of them with an offering.
type Pair struct {
	segment.Person
	Stage      Stage
	Past       bool
	Level      Level
	SetLevel   bool    // by staff
	Score      float64 // of intent
	At         time.Time
	Behaviours []Behaviour // within the window, the heaviest first; potential learners only
	Orders     []OpenOrder // pending learners only
	Place      Place       // enrolled and past learners only
	Exit       Exit        // withdrawn learners only
}

// Behaviour is how often somebody did something within the window, and when last.
type Behaviour struct {
	Type  h.ActivityType
	Times int64
	Last  time.Time
}

// OpenOrder is an order that waits to be paid.
type OpenOrder struct {
	SN       string
	Amount   int64 // owed for this offering
	Currency string
	PlacedAt time.Time
	ClosesAt time.Time // by itself; zero: never
}

// Place is a place in the offering.
type Place struct {
	Done, Units  int // required ones; Units 0: not known
	JoinedAt     time.Time
	LastLearnAt  time.Time // zero: never
	CompletedAt  time.Time
	ExpiresAt    time.Time // zero: never
	ViaClassroom bool
}

// Exit is how somebody left.
type Exit struct {
	At       time.Time
	Reason   h.ExitReason // empty: not known
	Words    string       // the host's or the learner's own; empty: none
	Category Category     // as staff found out; empty: not yet
	Refunded int64        // for this offering
	Done     int
	Units    int
	JoinedAt time.Time
}

// Category is why somebody left, as staff found out.
type Category string

// Categories of reasons.
const (
	CategoryPrice   Category = "price"
	CategoryTime    Category = "time"
	CategoryContent Category = "content"
	CategoryTeacher Category = "teacher"
	CategoryTech    Category = "technical"
	CategoryMistake Category = "mistake" // bought the wrong one, or twice
	CategoryRival   Category = "rival"
	CategoryOther   Category = "other"
)

// Categories lists the categories of reasons.
func Categories() []Category {
	return []Category{CategoryPrice, CategoryTime, CategoryContent, CategoryTeacher, CategoryTech, CategoryMistake, CategoryRival, CategoryOther}
}

// List asks for the people of one stage of an offering.
type List struct {
	Offering OfferingID
	Stage    Stage
	Past     bool // with Enrolled: the past learners instead
	Rule     segment.Rule
	After    string // the cursor of the page before; empty: the first page
	Limit    int    // 1 to 100
}

// People is a page of a stage.
type People struct {
	Pairs []Pair
	Total int64
	Next  string // the cursor of the next page; empty: this is the last
}

// Opinion is what staff say about a learner's intent with an offering.
type Opinion struct {
	Learner  segment.PersonID
	Offering OfferingID
	Level    Level // empty: by the score again
	Reason   string
}

// Opined is an opinion as it was given.
type Opined struct {
	Level, Before Level // Level empty: by the score again
	Reason        string
	By            string
	At            time.Time
}

// Share is a part of those who left.
type Share struct {
	Key    string // a category, an exit reason, a band of progress or of days, a month as 2006-01
	People int64
}

// Exits is why, when and how far along people left an offering.
type Exits struct {
	People     int64
	Reasons    []Share // by category where staff found out, by the host's reason otherwise ("host:self")
	ByProgress []Share // 0-9, 10-29, 30-59, 60-99, 100 percent; unknown
	ByDays     []Share // 0-6, 7-29, 30-89, 90- days since joining; unknown
	ByMonth    []Share // the last twelve months of the site's zone, the oldest first
	Words      []Share // the most frequent words of learners, at most ten
}

// Store keeps the pairs; storage.Funnels implements it.
type Store interface {
	List(ctx context.Context, kind h.TargetType, now time.Time) (Listing, error)
	View(ctx context.Context, id OfferingID, p Period, now time.Time) (View, error)
	People(ctx context.Context, l List, where segment.Predicate, now time.Time) (People, error)
	// SetLevel enters an opinion and gives it as it was entered: without its reason where the learner's
	// data was wiped. fault.ErrNotFound: no such learner or offering.
	SetLevel(ctx context.Context, by h.Staff, o Opinion, now time.Time) (Opined, error)
	Opinions(ctx context.Context, learner segment.PersonID, id OfferingID) ([]Opined, error)
	SetCategory(ctx context.Context, by h.Staff, learner segment.PersonID, id OfferingID, c Category, now time.Time) error
	Exits(ctx context.Context, id OfferingID, now time.Time) (Exits, error)
}

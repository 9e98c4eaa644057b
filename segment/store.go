package segment

import (
	"context"
	"time"
)

// Store answers for the service; storage.Segments implements it.
type Store interface {
	People
	Library
}

// People answers questions about people. Each method is one statement or one transaction that
// changes nothing, ends after some seconds with fault.ErrUnavailable, and stops when ctx does.
type People interface {
	// Ask counts, lists or both, in one round trip.
	Ask(ctx context.Context, a Ask) (Answer, error)
	// Total counts the people of a predicate and nothing else.
	Total(ctx context.Context, p Predicate) (int64, error)
	// Each gives the people of a predicate one after the other, by id, as of one moment; an error
	// of fn ends it. It may take minutes.
	Each(ctx context.Context, p Predicate, fn func(Person) error) error
	// Locate gives whom an entry of a list names, by id: one, where it is an id, else at most a hundred.
	Locate(ctx context.Context, e IDEntry) ([]PersonID, error)
	// Profile gives all that rules can ask about a person. fault.ErrNotFound.
	Profile(ctx context.Context, id PersonID) (*Profile, error)
	// Choices gives values of a list, at most limit, those whose label contains search.
	Choices(ctx context.Context, of Choices, search string, limit int) ([]Choice, error)
	// Labels gives the labels of chosen values; a value that is gone is absent.
	Labels(ctx context.Context, of Choices, values []string) (map[string]string, error)
}

// Library keeps rules and lists.
type Library interface {
	// SaveSelection keeps a rule under a token; Selection gives it back or fault.ErrNotFound.
	SaveSelection(ctx context.Context, token string, r Rule, now time.Time) error
	Selection(ctx context.Context, token string) (Rule, error)

	// Queries gives all quick queries in their order, and the host's own fields that were seen.
	Queries(ctx context.Context) ([]Saved, []CustomField, error)
	// SaveQuery inserts (ID 0, at the end) or replaces a query, once check, which is given all as
	// they are, finds nothing wrong. No other query changes meanwhile. fault.ErrNotFound.
	SaveQuery(ctx context.Context, q Saved, check func(all []Saved) error) (QueryID, error)
	// DeleteQuery deletes a query that nothing uses. *InUseError; fault.ErrNotFound.
	DeleteQuery(ctx context.Context, id QueryID) error
	// OrderQueries puts queries into the order of ids.
	OrderQueries(ctx context.Context, ids []QueryID) error
	// SaveCount notes a query's size, now and for the day, unless the query has changed since it was
	// read.
	SaveCount(ctx context.Context, q Saved, count int64, now, day time.Time) error
	// Trend gives the sizes since a day, oldest first.
	Trend(ctx context.Context, id QueryID, since time.Time) ([]Point, error)
	// SaveList keeps a list of people and tells what was found.
	SaveList(ctx context.Context, l IDList, in ListInput, now time.Time) (ListReport, error)
}

// Ask is a question about an audience.
type Ask struct {
	Whole Predicate
	// Walk is Whole for asking one person after the other, which finds the first of many sooner
	// where Whole.Rows.
	Walk  Predicate
	Count bool // the size of the whole
	// Once says that finding the people is what costs, so that a page and its count are best made of
	// one search.
	Once bool
	// Reach asks for the reach of the whole and how many people there are too. With Leaves, the
	// conditions of the rule, it asks for Answer.Sets instead, from which every part can be counted.
	Reach  bool
	Leaves []Predicate
	// Matches tells, with Leaves, whether the people of a set are of the whole.
	Matches func(SetCount) bool
	Limit   int // people of the page; 0: none
	Sort    Sort
	After   string // the cursor of the page before; not one of this sort: fault.ErrInvalid
	// Ranges are conditions on the sort's column that the whole implies together, the first of the
	// list in the first; empty: none is known.
	Ranges []Predicate
	Known  int64 // the size as an earlier page counted it; 0: not known
}

// Answer is what was asked for.
type Answer struct {
	Counts Counts // without Members; with Leaves only Took
	Sets   []SetCount
	Page   Page
}

// SetCount says how many people meet just this set of conditions and can be reached on just these
// channels. Each person is in one set, so all counts follow from one pass over the people.
type SetCount struct {
	Bits  []uint64 // 62 to a word: e-mail, SMS, message, then the conditions in their order
	Count int64
}

// Bits of a SetCount.
const (
	BitEmail = iota
	BitSMS
	BitMessage
	BitLeaves  // the first condition's
	WordOfBits = 62
)

func (s SetCount) has(bit int) bool { return s.Bits[bit/WordOfBits]>>(bit%WordOfBits)&1 == 1 }

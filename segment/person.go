package segment

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// PersonID is our own id of a person; stable, and the same before and after a lead becomes a
// learner.
type PersonID int64

// Person is a row of a list of people.
type Person struct {
	ID           PersonID
	HostID       h.LearnerID
	Nickname     string
	RealName     string
	Mobile       string
	Email        string
	Status       h.LearnerStatus
	RegisteredAt time.Time
	LastLoginAt  time.Time // zero: never
	PaidCount    int
	PaidTotal    int64 // minor units of the site's currency
	LastPaidAt   time.Time
	MemberLevel  string // the level's name; empty: none
	Tags         []string

	Gender         h.Gender
	Province, City string
	RegisterSource string
	Enrolled       int       // courses and classrooms under way
	LastLearnAt    time.Time // zero: never
	Contacted      Contact   // the latest campaign message
}

// Contact is a campaign message that reached a provider; the zero value is none.
type Contact struct {
	At      time.Time
	Channel h.Channel
	Clicked bool
}

// Name is what a person is called on screen: the real name where known.
func (p Person) Name() string {
	switch {
	case p.RealName != "":
		return p.RealName
	case p.Nickname != "":
		return p.Nickname
	}
	return "#" + string(p.HostID)
}

// Sort is an order of a list of people; ties are broken by id.
type Sort string

// Orders. All begin with the largest or latest; missing values come last.
const (
	SortLogin      Sort = "login"
	SortRegistered Sort = "registered"
	SortSpend      Sort = "spend"
	SortPaid       Sort = "paid"    // last paid
	SortOrders     Sort = "orders"  // paid orders
	SortLearned    Sort = "learned" // last learned
)

// Sorts lists the orders, the default first.
func Sorts() []Sort {
	return []Sort{SortLogin, SortRegistered, SortSpend, SortPaid, SortOrders, SortLearned}
}

// Query asks for people.
type Query struct {
	Rule  Rule
	Sort  Sort
	After string // the cursor of the page before; empty: the first page
	Limit int    // 1 to 100
	// Parts asks for the reach and to count each part of the rule, which costs a pass over all people.
	Parts bool
	// Known is the size as an earlier page counted it; 0: not known. It helps to find a later page.
	Known int64
	// Rest leaves out who was contacted within the last days; 0: nobody. See [Rested].
	Rest int
}

// Page is a page of people.
type Page struct {
	People []Person
	Next   string // the cursor of the next page; empty: this is the last
}

// Counts say how large an audience is.
type Counts struct {
	Matched int64 // people the rule selects
	// The others are counted with Query.Parts only.
	All     int64         // people there are, deleted accounts left out; up to a minute old
	Email   int64         // of the matched: with a usable address
	SMS     int64         // of the matched: with a usable number
	Message int64         // of the matched: with an account in the host
	Rested  int64         // people of the rule whom Query.Rest left out
	Members []int64       // of each part of the rule, in the order of [Rule.Paths]; nil: not asked
	Took    time.Duration // of the database
}

// Choice is a value that a field can be compared with.
type Choice struct {
	Value string // an id of ours, or the host's word
	Label string
	Note  string // what tells alike labels apart: the kind of offering, its price
}

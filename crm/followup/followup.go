package followup

import (
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/segment"
)

// ID is our id of a follow-up.
type ID int64

// Method is how staff spoke with a learner.
type Method string

// Methods.
const (
	Phone   Method = "phone"
	WeChat  Method = "wechat"
	Visit   Method = "visit"
	Message Method = "message"
	Other   Method = "other"
	Plan    Method = "plan" // nothing was done yet: a reminder
)

// Methods lists the methods, plans last.
func Methods() []Method { return []Method{Phone, WeChat, Visit, Message, Other, Plan} }

// Limits of an entry.
const (
	MaxContent = 2000 // characters
	MaxAhead   = 2    // years until the next time
	MaxPeople  = 10_000
	maxKey     = 100
)

// Entry is what a follow-up says.
type Entry struct {
	Learner  segment.PersonID
	Offering funnel.OfferingID // what it was about, canonical; 0: nothing certain
	Method   Method
	Content  string       // may be empty for a plan only
	Intent   funnel.Level // the learner's, as staff found it; empty: not found out
	NextAt   time.Time    // when to come back to it; zero: not, which a plan may not say
	// OwnerID and OwnerName are the member of staff who is to come back to it. Empty: who enters it.
	OwnerID, OwnerName string
	// Key names the form that brings the entry, so that one sent twice enters it once. Empty: it has
	// none. Only [Service.Add] reads it.
	Key string
}

// Followup is an entry as it is kept.
type Followup struct {
	ID ID
	Entry
	Name         string    // of the learner, as lists show it
	Title        string    // of the offering; empty: none
	DoneAt       time.Time // the reminder was dealt with; zero: not, or it is none
	ByID, ByName string    // who entered it
	At           time.Time // when
	EditedAt     time.Time // last; zero: never
	Version      int       // from 1
}

// Open reports whether it reminds its owner.
func (f Followup) Open() bool { return !f.NextAt.IsZero() && f.DoneAt.IsZero() }

// EditableBy reports whether a member of staff may change it: who entered and who owns it may.
func (f Followup) EditableBy(staff string) bool {
	return staff != "" && (staff == f.ByID || staff == f.OwnerID)
}

// Version is what a follow-up said before it was edited.
type Version struct {
	Entry
	Title        string // of the offering; empty: none
	Version      int
	ByID, ByName string    // who replaced it
	At           time.Time // when
}

// State is how urgent a reminder is, by the days of the site's zone.
type State string

// States of open reminders.
const (
	Overdue  State = "overdue"  // its time has come
	Today    State = "today"    // later today
	Upcoming State = "upcoming" // tomorrow or later
	AnyTime  State = "all"
)

// States lists the states, all of them together first.
func States() []State { return []State{AnyTime, Overdue, Today, Upcoming} }

// Query asks for open reminders.
type Query struct {
	Owner string // the id of who is reminded; empty: everybody
	State State  // empty: AnyTime
	After string // the cursor of the page before; empty: the first page
	Limit int    // 1 to 100
}

// Page is a part of a list.
type Page struct {
	Followups []Followup
	Next      string // the cursor of the next page; empty: this is the last
}

// Tally is how many reminders are open.
type Tally struct{ Overdue, Today, Upcoming int64 }

// All is how many there are.
func (t Tally) All() int64 { return t.Overdue + t.Today + t.Upcoming }

// Of is how many are in a state.
func (t Tally) Of(s State) int64 {
	switch s {
	case Overdue:
		return t.Overdue
	case Today:
		return t.Today
	case Upcoming:
		return t.Upcoming
	case AnyTime:
	}
	return t.All()
}

// Batch is what became of a plan for many.
type Batch struct {
	People int64
	Before bool // the form had been sent before; nothing was entered this time
}

// Subject is an offering that a learner has to do with.
type Subject struct {
	ID    funnel.OfferingID
	Title string
}

// same reports whether an edit would change nothing.
func (e Entry) same(o Entry) bool {
	return e.Offering == o.Offering && e.Method == o.Method && e.Content == o.Content && e.Intent == o.Intent &&
		e.NextAt.Equal(o.NextAt) && e.OwnerID == o.OwnerID
}

func isMethod(m Method) bool { return slices.Contains(Methods(), m) }

func isLevel(l funnel.Level) bool { return l == "" || slices.Contains(funnel.Levels(), l) }

// Package label keeps the tags that staff give people by hand (手动标签), and the figures of these
// and of interest tags. The two are never mixed: an interest tag comes and goes by itself.
//
// Whatever is done to a tag's people is kept with whom it really changed, so that it can be undone.
package label

import (
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Limits.
const (
	MaxName   = 20      // characters of a name
	MaxLabels = 500     // tags at a time
	MaxPeople = 200_000 // of an audience that is given a tag at once
	// Recent is how many of the latest batches a listing has.
	Recent = 10
	// TrendDays is how far back a trend goes, today included.
	TrendDays = 30
	// MaxInterests is how many interest tags a listing has, the most frequent.
	MaxInterests = 200
)

// ID is our id of a tag.
type ID int64

// Label is a tag that staff give.
type Label struct {
	ID        ID
	Name      string
	People    int64 // who have it, deleted accounts left out
	ByName    string
	CreatedAt time.Time
	Trend     []segment.Point // by day, the oldest first, days without a count left out; listings only
}

// Interest is an interest tag with the people who have it.
type Interest struct {
	ID     int64
	Name   string
	People int64 // as of Listing.CountedAt
	Trend  []segment.Point
}

// Listing is all tags.
type Listing struct {
	Labels    []Label    // those with the most people first
	Interests []Interest // that somebody has, the most frequent first, at most MaxInterests
	CountedAt time.Time  // when interest tags were counted; zero: not yet
	Batches   []Batch    // the latest first, at most Recent
}

// Action is what was done to the people of a tag.
type Action string

// Actions.
const (
	Add    Action = "add"
	Remove Action = "remove"
	Merge  Action = "merge"
	Delete Action = "delete"
	Undo   Action = "undo"
)

// Actions lists the actions.
func Actions() []Action { return []Action{Add, Remove, Merge, Delete, Undo} }

// BatchID names something that was done.
type BatchID int64

// Batch is something that was done to the people of a tag.
type Batch struct {
	ID       BatchID
	Label    ID
	Name     string // the tag's, as it is called now
	Into     string // Merge: the tag that took the people over; empty once that is undone
	Action   Action
	Undoes   BatchID // Undo: what was undone
	Undone   Action  // Undo: the action of that
	People   int64   // whom it changed
	Asked    int64   // whom it was about: the audience, or those who had the tag; of Undo: whom the undone had changed
	ByName   string
	At       time.Time
	UndoneAt time.Time // zero: it stands
}

// Undoable reports whether the batch can still be undone.
func (b Batch) Undoable() bool { return b.Action != Undo && b.UndoneAt.IsZero() }

// Untouched is how many people a batch left as they were: they had the tag already or lacked it,
// or, when undoing, were changed since.
func (b Batch) Untouched() int64 { return b.Asked - b.People }

// Given is a tag that a person has.
type Given struct {
	ID     ID
	Name   string
	ByName string
	At     time.Time
}

// Tags are all tags of a person.
type Tags struct {
	Interests []Word  // by behaviour, the strongest first
	Given     []Given // by staff, the oldest first
}

// Word is an interest tag.
type Word struct {
	ID   int64
	Name string
}

// Deed is who does something to tags, and when.
type Deed struct {
	// Key names the form that asks for it: whatever is sent twice is done once.
	Key string
	By  hostadapter.Staff
	At  time.Time
	Day time.Time // At's date in the site's zone, midnight UTC
}

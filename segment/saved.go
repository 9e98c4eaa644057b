package segment

import (
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// QueryID is our id of a quick query.
type QueryID int64

// Saved is a quick query (快捷查询): a rule kept under a name.
type Saved struct {
	ID     QueryID
	Preset string // the key of one that came with the product; empty: made by staff
	Name   string // empty: the preset's, which the screens know in their language
	Rule   Rule
	// OwnerID is the member of staff who made it; empty for presets. Who does not own a query sees
	// it only when it is Shared.
	OwnerID, OwnerName string
	Shared             bool
	Pinned             bool // stands on the home page
	UpdatedAt          time.Time

	Count     int64     // as of CountedAt
	CountedAt time.Time // zero: not yet
}

// VisibleTo reports whether a member of staff may see and use the query.
func (s Saved) VisibleTo(staff string) bool { return s.Shared || s.OwnerID == "" || s.OwnerID == staff }

// Point is the size of a quick query on a day of the site's zone, as last counted that day.
type Point struct {
	Day   time.Time // midnight UTC of the date
	Count int64
}

// Use is a place where a quick query is needed.
type Use struct {
	Preset string // of a query without a name
	Kind   string // "query" or "campaign"
	ID     int64
	Name   string
}

// InUseError says why a quick query cannot be deleted. It is a fault.ErrConflict.
type InUseError struct{ Uses []Use }

func (e *InUseError) Error() string { return "quick query is in use" }

// Unwrap gives fault.ErrConflict.
func (e *InUseError) Unwrap() error { return fault.ErrConflict }

// QueryIDs lists the quick queries that a rule refers to by itself.
func (r Rule) QueryIDs() []QueryID {
	var out []QueryID
	for _, p := range append(r.Paths(), Part{Rule: r}) {
		if p.Rule.Field != "query" {
			continue
		}
		list, err := ids(p.Rule)
		if err != nil {
			continue // a rule that is not sound refers to nothing
		}
		for _, n := range list {
			out = append(out, QueryID(n))
		}
	}
	return out
}

// Refers reports whether a rule refers to a quick query.
func (r Rule) Refers(id QueryID) bool { return slices.Contains(r.QueryIDs(), id) }

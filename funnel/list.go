package funnel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Sort is an order of the list of offerings.
type Sort string

// Orders of the list.
const (
	SortDevelopable Sort = "developable"
	SortRevenue     Sort = "revenue"
	SortLosing      Sort = "losing"
	SortPotential   Sort = "potential"
	SortPending     Sort = "pending"
	SortEnrolled    Sort = "enrolled"
	SortWithdrawn   Sort = "withdrawn"
	SortConversion  Sort = "conversion"
	SortTitle       Sort = "title"
)

// Sorts lists the orders, the usual one first.
func Sorts() []Sort {
	return []Sort{SortDevelopable, SortRevenue, SortLosing, SortPotential, SortPending, SortEnrolled, SortWithdrawn, SortConversion, SortTitle}
}

// Query asks for the offerings of a kind. The zero value of each other field narrows nothing.
type Query struct {
	Kind     h.TargetType // course or classroom
	Search   string       // a part of the title
	Category string       // a part of the category path
	Status   h.OfferingStatus
	OnlyOpen bool // somebody has an open order for it
	Sort     Sort // empty: [SortDevelopable]
	Desc     bool // the largest first; of titles, the last
}

// Line is an offering in the list with what follows from its figures.
type Line struct {
	Row
	Developable int64
}

// Alarming reports whether more than 30 % of what could be won is about to be lost.
func (l Line) Alarming() bool { return l.Losing() > 0 && 10*l.Losing() > 3*l.Developable }

// Totals are of all offerings of a kind, whatever the list shows of them.
type Totals struct {
	Offerings, OnSale int
	Revenue           int64
	Developable       int64
	Losing            int64
	Potential         int64 // people, once for each offering
	Recent, Closing   int64 // as in [Listing]
}

// Table is the list of offerings.
type Table struct {
	Lines      []Line
	Totals     Totals
	Categories []string // of all offerings of the kind, in the order of the alphabet
	Ready      bool     // false: figures are still growing
}

// List gives the offerings that a query asks for. Who asks at once for one kind has one answer, up to
// twice as old as it took to find.
//
// Errors: fault.Fields with "kind" or "sort" for what is none; fault.ErrUnavailable.
func (s *Service) List(ctx context.Context, q Query) (Table, error) {
	q.Sort = cmp.Or(q.Sort, Sorts()[0])
	problems := fault.Fields{}
	if q.Kind != h.TargetCourse && q.Kind != h.TargetClassroom {
		problems.Add("kind", "problem.choice")
	}
	if !slices.Contains(Sorts(), q.Sort) {
		problems.Add("sort", "problem.choice")
	}
	if err := problems.Err(); err != nil {
		return Table{}, err
	}
	all, err := s.listings.Get(ctx, q.Kind, func(ctx context.Context) (Listing, error) { return s.store.List(ctx, q.Kind, s.now()) })
	if err != nil {
		return Table{}, fmt.Errorf("list offerings: %w", err)
	}
	return arrange(all, q, s.segments.Currency()), nil
}

// arrange adds up, narrows and orders.
func arrange(all Listing, q Query, currency string) Table {
	t := Table{Ready: all.Ready, Totals: Totals{Offerings: len(all.Rows), Recent: all.Recent, Closing: all.Closing}}
	for _, r := range all.Rows {
		l := Line{Row: r, Developable: r.Developable(r.Figures, currency)}
		t.Totals.add(l)
		t.Categories = append(t.Categories, r.Categories...)
		if q.shows(r) {
			t.Lines = append(t.Lines, l)
		}
	}
	slices.Sort(t.Categories)
	t.Categories = slices.Compact(t.Categories)
	slices.SortFunc(t.Lines, q.order)
	return t
}

func (t *Totals) add(l Line) {
	if l.Status == h.OfferingPublished {
		t.OnSale++
	}
	t.Revenue += l.Revenue()
	t.Developable += l.Developable
	t.Losing += l.Losing()
	t.Potential += l.Potential
}

func (q Query) shows(r Row) bool {
	return (q.Status == "" || r.Status == q.Status) &&
		(q.Category == "" || slices.Contains(r.Categories, q.Category)) &&
		(!q.OnlyOpen || r.Pending > 0) &&
		strings.Contains(strings.ToLower(r.Title), strings.ToLower(q.Search))
}

// order compares; equal ones stay in the order of their ids.
func (q Query) order(a, b Line) int {
	c := 0
	if q.Sort == SortTitle {
		c = strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	} else {
		c = cmp.Compare(q.key(a), q.key(b))
	}
	if q.Desc {
		c = -c
	}
	return cmp.Or(c, cmp.Compare(a.ID, b.ID))
}

// key is the number by which a list is ordered.
func (q Query) key(l Line) float64 {
	switch q.Sort {
	case SortRevenue:
		return float64(l.Revenue())
	case SortLosing:
		return float64(l.Losing())
	case SortPotential:
		return float64(l.Potential)
	case SortPending:
		return float64(l.Pending)
	case SortEnrolled:
		return float64(l.Enrolled)
	case SortWithdrawn:
		return float64(l.Withdrawn)
	case SortConversion:
		if share, known := l.Conversion(); known {
			return share
		}
		return -1
	case SortDevelopable, SortTitle:
	}
	return float64(l.Developable)
}

package web

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// menuQueries is how many quick queries the side menu names.
const menuQueries = 10

// queryMenu is the part of the side menu with the quick queries.
type queryMenu struct {
	Shown bool // false: they could not be read, or nobody looks at the menu
	Items []menuQuery
	Total int
}

type menuQuery struct {
	ID        segment.QueryID
	URL, Name string
	Count     int64
	CountedAt time.Time // zero: not counted yet
	Current   bool
}

// saved gives the quick queries that the visitor may see, loaded once for a request together with
// what rules are read against.
func (w *Web) saved(q *request) ([]segment.Saved, error) {
	if !q.savedRead {
		env, list, err := w.Segments.EnvFor(q.ctx(), q.staff.ID)
		if err != nil {
			return nil, err
		}
		q.env, q.saved, q.savedRead = env, list, true
	}
	return q.saved, nil
}

// queryRule finds a quick query by the text of its id and marks it in the side menu.
//
// Errors: fault.ErrNotFound.
func (w *Web) queryRule(q *request, id string) (segment.Saved, error) {
	n, err := parseID(id)
	if err != nil {
		return segment.Saved{}, err
	}
	return w.openSaved(q, segment.QueryID(n))
}

func (w *Web) openSaved(q *request, id segment.QueryID) (segment.Saved, error) {
	list, err := w.saved(q)
	if err != nil {
		return segment.Saved{}, err
	}
	for _, s := range list {
		if s.ID == id {
			q.opened = id
			return s, nil
		}
	}
	return segment.Saved{}, fmt.Errorf("quick query %d: %w", id, fault.ErrNotFound)
}

// queryMenu makes the side menu's part. Every page has it, so that what goes wrong here is logged
// and breaks none.
func (w *Web) queryMenu(q *request) queryMenu {
	if q.hx() {
		return queryMenu{} // a fragment has no menu
	}
	list, err := w.saved(q)
	if err != nil {
		w.Log.WarnContext(q.ctx(), "web: quick queries of the menu", "request", q.id, "err", err)
		return queryMenu{}
	}
	m := queryMenu{Shown: true, Total: len(list)}
	for _, s := range list[:min(len(list), menuQueries)] {
		m.Items = append(m.Items, menuQuery{ID: s.ID, URL: w.paths.AudienceOf(s.ID), Name: w.locale(q).queryName(s), Count: s.Count,
			CountedAt: s.CountedAt, Current: s.ID == q.opened})
	}
	return m
}

package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// queryForm is the form of a quick query: a new one, or one that is renamed or gets another rule.
type queryForm struct {
	Frame
	ID       segment.QueryID // 0: a new one
	Name     string          // as typed
	Usual    string          // what a preset is called when nothing is typed
	Was      string          // what an open query is called
	Say      string          // the rule that would be kept
	Rule     bool            // the form brings a rule
	Shared   bool
	MayShare bool
	Pinned   bool
	People   ruleFields // name the people again
	Action   string
	Back     string
	Problems []fieldProblem
}

// For gives the problem of a field; its Key is empty when there is none.
func (p queryForm) For(field string) fault.Problem { return problemOf(p.Problems, field) }

func problemOf(list []fieldProblem, field string) fault.Problem {
	for _, f := range list {
		if f.Field == field {
			return f.Problem
		}
	}
	return fault.Problem{}
}

// queryNew shows the form of a new quick query, for the people that the address names.
func (w *Web) queryNew(q *request) error {
	return w.showQueryForm(q, http.StatusOK, segment.Saved{OwnerID: q.staff.ID}, q.r.URL.Query(), nil)
}

// queryEdit shows the form of one that is there; people named in the address would be its new rule.
func (w *Web) queryEdit(q *request) error {
	s, err := w.queryRule(q, q.r.PathValue("id"))
	if err != nil {
		return err
	}
	return w.showQueryForm(q, http.StatusOK, s, q.r.URL.Query(), nil)
}

// queryCreate keeps a new quick query.
func (w *Web) queryCreate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	return w.saveQueryForm(q, segment.Saved{OwnerID: q.staff.ID, OwnerName: q.staff.Name})
}

// queryUpdate changes one.
func (w *Web) queryUpdate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	s, err := w.queryRule(q, q.r.PathValue("id"))
	if err != nil {
		return err
	}
	return w.saveQueryForm(q, s)
}

func (w *Web) saveQueryForm(q *request, s segment.Saved) error {
	f := q.r.PostForm
	g, err := w.given(q, f)
	if err != nil {
		return err
	}
	s.Name = f.Get("name")
	if s.ID == 0 || g.named() {
		s.Rule = g.Rule
	}
	if s.OwnerID == q.staff.ID && s.OwnerID != "" {
		s.Shared = f.Get("shared") == "1"
	}
	s.Pinned = f.Get("pinned") == "1"
	id, err := w.keepQuery(q, s)
	var problems fault.Fields
	switch {
	case errors.As(err, &problems):
		return w.showQueryForm(q, http.StatusUnprocessableEntity, s, f, problems)
	case err != nil:
		return err
	case !g.named() && s.ID != 0: // renamed in the list
		return q.redirect(w.paths.Queries())
	}
	return q.redirect(w.paths.AudienceOf(id))
}

// queryFields are the fields of the form that can be wrong, in order.
func queryFields() []string { return []string{"name", "rule"} }

func (w *Web) showQueryForm(q *request, status int, s segment.Saved, v url.Values, problems fault.Fields) error {
	g, err := w.given(q, v)
	if err != nil {
		return err
	}
	q.opened = s.ID
	l := w.locale(q)
	title := "queries.new"
	if s.ID != 0 {
		title = "queries.edit"
	}
	p := queryForm{Frame: w.frame(q, title, "audience"), ID: s.ID, Name: s.Name, Shared: s.Shared, MayShare: s.OwnerID != "" && s.OwnerID == q.staff.ID,
		Pinned: s.Pinned, Rule: s.ID == 0 || g.named(), People: ruleFieldsOf(g.Params), Action: w.paths.Queries(), Back: w.paths.Audience(g.Params)}
	if s.ID != 0 {
		p.Action, p.Was = w.paths.Query(s.ID), l.queryName(s)
		if was, err := w.openSaved(q, s.ID); err == nil {
			p.Was = l.queryName(was)
		}
		if !g.named() {
			g.Rule, p.Back = s.Rule, w.paths.Queries()
		}
	}
	if s.Preset != "" {
		p.Usual = l.queryName(segment.Saved{Preset: s.Preset})
	}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	if p.Say, err = b.say(g.Rule); err != nil {
		return err
	}
	for _, field := range queryFields() {
		if problem, ok := problems[field]; ok {
			p.Problems = append(p.Problems, fieldProblem{field, problem})
		}
	}
	if q.target() == "dialog" {
		return w.render(q, status, "query#query-dialog", p)
	}
	return w.render(q, status, "query", p)
}

// openQuery is what the audience page says of quick queries: which one is open, and where the
// people on the page can be kept as one.
type openQuery struct {
	Name    string // of the open one; empty: none
	Changed bool   // the conditions are not its own any more
	SaveURL string // keeps them as a new one; empty: not allowed
	EditURL string // keeps them as the open one
	OOB     bool
}

// openQueryOf describes the page that address leads to. Conditions that are not complete are not
// in the address, so that they must be mended before anything is kept.
func (w *Web) openQueryOf(q *request, sel selection, ruled ruling, address url.Values) openQuery {
	rule := givenParams(address)
	may := q.may(hostadapter.PermSegmentEdit) && sel.sound(ruled)
	out := openQuery{OOB: q.hx()}
	if may {
		out.SaveURL = w.paths.QueryNew(rule)
	}
	if sel.saved.ID != 0 {
		out.Name, out.Changed = w.locale(q).queryName(sel.saved), !address.Has("query")
		if may && (out.Changed || address.Has("x")) {
			out.EditURL = w.paths.QueryEdit(sel.saved.ID, rule)
		}
	}
	return out
}

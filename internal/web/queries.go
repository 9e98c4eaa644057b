package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type queriesPage struct {
	Frame
	Rows    []queryRow
	MayEdit bool
}

// queryRow is a quick query in the list.
type queryRow struct {
	ID                     segment.QueryID
	Name, Say              string
	Bad                    fault.Problem // why its rule does not hold any more; without Key: it does
	Count                  int64
	CountedAt              time.Time
	Trend                  sparkView
	Owner                  string // empty: it came with the product
	Own                    bool   // of who is looking
	Shared, Pinned         bool
	First, Last            bool
	URL, Set, Edit, Delete string
}

// MayShare reports whether the one who looks decides who else sees the query.
func (r queryRow) MayShare() bool { return r.Own && r.Owner != "" }

// queries lists the quick queries.
func (w *Web) queries(q *request) error {
	p := queriesPage{Frame: w.frame(q, "queries.title", "audience"), MayEdit: q.may(hostadapter.PermSegmentEdit)}
	list, err := w.saved(q)
	if err != nil {
		return err
	}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	env, err := w.env(q)
	if err != nil {
		return err
	}
	for i, s := range list {
		row := queryRow{ID: s.ID, Name: b.l.queryName(s), Count: s.Count, CountedAt: s.CountedAt, Owner: s.OwnerName, Own: s.OwnerID == q.staff.ID,
			Shared: s.Shared, Pinned: s.Pinned, First: i == 0, Last: i == len(list)-1, URL: w.paths.AudienceOf(s.ID),
			Set: w.paths.QuerySet(s.ID), Edit: w.paths.QueryEdit(s.ID, nil), Delete: w.paths.QueryDelete(s.ID)}
		if row.Owner == "" {
			row.Owner = s.OwnerID
		}
		row.Bad = unsound(s.Rule, env)
		if row.Say, err = b.say(s.Rule); err != nil {
			return err
		}
		trend, err := w.Segments.Trend(q.ctx(), s.ID, trendDays)
		if err != nil {
			return err
		}
		row.Trend = b.l.spark(trend)
		p.Rows = append(p.Rows, row)
	}
	if q.target() == "queries" {
		return w.render(q, http.StatusOK, "queries#queries", p)
	}
	return w.render(q, http.StatusOK, "queries", p)
}

// unsound says what is wrong with a rule that was sound when it was saved: a field may have gone.
func unsound(r segment.Rule, env segment.Env) fault.Problem {
	_, err := segment.Compile(r, env)
	if re, ok := segment.Problem(err); ok {
		return fault.Problem{Key: "problem.rule_" + re.Word(), Args: []any{re.Field}}
	}
	return fault.Problem{}
}

// querySet does one of the small things of the list: share, pin, move.
func (w *Web) querySet(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	n, err := q.id64()
	if err != nil {
		return err
	}
	s, err := w.openSaved(q, segment.QueryID(n))
	if err != nil {
		return err
	}
	do := q.r.PostForm.Get("do")
	switch do {
	case "up", "down":
		by := map[string]int{"up": -1, "down": 1}[do]
		if err := w.record(q, audit.QueriesMoved, queryObject(s.ID), map[string]any{"by": by}); err != nil {
			return err
		}
		err = w.Segments.MoveQuery(q.ctx(), s.ID, by, q.staff.ID)
	case "share", "unshare":
		if s.OwnerID != q.staff.ID || s.OwnerID == "" {
			return fmt.Errorf("%w: somebody else's quick query", fault.ErrForbidden)
		}
		s.Shared = do == "share"
		_, err = w.keepQuery(q, s)
	case "pin", "unpin":
		s.Pinned = do == "pin"
		_, err = w.keepQuery(q, s)
	default:
		return fault.Fields{"do": {Key: "problem.choice"}}
	}
	if err != nil {
		return err
	}
	if q.target() == "queries" {
		q.savedRead = false // it is another list now
		return w.queries(q)
	}
	return q.redirect(w.paths.Queries())
}

// keepQuery saves a quick query and records it: a change before it is made, a new one, which has no
// id until then, right after.
func (w *Web) keepQuery(q *request, s segment.Saved) (segment.QueryID, error) {
	detail := map[string]any{"shared": s.Shared, "pinned": s.Pinned, "rule": desk.RuleHash(s.Rule)}
	if s.ID != 0 {
		if err := w.Segments.CheckQuery(q.ctx(), s, q.staff.ID); err != nil {
			return 0, err
		}
		if err := w.record(q, audit.QuerySaved, queryObject(s.ID), detail); err != nil {
			return 0, err
		}
		return w.Segments.SaveQuery(q.ctx(), s, q.staff.ID)
	}
	id, err := w.Segments.SaveQuery(q.ctx(), s, q.staff.ID)
	if err != nil {
		return 0, err
	}
	return id, w.record(q, audit.QuerySaved, queryObject(id), detail)
}

func queryObject(id segment.QueryID) string { return fmt.Sprintf("query:%d", id) }

// deletePage asks before a quick query goes, or says where it is needed.
type deletePage struct {
	Frame
	Name  string
	URL   string
	InUse []useView
}

// useView is a place that needs a quick query.
type useView struct{ Kind, Name, URL string }

// queryDeleteAsk asks before deleting: in a dialog, or without htmx on a page.
func (w *Web) queryDeleteAsk(q *request) error {
	s, err := w.queryRule(q, q.r.PathValue("id"))
	if err != nil {
		return err
	}
	p := deletePage{Frame: w.frame(q, "queries.delete", "audience"), Name: w.locale(q).queryName(s), URL: w.paths.QueryDelete(s.ID)}
	if q.target() == "dialog" {
		return w.render(q, http.StatusOK, "querydelete#delete-dialog", p)
	}
	return w.render(q, http.StatusOK, "querydelete", p)
}

func (w *Web) queryDelete(q *request) error {
	s, err := w.queryRule(q, q.r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := w.record(q, audit.QueryDeleted, queryObject(s.ID), nil); err != nil {
		return err
	}
	err = w.Segments.DeleteQuery(q.ctx(), s.ID, q.staff.ID)
	var used *segment.InUseError
	if !errors.As(err, &used) {
		if err != nil {
			return err
		}
		return q.redirect(w.paths.Queries())
	}
	if err := w.record(q, audit.QueryDeleted, queryObject(s.ID), map[string]any{"refused": len(used.Uses)}); err != nil {
		return err
	}
	p := deletePage{Frame: w.frame(q, "queries.in_use_title", "audience"), Name: w.locale(q).queryName(s), InUse: w.uses(q, used.Uses)}
	name := "querydelete"
	if q.hx() {
		name = "querydelete#in-use-toast"
	}
	return w.render(q, http.StatusConflict, name, p)
}

// uses names the places that need a quick query. Somebody else's own query is counted, not named.
func (w *Web) uses(q *request, list []segment.Use) []useView {
	out := make([]useView, 0, len(list))
	for _, u := range list {
		v := useView{Kind: u.Kind, Name: u.Name}
		switch u.Kind {
		case "campaign":
			v.URL = w.paths.CampaignByID(u.ID)
		default:
			v.Name = w.locale(q).T("queries.somebodys")
			if s, err := w.openSaved(q, segment.QueryID(u.ID)); err == nil {
				v.Name, v.URL = w.locale(q).queryName(s), w.paths.AudienceOf(s.ID)
			}
		}
		out = append(out, v)
	}
	return out
}

// useKinds lists the kinds of places.
func useKinds() []string { return []string{"query", "campaign"} }

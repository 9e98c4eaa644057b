package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// categoryCell is why a learner left, as staff found out.
type categoryCell struct {
	ID       segment.PersonID
	Name     string
	Category funnel.Category
	Options  []option
	URL      string
	Back     string
	MayEdit  bool
}

// noCategory stands for none in a form.
const noCategory = "none"

func (w *Web) categoryCell(q *request, s offeringState, p funnel.Pair) categoryCell {
	l := w.locale(q)
	c := categoryCell{ID: p.ID, Name: p.Name(), Category: p.Exit.Category, URL: w.paths.Offering(s.kind, s.id, "/reason", nil), Back: w.funnelURL(s), MayEdit: q.may(hostadapter.PermFollowup)}
	c.Options = []option{{noCategory, l.T("offering.no_category"), p.Exit.Category == ""}}
	for _, x := range funnel.Categories() {
		c.Options = append(c.Options, option{string(x), l.TK("offering.category", x), x == p.Exit.Category})
	}
	return c
}

// reasonSaved is the answer to a change in the list.
type reasonSaved struct {
	Cell  categoryCell
	Exits *exitsView
	Said  string
}

// offeringReason takes why a learner left.
func (w *Web) offeringReason(kind hostadapter.TargetType) func(*request) error {
	return func(q *request) error {
		if err := q.parse(); err != nil {
			return err
		}
		f := q.r.PostForm
		id, who, err := q.offeringLearner(f)
		if err != nil {
			return err
		}
		c := funnel.Category(f.Get("category"))
		switch c {
		case "":
			return fault.Fields{"category": {Key: "problem.missing"}}
		case noCategory:
			c = ""
		default:
			if !slices.Contains(funnel.Categories(), c) {
				return fault.Fields{"category": {Key: "problem.choice"}}
			}
		}
		if err := w.record(q, audit.ReasonSet, fmt.Sprintf("person:%d", who), map[string]any{"offering": id, "category": c}); err != nil {
			return err
		}
		if err := w.Funnels.SetCategory(q.ctx(), q.staff, who, id, c); err != nil {
			return err
		}
		s := offeringState{kind: kind, id: id, period: usualPeriod, tab: funnel.TabWithdrawn}
		if !q.hx() {
			return q.redirect(w.backTo(f, w.funnelURL(s)))
		}
		pair, err := w.Funnels.Find(q.ctx(), id, who)
		if err != nil {
			return err
		}
		a := reasonSaved{Cell: w.categoryCell(q, s, pair), Said: w.locale(q).T("offering.reason_said", pair.Name())}
		if a.Exits, err = w.exitsView(q, s); err != nil {
			return err
		}
		a.Exits.OOB = true
		return w.render(q, http.StatusOK, "offering#reason-saved", a)
	}
}

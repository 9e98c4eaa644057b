package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// levelCell is a learner's intent in a list, which staff can change there.
type levelCell struct {
	ID      segment.PersonID
	Name    string
	Level   funnel.Level
	Set     bool   // by staff
	Why     string // what an automatic one comes from
	Options []option
	URL     string // takes the form
	History string // who said what, and the form with a reason
	Back    string
	MayEdit bool
}

// autoLevel stands for the level that the score gives.
const autoLevel = "auto"

func (w *Web) levelCell(q *request, s offeringState, p funnel.Pair) levelCell {
	l := w.locale(q)
	c := levelCell{ID: p.ID, Name: p.Name(), Level: p.Level, Set: p.SetLevel, Why: l.levelWhy(p), MayEdit: q.may(hostadapter.PermFollowup), Back: w.funnelURL(s),
		URL: w.paths.Offering(s.kind, s.id, "/intent", nil), History: w.paths.Offering(s.kind, s.id, "/intent", values("learner", fmt.Sprint(p.ID)))}
	auto := l.T("offering.auto")
	if !p.SetLevel {
		auto = l.T("offering.auto_is", l.TK("offering.level", p.Level))
	}
	c.Options = []option{{autoLevel, auto, !p.SetLevel}}
	for _, level := range funnel.Levels() {
		c.Options = append(c.Options, option{string(level), l.TK("offering.level", level), p.SetLevel && level == p.Level})
	}
	return c
}

// intentPage shows what staff said about a learner's intent, with the form to say something else.
type intentPage struct {
	Frame
	Kind      hostadapter.TargetType
	Offering  funnel.Offering
	List, URL string // the list of offerings, the offering
	Cell      levelCell
	Person    string
	Reason    string
	Problem   fault.Problem // with the reason
	History   []opinionRow
}

// opinionRow is one thing that was said.
type opinionRow struct {
	funnel.Opined
	Auto bool // by the score again
}

// offeringIntent shows the page.
func (w *Web) offeringIntent(kind hostadapter.TargetType) func(*request) error {
	return func(q *request) error {
		v := q.r.URL.Query()
		id, who, err := q.offeringLearner(v)
		if err != nil {
			return err
		}
		return w.showIntent(q, http.StatusOK, offeringState{kind: kind, id: id, period: usualPeriod, tab: funnel.Tabs()[0]}, who, "", nil)
	}
}

func (w *Web) showIntent(q *request, status int, s offeringState, who segment.PersonID, reason string, problems fault.Fields) error {
	pair, err := w.Funnels.Find(q.ctx(), s.id, who)
	if err != nil {
		return err
	}
	view, err := w.Funnels.View(q.ctx(), s.id, s.period)
	if err != nil {
		return err
	}
	said, err := w.Funnels.Opinions(q.ctx(), who, s.id)
	if err != nil {
		return err
	}
	p := intentPage{Kind: s.kind, Offering: view.Offering, List: w.paths.OfferingList(s.kind, nil), URL: w.tabURL(s, tabOf(pair)), Cell: w.levelCell(q, s, pair),
		Person: w.paths.Person(who), Reason: reason, Problem: problems["reason"]}
	p.Cell.Back = p.Cell.History
	for _, o := range said {
		p.History = append(p.History, opinionRow{o, o.Level == ""})
	}
	p.Frame = w.frame(q, "offering.intent", offeringNav(s.kind))
	return w.render(q, status, "offeringintent", p)
}

// tabOf is the tab on which a learner is.
func tabOf(p funnel.Pair) funnel.Tab {
	if p.Stage == funnel.Nowhere && p.Past {
		return funnel.TabPast
	}
	return funnel.Tab(p.Stage)
}

// levelSaved is the answer to a change in the list: the cell, and what it changes beside it.
type levelSaved struct {
	Cell  levelCell
	Aside offeringAside
	Said  string
}

// offeringLevel takes what staff say about a learner's intent.
func (w *Web) offeringLevel(kind hostadapter.TargetType) func(*request) error {
	return func(q *request) error {
		if err := q.parse(); err != nil {
			return err
		}
		f := q.r.PostForm
		id, who, err := q.offeringLearner(f)
		if err != nil {
			return err
		}
		s := offeringState{kind: kind, id: id, period: usualPeriod, tab: funnel.Tabs()[0]}
		o := funnel.Opinion{Learner: who, Offering: id, Level: funnel.Level(f.Get("level")), Reason: desk.Clean(f.Get("reason"))}
		if o.Level == autoLevel {
			o.Level = ""
		} else if !slices.Contains(funnel.Levels(), o.Level) {
			return fault.Fields{"level": {Key: "problem.choice"}}
		}
		done, err := w.sayLevel(q, o)
		problems, err := problemsOf(err)
		switch {
		case err != nil:
			return err
		case problems != nil && f.Has("reason"):
			return w.showIntent(q, http.StatusUnprocessableEntity, s, who, o.Reason, problems)
		case problems != nil:
			return problems
		case q.hx():
			return w.showLevel(q, s, who, done)
		}
		return q.redirect(w.backTo(f, w.funnelURL(s)))
	}
}

// sayLevel records and enters an opinion; one that makes no sense is not recorded.
func (w *Web) sayLevel(q *request, o funnel.Opinion) (funnel.Opined, error) {
	if err := o.Check(); err != nil {
		return funnel.Opined{}, err
	}
	if err := w.record(q, audit.LevelSet, fmt.Sprintf("person:%d", o.Learner), map[string]any{"offering": o.Offering, "level": o.Level}); err != nil {
		return funnel.Opined{}, err
	}
	return w.Funnels.SetLevel(q.ctx(), q.staff, o)
}

// backTo is the page of the panel that a form names, or another.
func (w *Web) backTo(f url.Values, other string) string {
	if back := f.Get("back"); w.paths.Within(back) {
		return back
	}
	return other
}

func (w *Web) showLevel(q *request, s offeringState, who segment.PersonID, done funnel.Opined) error {
	pair, err := w.Funnels.Find(q.ctx(), s.id, who)
	if err != nil {
		return err
	}
	view, err := w.Funnels.View(q.ctx(), s.id, s.period)
	if err != nil {
		return err
	}
	l := w.locale(q)
	a := levelSaved{Cell: w.levelCell(q, s, pair), Aside: w.offeringAside(q, s, view)}
	a.Said = l.T("offering.level_said", pair.Name(), l.TK("offering.level", pair.Level), l.TK("offering.level", done.Before))
	a.Aside.OOB = true
	return w.render(q, http.StatusOK, "offering#level-saved", a)
}

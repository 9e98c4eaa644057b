package web

import (
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// whyPage says whether a person meets a rule, and which condition decides it.
type whyPage struct {
	Frame
	Name      string
	PersonURL string
	Self      string // where another quick query can be asked about
	Audience  string
	Query     string // the quick query that is asked about; empty: it is none
	Queries   []option
	Root      whyNode
	Near      string // the fewest conditions that would turn the answer round
}

// whyNode is a part of the rule as it holds for the person.
type whyNode struct {
	Word  string // of a group
	Holds bool
	Fine  bool // it holds as the group around it wants it to
	Near  bool
	Say   string // the condition in words
	Has   string // what was found
	When  string // how long ago that is, or how far ahead; empty: it is no moment
	Kids  []whyNode
}

// why explains a rule for one person.
func (w *Web) why(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	id := segment.PersonID(n)
	g, err := w.given(q, q.r.URL.Query())
	if err != nil {
		return w.explainRule(q, err)
	}
	d, err := w.Dossiers.Head(q.ctx(), id)
	if err != nil {
		return err
	}
	e, err := w.Segments.Explain(q.ctx(), g.Rule, id)
	if _, bad := segment.Problem(err); bad { // it was sound when it was stored
		return w.explainRule(q, badRule{g.Rule, err})
	}
	if err != nil {
		return err
	}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	p := whyPage{Frame: w.frame(q, "why.title", "audience"), Name: d.Name(), PersonURL: w.paths.Person(id), Self: w.paths.Why(id, nil),
		Audience: w.paths.Audience(g.Params)}
	if g.Query != nil {
		p.Query = b.l.queryName(*g.Query)
	}
	if p.Queries, err = w.queryOptions(q); err != nil {
		return err
	}
	x := explainer{b}
	if p.Root, err = x.node(e); err != nil {
		return err
	}
	p.Root.Fine = p.Root.Holds
	p.Near = x.near(p.Root)
	return w.render(q, http.StatusOK, "why", p)
}

// queryOptions are the quick queries to choose from; the open one is chosen.
func (w *Web) queryOptions(q *request) ([]option, error) {
	list, err := w.saved(q)
	if err != nil {
		return nil, err
	}
	out := make([]option, len(list))
	for i, s := range list {
		out[i] = option{idText(s.ID), w.locale(q).queryName(s), s.ID == q.opened}
	}
	return out, nil
}

// explainer puts an explanation into words.
type explainer struct{ *builder }

func (x explainer) node(e segment.Explanation) (whyNode, error) {
	n := whyNode{Holds: e.Holds, Near: e.Near}
	n.Word, _ = e.Rule.Members()
	for _, part := range e.Parts {
		kid, err := x.node(part)
		if err != nil {
			return n, err
		}
		kid.Fine = kid.Holds == (n.Word != "none")
		n.Kids = append(n.Kids, kid)
	}
	if n.Word != "" {
		return n, nil
	}
	var err error
	if n.Say, err = x.sayCondition(e.Rule); err != nil {
		return n, err
	}
	n.Has, n.When, err = x.value(x.cat[e.Rule.Field], e.Value)
	return n, err
}

// near says in one sentence what would have to change.
func (x explainer) near(root whyNode) string {
	var parts []string
	var walk func(n whyNode)
	walk = func(n whyNode) {
		if n.Near && n.Word == "" {
			parts = append(parts, x.turn(n, root.Holds))
		}
		for _, k := range n.Kids {
			walk(k)
		}
	}
	walk(root)
	switch {
	case len(parts) == 0:
		return ""
	case root.Holds:
		return x.l.T("why.thread", strings.Join(parts, x.l.T("say.and")))
	}
	return x.l.T("why.miss", strings.Join(parts, x.l.T("why.semicolon")))
}

// turn says how one condition would have to turn: for who is in, what would end it; for who is
// not, what is wanting.
func (x explainer) turn(n whyNode, in bool) string {
	say := innerQuotes.Replace(n.Say)
	switch {
	case in && n.Holds:
		return x.l.T("why.fails", say)
	case in:
		return x.l.T("why.comes", say)
	case n.Holds:
		return x.l.T("why.must_not", say, n.found())
	}
	return x.l.T("why.must", say, n.found())
}

// innerQuotes makes quotes within quotes.
var innerQuotes = strings.NewReplacer("“", "‘", "”", "’")

// found is the value with its distance in time.
func (n whyNode) found() string {
	return strings.TrimSpace(n.Has + " " + n.When)
}

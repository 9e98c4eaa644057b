package web

import (
	"fmt"
	"net/url"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// given is the people that a request names: by a token, a quick query, a rule or nothing, which
// means all active accounts. The parameters are those of the audience page.
type given struct {
	Rule   segment.Rule
	Query  *segment.Saved // it is this quick query; nil: it is not, or narrowed
	Params url.Values     // say the same in another address
}

// named reports whether anything was named.
func (g given) named() bool { return len(g.Params) > 0 }

// givenParams takes the parameters that name people out of an address or a form.
func givenParams(v url.Values) url.Values {
	return values("s", v.Get("s"), "query", v.Get("query"), "q", v.Get("q"), "x", v.Get("x"))
}

// given reads the parameters s, query, q and x, in this order.
//
// Errors: fault.ErrNotFound; fault.ErrInvalid.
func (w *Web) given(q *request, v url.Values) (given, error) {
	g := given{Rule: segment.Everyone(), Params: givenParams(v)}
	var err error
	switch {
	case v.Get("s") != "":
		g.Rule, err = w.Segments.Selection(q.ctx(), v.Get("s"))
	case v.Get("query") != "":
		var s segment.Saved
		s, err = w.queryRule(q, v.Get("query"))
		g.Rule, g.Query = s.Rule, &s
	case v.Get("q") != "":
		g.Rule, err = w.ruleOf(q, v.Get("q"))
	}
	if err != nil {
		return g, err
	}
	q.allow(g.Rule)
	if rest := readRest(g.Params); rest.Bad {
		return g, fmt.Errorf("%w: days of rest", fault.ErrInvalid)
	} else if rest.Days > 0 {
		g.Rule, g.Query = rest.narrow(g.Rule), nil
	}
	return g, nil
}

package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// errNamesPeople refuses an address whose conditions name somebody.
var errNamesPeople = errors.New("web: conditions that name people in an address")

// badRule is a rule that was asked for and cannot be used. It is a fault.ErrInvalid.
type badRule struct {
	rule segment.Rule
	err  error // around a *segment.RuleError
}

func (b badRule) Error() string   { return b.err.Error() }
func (b badRule) Unwrap() []error { return []error{fault.ErrInvalid, b.err} }

// rulePage says what is wrong with the conditions of an address.
type rulePage struct {
	Frame
	Field string // the label of the field; empty: it is not about one
	Text  string
	ID    string
}

// explainRule answers with what is wrong with a rule, if that is what err is about; any other
// error goes on. Nothing is stored of such a rule.
func (w *Web) explainRule(q *request, err error) error {
	var bad badRule
	named := errors.Is(err, errNamesPeople)
	if !errors.As(err, &bad) && !named || q.hx() {
		return err
	}
	l := w.locale(q)
	p := rulePage{Frame: w.frame(q, "rule.bad.title", "audience"), ID: q.id}
	w.Log.InfoContext(q.ctx(), "web: bad rule in an address", "request", q.id, "err", err)
	if named {
		p.Text = l.T("rule.bad.private")
		return w.render(q, http.StatusUnprocessableEntity, "rule", p)
	}
	env, err := w.env(q)
	if err != nil {
		return err
	}
	problem, ok := segment.Problem(bad)
	if !ok {
		return bad
	}
	if f, known := env.Catalog[problem.Field]; known {
		p.Field = l.label(f)
	} else {
		p.Field = problem.Field
	}
	p.Text = l.ruleProblem(problem, bad.rule, env)
	return w.render(q, http.StatusUnprocessableEntity, "rule", p)
}

// ruleProblem says what is wrong with a condition, and what would be right.
func (l *locale) ruleProblem(e *segment.RuleError, rule segment.Rule, env segment.Env) string {
	f := env.Catalog[e.Field]
	allowed := ""
	switch cond, _ := at(rule, e.Path); e.Word() {
	case "op":
		var ops []string
		for _, op := range f.Ops() {
			ops = append(ops, l.TK("op."+string(f.Type), op))
		}
		allowed = strings.Join(ops, l.T("list.comma"))
	case "value":
		allowed = l.T("rule.bad.no_value")
		if _, word := draftOf(cond, env.Catalog, minorDigits(env.Currency)).condition(env, minorDigits(env.Currency)); word != "" {
			allowed = l.TK("cond.bad", word)
		}
	case "narrow":
		var ways []string
		for _, n := range f.Narrow {
			ways = append(ways, l.TK("of", n))
		}
		if allowed = strings.Join(ways, l.T("list.comma")); allowed == "" {
			allowed = l.T("none.none")
		}
	case "source":
		allowed = l.TK("lacking", f.Needs)
	}
	return l.TK("rule.bad", e.Word(), allowed)
}

// ruleWords lists the kinds of errors of rules, so that a test can hold the message files to them.
func ruleWords() []string {
	return []string{"syntax", "large", "deep", "field", "op", "value", "narrow", "source", "query", "cycle"}
}

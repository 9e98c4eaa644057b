package web

import (
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// problemKeys lists what services find wrong with an input.
func problemKeys() []string {
	return []string{
		"problem.missing", "problem.long", "problem.channel", "problem.choice", "problem.range", "problem.rule",
		"problem.nobody", "problem.link_missing", "problem.url", "problem.link_unused", "problem.line_break",
		"problem.variable", "problem.tag", "problem.template",
	}
}

// Problem says what is wrong with a field. Who mistyped a variable is shown those there are.
func (l *locale) Problem(p fault.Problem) string {
	args := p.Args
	if p.Key == "problem.variable" {
		var names []string
		for _, v := range campaign.Variables() {
			names = append(names, l.variable(v))
		}
		args = append(append([]any{}, args...), strings.Join(names, l.T("list.comma")))
	}
	return l.T(p.Key, args...)
}

// variable is the name by which the composer inserts a variable.
func (l *locale) variable(v campaign.Variable) string {
	if l.lang == en {
		return v.Name
	}
	return v.Zh
}

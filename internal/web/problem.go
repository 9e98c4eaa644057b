package web

import (
	"fmt"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// problemKeys lists what services find wrong with an input.
func problemKeys() []string {
	return []string{
		"problem.missing", "problem.long", "problem.channel", "problem.choice", "problem.range", "problem.rule",
		"problem.nobody", "problem.link_missing", "problem.url", "problem.link_unused", "problem.line_break",
		"problem.variable", "problem.tag", "problem.template", "problem.taken", "problem.control",
		"problem.rule_syntax", "problem.rule_large", "problem.rule_deep", "problem.rule_field", "problem.rule_op", "problem.rule_value",
		"problem.rule_narrow", "problem.rule_source", "problem.rule_query", "problem.rule_cycle", "problem.rule_gone",
		"problem.list_empty", "problem.list_long", "problem.list_nobody", "problem.list_encoding", "problem.list_large", "problem.list_both",
		"problem.rows",
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
	if strings.HasPrefix(p.Key, "problem.rule_") && len(args) > 0 {
		args = []any{l.fieldLabel(fmt.Sprint(args[0]))}
	}
	return l.T(p.Key, args...)
}

// fieldLabel names a field by its key; the host's own, and one that is gone, have no other name.
func (l *locale) fieldLabel(key string) string {
	if f, ok := segment.DefaultCatalog()[key]; ok {
		return l.label(f)
	}
	return strings.TrimPrefix(key, "custom.")
}

// variable is the name by which the composer inserts a variable.
func (l *locale) variable(v campaign.Variable) string {
	if l.lang == en {
		return v.Name
	}
	return v.Zh
}

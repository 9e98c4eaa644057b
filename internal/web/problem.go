package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// problemKeys lists what services find wrong with an input.
func problemKeys() []string {
	return []string{
		"problem.missing", "problem.long", "problem.channel", "problem.choice", "problem.range", "problem.rule",
		"problem.nobody", "problem.link_missing", "problem.url", "problem.domain", "problem.link_unused", "problem.line_break",
		"problem.tag", "problem.template", "problem.taken", "problem.control",
		"problem.rule_syntax", "problem.rule_large", "problem.rule_deep", "problem.rule_field", "problem.rule_op", "problem.rule_value",
		"problem.rule_narrow", "problem.rule_source", "problem.rule_query", "problem.rule_cycle", "problem.rule_gone",
		"problem.list_empty", "problem.list_long", "problem.list_nobody", "problem.list_encoding", "problem.list_large", "problem.list_both",
		"problem.param_missing", "problem.param_name", "problem.filter", "problem.number", "problem.tag_split",
		"problem.rendered_long", "problem.sms_plain", "problem.sms_signature", "problem.unsubscribe_channel", "problem.address",
		"problem.contact", "problem.many_tests", "problem.send_at", "problem.template_gone", "problem.test_render",
		"problem.unapproved", "problem.large", "problem.time", "problem.time_gap", "problem.blocks", "problem.links", "problem.nesting", "problem.url_template", "problem.url_variable",
		"warning.subject_long", "warning.alt", "warning.fallback",
		"problem.rows", "problem.senders", "problem.form_used", "problem.slug", "problem.slug_taken", "problem.slug_used", "problem.past",
		"problem.label_many", "problem.label_people", "problem.label_ended", "problem.label_both", "problem.label_none", "problem.label_unknown",
		"problem.people_many", "problem.people_none", "problem.erased", "problem.characters", "problem.far",
	}
}

// Problem says what is wrong with a field, its variables and conditions named as the reader knows
// them.
func (l *locale) Problem(p fault.Problem) string {
	args := p.Args
	if named := []string{"warning.fallback", "problem.url_variable"}; slices.Contains(named, p.Key) && len(args) > 0 {
		args = []any{l.parameter(fmt.Sprint(args[0]))}
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

// problemsOf gives what is wrong with an input; an error that is not about it comes back.
func problemsOf(err error) (fault.Fields, error) {
	var problems fault.Fields
	if errors.As(err, &problems) {
		return problems, nil
	}
	return nil, err
}

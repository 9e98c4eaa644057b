package api

import (
	"errors"
	"fmt"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// whom names people: by a rule, by a quick query, or by nothing, which means all active accounts.
// It travels in bodies alone, since a rule may name somebody.
type whom struct {
	Rule     ruleText        `json:"rule,omitempty" doc:"A tree of conditions; see GET /audience/fields for what can be asked."`
	Query    segment.QueryID `json:"query,omitempty" minimum:"1" doc:"The id of a quick query, instead of a rule."`
	RestDays int             `json:"rest_days,omitempty" minimum:"1" maximum:"365" doc:"Leaves out whom a campaign reached within so many days."`
}

// peopleOf reads whom an input names, as its author may: without the quick queries of others.
//
// Errors: fault.Fields; fault.ErrInvalid around *segment.RuleError.
func (c *call) peopleOf(p whom) (segment.Rule, error) {
	rule, err := c.ruleOf(p)
	if err == nil && p.RestDays > 0 {
		rule = segment.Rested(rule, p.RestDays)
	}
	return rule, err
}

// ruleOf is peopleOf without the days of rest.
func (c *call) ruleOf(p whom) (segment.Rule, error) {
	switch {
	case len(p.Rule) > 0 && p.Query != 0:
		return segment.Rule{}, fault.Fields{"people.query": {Key: "problem.choice"}}
	case p.Query != 0:
		s, err := c.api.Segments.FindQuery(c, p.Query, c.staff.ID)
		if errors.Is(err, fault.ErrNotFound) {
			return s.Rule, fault.Fields{"people.query": {Key: "problem.choice"}}
		}
		return s.Rule, err
	case len(p.Rule) > 0:
		return c.parse(p.Rule)
	}
	return segment.Everyone(), nil
}

// parse reads a rule.
func (c *call) parse(text ruleText) (segment.Rule, error) {
	env, _, err := c.api.Segments.EnvFor(c, c.staff.ID)
	if err != nil {
		return segment.Rule{}, err
	}
	rule, err := segment.Parse(text)
	if err == nil {
		_, err = segment.Compile(rule, env)
	}
	if err != nil {
		return rule, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
	}
	return rule, nil
}

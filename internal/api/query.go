package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) queryOperations() []operation {
	return under("Quick queries",
		get("list-queries", "/queries", "The quick queries that you may see, in their order.", a.queryList),
		post("create-query", "/queries", edit, "Keeps a rule under a name.", a.queryCreate),
		get("get-query", "/queries/{id}", "A quick query with its trend.", a.queryGet),
		put("update-query", "/queries/{id}", edit, "Changes a quick query.", a.queryUpdate),
		remove("delete-query", "/queries/{id}", edit, "Deletes a quick query that nothing needs; 409 where something does, and errors says what.", a.queryDelete),
		post("move-query", "/queries/{id}/move", edit, "Moves a quick query up or down among those that you see.", a.queryMove),
	)
}

// queryView is a quick query.
type queryView struct {
	ID        segment.QueryID `json:"id"`
	Name      string          `json:"name"`
	Preset    string          `json:"preset,omitempty" doc:"The key of one that came with the product."`
	Rule      segment.Rule    `json:"rule"`
	Owner     *who            `json:"owner,omitempty" doc:"Absent for those that came with the product."`
	Shared    bool            `json:"shared"`
	Pinned    bool            `json:"pinned" doc:"It stands on the home page."`
	UpdatedAt time.Time       `json:"updated_at,omitzero"`
	Count     int64           `json:"count" doc:"As of counted_at."`
	CountedAt time.Time       `json:"counted_at,omitzero" doc:"Absent: not counted yet."`
	Broken    string          `json:"broken,omitempty" doc:"Why its rule does not hold any more: a field or a list is gone."`
	Trend     []trendPoint    `json:"trend,omitempty" doc:"Of one query: the last 30 days that were counted, oldest first."`
}

func (c *call) queryOf(s segment.Saved) queryView {
	v := queryView{ID: s.ID, Name: s.Name, Preset: s.Preset, Rule: s.Rule, Shared: s.Shared, Pinned: s.Pinned, UpdatedAt: s.UpdatedAt, Count: s.Count, CountedAt: s.CountedAt}
	if s.OwnerID != "" {
		v.Owner = &who{s.OwnerID, s.OwnerName}
	}
	if v.Name == "" && s.Preset != "" {
		v.Name = c.say("preset." + s.Preset)
	}
	return v
}

func (a *API) queryList(c *call, _ *nothing) (all[queryView], error) {
	list, err := a.Segments.Queries(c, c.staff.ID)
	if err != nil {
		return all[queryView]{}, err
	}
	env, _, err := a.Segments.EnvFor(c, c.staff.ID)
	return allOf(list, func(s segment.Saved) queryView {
		v := c.queryOf(s)
		v.Broken = c.broken(s.Rule, env)
		return v
	}), err
}

// broken says what is wrong with a rule that was sound when it was saved; empty: nothing.
func (c *call) broken(r segment.Rule, env segment.Env) string {
	_, err := segment.Compile(r, env)
	if bad, ok := segment.Problem(err); ok {
		return c.say("problem.rule_"+bad.Word(), bad.Field)
	}
	return ""
}

// queryChoices gives the quick queries as values of conditions.
func (a *API) queryChoices(c *call, in *choiceInput) (all[choiceView], error) {
	list, err := a.Segments.Queries(c, c.staff.ID)
	var out []choiceView
	for _, s := range list {
		if name := c.queryOf(s).Name; len(out) < in.Limit && strings.Contains(strings.ToLower(name), strings.ToLower(in.Search)) {
			out = append(out, choiceView{Value: fmt.Sprint(s.ID), Label: name})
		}
	}
	return all[choiceView]{filled(out)}, err
}

// trendDays is how far back a trend goes.
const trendDays = 30

func (a *API) queryGet(c *call, in *ByID[segment.QueryID]) (queryView, error) {
	s, err := a.Segments.FindQuery(c, in.ID, c.staff.ID)
	if err != nil {
		return queryView{}, err
	}
	env, _, err := a.Segments.EnvFor(c, c.staff.ID)
	if err != nil {
		return queryView{}, err
	}
	v := c.queryOf(s)
	v.Broken = c.broken(s.Rule, env)
	points, err := a.Segments.Trend(c, s.ID, trendDays)
	v.Trend = trendOf(points)
	return v, err
}

// queryBody is what staff say of a quick query.
type queryBody struct {
	Name   string `json:"name" maxLength:"400"`
	People *whom  `json:"people,omitempty" doc:"Absent in a change: the rule stays."`
	Shared *bool  `json:"shared,omitempty" doc:"Others see it too. Its owner decides. Absent: it stays; a new one is not shared."`
	Pinned bool   `json:"pinned,omitempty"`
}

func (a *API) queryCreate(c *call, in *struct{ Body queryBody }) (queryView, error) {
	return a.queryKeep(c, segment.Saved{OwnerID: c.staff.ID, OwnerName: c.staff.Name}, in.Body)
}

type queryChange struct {
	ByID[segment.QueryID]
	Body queryBody
}

func (a *API) queryUpdate(c *call, in *queryChange) (queryView, error) {
	s, err := a.Segments.FindQuery(c, in.ID, c.staff.ID)
	if err != nil {
		return queryView{}, err
	}
	return a.queryKeep(c, s, in.Body)
}

// queryKeep saves a quick query and records it: a change before it is made, a new one, which has no
// id until then, right after.
func (a *API) queryKeep(c *call, s segment.Saved, in queryBody) (queryView, error) {
	if s.ID == 0 || in.People != nil {
		var people whom
		if in.People != nil {
			people = *in.People
		}
		rule, err := c.peopleOf(people)
		if err != nil {
			return queryView{}, err
		}
		s.Rule = rule
	}
	s.Name, s.Pinned = in.Name, in.Pinned
	if in.Shared != nil && *in.Shared != s.Shared {
		if s.OwnerID != c.staff.ID || s.OwnerID == "" {
			return queryView{}, fmt.Errorf("%w: share somebody else's quick query", fault.ErrForbidden)
		}
		s.Shared = *in.Shared
	}
	detail := map[string]any{"shared": s.Shared, "pinned": s.Pinned, "rule": desk.RuleHash(s.Rule)}
	if err := a.Segments.CheckQuery(c, s, c.staff.ID); err != nil {
		return queryView{}, err
	}
	if s.ID != 0 {
		if err := c.record(audit.QuerySaved, object("query", s.ID), detail); err != nil {
			return queryView{}, err
		}
	}
	id, err := a.Segments.SaveQuery(c, s, c.staff.ID)
	if err != nil {
		return queryView{}, err
	}
	if s.ID == 0 {
		if err := c.record(audit.QuerySaved, object("query", id), detail); err != nil {
			return queryView{}, err
		}
	}
	saved, err := a.Segments.FindQuery(c, id, c.staff.ID)
	return c.queryOf(saved), err
}

func (a *API) queryDelete(c *call, in *ByID[segment.QueryID]) (nothing, error) {
	s, err := a.Segments.FindQuery(c, in.ID, c.staff.ID)
	if err != nil {
		return nothing{}, err
	}
	if err := c.record(audit.QueryDeleted, object("query", s.ID), nil); err != nil {
		return nothing{}, err
	}
	err = a.Segments.DeleteQuery(c, s.ID, c.staff.ID)
	var used *segment.InUseError
	if errors.As(err, &used) {
		if noted := c.record(audit.QueryDeleted, object("query", s.ID), map[string]any{"refused": len(used.Uses)}); noted != nil {
			return nothing{}, noted
		}
	}
	return nothing{}, err
}

type moveInput struct {
	ByID[segment.QueryID]
	Body struct {
		By int `json:"by" enum:"-1,1" doc:"-1: up; 1: down."`
	}
}

func (a *API) queryMove(c *call, in *moveInput) (nothing, error) {
	list, err := a.Segments.Queries(c, c.staff.ID)
	if err != nil {
		return nothing{}, err
	}
	if !slices.ContainsFunc(list, func(s segment.Saved) bool { return s.ID == in.ID }) {
		return nothing{}, fault.ErrNotFound
	}
	if err := c.record(audit.QueriesMoved, object("query", in.ID), map[string]any{"by": in.Body.By}); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Segments.MoveQuery(c, in.ID, in.Body.By, c.staff.ID)
}

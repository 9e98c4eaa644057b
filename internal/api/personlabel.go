package api

import (
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// tagsView are the tags of a person.
type tagsView struct {
	Interests []wordView  `json:"interests" doc:"By behaviour, the strongest first."`
	Given     []givenView `json:"given" doc:"By staff, the oldest first."`
}

type wordView struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type givenView struct {
	ID   label.ID  `json:"id"`
	Name string    `json:"name"`
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at"`
}

func (a *API) personLabels(c *call, in *ByID[segment.PersonID]) (tagsView, error) {
	t, err := a.Labels.OfPerson(c, in.ID)
	return tagsView{each(t.Interests, func(w label.Word) wordView { return wordView(w) }),
		each(t.Given, func(g label.Given) givenView { return givenView{g.ID, g.Name, g.ByName, g.At} })}, err
}

// mayLabel refuses who may not change the tags of one person.
func (c *call) mayLabel() error {
	if c.may(follow) || c.may(edit) {
		return nil
	}
	return fmt.Errorf("%w: needs %s or %s", fault.ErrForbidden, follow, edit)
}

type giveInput struct {
	ByID[segment.PersonID]
	Body nameBody
}

func (a *API) personLabelAdd(c *call, in *giveInput) (tagsView, error) {
	if err := c.mayLabel(); err != nil {
		return tagsView{}, err
	}
	if _, err := a.Labels.OfPerson(c, in.ID); err != nil {
		return tagsView{}, err
	}
	l, err := a.Labels.Named(c, in.Body.Name)
	switch {
	case err == nil:
	case !errors.Is(err, fault.ErrNotFound):
		return tagsView{}, err
	case !c.may(edit):
		return tagsView{}, fault.Fields{"name": {Key: "problem.label_unknown"}}
	default:
		if l.ID, err = c.newLabel(in.Body.Name); err != nil {
			return tagsView{}, err
		}
	}
	if err := c.record(audit.LabelGiven, object("label", l.ID), map[string]any{"person": int64(in.ID)}); err != nil {
		return tagsView{}, err
	}
	if _, err := a.Labels.AddPerson(c, c.staff, l.ID, in.ID); err != nil {
		return tagsView{}, err
	}
	return a.personLabels(c, &in.ByID)
}

type takeInput struct {
	ByID[segment.PersonID]
	Label label.ID `path:"label" minimum:"1"`
}

func (a *API) personLabelRemove(c *call, in *takeInput) (tagsView, error) {
	if err := c.mayLabel(); err != nil {
		return tagsView{}, err
	}
	if _, err := a.Labels.Find(c, in.Label); err != nil {
		return tagsView{}, err
	}
	if _, err := a.Labels.OfPerson(c, in.ID); err != nil {
		return tagsView{}, err
	}
	if err := c.record(audit.LabelTaken, object("label", in.Label), map[string]any{"person": int64(in.ID)}); err != nil {
		return tagsView{}, err
	}
	if _, err := a.Labels.RemovePerson(c, c.staff, in.Label, in.ID); err != nil {
		return tagsView{}, err
	}
	return a.personLabels(c, &in.ByID)
}

// interestDetail is an interest tag of a person, and why.
type interestDetail struct {
	ID      int64        `json:"id"`
	Name    string       `json:"name"`
	Score   float64      `json:"score"`
	Reasons []reasonView `json:"reasons" doc:"The one that adds most first."`
}

type reasonView struct {
	Offering funnel.OfferingID `json:"offering"`
	Title    string            `json:"title"`
	Kind     funnel.Kind       `json:"kind" doc:"The type of an activity, or order, closed, paid."`
	Times    int64             `json:"times"`
	Last     time.Time         `json:"last"`
	Score    float64           `json:"score"`
}

func (a *API) personInterests(c *call, in *ByID[segment.PersonID]) (all[interestDetail], error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return all[interestDetail]{}, err
	}
	list, err := a.Labels.Interests(c, d.ID)
	return allOf(list, func(i funnel.Interest) interestDetail {
		return interestDetail{i.ID, i.Name, i.Score, each(i.Reasons, func(r funnel.Reason) reasonView { return reasonView(r) })}
	}), err
}

package api

import (
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// pairView is a person and what is known of them with an offering.
type pairView struct {
	Person     personView      `json:"person"`
	Stage      funnel.Stage    `json:"stage,omitempty" doc:"Absent: none of the stages."`
	Past       bool            `json:"past"`
	Level      funnel.Level    `json:"level,omitempty"`
	SetByStaff bool            `json:"set_by_staff" doc:"The level; else it follows the score."`
	Score      float64         `json:"score"`
	At         time.Time       `json:"at,omitzero"`
	Behaviours []behaviourSeen `json:"behaviours,omitempty" doc:"Of potential learners."`
	Orders     []openOrder     `json:"orders,omitempty" doc:"Of pending learners."`
	Place      *pairPlace      `json:"place,omitempty" doc:"Of enrolled and past learners."`
	Exit       *exitView       `json:"exit,omitempty" doc:"Of withdrawn learners."`
	Opinions   []opinionView   `json:"opinions,omitempty" doc:"Of one person: what staff said, the latest first."`
}

type behaviourSeen struct {
	Type  hostadapter.ActivityType `json:"type"`
	Times int64                    `json:"times"`
	Last  time.Time                `json:"last"`
}

type openOrder struct {
	SN       string    `json:"sn"`
	Amount   int64     `json:"amount"`
	Currency string    `json:"currency"`
	PlacedAt time.Time `json:"placed_at"`
	ClosesAt time.Time `json:"closes_at,omitzero"`
}

type pairPlace struct {
	Done         int       `json:"done"`
	Units        int       `json:"units"`
	JoinedAt     time.Time `json:"joined_at,omitzero"`
	LastLearnAt  time.Time `json:"last_learn_at,omitzero"`
	CompletedAt  time.Time `json:"completed_at,omitzero"`
	ExpiresAt    time.Time `json:"expires_at,omitzero"`
	ViaClassroom bool      `json:"via_classroom"`
}

type exitView struct {
	At       time.Time              `json:"at,omitzero"`
	Reason   hostadapter.ExitReason `json:"reason,omitempty"`
	Words    string                 `json:"words,omitempty"`
	Category funnel.Category        `json:"category,omitempty"`
	Refunded int64                  `json:"refunded"`
	Done     int                    `json:"done"`
	Units    int                    `json:"units"`
	JoinedAt time.Time              `json:"joined_at,omitzero"`
}

func pairOf(p funnel.Pair) pairView {
	v := pairView{Person: personOf(p.Person), Stage: p.Stage, Past: p.Past, Level: p.Level, SetByStaff: p.SetLevel, Score: p.Score, At: p.At,
		Behaviours: each(p.Behaviours, func(b funnel.Behaviour) behaviourSeen { return behaviourSeen(b) }),
		Orders:     each(p.Orders, func(o funnel.OpenOrder) openOrder { return openOrder(o) })}
	if p.Place != (funnel.Place{}) {
		place := pairPlace(p.Place)
		v.Place = &place
	}
	if p.Stage == funnel.Withdrawn {
		exit := exitView(p.Exit)
		v.Exit = &exit
	}
	return v
}

type offeringPeopleInput struct {
	ByID[funnel.OfferingID]
	Paging
	Tab       funnel.Tab               `query:"tab" default:"potential"`
	Behaviour hostadapter.ActivityType `query:"behaviour" doc:"Of potential learners: did this within the window."`
	Level     funnel.Level             `query:"level" doc:"Of potential and pending learners."`
	Recency   int                      `query:"recency_days" minimum:"1" maximum:"365" doc:"Of potential learners: showed intent within so many days."`
	Study     funnel.Study             `query:"study" doc:"Of enrolled learners."`
	Rest      int                      `query:"rest_days" minimum:"1" maximum:"365" doc:"Leaves out whom a campaign reached within so many days."`
}

// peopleOfOffering is a page of a tab.
type peopleOfOffering struct {
	Items []pairView `json:"items"`
	Total int64      `json:"total"`
	Next  string     `json:"next,omitempty"`
}

func (a *API) offeringPeople(c *call, in *offeringPeopleInput) (peopleOfOffering, error) {
	list, err := a.Funnels.People(c, funnel.Ask{Offering: in.ID, Tab: in.Tab, After: in.After, Limit: in.Limit,
		Filter: funnel.Filter{Behaviour: in.Behaviour, Level: in.Level, Recency: in.Recency, Study: in.Study, Rested: in.Rest}})
	return peopleOfOffering{each(list.Pairs, pairOf), list.Total, list.Next}, err
}

func (a *API) offeringPerson(c *call, in *PairAsked) (pairView, error) {
	p, err := a.Funnels.Find(c, in.ID, in.Person)
	if err != nil {
		return pairView{}, err
	}
	v := pairOf(p)
	said, err := a.Funnels.Opinions(c, in.Person, in.ID)
	v.Opinions = each(said, func(o funnel.Opined) opinionView { return opinionView(o) })
	return v, err
}

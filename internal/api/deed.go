package api

import (
	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

type deedInput struct {
	ByID[campaign.ID]
	Body struct {
		Do desk.Deed `json:"do"`
	}
}

// campaignDo does something to a campaign on its way and tells where it stands then.
func (a *API) campaignDo(c *call, in *deedInput) (standingView, error) {
	x, r, err := c.standing(in.ID)
	if err != nil {
		return standingView{}, err
	}
	do := in.Body.Do
	if err := desk.Refusal(c.staff, a.Settings.Current().LargeSend, x, r, do); err != nil {
		return standingView{}, err
	}
	detail := map[string]any{"state": x.State, "waiting": desk.Waiting(r), "unknown": r.ByState[campaign.Unknown]}
	if err := c.record(do.Action(), object("campaign", x.ID), detail); err != nil {
		return standingView{}, err
	}
	if err := do.Do(c, a.Campaigns, x.ID); err != nil {
		return standingView{}, err
	}
	return a.campaignGet(c, &in.ByID)
}

func (a *API) campaignCopy(c *call, in *ByID[campaign.ID]) (draftView, error) {
	d, err := a.Campaigns.Copy(c, in.ID, c.staff)
	if err != nil {
		return draftView{}, err
	}
	return a.draftGet(c, &DraftKey{d.Key})
}

func (a *API) campaignAgain(c *call, in *ByID[campaign.ID]) (draftView, error) {
	x, err := a.Campaigns.Find(c, in.ID)
	if err != nil {
		return draftView{}, err
	}
	return c.newDraft(x.Channel, segment.Group("all", segment.Condition("not_clicked", segment.OpAnyOf, []int64{int64(x.ID)}, "")))
}

// liftView is the effect of a campaign as its control group shows it.
type liftView struct {
	Sent    groupView `json:"sent"`
	Control groupView `json:"control"`
	Enough  bool      `json:"enough" doc:"False: there are too few people or payers for the intervals to say anything."`
	Rate    interval  `json:"rate" doc:"Difference of the shares of paying people."`
	Money   interval  `json:"money" doc:"Difference of revenue per person, minor units."`
}

type groupView struct {
	People int64 `json:"people"`
	Payers int64 `json:"payers"`
	Sum    int64 `json:"sum"`
}

// interval is an estimate with its 95 % confidence interval.
type interval struct {
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
}

func (a *API) campaignLift(c *call, in *ByID[campaign.ID]) (liftView, error) {
	l, err := a.Campaigns.Lift(c, in.ID)
	return liftOf(l), err
}

func liftOf(l campaign.Lift) liftView {
	group := func(g campaign.Group) groupView { return groupView{g.People, g.Payers, g.Sum} }
	return liftView{group(l.Sent), group(l.Control), l.Enough, interval(l.Rate), interval(l.Money)}
}

type clicksInput struct {
	ByID[campaign.ID]
	Link shortlink.LinkID `query:"link" minimum:"1" doc:"Only this link of the campaign; absent: all."`
}

func (a *API) campaignClicks(c *call, in *clicksInput) (statsView, error) {
	if _, err := a.Campaigns.Find(c, in.ID); err != nil {
		return statsView{}, err
	}
	s, err := a.Statistics.Stats(c, shortlink.Scope{Campaign: int64(in.ID), Link: in.Link}, a.Location)
	return statsOf(s), err
}

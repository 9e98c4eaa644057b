package api

import (
	"errors"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) campaignOperations() []operation {
	return under("Campaigns",
		get("list-campaigns", "/campaigns", "Campaigns, the latest first.", a.campaignList),
		post("send-campaign", "/campaigns", send, "Writes and launches a campaign in one step.", a.campaignSend).more("With an Idempotency-Key it is launched once, however often it is sent; a request that says something else under that key is a conflict."),
		get("get-campaign", "/campaigns/{id}", "A campaign and where it stands.", a.campaignGet),
		get("list-campaign-recipients", "/campaigns/{id}/recipients", "The recipients of a campaign.", a.recipientList),
		a.recipientExport(),
		get("get-campaign-lift", "/campaigns/{id}/lift", "What a campaign brought over its control group; 404 without one.", a.campaignLift),
		get("get-campaign-clicks", "/campaigns/{id}/clicks", "All about the clicks of a campaign, or of one of its links.", a.campaignClicks),
		post("do-campaign", "/campaigns/{id}/deeds", send, "Pauses, resumes or cancels a campaign, sends a late one, or sends again what may not have arrived.", a.campaignDo).
			more("409 where the campaign's state does not allow it; get-campaign lists what it does."),
		post("copy-campaign", "/campaigns/{id}/copy", send, "Begins a campaign that says what this one says, as a draft.", a.campaignCopy),
		post("follow-up-campaign", "/campaigns/{id}/again", send, "Begins a campaign to those who received this one and did not click, as a draft.", a.campaignAgain),
	)
}

// campaignView is a campaign.
type campaignView struct {
	ID           campaign.ID          `json:"id"`
	Name         string               `json:"name"`
	Channel      hostadapter.Channel  `json:"channel"`
	Direct       bool                 `json:"direct" doc:"To one person."`
	State        campaign.State       `json:"state"`
	Stalled      campaign.Stall       `json:"stalled,omitempty" doc:"Why nothing goes out at the moment."`
	StalledUntil time.Time            `json:"stalled_until,omitzero"`
	Tracked      bool                 `json:"tracked" doc:"It holds a short link."`
	CapDays      int                  `json:"cap_days"`
	Control      int                  `json:"control"`
	Template     campaign.TemplateRef `json:"template,omitzero"`
	By           who                  `json:"by"`
	LaunchedAt   time.Time            `json:"launched_at"`
	SendAt       time.Time            `json:"send_at,omitzero" doc:"Absent: at once."`
	PlannedAt    time.Time            `json:"planned_at,omitzero" doc:"When the audience was frozen."`
	DoneAt       time.Time            `json:"done_at,omitzero"`
}

func campaignOf(c campaign.Campaign) campaignView {
	return campaignView{c.ID, c.Name, c.Channel, c.Direct, c.State, c.Stalled, c.StalledUntil, c.Tracked, c.CapDays, c.Control, c.Template, who{c.ByID, c.ByName},
		c.LaunchedAt, c.SendAt, c.PlannedAt, c.DoneAt}
}

// listedView is a campaign of the list.
type listedView struct {
	Campaign campaignView `json:"campaign"`
	Sendable int64        `json:"sendable"`
	Accepted int64        `json:"accepted"`
	Settled  int64        `json:"settled" doc:"Of sendable: those with an outcome."`
	Clickers int64        `json:"clickers"`
}

func listedOf(l campaign.Listed) listedView {
	return listedView{campaignOf(l.Campaign), l.Sendable, l.Accepted, l.Settled, l.Clickers}
}

type campaignsInput struct {
	Paging
	Direct  bool                `query:"direct" doc:"Messages to one person instead."`
	Channel hostadapter.Channel `query:"channel" doc:"Absent: all."`
}

func (a *API) campaignList(c *call, in *campaignsInput) (page[listedView], error) {
	list, next, err := a.Campaigns.List(c, campaign.ListView{Direct: in.Direct, Channel: in.Channel}, in.After, in.Limit)
	return pageOf(list, next, listedOf), err
}

type sendInput struct {
	Once
	Body struct {
		Channel  hostadapter.Channel `json:"channel"`
		People   whom                `json:"people" doc:"rest_days becomes the campaign's cap."`
		Count    int64               `json:"count" minimum:"1" doc:"How many it is to go to. Another number is a conflict, and nothing is sent."`
		Name     string              `json:"name" maxLength:"400"`
		CapDays  *int                `json:"cap_days,omitempty" doc:"Leaves out whom a campaign reached within so many days; 0: nobody; absent: the days of the site's settings. people.rest_days goes before it."`
		Control  int                 `json:"control,omitempty"`
		Content  campaign.Content    `json:"content,omitzero"`
		Fill     campaign.Fill       `json:"fill,omitzero"`
		Template campaign.TemplateID `json:"template,omitempty" doc:"Lets the text be a saved template's."`
		SendAt   time.Time           `json:"send_at,omitzero" doc:"Absent: at once."`
	}
}

// campaignSend launches a campaign under the key of its request. The key does not depend on the
// body, so that nothing goes out twice; a campaign that says something else is told from it.
func (a *API) campaignSend(c *call, in *sendInput) (launchView, error) {
	d, err := c.draftToSend(in)
	if err != nil {
		return launchView{}, err
	}
	id, err := a.Campaigns.Launched(c, d.Key)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return c.launch(d, in.Body.Count)
	case err != nil:
		return launchView{}, err
	}
	before, err := a.Campaigns.Find(c, id)
	if err != nil {
		return launchView{}, err
	}
	if in.Body.CapDays == nil && in.Body.People.RestDays == 0 {
		d.CapDays = before.CapDays // the site's of then
	}
	if !desk.Says(before, d) {
		return launchView{}, errKeyUsed
	}
	return c.launched(id)
}

// draftToSend reads the campaign of a request.
func (c *call) draftToSend(in *sendInput) (campaign.Draft, error) {
	b := in.Body
	d := campaign.Draft{Key: c.key(in.Key, nil), Name: b.Name, Channel: b.Channel, CapDays: c.api.Campaigns.Settings().CapDays, Control: b.Control, Content: b.Content,
		Fill: b.Fill, SendAt: b.SendAt, ByID: c.staff.ID}
	if b.CapDays != nil {
		d.CapDays = *b.CapDays
	}
	if err := c.changePeople(&d, b.People); err != nil {
		return d, err
	}
	if !slices.Contains(c.api.Campaigns.Channels(), b.Channel) {
		return d, fault.Fields{"channel": {Key: "problem.channel"}}
	}
	d.Content.Supplier = "" // a template's alone
	if b.Template == 0 {
		return d, nil
	}
	return d, c.useTemplate(&d, b.Template)
}

// standingView is a campaign and where it stands.
type standingView struct {
	Campaign campaignView     `json:"campaign"`
	Rule     segment.Rule     `json:"rule" doc:"The audience as it was launched."`
	Content  campaign.Content `json:"content"`
	Fill     campaign.Fill    `json:"fill"`
	Promised sumView          `json:"promised" doc:"The dry run at launch."`
	Result   resultView       `json:"result"`
	Deeds    []desk.Deed      `json:"deeds" doc:"What can be done to it as it stands, by whoever may send."`
	Targets  []targetView     `json:"targets" doc:"The addresses that its links lead to."`
	Clicks   firstClicksView  `json:"first_clicks"`
}

// firstClicksView is when recipients first clicked.
type firstClicksView struct {
	From   time.Time `json:"from,omitzero" doc:"The hour of the clock in which sending began; absent: it has not, or there is no link."`
	People []int64   `json:"people" doc:"People by the hour of their first click, from that hour on."`
}

// resultView is where a campaign stands.
type resultView struct {
	Planned  sumView                          `json:"planned"`
	LateOut  map[campaign.Exclusion]int64     `json:"late_out" doc:"Left out at hand-over, of sendable."`
	ByState  map[campaign.DeliveryState]int64 `json:"by_state"`
	ByReason map[campaign.Reason]int64        `json:"by_reason" doc:"Of failed and unknown deliveries."`
	Taken    int64                            `json:"taken" doc:"What the provider took, whatever a receipt said later: what rates are of."`
	Settled  int64                            `json:"settled"`
	Waiting  int64                            `json:"waiting"`
	Bounced  int64                            `json:"bounced"`
	Hits     int64                            `json:"hits" doc:"Raw clicks."`
	Clickers int64                            `json:"clickers"`
	Parts    int64                            `json:"parts" doc:"SMS parts of accepted messages."`
	Orders   int64                            `json:"orders"`
	Buyers   int64                            `json:"buyers"`
	Revenue  int64                            `json:"revenue"`
}

func resultOf(r campaign.Result) resultView {
	return resultView{sumOf(r.Sum), counted(r.LateOut), counted(r.ByState), counted(r.ByReason), r.Taken(), r.Settled(), desk.Waiting(r), r.Bounced, r.Hits, r.Clickers, r.Parts,
		r.Orders, r.Buyers, r.Revenue}
}

// counted leaves out what counts nothing.
func counted[K ~string](m map[K]int64) map[K]int64 {
	out := map[K]int64{}
	for k, n := range m {
		if n > 0 {
			out[k] = n
		}
	}
	return out
}

type targetView struct {
	Target   string `json:"target"`
	Hits     int64  `json:"hits"`
	Clickers int64  `json:"clickers"`
}

// standing is a campaign and its result.
func (c *call) standing(id campaign.ID) (campaign.Campaign, campaign.Result, error) {
	x, err := c.api.Campaigns.Find(c, id)
	if err != nil {
		return x, campaign.Result{}, err
	}
	r, err := c.api.Campaigns.Result(c, x.ID)
	return x, r, err
}

func (a *API) campaignGet(c *call, in *ByID[campaign.ID]) (standingView, error) {
	x, r, err := c.standing(in.ID)
	if err != nil {
		return standingView{}, err
	}
	v := standingView{campaignOf(x), x.Rule, x.Content, x.Fill, sumOf(x.Promised), resultOf(r), filled(desk.DeedsOf(x, r)), []targetView{}, firstClicksView{People: []int64{}}}
	if !x.Tracked {
		return v, nil
	}
	times, err := a.Campaigns.ClickTimes(c, x)
	if err != nil {
		return standingView{}, err
	}
	v.Clicks = firstClicksView{times.From.UTC(), filled(times.People)}
	targets, err := a.Campaigns.Targets(c, x.ID)
	v.Targets = each(targets, func(t campaign.TargetClicks) targetView { return targetView(t) })
	return v, err
}

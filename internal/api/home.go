package api

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) homeOperations() []operation {
	return under("Home",
		get("get-home", "/home", "The totals with what they are compared with, and what the people are made of.", a.homeGet),
		get("get-usage", "/home/usage", "How many messages providers accepted over each channel, by day, week or month.", a.homeUsage),
		get("get-sms-balance", "/home/balance", "How many SMS parts are left, as the supplier said within the last minute.", a.homeBalance),
		get("get-staff", "/staff/me", "Who asks, and what they may do.", a.staffGet),
		get("list-staff", "/staff", "The staff whom the host tells of, to whom follow-ups can be given.", a.staffList).needs(follow),
	)
}

// homeView are the figures of the first page. Sums are minor units; what is called before is of the
// period that the figure beside it is compared with.
type homeView struct {
	At               time.Time         `json:"at,omitzero" doc:"When whole tables were counted; at most a minute ago."`
	Accounts         int64             `json:"accounts"`
	People           int64             `json:"people" doc:"Active, and neither staff nor robot."`
	NewPeople        int64             `json:"new_people" doc:"Registered within 30 days."`
	Payers           int64             `json:"payers"`
	Revenue          int64             `json:"revenue"`
	Campaigns        int64             `json:"campaigns"`
	CampaignsMonth   int64             `json:"campaigns_month"`
	CampaignsBefore  int64             `json:"campaigns_before"`
	DeliveriesKnown  bool              `json:"deliveries_known" doc:"False: what was sent is being counted, and the next three are 0."`
	Deliveries       int64             `json:"deliveries"`
	DeliveriesMonth  int64             `json:"deliveries_month"`
	DeliveriesBefore int64             `json:"deliveries_before"`
	ClickRate        *rateView         `json:"click_rate,omitempty" doc:"Of the last campaign that has one."`
	MeanRate         *float64          `json:"mean_rate,omitempty" doc:"Of up to ten campaigns before it."`
	Attributed       int64             `json:"attributed" doc:"Counts for campaigns, paid within 30 days."`
	AttributedBefore int64             `json:"attributed_before"`
	Compositions     []compositionView `json:"compositions"`
	Running          []listedView      `json:"running" doc:"Campaigns on their way."`
}

type rateView struct {
	Rate     float64     `json:"rate"`
	Campaign campaign.ID `json:"campaign"`
}

// compositionView divides people by something.
type compositionView struct {
	Kind   home.Kind  `json:"kind" enum:"login,purchases,spend,learning"`
	People int64      `json:"people"`
	Bands  []bandView `json:"bands"`
}

// bandView is a part of them.
type bandView struct {
	From   int64        `json:"from" doc:"Days ago, orders, or minor units; included."`
	To     int64        `json:"to" doc:"Included; 0: there is no end."`
	None   bool         `json:"none" doc:"Who never did it."`
	People int64        `json:"people"`
	Rule   segment.Rule `json:"rule" doc:"Selects them."`
}

func (a *API) homeGet(c *call, _ *nothing) (homeView, error) {
	t, err := a.Home.Totals(c)
	v := homeView{At: t.At, Accounts: t.Accounts, People: t.People, NewPeople: t.NewPeople, Payers: t.Payers, Revenue: t.Revenue, Campaigns: t.Campaigns, CampaignsMonth: t.CampaignsMonth,
		CampaignsBefore: t.CampaignsBefore, DeliveriesKnown: t.DeliveriesKnown, Deliveries: t.Deliveries, DeliveriesMonth: t.DeliveriesMonth, DeliveriesBefore: t.DeliveriesBefore,
		Attributed: t.Attributed, AttributedBefore: t.AttributedBefore, Compositions: each(t.Compositions, compositionOf), Running: each(t.Running, listedOf)}
	if t.RateKnown {
		v.ClickRate = &rateView{t.ClickRate, t.RateCampaign}
	}
	if t.MeanKnown {
		v.MeanRate = &t.MeanRate
	}
	return v, err
}

func compositionOf(x home.Composition) compositionView {
	return compositionView{x.Kind, x.People, each(x.Bands, func(b home.Band) bandView { return bandView{b.From, b.To, b.None, b.People, b.Rule()} })}
}

type usageInput struct {
	By string `query:"by" enum:"day,week,month" default:"day"`
}

// usageView is what was sent, period by period without a gap.
type usageView struct {
	By      string        `json:"by"`
	Known   bool          `json:"known" doc:"False: what was sent is being counted, and all periods are empty."`
	Periods []usagePeriod `json:"periods" doc:"The oldest first; the last is running."`
}

type usagePeriod struct {
	From     string                        `json:"from" format:"date" doc:"Its first day in the site's zone."`
	Accepted map[hostadapter.Channel]int64 `json:"accepted" doc:"By channel."`
}

func (a *API) homeUsage(c *call, in *usageInput) (usageView, error) {
	u, err := a.Home.Usage(c, home.Step(in.By))
	return usageView{in.By, u.Known, each(u.Periods, func(p home.Period) usagePeriod { return usagePeriod{p.From.Format(time.DateOnly), p.Accepted} })}, err
}

// homeBalanceView is what is left of the SMS that were paid for.
type homeBalanceView struct {
	Known bool  `json:"known" doc:"False: the supplier does not say, or not in time."`
	Parts int64 `json:"parts"`
	Days  int64 `json:"days" doc:"For which that lasts, at the rate of the last 30; 0: nothing was sent, or it is not known."`
}

func (a *API) homeBalance(c *call, _ *nothing) (homeBalanceView, error) {
	if a.Balance == nil {
		return homeBalanceView{}, nil
	}
	left, err := a.balance.Ask(c, a.Balance, a.Now)
	if err != nil { // a supplier that does not answer is no fault of who asks
		a.Log.WarnContext(c, "api: balance of SMS", "request", c.id, "err", err)
		return homeBalanceView{}, nil
	}
	if left < 0 {
		return homeBalanceView{}, nil
	}
	u, err := a.Home.Usage(c, home.ByDay)
	return homeBalanceView{true, left, desk.BalanceDays(left, u)}, err
}

// staffView is a member of staff as the host tells of them.
type staffView struct {
	ID          string                   `json:"id"`
	Name        string                   `json:"name,omitempty"`
	Permissions []hostadapter.Permission `json:"permissions"`
	Currency    string                   `json:"currency" doc:"Of all sums; ISO 4217."`
	TimeZone    string                   `json:"time_zone" doc:"Of all days."`
}

func (a *API) staffGet(c *call, _ *nothing) (staffView, error) {
	return staffView{c.staff.ID, c.staff.Name, filled(c.staff.Permissions), a.Currency, a.Location.String()}, nil
}

func (a *API) staffList(c *call, _ *nothing) (all[who], error) {
	list, err := c.colleagues()
	return allOf(list, whoOf), err
}

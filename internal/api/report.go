package api

import (
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/funnel"
)

func (a *API) reportOperations() []operation {
	return under("Reports",
		get("compare-campaigns", "/reports/campaigns", "Batch campaigns compared, each by itself or in groups.", a.campaignReport).
			more("The figures are those of the campaigns' own results, as last counted: campaigns on their way within a minute or two, older ones within ten minutes of a change that was noticed and within a day of any."),
		get("compare-offerings", "/reports/offerings", "Courses and classrooms compared, each by itself or in groups.", a.offeringReport),
		get("audience-growth", "/reports/audience", "Registrations, and refusals, by day, week or month.", a.audienceReport),
		a.campaignReportExport(),
		a.offeringReportExport(),
		a.audienceReportExport(),
	)
}

// PeriodAsked is the time that a report covers.
type PeriodAsked struct {
	Days string `query:"days" enum:"30,90,180,365,all" default:"90"`
}

func (in PeriodAsked) period() report.Period {
	n, err := strconv.Atoi(in.Days)
	if err != nil {
		return 0 // all; the document allows nothing else
	}
	return report.Period(n)
}

// CampaignsCompared asks how campaigns are compared.
type CampaignsCompared struct {
	PeriodAsked
	By    string `query:"by" enum:"campaign,channel,template,audience,staff,weekday,hour" default:"campaign"`
	Sort  string `query:"sort" enum:"sent,delivered,clicked,rate,orders,buyers,revenue,lift,unsubscribed" doc:"Absent: the latest first; weekdays and hours in their own order."`
	Order string `query:"order" enum:"asc,desc" default:"desc"`
}

func (in CampaignsCompared) query() report.Query {
	return report.Query{Period: in.period(), By: report.By(in.By), Sort: report.Sort(in.Sort), Asc: in.Order == "asc"}
}

// reportFiguresView is what campaigns brought. Of several campaigns it counts a person once for each.
type reportFiguresView struct {
	Sendable     int64    `json:"sendable" doc:"People they were to reach."`
	Sent         int64    `json:"sent" doc:"Messages that the provider took."`
	SentLinked   int64    `json:"sent_linked" doc:"Of them: with a link."`
	Delivered    int64    `json:"delivered" doc:"By receipt; not every channel gives any."`
	Failed       int64    `json:"failed"`
	Clickers     int64    `json:"clickers"`
	ClickRate    *float64 `json:"click_rate,omitempty" doc:"Clickers of sent_linked; absent: nothing with a link was sent."`
	Orders       int64    `json:"orders"`
	Buyers       int64    `json:"buyers"`
	Revenue      int64    `json:"revenue" doc:"Minor units, net of refunds."`
	Unsubscribed int64    `json:"unsubscribed"`
}

func reportFiguresOf(f report.Figures) reportFiguresView {
	return reportFiguresView{f.Sendable, f.Taken, f.Linked, f.Delivered, f.Failed, f.Clickers, known(f.ClickRate()), f.Orders, f.Buyers, f.Revenue, f.Unsubscribes}
}

// known gives a share, or nothing.
func known(share float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	return &share
}

// reportGroupView is a campaign, or campaigns with something in common.
type reportGroupView struct {
	Key       string            `json:"key" doc:"The campaign's id, the channel, the template's id (0: none), the rule, the member of staff, the weekday (0: Sunday) or the hour."`
	Name      string            `json:"name,omitempty" doc:"The campaign's, template's or member of staff's."`
	Latest    campaign.ID       `json:"latest,omitempty" doc:"The latest campaign of the group."`
	LatestAt  time.Time         `json:"latest_at,omitzero" doc:"When its audience was frozen."`
	Campaigns int               `json:"campaigns"`
	Figures   reportFiguresView `json:"figures"`
	Lift      *liftView         `json:"lift,omitempty" doc:"Of a single campaign with a control group."`
	CountedAt time.Time         `json:"counted_at,omitzero" doc:"Of a single campaign; absent: not counted yet."`
}

func reportGroupOf(by report.By) func(report.Group) reportGroupView {
	return func(g report.Group) reportGroupView {
		v := reportGroupView{Key: g.Key, Latest: g.Latest.ID, LatestAt: g.Latest.At, Campaigns: g.Campaigns, Figures: reportFiguresOf(g.Figures)}
		switch by {
		case report.ByCampaign:
			v.Name, v.CountedAt = g.Latest.Name, g.Latest.CountedAt
			if l, ok := g.Latest.Lift(); ok {
				lift := liftOf(l)
				v.Lift = &lift
			}
		case report.ByTemplate:
			v.Name = g.Latest.TemplateName
		case report.ByStaff:
			v.Name = g.Latest.ByName
		case report.ByChannel, report.ByAudience, report.ByWeekday, report.ByHour:
		}
		return v
	}
}

type campaignReportView struct {
	Items     []reportGroupView `json:"items"`
	Total     reportFiguresView `json:"total"`
	Campaigns int               `json:"campaigns"`
	Uncounted int               `json:"uncounted" doc:"Of the campaigns: their figures are missing."`
	CountedAt time.Time         `json:"counted_at,omitzero" doc:"The oldest figures in it."`
}

func (a *API) campaignReport(c *call, in *CampaignsCompared) (campaignReportView, error) {
	x, err := a.Reports.Campaigns(c, in.query())
	return campaignReportView{each(x.Groups, reportGroupOf(report.By(in.By))), reportFiguresOf(x.Total), x.Campaigns, x.Uncounted, x.CountedAt}, err
}

// OfferingsCompared asks how offerings are compared.
type OfferingsCompared struct {
	By    string `query:"by" enum:"offering,category,kind" default:"offering"`
	Sort  string `query:"sort" enum:"revenue,refunded,refund_rate,conversion,joined,potential,pending,enrolled,past,withdrawn" default:"revenue"`
	Order string `query:"order" enum:"asc,desc" default:"desc"`
}

// offeringGroupView is an offering, or offerings with something in common.
type offeringGroupView struct {
	Key        string      `json:"key" doc:"The offering's id, the first part of the category path (empty: none), course or classroom."`
	Title      string      `json:"title,omitempty" doc:"Of a single offering."`
	Offerings  int         `json:"offerings"`
	Figures    figuresView `json:"figures"`
	RefundRate *float64    `json:"refund_rate,omitempty" doc:"Absent: no money came in."`
	Joined     int64       `json:"joined" doc:"People who joined within the last eight weeks."`
}

func offeringGroupOf(g report.OfferingGroup) offeringGroupView {
	v := offeringGroupView{Key: g.Key, Offerings: g.Offerings, Figures: figuresOf(g.Figures, g.Developable), RefundRate: known(g.RefundRate()), Joined: g.Joined}
	if g.Offerings == 1 {
		v.Title = g.First.Title
	}
	return v
}

type offeringReportView struct {
	Items []offeringGroupView `json:"items"`
	Total offeringGroupView   `json:"total"`
	Ready bool                `json:"ready" doc:"False: the first computation is under way, figures grow."`
}

func (a *API) offeringReport(c *call, in *OfferingsCompared) (offeringReportView, error) {
	groups, lines, ready, err := c.comparedOfferings(*in)
	return offeringReportView{each(groups, offeringGroupOf), offeringGroupOf(report.OfferingTotal(lines)), ready}, err
}

// comparedOfferings compares the offerings of both kinds; ready is false while the first computation is
// under way.
func (c *call) comparedOfferings(in OfferingsCompared) (groups []report.OfferingGroup, lines []funnel.Line, ready bool, err error) {
	ready = true
	for _, kind := range report.OfferingKinds() {
		t, err := c.api.Funnels.List(c, funnel.Query{Kind: kind, Sort: funnel.SortTitle})
		if err != nil {
			return nil, nil, false, err
		}
		lines, ready = append(lines, t.Lines...), ready && t.Ready
	}
	groups = report.GroupOfferings(lines, report.OfferingBy(in.By))
	report.OrderOfferings(groups, report.OfferingSort(in.Sort), in.Order == "asc")
	return groups, lines, ready, nil
}

// GrowthAsked asks how the audience grew.
type GrowthAsked struct {
	PeriodAsked
	By string `query:"by" enum:"day,week,month" doc:"Absent: by the length of the period. One too short for it becomes the next."`
}

// growthView is a span of days.
type growthView struct {
	From           time.Time `json:"from,omitzero" doc:"Midnight UTC of its first day, a day of the site's zone."`
	Registered     int64     `json:"registered"`
	Marketable     int64     `json:"marketable" doc:"Of them: active, neither staff nor robot, as of now; likewise those that follow."`
	ReachSMS       int64     `json:"reach_sms"`
	ReachEmail     int64     `json:"reach_email"`
	ReachMessage   int64     `json:"reach_message"`
	RefusedSMS     int64     `json:"refused_sms" doc:"People who refused it in that span."`
	RefusedEmail   int64     `json:"refused_email"`
	RefusedMessage int64     `json:"refused_message"`
}

func growthOf(g report.Growth) growthView {
	return growthView{g.Day, g.Registered, g.Marketable, g.SMS, g.Email, g.Message, g.NoSMS, g.NoEmail, g.NoMessage}
}

type audienceReportView struct {
	By        string       `json:"by"`
	Items     []growthView `json:"items" doc:"The oldest first."`
	Total     growthView   `json:"total" doc:"Of the items."`
	Everybody growthView   `json:"everybody" doc:"Whenever they registered."`
	CountedAt time.Time    `json:"counted_at,omitzero" doc:"Absent: not yet."`
}

func (a *API) audienceReport(c *call, in *GrowthAsked) (audienceReportView, error) {
	x, err := a.Reports.Audience(c, in.period(), report.Unit(in.By))
	return audienceReportView{string(x.Unit), each(x.Spans, growthOf), growthOf(x.Total), growthOf(x.Today), x.CountedAt}, err
}

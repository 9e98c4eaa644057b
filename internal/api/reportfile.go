package api

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
)

type campaignReportFile struct {
	CampaignsCompared
	Body FormatBody
}

// campaignReportExport sends the comparison of campaigns as a table.
func (a *API) campaignReportExport() operation {
	return download("export-campaign-report", "/reports/campaigns/export", "The comparison of campaigns as a file.", export, func(c *call, in *campaignReportFile) (file, error) {
		x, err := a.Reports.Campaigns(c, in.query())
		if err != nil {
			return file{}, err
		}
		return sendTable(c, "reports-campaigns", in.Body.Format, campaignReportColumns(report.By(in.By)), x.Groups)
	})
}

func campaignReportColumns(by report.By) []fileColumn[report.Group] {
	type group = report.Group
	view := reportGroupOf(by)
	counted := func(g group) bool { return by != report.ByCampaign || !g.Latest.CountedAt.IsZero() } // nothing is not nought
	lift := func(key string, of func(campaign.Lift) float64) fileColumn[group] {
		return shareColumn(key, func(g group) (float64, bool) {
			l, ok := g.Latest.Lift()
			return of(l), ok && l.Enough && by == report.ByCampaign
		})
	}
	latest := func(key string, of func(report.Line) string) fileColumn[group] {
		return textColumn(key, func(g group) string { return of(g.Latest) })
	}
	out := []fileColumn[group]{
		textColumn("key", func(g group) string { return g.Key }),
		textColumn("name", func(g group) string { return view(g).Name }),
		countColumn("campaigns", func(g group) int64 { return int64(g.Campaigns) })}
	if by == report.ByCampaign {
		out = append(out,
			latest("channel", func(l report.Line) string { return string(l.Channel) }),
			momentColumn("at", func(g group) time.Time { return g.Latest.At }),
			latest("staff_id", func(l report.Line) string { return l.ByID }),
			latest("staff", func(l report.Line) string { return l.ByName }),
			latest("template", func(l report.Line) string { return l.TemplateName }))
	}
	for _, figure := range []fileColumn[group]{
		countColumn("sendable", func(g group) int64 { return g.Sendable }),
		countColumn("sent", func(g group) int64 { return g.Taken }),
		countColumn("sent_linked", func(g group) int64 { return g.Linked }),
		countColumn("delivered", func(g group) int64 { return g.Delivered }),
		countColumn("failed", func(g group) int64 { return g.Failed }),
		countColumn("clickers", func(g group) int64 { return g.Clickers }),
		shareColumn("click_rate", group.ClickRate),
		countColumn("orders", func(g group) int64 { return g.Orders }),
		countColumn("buyers", func(g group) int64 { return g.Buyers }),
		moneyColumn("revenue", func(g group) int64 { return g.Revenue }),
		countColumn("unsubscribed", func(g group) int64 { return g.Unsubscribes }),
		lift("lift", func(l campaign.Lift) float64 { return l.Rate.Estimate }),
		lift("lift_low", func(l campaign.Lift) float64 { return l.Rate.Low }),
		lift("lift_high", func(l campaign.Lift) float64 { return l.Rate.High }),
	} {
		out = append(out, figure.when(counted))
	}
	return out
}

type offeringReportFile struct {
	OfferingsCompared
	Body FormatBody
}

// offeringReportExport sends the comparison of offerings as a table.
func (a *API) offeringReportExport() operation {
	return download("export-offering-report", "/reports/offerings/export", "The comparison of courses and classrooms as a file.", export, func(c *call, in *offeringReportFile) (file, error) {
		groups, _, _, err := c.comparedOfferings(in.OfferingsCompared)
		if err != nil {
			return file{}, err
		}
		return sendTable(c, "reports-offerings", in.Body.Format, offeringReportColumns(), groups)
	})
}

func offeringReportColumns() []fileColumn[report.OfferingGroup] {
	type group = report.OfferingGroup
	single := func(g group) bool { return g.Offerings == 1 }
	return []fileColumn[group]{
		textColumn("key", func(g group) string { return g.Key }),
		textColumn("title", func(g group) string { return g.First.Title }).when(single),
		textColumn("kind", func(g group) string { return string(g.First.Target.Type) }).when(single),
		countColumn("offerings", func(g group) int64 { return int64(g.Offerings) }),
		moneyColumn("gross", func(g group) int64 { return g.Gross }),
		moneyColumn("refunded", func(g group) int64 { return g.Refunded }),
		shareColumn("refund_rate", group.RefundRate),
		moneyColumn("revenue", func(g group) int64 { return g.Revenue() }),
		shareColumn("conversion", func(g group) (float64, bool) { return g.Conversion() }),
		countColumn("joined", func(g group) int64 { return g.Joined }),
		countColumn("potential", func(g group) int64 { return g.Potential }),
		countColumn("pending", func(g group) int64 { return g.Pending }),
		countColumn("enrolled", func(g group) int64 { return g.Enrolled }),
		countColumn("past", func(g group) int64 { return g.Past }),
		countColumn("withdrawn", func(g group) int64 { return g.Withdrawn }),
	}
}

type growthFile struct {
	GrowthAsked
	Body FormatBody
}

// audienceReportExport sends the spans of the audience's growth as a table.
func (a *API) audienceReportExport() operation {
	return download("export-audience-growth", "/reports/audience/export", "Registrations, and refusals, by day, week or month, as a file.", export, func(c *call, in *growthFile) (file, error) {
		x, err := a.Reports.Audience(c, in.period(), report.Unit(in.By))
		if err != nil {
			return file{}, err
		}
		return sendTable(c, "reports-audience", in.Body.Format, growthColumns(), x.Spans)
	})
}

func growthColumns() []fileColumn[report.Growth] {
	type growth = report.Growth
	return []fileColumn[growth]{
		textColumn("from", func(g growth) string { return g.Day.Format(time.DateOnly) }),
		countColumn("registered", func(g growth) int64 { return g.Registered }),
		countColumn("marketable", func(g growth) int64 { return g.Marketable }),
		countColumn("reach_sms", func(g growth) int64 { return g.SMS }),
		countColumn("reach_email", func(g growth) int64 { return g.Email }),
		countColumn("reach_message", func(g growth) int64 { return g.Message }),
		countColumn("refused_sms", func(g growth) int64 { return g.NoSMS }),
		countColumn("refused_email", func(g growth) int64 { return g.NoEmail }),
		countColumn("refused_message", func(g growth) int64 { return g.NoMessage }),
	}
}

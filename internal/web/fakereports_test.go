package web

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// ledger is what reports are made of.
type ledger struct {
	lines  []report.Line
	growth []report.Growth
	at     time.Time
	asked  []time.Time // from when on campaigns were asked for
}

func newLedger(now time.Time) ledger {
	login := segment.Group("all", segment.Condition("last_login", segment.OpInLast, 30, segment.Day))
	by := func(l report.Line) report.Line {
		l.State, l.ByID, l.ByName, l.CountedAt = campaign.Done, "7", "周敏", now.Add(-2*time.Minute)
		if l.Tracked {
			l.Linked = l.Taken
		}
		return l
	}
	lines := []report.Line{
		by(report.Line{ID: 12, Name: "双 11 返场体验课转正价", Channel: h.ChannelEmail, Tracked: true, Rule: login, At: now.Add(-35 * time.Minute), Control: 10, Template: 3, TemplateName: "返场",
			Figures: report.Figures{Sendable: 6626, Taken: 6390, Delivered: 6000, Clickers: 506, Orders: 45, Buyers: 43, Revenue: 3435700, Unsubscribes: 12},
			Sent:    campaign.Group{People: 6626, Payers: 331, Sum: 3435700, SumSq: 1e12}, Held: campaign.Group{People: 700, Payers: 14, Sum: 90000, SumSq: 1e10}}),
		by(report.Line{ID: 11, Name: "<script>alert(1)</script>", Channel: h.ChannelSMS, Rule: segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{1, 2}, "")), At: now.Add(-50 * time.Hour),
			Figures: report.Figures{Sendable: 2000, Taken: 1985}}),
		by(report.Line{ID: 10, Channel: h.ChannelMessage, Tracked: true, Rule: segment.Everyone(), At: now.Add(-72 * time.Hour), Control: 5,
			Figures: report.Figures{Sendable: 100, Taken: 100, Clickers: 40, Revenue: -500}, Sent: campaign.Group{People: 100, Payers: 2}, Held: campaign.Group{People: 3}}),
	}
	fresh := by(report.Line{ID: 9, Name: "还没统计", Channel: h.ChannelSMS, Rule: login, At: now})
	fresh.CountedAt = time.Time{}
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	return ledger{lines: append(lines, fresh), at: now.Add(-3 * time.Minute), growth: []report.Growth{
		{Registered: 5, Marketable: 5, SMS: 1},
		{Day: day.AddDate(-2, 0, 0), Registered: 1000, Marketable: 900, SMS: 800, Email: 700, Message: 900},
		{Day: day.AddDate(0, 0, -3), Registered: 30, Marketable: 28, SMS: 20, Email: 12, Message: 28, NoSMS: 2},
		{Day: day, Registered: 12, Marketable: 12, SMS: 9, Email: 4, Message: 12, NoEmail: 1},
	}}
}

type reportStore world

func (s *reportStore) Lines(_ context.Context, from time.Time) ([]report.Line, error) {
	s.ledger.asked = append(s.ledger.asked, from)
	var out []report.Line
	for _, l := range s.ledger.lines {
		if !l.At.Before(from) {
			out = append(out, l)
		}
	}
	return out, s.fail
}

func (s *reportStore) Growth(context.Context) ([]report.Growth, time.Time, error) {
	return s.ledger.growth, s.ledger.at, s.fail
}

func (w *world) newReports() *report.Service {
	return report.NewService((*reportStore)(w), shanghai(), func() time.Time { return w.now })
}

// reportPrefixes adds the words of reports.
func reportPrefixes(out map[string][]string) {
	out["nav"] = append(out["nav"], "reports")
	out["report.tab"], out["report.title"] = reportNames(), reportNames()
	for _, p := range report.Periods() {
		out["report.days"] = append(out["report.days"], reportDays(p))
	}
	out["report.by"] = append(append(words(report.Bys()), words(report.OfferingBys())...), words(report.Units())...)
	heads := append(columnKeys(new(Web).campaignColumns(report.ByCampaign)), "campaigns", "offerings", "channel", "at", "staff", "template", "kind", "gross")
	out["report.head"] = append(append(heads, columnKeys(offeringColumns(report.ByOffering))...), columnKeys(growthColumns())...)
}

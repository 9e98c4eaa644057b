package api

import (
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/report"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/sheet"
)

// csvOf writes a table as programs read it.
func csvOf[T any](t *testing.T, columns []fileColumn[T], rows []T) []string {
	t.Helper()
	var out strings.Builder
	table := sheet.NewCSV(&out)
	a := &API{Config: Config{Location: time.UTC, Currency: "CNY"}}
	if err := fillTable(a, table, columns, rows); err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(strings.TrimPrefix(out.String(), "\ufeff")), "\r\n")
}

func TestCampaignsOfAReportAsAFile(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	line := report.Line{ID: 7, Name: "Autumn", Channel: hostadapter.ChannelEmail, ByID: "1", ByName: "Qian", At: at, TemplateName: "Welcome"}
	counted := line
	counted.CountedAt, counted.Control = at, 10
	counted.Sent, counted.Held = campaign.Group{People: 9000, Payers: 90}, campaign.Group{People: 1000, Payers: 30}
	got := csvOf(t, campaignReportColumns(report.ByCampaign), []report.Group{
		{Key: "7", Latest: counted, Campaigns: 1, Figures: report.Figures{Sendable: 4, Taken: 3, Linked: 3, Clickers: 1, Revenue: 12345}},
		{Key: "7", Latest: line, Campaigns: 1},
	})
	want := []string{
		"key,name,campaigns,channel,at,staff_id,staff,template,sendable,sent,sent_linked,delivered,failed,clickers,click_rate,orders,buyers,revenue,unsubscribed,lift,lift_low,lift_high",
		"7,Autumn,1,email,2026-11-20 12:00:00,1,Qian,Welcome,4,3,3,0,0,1,0.333333,0,0,123.45,0,-0.020000,",
		"7,Autumn,1,email,2026-11-20 12:00:00,1,Qian,Welcome,,,,,,,,,,,,,,", // not counted yet: nothing is not nought
	}
	for i, line := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], line) {
			t.Errorf("row %d: %q", i, got)
		}
	}
	if groups := csvOf(t, campaignReportColumns(report.ByHour), []report.Group{{Key: "9"}}); !strings.HasPrefix(groups[1], "9,,0,0,0,0,0,0,0,,0,0,0.00,0,,,") {
		t.Errorf("an hour in which nothing was sent: %q", groups)
	}
}

func TestOfferingsOfAReportAsAFile(t *testing.T) {
	t.Parallel()
	group := report.OfferingGroup{Key: "3", Offerings: 1, Joined: 5}
	group.First.Title, group.First.Target.Type, group.Gross, group.Refunded = "=Drawing", hostadapter.TargetCourse, 400, 100
	got := csvOf(t, offeringReportColumns(), []report.OfferingGroup{group})
	if want := "3,'=Drawing,course,1,4.00,1.00,0.250000,3.00,,5,0,0,0,0,0"; got[1] != want {
		t.Errorf("%q", got)
	}
}

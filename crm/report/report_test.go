package report

import (
	"reflect"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/funnel"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

var (
	cst  = time.FixedZone("CST", 8*3600)
	noon = time.Date(2026, 11, 20, 12, 0, 0, 0, cst) // a Friday
)

func line(id campaign.ID, at time.Time, f Figures) Line {
	return Line{ID: id, Channel: h.ChannelSMS, Rule: segment.Everyone(), ByID: "7", At: at, CountedAt: noon, Figures: f}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	lines := []Line{
		line(3, noon, Figures{Taken: 10, Linked: 10, Clickers: 5, Revenue: 7}),
		line(2, noon.Add(-13*time.Hour), Figures{Taken: 20, Revenue: -2}), // Thursday 23:00
		line(1, noon.AddDate(0, 0, -7), Figures{Taken: 30, Linked: 30, Clickers: 3, Orders: 1, Buyers: 1}),
	}
	lines[1].Channel, lines[1].ByID, lines[1].Template, lines[1].Rule = h.ChannelEmail, "8", 4, segment.Group("all")
	for by, want := range map[By]int{ByCampaign: 3, ByChannel: 2, ByTemplate: 2, ByAudience: 2, ByStaff: 2, ByWeekday: 7, ByHour: 24} {
		groups := Grouped(lines, by, cst)
		var sum Figures
		n := 0
		for _, g := range groups {
			sum.Add(g.Figures)
			n += g.Campaigns
		}
		if len(groups) != want || n != 3 || sum != Total(lines) {
			t.Errorf("%s: %d groups of %d campaigns with %+v", by, len(groups), n, sum)
		}
	}
	week := Grouped(lines, ByWeekday, cst)
	if week[0].Key != "1" || week[6].Key != "0" || week[4].Campaigns != 2 || week[4].Latest.ID != 3 || week[3].Campaigns != 1 {
		t.Errorf("%+v", week)
	}
	// In London it was still Thursday afternoon.
	if g := Grouped(lines, ByHour, time.UTC); g[15].Campaigns != 1 || g[4].Campaigns != 2 {
		t.Error("hours are not the zone's")
	}
	if rate, known := week[4].ClickRate(); !known || rate != 0.2 {
		t.Errorf("click rate %v, %v", rate, known)
	}
	if _, known := week[3].ClickRate(); known {
		t.Error("a campaign without a link has a click rate")
	}
	if best, found := Best(week, 1); !found || best.Key != "5" {
		t.Errorf("best %+v, %v", best, found)
	}
	if _, found := Best(week, 41); found {
		t.Error("too few messages tell something")
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	groups := Grouped([]Line{line(1, noon, Figures{Taken: 5}), line(2, noon, Figures{Taken: 9, Linked: 9, Clickers: 1}), line(3, noon, Figures{Taken: 5, Linked: 5, Clickers: 4}), line(4, noon, Figures{Taken: 7})}, ByCampaign, cst)
	ids := func() (out []campaign.ID) {
		for _, g := range groups {
			out = append(out, g.Latest.ID)
		}
		return out
	}
	for _, c := range []struct {
		sort Sort
		asc  bool
		want []campaign.ID
	}{
		{SortNatural, false, []campaign.ID{1, 2, 3, 4}}, {SortTaken, false, []campaign.ID{2, 4, 1, 3}}, {SortTaken, true, []campaign.ID{1, 3, 4, 2}},
		{SortRate, false, []campaign.ID{3, 2, 1, 4}}, {SortRate, true, []campaign.ID{2, 3, 1, 4}}, {SortLift, true, []campaign.ID{2, 3, 1, 4}},
	} {
		if Order(groups, c.sort, c.asc); !reflect.DeepEqual(ids(), c.want) {
			t.Errorf("by %q, %v: %v, want %v", c.sort, c.asc, ids(), c.want)
		}
	}
	for _, s := range Sorts() {
		Order(groups, s, false)
	}
}

func TestLift(t *testing.T) {
	t.Parallel()
	l := line(1, noon, Figures{})
	if _, ok := l.Lift(); ok {
		t.Error("nobody was held back")
	}
	l.Control, l.Sent, l.Held = 10, campaign.Group{People: 900, Payers: 90}, campaign.Group{People: 100, Payers: 5}
	if lift, ok := l.Lift(); !ok || lift != campaign.Compare(l.Sent, l.Held) || !lift.Enough {
		t.Errorf("%+v, %v", lift, ok)
	}
	l.CountedAt = time.Time{}
	if _, ok := l.Lift(); ok {
		t.Error("it is not counted yet")
	}
}

func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSpans(t *testing.T) {
	t.Parallel()
	days := []Growth{{Registered: 99}, {Day: date("2026-10-31"), Registered: 1}, {Day: date("2026-11-01"), Registered: 2}, {Day: date("2026-11-02"), Registered: 4, NoSMS: 1}, {Day: date("2026-11-09"), Registered: 8}}
	for _, c := range []struct {
		unit     Unit
		from, to string
		want     []int64
		first    string
	}{
		{Daily, "2026-11-01", "2026-11-03", []int64{2, 4, 0}, "2026-11-01"},
		{Weekly, "2026-11-01", "2026-11-09", []int64{2, 4, 8}, "2026-10-26"}, // Sunday is of the week before
		{Monthly, "2026-10-31", "2026-11-30", []int64{1, 14}, "2026-10-01"},
	} {
		spans := Spans(days, c.unit, date(c.from), date(c.to))
		var got []int64
		for _, s := range spans {
			got = append(got, s.Registered)
		}
		if !reflect.DeepEqual(got, c.want) || !spans[0].Day.Equal(date(c.first)) {
			t.Errorf("by %s: %v from %v", c.unit, got, spans[0].Day)
		}
	}
	for _, c := range []struct {
		wanted Unit
		days   int
		want   Unit
	}{{"", 30, Daily}, {"", 90, Weekly}, {"", 365, Monthly}, {Daily, 90, Daily}, {Daily, 365, Weekly}, {Daily, 3000, Monthly}, {Weekly, 365, Weekly}, {Monthly, 30, Monthly}} {
		if got := UnitFor(c.wanted, noon, noon.AddDate(0, 0, c.days-1)); got != c.want {
			t.Errorf("%q of %d days: %s", c.wanted, c.days, got)
		}
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		mark Mark
		want bool
	}{
		"never counted":                 {Mark{PlannedAt: noon.Add(-900 * day)}, true},
		"sending, a minute old":         {Mark{PlannedAt: noon.Add(-50 * day), Open: true, CountedAt: noon.Add(-time.Minute)}, true},
		"sending, young":                {Mark{PlannedAt: noon.Add(-50 * day), Open: true, CountedAt: noon.Add(-59 * time.Second)}, false},
		"of today":                      {Mark{PlannedAt: noon.Add(-day + 1), CountedAt: noon.Add(-time.Minute)}, true},
		"of this month":                 {Mark{PlannedAt: noon.Add(-36 * day), CountedAt: noon.Add(-10 * time.Minute)}, true},
		"of this month, young":          {Mark{PlannedAt: noon.Add(-36 * day), CountedAt: noon.Add(-9 * time.Minute)}, false},
		"old":                           {Mark{PlannedAt: noon.Add(-38 * day), CountedAt: noon.Add(-23 * time.Hour)}, false},
		"old, a day ago":                {Mark{PlannedAt: noon.Add(-38 * day), CountedAt: noon.Add(-day)}, true},
		"old, touched since":            {Mark{PlannedAt: noon.Add(-38 * day), CountedAt: noon.Add(-time.Hour), TouchedAt: noon.Add(-time.Minute)}, true},
		"touched right before":          {Mark{PlannedAt: noon.Add(-38 * day), CountedAt: noon.Add(-30 * time.Minute), TouchedAt: noon.Add(-31 * time.Minute)}, true},
		"touched well before":           {Mark{PlannedAt: noon.Add(-38 * day), CountedAt: noon.Add(-30 * time.Minute), TouchedAt: noon.Add(-50 * time.Minute)}, false},
		"touched, and counted just now": {Mark{PlannedAt: noon.Add(-38 * day), CountedAt: noon.Add(-time.Minute), TouchedAt: noon}, false},
	} {
		if got := len(Due([]Mark{c.mark}, noon)) == 1; got != c.want {
			t.Errorf("%s: due %v", name, got)
		}
	}
	if got := Due([]Mark{{ID: 1, CountedAt: noon.Add(-50 * time.Hour)}, {ID: 2}, {ID: 3}, {ID: 4, CountedAt: noon.Add(-60 * time.Hour)}}, noon); !reflect.DeepEqual(got, []campaign.ID{3, 2, 4, 1}) {
		t.Errorf("order %v", got)
	}
}

func TestOfferings(t *testing.T) {
	t.Parallel()
	offering := func(id funnel.OfferingID, kind h.TargetType, category string, f funnel.Figures) funnel.Line {
		l := funnel.Line{Row: funnel.Row{Offering: funnel.Offering{ID: id, Target: h.Target{Type: kind}}, Figures: f, Joined: [funnel.Weeks]int64{1, 2}}}
		if category != "" {
			l.Categories = []string{category, "x"}
		}
		return l
	}
	lines := []funnel.Line{
		offering(1, h.TargetCourse, "a", funnel.Figures{Gross: 100, Refunded: 50, Potential: 3, Touched30: 10, Paid30: 1}),
		offering(2, h.TargetCourse, "", funnel.Figures{}),
		offering(3, h.TargetClassroom, "a", funnel.Figures{Gross: 300, Touched30: 10, Paid30: 3}),
	}
	for by, want := range map[OfferingBy]int{ByOffering: 3, ByCategory: 2, ByKind: 2} {
		if got := GroupOfferings(lines, by); len(got) != want {
			t.Errorf("%s: %d groups", by, len(got))
		}
	}
	total := OfferingTotal(lines)
	rate, known := total.RefundRate()
	if conversion, _ := total.Conversion(); total.Offerings != 3 || total.Revenue() != 350 || total.Joined != 9 || !known || rate != 0.125 || conversion != 0.2 {
		t.Errorf("%+v, %v", total, rate)
	}
	groups := GroupOfferings(lines, ByOffering)
	for _, s := range OfferingSorts() {
		OrderOfferings(groups, s, true)
	}
	OrderOfferings(groups, OfferingRefundRate, false)
	if groups[0].Key != "1" || groups[2].Key != "2" {
		t.Errorf("order %v %v %v", groups[0].Key, groups[1].Key, groups[2].Key)
	}
}

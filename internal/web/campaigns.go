package web

import (
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
)

type campaignsPage struct {
	Frame
	Rows    []campaignRow
	Pager   pager
	MaySend bool
}

// campaignRow is a campaign of the list.
type campaignRow struct {
	campaign.Listed
	URL string
}

// HasLink reports whether clicks can be counted.
func (r campaignRow) HasLink() bool { return r.LinkTarget != "" }

// campaignsPerPage is how many campaigns a page of the list shows.
const campaignsPerPage = 20

func (w *Web) campaigns(q *request) error {
	after := q.r.URL.Query().Get("after")
	list, next, err := w.Campaigns.List(q.ctx(), after, campaignsPerPage)
	if err != nil {
		return err
	}
	p := campaignsPage{Frame: w.frame(q, "campaigns.title", "campaigns"), MaySend: q.may(hostadapter.PermCampaignSend)}
	for _, c := range list {
		p.Rows = append(p.Rows, campaignRow{c, w.paths.Campaign(c.ID, "", "")})
	}
	p.Pager = newPager(after, next, w.paths.Campaigns(""), w.paths.Campaigns(next), "campaigns")
	if q.target() == "campaigns" {
		return w.render(q, http.StatusOK, "campaigns#campaigns", p)
	}
	return w.render(q, http.StatusOK, "campaigns", p)
}

// resultView is where a campaign stands, as its page shows it and asks for again.
type resultView struct {
	campaign.Campaign
	Result  campaign.Result
	Funnel  []funnelStep
	Reasons []reasonLine // of failures, by number
	Unknown []reasonLine
	Dry     dryView
	URL     string // of this page
	Every   string // how often to ask again; empty: no more
	Tabs    []tabView
	Speed   float64 // deliveries per second so far
	Left    time.Duration
	Took    time.Duration
	OOB     bool
}

type reasonLine struct {
	Reason campaign.Reason
	N      int64
	Share  float64 // of its kind
}

type tabView struct {
	Filter  campaign.Filter
	URL     string
	N       int64
	Current bool
}

// tabs is the row of filters; OOB replaces it where it stands.
type tabs struct {
	Tabs []tabView
	OOB  bool
}

func newTabs(list []tabView, oob bool) tabs { return tabs{list, oob} }

// Key names a filter in the message files, where the first needs a word.
func (t tabView) Key() string { return filterKey(t.Filter) }

func filterKey(f campaign.Filter) string {
	if f == campaign.FilterAll {
		return "all"
	}
	return string(f)
}

// Share is how much of the sending has an outcome.
func (r resultView) Share() float64 {
	if r.Result.Sendable == 0 {
		return 0
	}
	return float64(r.Result.Settled()) / float64(r.Result.Sendable)
}

// Failures is how many messages failed for good.
func (r resultView) Failures() int64 { return r.Result.ByState[campaign.Failed] }

// Waiting is how many messages have no outcome yet.
func (r resultView) Waiting() int64 { return max(r.Result.Sendable-r.Result.Settled(), 0) }

// clickWatch is how long after the end the page goes on asking for clicks.
const clickWatch = time.Hour

func (w *Web) resultView(c campaign.Campaign, r campaign.Result, f campaign.Filter) resultView {
	v := resultView{Campaign: c, Result: r, Funnel: funnel(r), Dry: dryViewOf(r.Sum), URL: w.paths.Campaign(c.ID, f, "")}
	now := w.Now()
	switch {
	case c.State != campaign.Done:
		v.Every = "2s"
	case c.LinkTarget != "" && now.Sub(c.DoneAt) < clickWatch:
		v.Every = "2s"
	}
	for _, reason := range campaign.Reasons() {
		n := r.ByReason[reason]
		line := reasonLine{Reason: reason, N: n}
		switch {
		case n == 0 || reason == campaign.ReasonTemporary: // still waiting for another try
		case reason == campaign.ReasonCrash || reason == campaign.ReasonBroken:
			line.Share = float64(n) / float64(max(r.ByState[campaign.Unknown], 1))
			v.Unknown = append(v.Unknown, line)
		default:
			line.Share = float64(n) / float64(max(r.ByState[campaign.Failed], 1))
			v.Reasons = append(v.Reasons, line)
		}
	}
	if spent := now.Sub(c.LaunchedAt).Seconds(); c.State == campaign.Sending && spent > 1 && r.Settled() > 0 {
		v.Speed = float64(r.Settled()) / spent
		v.Left = time.Duration(float64(v.Waiting()) / v.Speed * float64(time.Second))
	}
	if !c.DoneAt.IsZero() {
		v.Took = c.DoneAt.Sub(c.LaunchedAt)
	}
	numbers := map[campaign.Filter]int64{
		campaign.FilterAll: r.Matched, campaign.FilterAccepted: r.AcceptedTotal(), campaign.FilterClicked: r.Clickers,
		campaign.FilterFailed: r.ByState[campaign.Failed], campaign.FilterUnknown: r.ByState[campaign.Unknown],
		campaign.FilterExcluded: r.ByState[campaign.Excluded],
		campaign.FilterWaiting:  r.ByState[campaign.Queued] + r.ByState[campaign.InFlight],
	}
	for _, tab := range campaign.Filters() {
		v.Tabs = append(v.Tabs, tabView{Filter: tab, URL: w.paths.Campaign(c.ID, tab, ""), N: numbers[tab], Current: tab == f})
	}
	return v
}

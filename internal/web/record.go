package web

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// resultView is where a campaign stands, as its page shows it and asks for again.
type resultView struct {
	campaign.Campaign
	Result   campaign.Result
	Receipts bool // the provider tells what was delivered
	Funnel   []funnelStep
	Fails    failsView
	Sum      sumView
	Tabs     []tabView
	Deeds    []deedView
	URL      string // of this page
	Every    string // how often to ask again; empty: no more
	Speed    float64
	Left     time.Duration
	Spent    time.Duration // since sending began
	Overdue  bool          // its time came, a worker has not
	OOB      bool
}

// Share is how much of the sending has an outcome.
func (r resultView) Share() float64 { return share(r.Result.Settled(), r.Result.Sendable) }

// Failures is how many messages failed for good.
func (r resultView) Failures() int64 { return r.Result.ByState[campaign.Failed] }

// Cancelled is how many messages were called off.
func (r resultView) Cancelled() int64 { return r.Result.ByState[campaign.Cancelled] }

// Waiting is how many messages have no outcome yet.
func (r resultView) Waiting() int64 { return desk.Waiting(r.Result) }

// Planned reports whether its audience is frozen. Until then there is nothing to count.
func (r resultView) Planned() bool { return !r.PlannedAt.IsZero() }

// Troubled reports whether it stands still for a reason that nobody chose.
func (r resultView) Troubled() bool {
	return r.Stalled != campaign.NotStalled && r.Stalled != campaign.StallQuiet && r.Stalled != campaign.StallStaff
}

// Over reports whether the campaign sends nothing any more.
func (r resultView) Over() bool { return !r.State.Open() }

// Begin is when its sending began, or will.
func (r resultView) Begin() time.Time { return beginOf(r.Campaign) }

// Cost is what its SMS cost so far, in minor units, rounded up.
func (r resultView) Cost() int64 { return (r.Result.Parts*r.Price + 999) / 1000 }

// Took is how long the sending took.
func (r resultView) Took() time.Duration { return r.DoneAt.Sub(r.Begin()) }

// clickWatch is how long after the end the page goes on asking for clicks.
const clickWatch = time.Hour

// How often the page asks again while something moves, and while it waits for an hour or for staff.
const (
	everyMoment = "2s"
	everyWhile  = "30s"
)

func (w *Web) resultView(q *request, c campaign.Campaign, r campaign.Result, f campaign.Filter) resultView {
	receipts := w.Campaigns.Receipts(c.Channel) || r.ByState[campaign.Delivered] > 0
	v := resultView{Campaign: c, Result: r, Receipts: receipts, Funnel: funnelSteps(r, receipts), URL: w.paths.Campaign(c.ID, f, ""), Every: w.every(c, r)}
	now := w.Now()
	if !v.Planned() { // the page has no place yet for what comes then
		v.URL = w.paths.CampaignWaiting(c.ID)
	}
	v.Overdue = c.State == campaign.Scheduled && !c.SendAt.After(now)
	if !c.PlannedAt.IsZero() {
		v.Spent = now.Sub(c.PlannedAt)
	}
	if s := v.Spent.Seconds(); c.State == campaign.Sending && c.Stalled == campaign.NotStalled && s > 1 && r.Settled() > 0 {
		v.Speed = float64(r.Settled()) / s
		v.Left = time.Duration(float64(v.Waiting()) / v.Speed * float64(time.Second))
	}
	v.Fails, v.Sum = w.failsView(c, r), w.sumView(w.locale(q), c, r, receipts)
	if w.maySend(q) {
		v.Deeds = w.deedViews(q, c, r)
		v.Fails.Resend = w.refusal(q, c, r, "resend") == nil
	}
	v.Tabs = w.resultTabs(v, f)
	return v
}

// every is how often a page about the campaign asks again.
func (w *Web) every(c campaign.Campaign, r campaign.Result) string {
	now := w.Now()
	switch c.State {
	case campaign.Scheduled:
		if c.SendAt.Sub(now) > time.Minute {
			return everyWhile
		}
	case campaign.Late:
		return everyWhile
	case campaign.Done, campaign.CalledOff:
		if desk.Waiting(r) == 0 && (!c.Tracked || now.Sub(c.DoneAt) >= clickWatch) {
			return ""
		}
	}
	return everyMoment
}

type tabView struct {
	Filter  campaign.Filter
	URL     string
	N       int64 // negative: not counted
	Current bool
}

// Key names a filter in the message files, where the first needs a word.
func (t tabView) Key() string { return filterKey(t.Filter) }

func filterKey(f campaign.Filter) string {
	if f == campaign.FilterAll {
		return "all"
	}
	return string(f)
}

// tabs is the row of filters; OOB replaces it where it stands.
type tabs struct {
	Tabs []tabView
	OOB  bool
}

func newTabs(list []tabView, oob bool) tabs { return tabs{list, oob} }

// resultTabs are the filters of recipients. Those that say nothing about this campaign are left out.
func (w *Web) resultTabs(v resultView, current campaign.Filter) []tabView {
	r := v.Result
	numbers := map[campaign.Filter]int64{
		campaign.FilterAll: r.Matched, campaign.FilterAccepted: r.AcceptedTotal(),
		campaign.FilterPending: r.ByState[campaign.Accepted], campaign.FilterDelivered: r.ByState[campaign.Delivered],
		campaign.FilterClicked: r.Clickers, campaign.FilterUnclicked: -1, // of the clickers some may be unknown
		campaign.FilterFailed: r.ByState[campaign.Failed], campaign.FilterUnknown: r.ByState[campaign.Unknown],
		campaign.FilterExcluded: r.ExcludedTotal(), campaign.FilterLate: r.LateOutTotal(),
		campaign.FilterWaiting: desk.Waiting(r), campaign.FilterCancelled: r.ByState[campaign.Cancelled],
	}
	always := map[campaign.Filter]bool{campaign.FilterAll: true, campaign.FilterAccepted: true, campaign.FilterFailed: true,
		campaign.FilterExcluded: true, campaign.FilterClicked: v.Tracked, campaign.FilterUnclicked: v.Tracked, campaign.FilterDelivered: v.Receipts}
	var out []tabView
	for _, f := range campaign.Filters() {
		if f == current || always[f] || numbers[f] > 0 && (f != campaign.FilterPending || v.Receipts) {
			out = append(out, tabView{Filter: f, URL: w.paths.Campaign(v.ID, f, ""), N: numbers[f], Current: f == current})
		}
	}
	return out
}

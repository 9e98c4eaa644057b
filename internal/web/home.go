package web

import (
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
)

type homePage struct {
	Frame
	Totals  home.Totals
	Running []runningView
	Sync    syncCard
	First   bool // nothing is there yet: show the first steps
	Steps   []firstStep
	MaySend bool
	Pins    []pinView
	Pinning bool // staff may put quick queries here
	Poll    bool // something moves: ask again soon
}

// runningView is a campaign on its way.
type runningView struct {
	campaign.Listed
	URL string
}

// Share is how much of the campaign has an outcome.
func (r runningView) Share() float64 {
	if r.Sendable == 0 {
		return 0
	}
	return float64(r.Settled) / float64(r.Sendable)
}

type firstStep struct {
	No   int
	Key  string
	URL  string
	Done bool
}

func (w *Web) home(q *request) error {
	totals, err := w.Home.Totals(q.ctx())
	if err != nil {
		return err
	}
	state, err := w.Sync.State(q.ctx())
	if err != nil {
		return err
	}
	p := homePage{Frame: w.menuFrame(q, "home.title", "home"), Totals: totals}
	p.Fresh = freshnessOf(state, nil, w.Now())
	p.Sync = w.syncCard(q, state)
	p.MaySend = q.may(hostadapter.PermCampaignSend)
	for _, c := range totals.Running {
		p.Running = append(p.Running, runningView{c, w.paths.Campaign(c.ID, "", "")})
	}
	p.First = totals.People == 0 || totals.Campaigns == 0
	p.Steps = []firstStep{
		{1, "sync", w.paths.Sync(), state.FirstDone()},
		{2, "email", "", len(w.Campaigns.Channels()) > 0},
		{3, "audience", w.paths.Audience(nil), totals.Campaigns > 0},
	}
	p.Poll = len(p.Running) > 0 || (p.Sync.First && len(state.Live) > 0)
	if q.target() == "home-live" {
		p.Fresh.OOB = true
		status := http.StatusOK
		if !p.Poll {
			status = statusStopPolling
		}
		return w.render(q, status, "home#home-live", p)
	}
	if p.Pins, err = w.pins(q); err != nil {
		return err
	}
	p.Pinning = q.may(hostadapter.PermSegmentEdit)
	return w.render(q, http.StatusOK, "home", p)
}

// pinView is a quick query on the home page.
type pinView struct {
	Name, URL string
	Count     int64
	CountedAt time.Time // zero: not yet
	Trend     sparkView
}

func (w *Web) pins(q *request) ([]pinView, error) {
	list, err := w.saved(q)
	if err != nil {
		return nil, err
	}
	l := w.locale(q)
	var out []pinView
	for _, s := range list {
		if !s.Pinned {
			continue
		}
		trend, err := w.Segments.Trend(q.ctx(), s.ID, trendDays)
		if err != nil {
			return nil, err
		}
		out = append(out, pinView{l.queryName(s), w.paths.AudienceOf(s.ID), s.Count, s.CountedAt, l.spark(trend)})
	}
	return out, nil
}

// statusStopPolling makes htmx swap the answer and ask no more.
const statusStopPolling = 286

// syncCard sums the sync up for the home page.
type syncCard struct {
	First    bool // the first sync is not over
	Begun    bool
	Share    float64
	Left     time.Duration // 0: cannot be told
	Feeds    []feedView
	LastOK   time.Time
	Failing  []projection.FeedState
	Problems int64
	URL      string // of the problem rows, or of the sync page for who may not see them
}

func (w *Web) syncCard(q *request, s projection.State) syncCard {
	c := syncCard{First: !s.FirstDone(), Begun: len(s.Live) > 0, LastOK: s.LastOKAt(), Failing: s.Failing(),
		Problems: s.Problems, Feeds: feedViews(s), URL: w.paths.Sync()}
	c.Share, c.Left = s.Progress()
	if q.may(hostadapter.PermSettings) {
		c.URL = w.paths.Problems("")
	}
	return c
}

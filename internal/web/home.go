package web

import (
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
)

type homePage struct {
	Frame
	Totals       home.Totals
	Changes      homeChanges
	Usage        usageView
	Compositions []compositionView
	Running      []runningView
	Due          dueView
	Sync         syncCard
	First        bool // nothing is there yet: show the first steps
	Steps        []firstStep
	MaySend      bool
	Pins         []pinView
	Pinning      bool // staff may put quick queries here
	Poll         bool // something moves: ask again soon
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

// Parts of the page that are asked for by themselves.
const (
	homeUsage   = "home-usage"
	homeBalance = "home-balance"
	homeLive    = "home-live"
)

func (w *Web) home(q *request) error {
	switch q.target() {
	case homeUsage:
		v, err := w.usageView(q)
		if err != nil {
			return err
		}
		return w.render(q, http.StatusOK, "home#home-usage", v)
	case homeBalance:
		v, err := w.balanceView(q)
		if err != nil {
			return err
		}
		return w.render(q, http.StatusOK, "home#home-balance", v)
	}
	p, err := w.homeLive(q)
	if err != nil {
		return err
	}
	if q.target() == homeLive {
		p.Fresh.OOB = true
		status := http.StatusOK
		if !p.Poll {
			status = statusStopPolling
		}
		return w.render(q, status, "home#home-live", p)
	}
	fresh := p.Fresh
	p.Frame = w.menuFrame(q, "home.title", "home")
	p.Fresh = fresh
	l := w.locale(q)
	p.Changes = l.homeChanges(p.Totals)
	for _, c := range p.Totals.Compositions {
		p.Compositions = append(p.Compositions, w.compositionView(l, c))
	}
	if p.Usage, err = w.usageView(q); err != nil {
		return err
	}
	if p.Pins, err = w.pins(q); err != nil {
		return err
	}
	p.Pinning = q.may(hostadapter.PermSegmentEdit)
	p.MaySend = q.may(hostadapter.PermCampaignSend)
	return w.render(q, http.StatusOK, "home", p)
}

// homeLive gives what of the page moves by itself, and the figures.
func (w *Web) homeLive(q *request) (homePage, error) {
	var p homePage
	var err error
	if p.Totals, err = w.Home.Totals(q.ctx()); err != nil {
		return p, err
	}
	state, err := w.Sync.State(q.ctx())
	if err != nil {
		return p, err
	}
	p.Fresh = freshnessOf(state, nil, w.Now())
	p.Sync = w.syncCard(q, state)
	for _, c := range p.Totals.Running {
		p.Running = append(p.Running, runningView{c, w.paths.Campaign(c.ID, "", "")})
	}
	if p.Due, err = w.dueView(q); err != nil {
		return p, err
	}
	p.First = p.Totals.People == 0 || p.Totals.Campaigns == 0
	p.Steps = []firstStep{
		{1, "sync", w.paths.Sync(), state.FirstDone()},
		{2, "email", "", len(w.Campaigns.Channels()) > 0},
		{3, "audience", w.paths.Audience(nil), p.Totals.Campaigns > 0},
	}
	p.Poll = len(p.Running) > 0 || (p.Sync.First && len(state.Live) > 0)
	return p, nil
}

// dueView is what a member of staff should come back to today.
type dueView struct {
	Rows  []dueRow
	Total int64
	URL   string // all of it
}

type dueRow struct {
	followup.Followup
	URL  string // the person's page
	Time string // of today, or the day that has passed
	Late bool
	Text string
}

// dueMost is how many the page shows, and dueText how many characters of each.
const (
	dueMost = 4
	dueText = 40
)

func (w *Web) dueView(q *request) (dueView, error) {
	v := dueView{URL: w.paths.Followups("", "", "")}
	list, err := w.Followups.Due(q.ctx(), followup.Query{Owner: q.staff.ID, State: followup.AnyTime, Limit: dueMost})
	if err != nil {
		return v, err
	}
	tally, err := w.Followups.Tally(q.ctx(), q.staff.ID)
	if err != nil {
		return v, err
	}
	v.Total = tally.Overdue + tally.Today
	l, now := w.locale(q), w.Now()
	for _, f := range list.Followups {
		at, today := day(f.NextAt.In(w.Location)), day(now.In(w.Location))
		if at.After(today) { // the soonest come first
			break
		}
		row := dueRow{Followup: f, URL: w.paths.Person(f.Learner), Late: f.NextAt.Before(now), Time: l.shortDay(at), Text: firstOf(f.Content, dueText)}
		if at.Equal(today) {
			row.Time = f.NextAt.In(w.Location).Format("15:04")
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
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
	var ids []segment.QueryID
	for _, s := range list {
		if s.Pinned {
			ids = append(ids, s.ID)
		}
	}
	trends, err := w.Home.Trends(q.ctx(), ids, trendDays)
	if err != nil {
		return nil, err
	}
	l := w.locale(q)
	var out []pinView
	for _, s := range list {
		if s.Pinned {
			out = append(out, pinView{l.queryName(s), w.paths.AudienceOf(s.ID), s.Count, s.CountedAt, l.spark(trends[s.ID])})
		}
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

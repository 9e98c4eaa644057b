package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// clicksPage tells all about the clicks of a campaign.
type clicksPage struct {
	Frame
	Name  string
	Back  string // the campaign's page
	Stats *statsView
}

// statsView is the clicks of a campaign, of one of its links or of a free link: the part
// "click-stats" of its page, which asks for itself again.
type statsView struct {
	shortlink.Stats
	Campaign campaign.Campaign // without an id: the link is free
	Only     string            // the address of the one link that is meant; empty: all of a campaign
	All      string            // where all of them are told
	Audience string            // the people who clicked; empty: nobody can name them
	Rate     float64           // of those accepted
	Bys      []choiceLink
	ByDay    bool
	Chart    chart
	Periods  []periodRow
	Tables   []partTable
	Delays   []delayRow
	Links    []linkRow
	Kinds    []kindRow
	URL      string // of the page
	Every    string // how often to ask again; empty: no more
}

// Free reports whether nobody is known of who clicked.
func (v statsView) Free() bool { return v.Campaign.ID == 0 }

// Begun reports whether there can be clicks.
func (v statsView) Begun() bool {
	return v.Hits > 0 || v.Hours != nil && (v.Free() || v.Campaign.Tracked)
}

// Median is what half of the people took.
func (v statsView) Median() time.Duration { return max(v.Stats.Delays.Median, 0) }

// Untimed is how many took nobody knows how long.
func (v statsView) Untimed() int64 { return v.Stats.Delays.Unknown }

// campaignClicks shows the clicks of a campaign; with a link in the address only that link's.
func (w *Web) campaignClicks(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	of := shortlink.Scope{Campaign: n}
	if text := q.r.URL.Query().Get("link"); text != "" {
		id, err := parseID(text)
		if err != nil || id == 0 {
			return fault.ErrNotFound
		}
		of.Link = shortlink.LinkID(id)
	}
	v, err := w.statsView(q, of)
	if err != nil {
		return err
	}
	if q.target() == "click-stats" {
		return w.showStats(q, v)
	}
	p := clicksPage{Frame: w.frame(q, "stats.title", "campaigns"), Back: w.paths.Campaign(v.Campaign.ID, "", ""), Stats: v}
	if p.Name, err = w.campaignTitle(q, v.Campaign); err != nil {
		return err
	}
	p.Title = p.Name + " · " + p.Title
	return w.render(q, http.StatusOK, "clicks", p)
}

// showStats answers what the part asks for again, on whichever page it is.
func (w *Web) showStats(q *request, v *statsView) error {
	status := http.StatusOK
	if v.Every == "" {
		status = statusStopPolling
	}
	return w.render(q, status, "clicks#click-stats", v)
}

// Ways of showing when people clicked.
const (
	byHour = "hour"
	byDay  = "day"
)

// statsView tells about a scope as the address of the request asks: by hour or by day, and where
// it does not say by what holds all clicks.
func (w *Web) statsView(q *request, of shortlink.Scope) (*statsView, error) {
	v := &statsView{}
	var err error
	if of.Campaign != 0 {
		if v.Campaign, err = w.Campaigns.Find(q.ctx(), campaign.ID(of.Campaign)); err != nil {
			return nil, err
		}
	}
	if v.Stats, err = w.Statistics.Stats(q.ctx(), of, w.Location); err != nil {
		return nil, err
	}
	by := q.r.URL.Query().Get("by")
	switch by {
	case "":
		v.ByDay = hitsOf(v.Hours) < v.Of(shortlink.Human)
	case byHour, byDay:
		v.ByDay = by == byDay
	default:
		return nil, fault.ErrNotFound
	}
	v.URL, v.Every = w.paths.ClickStats(of, by), w.everyClick(v)
	for _, word := range []string{byHour, byDay} {
		v.Bys = append(v.Bys, choiceLink{word, w.paths.ClickStats(of, word), (word == byDay) == v.ByDay})
	}
	if of.Campaign != 0 && of.Link != 0 {
		v.Only, v.All = v.Stats.Links[0].Target, w.paths.ClickStats(shortlink.Scope{Campaign: of.Campaign}, by)
	}
	v.Rate = share(v.People, v.Sent)
	v.Audience = w.clickers(v, of.Link)
	w.addPeriods(q, v, of)
	w.addParts(q, v, of)
	w.addLinks(v, of)
	v.Kinds = w.locale(q).kindRows(v.Totals)
	return v, nil
}

// everyClick is how often the clicks are asked for again: as long as many may come, every moment.
func (w *Web) everyClick(v *statsView) string {
	now := w.Now()
	switch {
	case v.Free():
		if now.Sub(v.Last) < clickWatch {
			return everyMoment
		}
		return everyWhile
	case !v.Campaign.Tracked:
		return ""
	case v.Campaign.State == campaign.Scheduled, v.Campaign.State == campaign.Late:
		return everyWhile
	case v.Campaign.State.Open(), now.Sub(v.Campaign.DoneAt) < clickWatch:
		return everyMoment
	}
	return ""
}

// clickers is the audience of those who clicked and meet more conditions; empty where no rule names
// them.
func (w *Web) clickers(v *statsView, link shortlink.LinkID, more ...segment.Rule) string {
	if v.Free() || v.Campaign.Direct || v.People == 0 {
		return ""
	}
	c := segment.Condition("clicked", segment.OpAnyOf, []int64{int64(v.Campaign.ID)}, "")
	if link != 0 {
		c.Of = &segment.Of{Links: []int64{int64(link)}}
	}
	return w.audienceOf(segment.Group("all", append([]segment.Rule{c}, more...)...))
}

// audienceOf is where the people of a rule without names are listed; empty when no address can
// carry it.
func (w *Web) audienceOf(r segment.Rule) string {
	text := canonical(r)
	if len(text) > maxQuery || !parses(text) {
		return ""
	}
	return w.paths.Audience(values("q", text))
}

// ClickStats is where the clicks of a scope are told, by hour or by day; empty: by what fits.
func (p paths) ClickStats(of shortlink.Scope, by string) string {
	if of.Campaign == 0 {
		return p.to("/links/"+strconv.FormatInt(int64(of.Link), 10), values("by", by))
	}
	link := ""
	if of.Link != 0 {
		link = strconv.FormatInt(int64(of.Link), 10)
	}
	return p.to("/campaigns/"+strconv.FormatInt(of.Campaign, 10)+"/clicks", values("link", link, "by", by))
}

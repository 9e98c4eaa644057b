package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

type campaignsPage struct {
	Frame
	Drafts  []draftView
	List    campaignList
	MaySend bool
}

// campaignList is a page of the list of campaigns.
type campaignList struct {
	Direct   bool // messages to one person
	Rows     []campaignRow
	Kinds    []choiceLink
	Channels []choiceLink
	Pager    pager
	URL      string
	Poll     bool // something in it moves
	MaySend  bool
	Narrowed bool
}

// choiceLink is one of several views of a page.
type choiceLink struct {
	Key, URL string
	Current  bool
}

// campaignRow is a campaign of the list.
type campaignRow struct {
	campaign.Listed
	Title string
	URL   string
}

// Share is how much of the sending has an outcome.
func (r campaignRow) Share() float64 { return share(r.Settled, r.Sendable) }

// Planned reports whether it is known yet to how many people it goes.
func (r campaignRow) Planned() bool { return !r.PlannedAt.IsZero() }

// At is when it was or will be sent.
func (r campaignRow) At() time.Time { return beginOf(r.Campaign) }

// beginOf is when a campaign's sending began, or will.
func beginOf(c campaign.Campaign) time.Time {
	switch {
	case !c.PlannedAt.IsZero():
		return c.PlannedAt
	case !c.SendAt.IsZero():
		return c.SendAt
	}
	return c.LaunchedAt
}

func share(part, whole int64) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// campaignsPerPage is how many campaigns a page of the list shows.
const campaignsPerPage = 20

func (w *Web) campaigns(q *request) error {
	v := q.r.URL.Query()
	view, after := campaign.ListView{Direct: v.Get("direct") == "1", Channel: hostadapter.Channel(v.Get("channel"))}, v.Get("after")
	if view.Channel != "" && !slices.Contains(desk.Channels(), view.Channel) {
		return fault.ErrNotFound
	}
	list, err := w.campaignList(q, view, after)
	if err != nil {
		return err
	}
	if q.target() == "campaigns" {
		return w.render(q, http.StatusOK, "campaigns#campaigns", list)
	}
	p := campaignsPage{Frame: w.frame(q, "campaigns.title", "campaigns"), List: list, MaySend: w.maySend(q)}
	if p.Drafts, err = w.draftsOf(q); err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "campaigns", p)
}

func (w *Web) campaignList(q *request, view campaign.ListView, after string) (campaignList, error) {
	rows, next, err := w.Campaigns.List(q.ctx(), view, after, campaignsPerPage)
	if err != nil {
		return campaignList{}, err
	}
	out := campaignList{Direct: view.Direct, URL: w.paths.CampaignList(view, after), MaySend: w.maySend(q), Narrowed: view.Channel != ""}
	for _, c := range rows {
		row := campaignRow{Listed: c, URL: w.paths.Campaign(c.ID, "", "")}
		if row.Title, err = w.campaignTitle(q, c.Campaign); err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, row)
		out.Poll = out.Poll || after == "" && (c.State == campaign.Planning || c.State == campaign.Sending)
	}
	for _, direct := range []bool{false, true} {
		key := "batch"
		if direct {
			key = "direct"
		}
		out.Kinds = append(out.Kinds, choiceLink{key, w.paths.CampaignList(campaign.ListView{Direct: direct, Channel: view.Channel}, ""), direct == view.Direct})
	}
	for _, ch := range append([]hostadapter.Channel{""}, desk.Channels()...) {
		out.Channels = append(out.Channels, choiceLink{string(ch), w.paths.CampaignList(campaign.ListView{Direct: view.Direct, Channel: ch}, ""), ch == view.Channel})
	}
	out.Pager = newPager(after, next, w.paths.CampaignList(view, ""), w.paths.CampaignList(view, next), "campaigns")
	return out, nil
}

// campaignTitle names a campaign. A message to one person goes by that person's name.
func (w *Web) campaignTitle(q *request, c campaign.Campaign) (string, error) {
	if c.Name != "" {
		return c.Name, nil
	}
	l := w.locale(q)
	if !c.Direct {
		return l.T("campaign.unnamed"), nil
	}
	one, _, err := w.Campaigns.Recipients(q.ctx(), c.ID, campaign.FilterAll, "", "", 1)
	if err != nil || len(one) == 0 {
		return l.T("campaign.direct"), err
	}
	return l.T("campaign.direct_to", one[0].Name), nil
}

package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

type campaignPage struct {
	Frame
	Live       resultView
	Say        string // the audience in words
	Recipients recipientsView
}

// recipientsView is a page of a campaign's recipients.
type recipientsView struct {
	Filter campaign.Filter
	Rows   []recipientRow
	Pager  pager
	URL    string
	Poll   bool // the list still changes
	Tabs   []tabView
	Empty  bool
}

// Key names the filter in the message files.
func (r recipientsView) Key() string { return filterKey(r.Filter) }

type recipientRow struct {
	campaign.Recipient
	URL      string
	Excluded bool // Reason is an Exclusion
}

// Clicked reports whether the person followed the link.
func (r recipientRow) Clicked() bool { return !r.ClickedAt.IsZero() }

// When is the moment the provider took the message.
func (r recipientRow) When() time.Time { return r.AcceptedAt }

// recipientsPerPage is how many recipients a page shows.
const recipientsPerPage = 20

func (w *Web) campaign(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	id := campaign.ID(n)
	query := q.r.URL.Query()
	filter, after := campaign.Filter(query.Get("f")), query.Get("after")
	if !slices.Contains(campaign.Filters(), filter) {
		return fault.ErrNotFound
	}
	c, err := w.Campaigns.Find(q.ctx(), id)
	if err != nil {
		return err
	}
	if q.target() == "recipients" {
		list, err := w.recipients(q, c, filter, after)
		if err != nil {
			return err
		}
		result, err := w.Campaigns.Result(q.ctx(), id)
		if err != nil {
			return err
		}
		list.Tabs = w.resultView(c, result, filter).Tabs
		return w.render(q, http.StatusOK, "campaign#recipients", list)
	}
	result, err := w.Campaigns.Result(q.ctx(), id)
	if err != nil {
		return err
	}
	live := w.resultView(c, result, filter)
	if q.target() == "campaign-live" {
		status := http.StatusOK
		if live.Every == "" {
			status = statusStopPolling
		}
		live.OOB = true
		return w.render(q, status, "campaign#campaign-live", live)
	}
	p := campaignPage{Frame: w.frame(q, "campaigns.title", "campaigns"), Live: live}
	p.Title = c.Name
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	if p.Say, err = b.say(c.Rule); err != nil {
		return err
	}
	if p.Recipients, err = w.recipients(q, c, filter, after); err != nil {
		return err
	}
	p.Recipients.Tabs = live.Tabs
	return w.render(q, http.StatusOK, "campaign", p)
}

func (w *Web) recipients(q *request, c campaign.Campaign, f campaign.Filter, after string) (recipientsView, error) {
	v := recipientsView{Filter: f, URL: w.paths.Campaign(c.ID, f, after), Poll: c.State != campaign.Done && after == ""}
	rows, next, err := w.Campaigns.Recipients(q.ctx(), c.ID, f, after, recipientsPerPage)
	if err != nil {
		return v, err
	}
	for _, r := range rows {
		v.Rows = append(v.Rows, recipientRow{r, w.paths.Person(r.Person), r.State == campaign.Excluded})
	}
	v.Empty = len(rows) == 0
	v.Pager = newPager(after, next, w.paths.Campaign(c.ID, f, ""), w.paths.Campaign(c.ID, f, next), "recipients")
	return v, nil
}

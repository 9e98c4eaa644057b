package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type campaignPage struct {
	Frame
	Name       string
	Live       resultView
	Say        string    // the audience in words
	Audience   string    // where its people are today; empty: they cannot be named in an address
	Template   string    // the name of the template; empty: none was used, or it was archived
	Promise    []sumLine // the dry run at launch
	Changed    bool      // its state changed before what staff wanted could be done
	Credit     creditView
	Clicks     *clicksView // nil: it holds no link
	Lift       *liftView   // nil: no control group
	Recipients recipientsView
	MaySend    bool
}

// creditView is what the campaign brought.
type creditView struct {
	Orders, Buyers, Revenue int64
	OOB                     bool
}

func creditOf(r campaign.Result) creditView {
	return creditView{Orders: r.Orders, Buyers: r.Buyers, Revenue: r.Revenue}
}

// Credit is what the page asks for again.
func (r resultView) Credit() creditView {
	c := creditOf(r.Result)
	c.OOB = true
	return c
}

// campaign shows a campaign, or the part of its page that is asked for again.
func (w *Web) campaign(q *request) error {
	c, r, err := w.standing(q)
	if err != nil {
		return err
	}
	filter, reason, after, err := recipientsAsked(q)
	if err != nil {
		return err
	}
	switch q.target() {
	case "recipients":
		list, err := w.recipients(q, c, filter, reason, after)
		if err != nil {
			return err
		}
		list.Tabs = w.resultView(q, c, r, filter).Tabs
		return w.render(q, http.StatusOK, "campaign#recipients", list)
	case "campaign-clicks":
		return w.showClicks(q, c, r)
	case "campaign-live":
		live := w.resultView(q, c, r, filter)
		if live.Planned() && q.r.URL.Query().Get("planned") == "0" {
			q.w.Header().Set("HX-Refresh", "true")
		}
		live.OOB, live.Fails.OOB, live.Sum.OOB = true, true, true
		status := http.StatusOK
		if live.Every == "" {
			status = statusStopPolling
		}
		return w.render(q, status, "campaign#campaign-live", live)
	}
	return w.drawCampaign(q, http.StatusOK, c, r, false)
}

// recipientsAsked reads which recipients a page shows.
func recipientsAsked(q *request) (f campaign.Filter, reason, after string, err error) {
	v := q.r.URL.Query()
	f, reason, after = campaign.Filter(v.Get("f")), v.Get("reason"), v.Get("after")
	if !slices.Contains(campaign.Filters(), f) || reason != "" && !knownReason(reason) {
		err = fault.ErrNotFound
	}
	return f, reason, after, err
}

func knownReason(word string) bool {
	return slices.Contains(campaign.Exclusions(), campaign.Exclusion(word)) || slices.Contains(campaign.Reasons(), campaign.Reason(word))
}

// showCampaign shows the page after something was asked that its state does not allow.
func (w *Web) showCampaign(q *request, status int, c campaign.Campaign, changed bool) error {
	r, err := w.Campaigns.Result(q.ctx(), c.ID)
	if err != nil {
		return err
	}
	return w.drawCampaign(q, status, c, r, changed)
}

func (w *Web) drawCampaign(q *request, status int, c campaign.Campaign, r campaign.Result, changed bool) error {
	filter, reason, after, err := recipientsAsked(q)
	if err != nil {
		return err
	}
	live := w.resultView(q, c, r, filter)
	p := campaignPage{Frame: w.frame(q, "campaigns.title", "campaigns"), Live: live, Changed: changed, Credit: creditOf(r), MaySend: w.maySend(q)}
	if p.Name, err = w.campaignTitle(q, c); err != nil {
		return err
	}
	p.Title = p.Name
	if p.Say, p.Audience, err = w.sayCampaign(q, c); err != nil {
		return err
	}
	if c.Template.ID != 0 {
		t, err := w.Templates.Find(q.ctx(), c.Template.ID)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		p.Template = t.Name
	}
	p.Promise = promiseOf(w.locale(q), c)
	if p.Clicks, err = w.clicksView(q, c, r); err != nil {
		return err
	}
	if p.Lift, err = w.liftView(q, c); err != nil {
		return err
	}
	if p.Recipients, err = w.recipients(q, c, filter, reason, after); err != nil {
		return err
	}
	p.Recipients.Tabs = live.Tabs
	return w.render(q, status, "campaign", p)
}

// sayCampaign writes a campaign's audience in words, and where its people are today.
func (w *Web) sayCampaign(q *request, c campaign.Campaign) (say, address string, err error) {
	q.allow(c.Rule)
	b, err := w.builder(q)
	if err != nil {
		return "", "", err
	}
	if say, err = b.say(c.Rule); err != nil {
		return "", "", err
	}
	return say, w.audienceURL(b.cat, c.Rule), nil
}

// audienceURL is where the people of a rule are listed; empty when no address can carry it.
func (w *Web) audienceURL(cat segment.Catalog, r segment.Rule) string {
	text := canonical(r)
	switch {
	case text == canonical(segment.Everyone()):
		return w.paths.Audience(nil)
	case len(text) <= maxQuery && !namesPeople(r, cat) && parses(text):
		return w.paths.Audience(values("q", text))
	}
	return ""
}

// recipientsView is a page of a campaign's recipients.
type recipientsView struct {
	Filter    campaign.Filter
	Reason    string
	Why       string // the reason in words
	NoReason  string
	Rows      []recipientRow
	Pager     pager
	URL       string
	Poll      bool // the list still changes
	Tabs      []tabView
	Empty     bool
	Receipts  bool
	Tracked   bool
	MaySend   bool
	MayExport bool
	Export    string // takes the form for a table of them
	Again     string // takes the form that begins a campaign to who did not click; empty: nobody
	Received  string // the audience of who received it
	Clicked   string // and of who clicked
}

// Key names the filter in the message files.
func (r recipientsView) Key() string { return filterKey(r.Filter) }

type recipientRow struct {
	campaign.Recipient
	URL     string
	Message string // where a message to them begins; empty: staff may not send
	Why     string // the reason of their state, in words; empty: it has none
}

// Clicked reports whether the person followed the link.
func (r recipientRow) Clicked() bool { return !r.ClickedAt.IsZero() }

// When is the moment the provider took the message.
func (r recipientRow) When() time.Time { return r.AcceptedAt }

// why writes the reason of a delivery's state: an Exclusion or a Reason. A missing contact is both.
func (l *locale) why(c campaign.Campaign, excluded bool, reason string) string {
	switch {
	case reason == "":
		return ""
	case excluded && slices.Contains(campaign.Exclusions(), campaign.Exclusion(reason)):
		return l.exclusion(c.Channel, campaign.Exclusion(reason), c.CapDays)
	}
	return l.TK("delivery.reason", reason)
}

// recipientsPerPage is how many recipients a page shows.
const recipientsPerPage = 20

func (w *Web) recipients(q *request, c campaign.Campaign, f campaign.Filter, reason, after string) (recipientsView, error) {
	v := recipientsView{Export: w.paths.CampaignPart(c.ID, "export"), Filter: f, Reason: reason, Why: w.locale(q).why(c, f != campaign.FilterFailed && f != campaign.FilterUnknown, reason),
		URL: w.paths.CampaignPeople(c.ID, f, reason, after), NoReason: w.paths.Campaign(c.ID, f, ""), Poll: c.State.Open() && after == "",
		Receipts: w.Campaigns.Receipts(c.Channel), Tracked: c.Tracked, MaySend: w.maySend(q), MayExport: q.may(hostadapter.PermExport)}
	rows, next, err := w.Campaigns.Recipients(q.ctx(), c.ID, f, reason, after, recipientsPerPage)
	if err != nil {
		return v, err
	}
	for _, r := range rows {
		row := recipientRow{Recipient: r, URL: w.paths.Person(r.Person), Why: w.locale(q).why(c, r.State == campaign.Excluded, r.Reason)}
		if v.MaySend {
			row.Message = w.paths.PersonMessage(r.Person)
		}
		v.Rows = append(v.Rows, row)
	}
	v.Empty = len(rows) == 0
	v.Pager = newPager(after, next, w.paths.CampaignPeople(c.ID, f, reason, ""), w.paths.CampaignPeople(c.ID, f, reason, next), "recipients")
	if !c.Direct && !c.PlannedAt.IsZero() {
		v.Received = w.paths.Audience(values("q", canonical(peopleOf("received", c.ID))))
		if c.Tracked {
			v.Clicked = w.paths.Audience(values("q", canonical(peopleOf("clicked", c.ID))))
			v.Again = w.paths.CampaignPart(c.ID, "again")
		}
	}
	return v, nil
}

package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// messagePage asks on which channel to write to a person.
type messagePage struct {
	Frame
	Name      string
	PersonURL string
	URL       string // takes the choice
	Channels  []reachView
	Recent    recentView
	Refused   bool // the channel that was chosen cannot be used
}

// recentView is what a person was sent within the days of the cap.
type recentView struct {
	Days int // 0: the site has no cap
	Rows []receivedRow
}

// recently tells what campaigns a person was sent within the days that the site leaves between
// two. Part "recently" draws it.
func (w *Web) recently(d dossier.Dossier) recentView {
	v := recentView{Days: w.Campaigns.Settings().CapDays}
	since := w.Now().Add(-time.Duration(v.Days) * 24 * time.Hour)
	for _, r := range d.Recent {
		counts := r.State == campaign.Accepted || r.State == campaign.Delivered || r.State == campaign.Unknown
		if v.Days > 0 && counts && !r.Direct && !r.At.Before(since) {
			v.Rows = append(v.Rows, receivedRow{r, w.paths.Campaign(r.Campaign, campaign.FilterAll, "")})
		}
	}
	return v
}

// personMessage asks on which channel.
func (w *Web) personMessage(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	return w.showMessage(q, http.StatusOK, d, false)
}

// personMessageStart begins a message on the channel that was chosen.
func (w *Web) personMessageStart(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	ch := hostadapter.Channel(q.r.PostForm.Get("channel"))
	if !slices.ContainsFunc(w.writable(d), func(r reachView) bool { return r.Channel == ch && r.OK() }) {
		if !isChannel(ch) {
			return fault.Fields{"channel": {Key: "problem.choice"}}
		}
		return w.showMessage(q, http.StatusUnprocessableEntity, d, true)
	}
	draft, err := w.Campaigns.NewDirect(q.ctx(), ch, d.ID, q.staff)
	if err != nil {
		return err
	}
	return w.openNewDraft(q, draft)
}

func isChannel(ch hostadapter.Channel) bool { return slices.Contains(desk.Channels(), ch) }

func (w *Web) dossierOf(q *request) (dossier.Dossier, error) {
	n, err := q.id64()
	if err != nil {
		return dossier.Dossier{}, err
	}
	return w.Dossiers.Head(q.ctx(), segment.PersonID(n))
}

// writable lists the channels that the site has, and whether the person can be reached there.
func (w *Web) writable(d dossier.Dossier) []reachView {
	return slices.DeleteFunc(reach(d), func(r reachView) bool { return !slices.Contains(w.Campaigns.Channels(), r.Channel) })
}

func (w *Web) showMessage(q *request, status int, d dossier.Dossier, refused bool) error {
	p := messagePage{Name: d.Name(), PersonURL: w.paths.Person(d.ID), URL: w.paths.PersonMessage(d.ID), Channels: w.writable(d), Recent: w.recently(d), Refused: refused}
	if q.hx() {
		return w.render(q, status, "personmessage#message-dialog", p)
	}
	p.Frame = w.frame(q, "message.title", "audience")
	return w.render(q, status, "personmessage", p)
}

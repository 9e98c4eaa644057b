package web

import (
	"net/http"
	"strconv"

	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/segment"
)

// personPage is one person. Contacts are in Mobile and Mail, masked unless they were asked for;
// the dossier's own fields are emptied, so that no template can show them.
type personPage struct {
	Frame
	dossier.Dossier
	Mobile, Mail string
	Whole        bool // contacts are shown whole
	MayShow      bool
	ShowURL      string
	HostPage     string // the person's page at the host; empty: none
	Nick         string
	Channels     []channelView
	Consents     []consentView // the latest first
	Recent       recentView
	ConsentURL   string
	MessageURL   string
	MaySend      bool
	PrintURL     string
	EraseURL     string // empty: staff may not, or it is done
	Erased       erasure.Erasure
	Panel        personPanel
	Form         *followupForm // nil: staff may not write
	Labels       personLabels
	Places       []placeView
	PlacesURL    string
	WhyURL       string
	Queries      []option // to ask whether the person is in one
}

// Initial2 is the first character of the name, for the large badge.
func (p personPage) Initial2() string {
	for _, r := range p.Name() {
		return string(r)
	}
	return ""
}

// Average is what an order brought.
func (p personPage) Average() int64 {
	if p.PaidCount == 0 {
		return 0
	}
	return p.PaidTotal / int64(p.PaidCount)
}

// reachView is a channel with its icon.
type reachView struct {
	desk.Reach
	Icon string
}

type receivedRow struct {
	dossier.Delivery
	URL string
}

// person shows a dossier with its contacts masked. With htmx it shows a tab of it alone, or the list
// in one.
func (w *Web) person(q *request) error {
	target := q.target()
	if target != panelID && target != bodyID {
		return w.showPerson(q, false)
	}
	n, err := q.id64()
	if err != nil {
		return err
	}
	panel, err := w.personPanel(q, segment.PersonID(n))
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "person#"+target, panel)
}

// personContact shows the contacts whole and leaves a record of it.
func (w *Web) personContact(q *request) error { return w.showPerson(q, true) }

// headOf reads the head of a dossier; whole leaves a record that contacts are shown.
func (w *Web) headOf(q *request, whole bool) (personPage, error) {
	d, err := w.dossierOf(q)
	if err != nil {
		return personPage{}, err
	}
	if whole {
		if err := w.record(q, audit.ContactShown, "person:"+strconv.FormatInt(int64(d.ID), 10), nil); err != nil {
			return personPage{}, err
		}
	}
	p := personPage{Dossier: d, Whole: whole, MayShow: q.may(hostadapter.PermContactView), ShowURL: w.paths.PersonContact(d.ID),
		ConsentURL: w.paths.PersonConsent(d.ID), MessageURL: w.paths.PersonMessage(d.ID), MaySend: w.maySend(q), Recent: w.recently(d),
		PrintURL: w.paths.PersonPrint(d.ID), WhyURL: w.paths.Why(d.ID, nil), PlacesURL: w.paths.PersonTab(d.ID, tabCourses, "", "")}
	p.Mobile, p.Mail = d.Person.Mobile, d.Person.Email
	if !whole {
		p.Mobile, p.Mail = desk.MaskMobile(p.Mobile), desk.MaskEmail(p.Mail)
	}
	p.Dossier.Person.Mobile, p.Dossier.Person.Email = "", ""
	if d.Nickname != d.Name() {
		p.Nick = d.Nickname
	}
	if w.Links != nil {
		p.HostPage = w.Links.LearnerURL(d.HostID)
	}
	p.Places = w.placeViews(d.Places)
	if p.Erased, err = w.Erasures.Find(q.ctx(), d.ID); err != nil {
		return personPage{}, err
	}
	switch {
	case !p.Erased.At.IsZero():
		p.MaySend = false // nobody can be written to whose contacts are gone
	case q.may(hostadapter.PermSettings):
		p.EraseURL = w.paths.PersonErase(d.ID)
	}
	return p, nil
}

func (w *Web) showPerson(q *request, whole bool) error {
	p, err := w.headOf(q, whole)
	if err != nil {
		return err
	}
	if q.target() == "contacts" {
		return w.render(q, http.StatusOK, "person#contacts", p)
	}
	if p.Panel, err = w.personPanel(q, p.ID); err != nil {
		return err
	}
	p.Panel.count(p.Size)
	if p.Consents, err = w.consents(q, p.ID); err != nil {
		return err
	}
	p.Channels = channelViews(p.Dossier, p.Consents)
	if p.Queries, err = w.queryOptions(q); err != nil {
		return err
	}
	if p.Form, err = w.followupForm(q, p.ID); err != nil {
		return err
	}
	if p.Labels, err = w.personLabels(q, p.ID); err != nil {
		return err
	}
	p.Frame = w.frame(q, "person.title", "audience")
	return w.render(q, http.StatusOK, "person", p)
}

// reach says of every channel whether a message could go out on it.
func reach(d dossier.Dossier) []reachView {
	icons := map[hostadapter.Channel]string{hostadapter.ChannelSMS: "device-mobile", hostadapter.ChannelEmail: "mail", hostadapter.ChannelMessage: "message-circle"}
	var out []reachView
	for _, r := range desk.ReachOf(d) {
		out = append(out, reachView{r, icons[r.Channel]})
	}
	return out
}

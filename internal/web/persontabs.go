package web

import (
	"slices"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/crm/followup"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// Tabs of a dossier, by their word in the address.
const (
	tabTimeline  = "timeline"
	tabOrders    = "orders"
	tabCourses   = "courses"
	tabMarketing = "marketing"
	tabFollowups = "followups"
	tabDetails   = "details"
)

func personTabs() []string {
	return []string{tabTimeline, tabOrders, tabCourses, tabMarketing, tabFollowups, tabDetails}
}

// Elements that tabs and pages of a list swap: the one with the tabs, and the one below them.
const (
	panelID = "person-panel"
	bodyID  = "person-body"
)

// personPanel is what a dossier shows below its tabs; of its lists one is filled.
type personPanel struct {
	Tab     string
	Tabs    []personTab
	Kinds   []choiceLink
	Days    []timelineDay
	Orders  []orderView
	Places  []placeView
	Others  []placeView // offerings without a place
	Sent    []receivedRow
	Notes   []noteView
	Details []detailView
	Pager   pager
}

type personTab struct {
	choiceLink
	N int64 // negative: it has no number
}

// count sets how many rows the tabs have.
func (p *personPanel) count(n dossier.Size) {
	for i := range p.Tabs {
		switch t := &p.Tabs[i]; t.Key {
		case tabOrders:
			t.N = n.Orders
		case tabCourses:
			t.N = n.Places
		case tabMarketing:
			t.N = n.Deliveries
		case tabFollowups:
			t.N = n.Followups
		}
	}
}

type orderView struct {
	dossier.Order
	URL string // of the campaign it counts for; empty: none
}

type placeView struct {
	dossier.Place
	URL string // of the offering; empty: there is no such page
}

// Keen reports whether the level of intent says something: before the purchase, or by staff.
func (v placeView) Keen() bool {
	return v.Standing.By != "" || v.Standing.ByID != "" || v.Standing.Stage == funnel.Potential || v.Standing.Stage == funnel.Pending
}

type noteView struct {
	followup.Followup
	URL  string
	Late bool
}

// personPanel reads the tab that the address names.
func (w *Web) personPanel(q *request, id segment.PersonID) (personPanel, error) {
	v := q.r.URL.Query()
	tab, after := v.Get("tab"), v.Get("after")
	if tab == "" {
		tab = tabTimeline
	}
	if !slices.Contains(personTabs(), tab) {
		return personPanel{}, fault.ErrNotFound
	}
	p := personPanel{Tab: tab}
	for _, t := range personTabs() {
		p.Tabs = append(p.Tabs, personTab{choiceLink{t, w.paths.PersonTab(id, t, "", ""), t == tab}, -1})
	}
	kind := ""
	if tab == tabTimeline {
		kind = v.Get("kind")
	}
	next, err := w.fillPanel(q, &p, id, kind, after, dossier.Limit)
	if err != nil {
		return personPanel{}, err
	}
	p.Pager = newPager(after, next, w.paths.PersonTab(id, tab, kind, ""), w.paths.PersonTab(id, tab, kind, next), bodyID)
	return p, nil
}

// fillPanel reads the list of a panel's tab and gives the cursor of its next page.
func (w *Web) fillPanel(q *request, p *personPanel, id segment.PersonID, kind, after string, limit int) (next string, err error) {
	switch p.Tab {
	case tabTimeline:
		return w.fillTimeline(q, p, id, kind, after, limit)
	case tabOrders:
		list, err := w.Dossiers.Orders(q.ctx(), id, after, limit)
		for _, o := range list.Rows {
			row := orderView{Order: o}
			if o.Credit.Campaign != 0 {
				row.URL = w.paths.Campaign(o.Credit.Campaign, campaign.FilterAll, "")
			}
			p.Orders = append(p.Orders, row)
		}
		p.count(list.Size)
		return list.Next, err
	case tabCourses:
		list, others, err := w.Dossiers.Places(q.ctx(), id, after, limit)
		p.Places, p.Others = w.placeViews(list.Rows), w.placeViews(others)
		p.count(list.Size)
		return list.Next, err
	case tabMarketing:
		list, err := w.Dossiers.Deliveries(q.ctx(), id, after, limit)
		for _, d := range list.Rows {
			p.Sent = append(p.Sent, receivedRow{d, w.paths.Campaign(d.Campaign, campaign.FilterAll, "")})
		}
		p.count(list.Size)
		return list.Next, err
	case tabFollowups:
		return w.fillNotes(q, p, id, after, limit)
	}
	d, err := w.Dossiers.Details(q.ctx(), id)
	p.Details = w.detailViews(q, d)
	p.count(d.Size)
	return "", err
}

// fillNotes lists the follow-ups. They are no part of the dossier's store, so the numbers of the other
// tabs are left out where the page has them not already.
func (w *Web) fillNotes(q *request, p *personPanel, id segment.PersonID, after string, limit int) (string, error) {
	list, err := w.Followups.Of(q.ctx(), id, after, min(limit, 100))
	for _, f := range list.Followups {
		p.Notes = append(p.Notes, noteView{f, w.paths.Followup(f.ID, ""), f.Open() && f.NextAt.Before(w.Now())})
	}
	if err == nil && after == "" && q.hx() {
		var d dossier.Dossier
		d, err = w.Dossiers.Head(q.ctx(), id)
		p.count(d.Size)
	}
	return list.Next, err
}

func (w *Web) placeViews(list []dossier.Place) []placeView {
	out := make([]placeView, len(list))
	for i, p := range list {
		out[i] = placeView{p, w.offeringURL(p.Type, p.Offering)}
	}
	return out
}

// offeringURL is the page of an offering; empty: none is known.
func (w *Web) offeringURL(kind hostadapter.TargetType, id funnel.OfferingID) string {
	if id == 0 {
		return ""
	}
	return w.paths.Offering(kind, id, "", nil)
}

package api

import (
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/segment"
)

// wholeDossierView is all that is known of a person: what the panel prints.
type wholeDossierView struct {
	Head       dossierView        `json:"head"`
	Details    detailsView        `json:"details"`
	Labels     tagsView           `json:"labels"`
	Consents   []consentView      `json:"consents"`
	Timeline   page[eventView]    `json:"timeline"`
	Orders     page[orderView]    `json:"orders"`
	Places     placesView         `json:"places"`
	Deliveries page[deliveryView] `json:"deliveries"`
	Followups  page[followupView] `json:"followups"`
}

// dossierRows is how many rows of a list a whole dossier has, as on paper.
const dossierRows = 100

// wholeDossier gives a dossier at once, so that a program that wants all of it need not ask nine times.
func (a *API) wholeDossier() operation {
	return get("get-person-dossier", "/people/{id}/dossier", "A person's whole dossier, as it is printed: the head, with contacts masked, and the first 100 rows of each list, the latest first.", a.dossierGet).
		more("A list with more rows has next: pass it as after to the list's own operation. show-person-contact gives whole contacts.")
}

func (a *API) dossierGet(c *call, in *ByID[segment.PersonID]) (v wholeDossierView, err error) {
	rows := PagesOfPerson{*in, Paging{Limit: dossierRows}}
	var consents all[consentView]
	for _, read := range []func() error{
		func() (err error) { v.Head, err = a.personGet(c, in); return err },
		func() (err error) { v.Details, err = a.personDetails(c, in); return err },
		func() (err error) { v.Labels, err = a.personLabels(c, in); return err },
		func() (err error) { consents, err = a.personConsents(c, in); return err },
		func() (err error) {
			v.Timeline, err = a.personTimeline(c, &timelineInput{PagesOfPerson: rows, Kind: dossier.All})
			return err
		},
		func() (err error) { v.Orders, err = a.personOrders(c, &rows); return err },
		func() (err error) { v.Places, err = a.personPlaces(c, &rows); return err },
		func() (err error) { v.Deliveries, err = a.personDeliveries(c, &rows); return err },
		func() (err error) { v.Followups, err = a.personFollowups(c, &rows); return err },
	} {
		if err := read(); err != nil {
			return wholeDossierView{}, err
		}
	}
	v.Consents = consents.Items
	return v, nil
}

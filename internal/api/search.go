package api

import (
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) searchOperations() []operation {
	return under("Audience",
		post("search", "/search", view, "Finds people by a part of a name, the host's id or a whole contact, and offerings by a part of the title.", a.search).
			more("It changes nothing; what is looked for comes in the body because it may be somebody's name or number. Contacts are compared only for who has contact_view."),
	)
}

type searchInput struct {
	Body struct {
		Text  string `json:"text" minLength:"1" maxLength:"400"`
		Limit int    `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"How many of either at most."`
	}
}

// searchView is what a search found.
type searchView struct {
	People    []personView `json:"people" doc:"With their contacts masked."`
	More      bool         `json:"more" doc:"There are more people."`
	Barred    bool         `json:"barred" doc:"The text is a contact, and you may not look for one."`
	Offerings []choiceView `json:"offerings" doc:"Courses and classrooms; none for a contact."`
}

func (a *API) search(c *call, in *searchInput) (searchView, error) {
	contacts := c.may(contact)
	found, err := a.Segments.Search(c, in.Body.Text, contacts, in.Body.Limit)
	v := searchView{each(found.People, personOf), found.More, found.Contact && !contacts, []choiceView{}}
	if err != nil || found.Contact {
		return v, err
	}
	list, err := a.Segments.Choices(c, segment.OfferingChoices, in.Body.Text, in.Body.Limit)
	v.Offerings = each(list, func(x segment.Choice) choiceView { return choiceView(x) })
	return v, err
}

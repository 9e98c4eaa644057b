package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// searchPage is what the box of the top bar found, where it cannot just lead there.
type searchPage struct {
	Frame
	People    []foundLink
	All       string // everybody who was found, as an audience; empty: the page shows them all
	Offerings []foundLink
	Barred    bool // a contact was typed, and staff may not look for one
}

// foundLink is a person or an offering.
type foundLink struct {
	URL, Name string
	Note      string // the user name, or the kind of offering
}

const (
	peopleFound    = 10
	offeringsFound = 20
)

// search finds people and offerings. What was typed may be somebody's name or number: it comes in
// the body, and no address carries it on. Whom one person or one offering answers goes there,
// whom many people answer to the audience of them.
func (w *Web) search(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	text := strings.TrimSpace(desk.Clean(q.r.PostForm.Get("find")))
	if text == "" {
		return q.redirect(w.paths.Audience(nil))
	}
	contacts := q.may(hostadapter.PermContactView)
	found, err := w.Segments.Search(q.ctx(), text, contacts, peopleFound)
	if err != nil {
		return err
	}
	p := searchPage{Barred: found.Contact && !contacts}
	if !found.Contact {
		if p.Offerings, err = w.foundOfferings(q, text); err != nil {
			return err
		}
	}
	switch people, offerings := len(found.People), len(p.Offerings); {
	case people == 1 && offerings == 0:
		return q.redirect(w.paths.Person(found.People[0].ID))
	case people == 0 && offerings == 1:
		return q.redirect(p.Offerings[0].URL)
	case people > 1:
		token, err := w.Segments.Select(q.ctx(), found.Rule)
		if err != nil {
			return err
		}
		p.All = w.paths.Audience(values("s", token))
		if offerings == 0 {
			return q.redirect(p.All)
		}
	}
	for _, who := range found.People {
		p.People = append(p.People, w.foundPerson(who))
	}
	p.Frame = w.frame(q, "search.title", "")
	p.Search = text
	return w.render(q, http.StatusOK, "search", p)
}

func (w *Web) foundPerson(who segment.Person) foundLink {
	l := foundLink{URL: w.paths.Person(who.ID), Name: who.Name()}
	if who.Nickname != l.Name {
		l.Note = who.Nickname
	}
	return l
}

// foundOfferings gives the offerings with a part of the title.
func (w *Web) foundOfferings(q *request, text string) ([]foundLink, error) {
	list, err := w.Segments.Choices(q.ctx(), segment.OfferingChoices, text, offeringsFound)
	if err != nil {
		return nil, fmt.Errorf("search offerings: %w", err)
	}
	var out []foundLink
	for _, c := range list {
		id, err := parseID(c.Value)
		if err != nil {
			return nil, fmt.Errorf("search offerings: %w", fault.ErrUnavailable)
		}
		kind := hostadapter.TargetType(c.Note)
		out = append(out, foundLink{URL: w.paths.Offering(kind, funnel.OfferingID(id), "", nil), Name: c.Label, Note: w.locale(q).TK("target", kind)})
	}
	return out, nil
}

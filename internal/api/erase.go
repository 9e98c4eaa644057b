package api

import (
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/crm/erasure"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// erasedView tells that a person's data was wiped.
type erasedView struct {
	By who       `json:"by"`
	At time.Time `json:"at"`
}

// erasedOf gives nothing where nothing was wiped.
func erasedOf(e erasure.Erasure) *erasedView {
	if e.At.IsZero() {
		return nil
	}
	return &erasedView{who{e.ByID, e.ByName}, e.At}
}

type eraseInput struct {
	ByID[segment.PersonID]
	Body struct {
		Word string `json:"word" maxLength:"400" doc:"The host's id of the person, as a confirmation; our id of a lead that no host knows."`
	}
}

// personErase wipes, and leaves a record of who did so. The record names the person by our id alone.
func (a *API) personErase(c *call, in *eraseInput) (nothing, error) {
	d, err := a.Dossiers.Head(c, in.ID)
	if err != nil {
		return nothing{}, err
	}
	if word := desk.EraseWord(d); strings.TrimSpace(in.Body.Word) != word {
		return nothing{}, fault.Fields{"word": {Key: "problem.word", Args: []any{word}}}
	}
	if err := c.record(audit.PersonErased, object("person", d.ID), nil); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Erasures.Erase(c, d.ID, c.staff)
}

package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func (a *API) suppressionOperations() []operation {
	return under("Suppressions",
		get("list-suppressions", "/suppressions", "Contacts that nobody is written to at, masked, the latest first.", a.suppressionList),
		post("find-suppression", "/suppressions/lookup", view, "Whether one contact is on the list.", a.suppressionFind).more("It changes nothing; no contact stands in an address."),
		post("show-suppressions", "/suppressions/whole", contact, "A page of the list with whole contacts.", a.suppressionsWhole).more("Every call is written to the record."),
		post("add-suppressions", "/suppressions", settings, "Enters contacts, one a line: an address for e-mail, a number for SMS.", a.suppressionAdd).large(),
		post("remove-suppression", "/suppressions/remove", settings, "Takes a contact off the list.", a.suppressionRemove),
	)
}

// suppressionView is a contact that nobody is written to at.
type suppressionView struct {
	Ref      string                     `json:"ref" doc:"Names the contact in remove-suppression without telling it; another one each time."`
	Channel  hostadapter.Channel        `json:"channel"`
	Contact  string                     `json:"contact" doc:"Masked but in show-suppressions."`
	Reason   campaign.SuppressionReason `json:"reason"`
	Campaign campaign.ID                `json:"campaign,omitempty" doc:"Whose message proved it."`
	At       time.Time                  `json:"at"`
}

// What a sealed text is for.
const (
	sealCursor  = "api: cursor of suppressions"
	sealContact = "api: suppressed contact"
)

func (a *API) suppressionOf(whole bool) func(campaign.Suppression) suppressionView {
	return func(s campaign.Suppression) suppressionView {
		v := suppressionView{a.sealer.Seal(sealContact, string(s.Channel)+" "+s.Contact), s.Channel, s.Contact, s.Reason, s.Campaign, s.At}
		switch {
		case whole:
		case s.Channel == hostadapter.ChannelEmail:
			v.Contact = desk.MaskEmail(s.Contact)
		default:
			v.Contact = desk.MaskMobile(s.Contact)
		}
		return v
	}
}

type suppressionsInput struct {
	Paging
	Channel hostadapter.Channel `query:"channel" doc:"Absent: all."`
}

func (a *API) suppressionList(c *call, in *suppressionsInput) (page[suppressionView], error) {
	return c.suppressions(in.Channel, "", in.After, in.Limit, false)
}

// suppressions is a page of the list. Its cursor holds a contact, so it goes out sealed.
func (c *call) suppressions(ch hostadapter.Channel, contact, after string, limit int, whole bool) (page[suppressionView], error) {
	opened, err := c.api.sealer.Open(sealCursor, after)
	if err != nil {
		return page[suppressionView]{}, fmt.Errorf("place in the list of suppressions: %w", err)
	}
	list, next, err := c.api.Consents.Suppressions(c, ch, contact, opened, limit)
	return pageOf(list, c.api.sealer.Seal(sealCursor, next), c.api.suppressionOf(whole)), err
}

type lookupInput struct {
	Body struct {
		Contact string `json:"contact" maxLength:"400"`
	}
}

func (a *API) suppressionFind(c *call, in *lookupInput) (page[suppressionView], error) {
	ch, text := hostadapter.ChannelSMS, strings.TrimSpace(in.Body.Contact)
	if strings.Contains(text, "@") {
		ch = hostadapter.ChannelEmail
	}
	if a.Campaigns.Settings().Clean(ch, text) == "" {
		return page[suppressionView]{}, fault.Fields{"contact": {Key: "problem.contact"}}
	}
	return c.suppressions("", text, "", 10, false)
}

type wholeInput struct {
	Body struct {
		Channel hostadapter.Channel `json:"channel,omitempty"`
		After   string              `json:"after,omitempty" maxLength:"4000"`
		Limit   int                 `json:"limit,omitempty" minimum:"1" maximum:"100" default:"50"`
	}
}

func (a *API) suppressionsWhole(c *call, in *wholeInput) (page[suppressionView], error) {
	if _, err := a.sealer.Open(sealCursor, in.Body.After); err != nil {
		return page[suppressionView]{}, fmt.Errorf("place in the list of suppressions: %w", err)
	}
	if ch := in.Body.Channel; ch != "" && !slices.Contains(desk.Channels(), ch) {
		return page[suppressionView]{}, fault.Fields{"channel": {Key: "problem.channel"}}
	}
	if err := c.record(audit.ContactShown, "suppressions", map[string]any{"channel": in.Body.Channel}); err != nil {
		return page[suppressionView]{}, err
	}
	return c.suppressions(in.Body.Channel, "", in.Body.After, in.Body.Limit, true)
}

type suppressInput struct {
	Body struct {
		Text string `json:"text" minLength:"1" doc:"One contact a line; what follows a comma is ignored."`
	}
}

// importedView is what became of contacts that were added.
type importedView struct {
	New   int   `json:"new"`
	Known int   `json:"known"`
	Wrong []int `json:"wrong" doc:"Lines, from 1, that are no contact; the first 100."`
}

// shownLines is how many wrong lines are named.
const shownLines = 100

func (a *API) suppressionAdd(c *call, in *suppressInput) (importedView, error) {
	lines := strings.Count(strings.TrimSpace(in.Body.Text), "\n") + 1
	if lines > campaign.MaxImport {
		return importedView{}, fault.Fields{"text": {Key: "problem.list_long", Args: []any{campaign.MaxImport}}}
	}
	if err := c.record(audit.SuppressionAdded, "suppressions", map[string]any{"lines": lines}); err != nil {
		return importedView{}, err
	}
	done, err := a.Consents.Import(c, in.Body.Text, c.staff)
	return importedView{done.New, done.Known, filled(done.Wrong[:min(len(done.Wrong), shownLines)])}, err
}

type unsuppressInput struct {
	Body struct {
		Ref string `json:"ref" maxLength:"2000"`
	}
}

func (a *API) suppressionRemove(c *call, in *unsuppressInput) (nothing, error) {
	text, err := a.sealer.Open(sealContact, in.Body.Ref)
	ch, contact, ok := strings.Cut(text, " ")
	if err != nil || !ok {
		return nothing{}, fault.Fields{"ref": {Key: "problem.choice"}}
	}
	if err := c.record(audit.SuppressionRemoved, "suppressions", map[string]any{"channel": ch}); err != nil {
		return nothing{}, err
	}
	err = a.Consents.Unsuppress(c, hostadapter.Channel(ch), contact)
	if errors.Is(err, fault.ErrNotFound) { // somebody else was first
		err = nil
	}
	return nothing{}, err
}

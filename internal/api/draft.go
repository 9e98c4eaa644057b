package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) draftOperations() []operation {
	return under("Drafts",
		get("list-channels", "/channels", "The channels that can be used, and in whose name private messages may be sent.", a.channelList).needs(send),
		get("list-drafts", "/drafts", "Your latest drafts.", a.draftList).needs(send),
		post("create-draft", "/drafts", send, "Begins a campaign to the people of a rule.", a.draftCreate).more("It sends nothing."),
		get("get-draft", "/drafts/{key}", "A draft of your own.", a.draftGet).needs(send),
		put("update-draft", "/drafts/{key}", send, "Replaces what a draft says.", a.draftUpdate),
		remove("delete-draft", "/drafts/{key}", send, "Throws a draft away.", a.draftDrop),
		post("check-draft", "/drafts/{key}/check", send, "What is wrong with a draft, and what is unwise.", a.draftCheck),
		post("dry-run-draft", "/drafts/{key}/dry-run", send, "Breaks the audience down as planning would, without sending anything.", a.draftDryRun),
		get("list-draft-people", "/drafts/{key}/people", "The people with one reason not to be sent to, or those to be sent to.", a.draftPeople).needs(send),
		get("preview-draft", "/drafts/{key}/preview", "The message as one of its recipients will see it.", a.draftPreview).needs(send),
		get("list-draft-tests", "/drafts/{key}/tests", "The tests of a draft, the latest first.", a.draftTests).needs(send),
		post("test-draft", "/drafts/{key}/tests", send, "Sends the draft to a contact of your own.", a.draftTest),
		post("launch-draft", "/drafts/{key}/launch", send, "Launches a draft: from here on it is sent.", a.draftLaunch).more("The draft's key is the key of the launch: launching again gives the campaign of the first time."),
	)
}

// DraftKey names a draft in a path.
type DraftKey struct {
	Key string `path:"key" pattern:"^[A-Z2-7]{1,100}$"`
}

// draftView is a campaign that is being written.
type draftView struct {
	Key      string               `json:"key"`
	Name     string               `json:"name"`
	Channel  hostadapter.Channel  `json:"channel"`
	Rule     segment.Rule         `json:"rule"`
	Unticked []segment.PersonID   `json:"unticked,omitempty" doc:"People taken out by hand."`
	CapDays  int                  `json:"cap_days"`
	Control  int                  `json:"control" doc:"Percent held back to measure lift."`
	Content  campaign.Content     `json:"content"`
	Fill     campaign.Fill        `json:"fill"`
	Template campaign.TemplateRef `json:"template,omitzero"`
	SendAt   time.Time            `json:"send_at,omitzero" doc:"Absent: at once."`
	Direct   bool                 `json:"direct" doc:"To one person."`
	SavedAt  time.Time            `json:"saved_at,omitzero"`
	Version  string               `json:"version" doc:"Names what it says; launch-draft asks for it."`
}

func draftOf(d campaign.Draft) draftView {
	return draftView{d.Key, d.Name, d.Channel, d.Rule, d.Unticked, d.CapDays, d.Control, d.Content, d.Fill, d.Template, d.SendAt, d.Direct, d.SavedAt, desk.Version(d)}
}

// channelsView is over what and in whose name one can send.
type channelsView struct {
	Channels []channelView `json:"channels"`
	Senders  []who         `json:"senders" doc:"Staff in whose name private messages may be sent."`
}

// channelView is a channel that can be used.
type channelView struct {
	Channel  hostadapter.Channel `json:"channel"`
	Receipts bool                `json:"receipts" doc:"Its provider tells what was delivered."`
	Approval bool                `json:"approval" doc:"Only approved templates can be sent."`
}

func (a *API) channelList(c *call, _ *nothing) (channelsView, error) {
	staff, err := c.colleagues()
	return channelsView{each(a.Campaigns.Channels(), func(ch hostadapter.Channel) channelView {
		return channelView{ch, a.Campaigns.Receipts(ch), a.Templates.NeedsApproval(ch)}
	}), each(staff, whoOf)}, err
}

func (a *API) draftList(c *call, _ *nothing) (all[draftView], error) {
	list, err := a.Campaigns.ListDrafts(c, c.staff)
	for i := range list {
		if err == nil {
			list[i], err = c.fresh(list[i])
		}
	}
	return allOf(list, draftOf), err
}

type draftStart struct {
	Body struct {
		Channel hostadapter.Channel `json:"channel"`
		People  whom                `json:"people"`
	}
}

func (a *API) draftCreate(c *call, in *draftStart) (draftView, error) {
	rule, err := c.peopleOf(in.Body.People)
	if err != nil {
		return draftView{}, err
	}
	return c.newDraft(in.Body.Channel, rule)
}

// newDraft begins a campaign to the people of a rule.
func (c *call) newDraft(ch hostadapter.Channel, rule segment.Rule) (draftView, error) {
	if !slices.Contains(c.api.Campaigns.Channels(), ch) {
		return draftView{}, fault.Fields{"channel": {Key: "problem.channel"}}
	}
	d, err := c.api.Campaigns.NewDraft(c, ch, rule, c.staff)
	if err != nil {
		return draftView{}, fmt.Errorf("begin campaign: %w", err)
	}
	return c.api.draftGet(c, &DraftKey{d.Key})
}

// draftGet reads a draft as it was kept: its version is that of what the database gives.
func (a *API) draftGet(c *call, in *DraftKey) (draftView, error) {
	d, err := c.draft(in.Key)
	return draftOf(d), err
}

func (a *API) draftDrop(c *call, in *DraftKey) (nothing, error) {
	return nothing{}, a.Campaigns.DropDraft(c, in.Key, c.staff)
}

type draftChange struct {
	DraftKey
	Body struct {
		Name     string              `json:"name,omitempty" maxLength:"400"`
		People   *whom               `json:"people,omitempty" doc:"Absent: they stay. rest_days becomes cap_days."`
		CapDays  *int                `json:"cap_days,omitempty" doc:"Leaves out whom a campaign reached within so many days; 0: nobody; absent: it stays."`
		Control  int                 `json:"control,omitempty"`
		Content  campaign.Content    `json:"content"`
		Fill     campaign.Fill       `json:"fill,omitzero"`
		Template campaign.TemplateID `json:"template,omitempty" doc:"Lets the text be a saved template's; what content says of it does not count."`
		SendAt   time.Time           `json:"send_at,omitzero"`
	}
}

func (a *API) draftUpdate(c *call, in *draftChange) (draftView, error) {
	d, err := a.Campaigns.Draft(c, in.Key, c.staff)
	if err != nil {
		return draftView{}, err
	}
	b := in.Body
	d.Name, d.Control, d.Content, d.Fill, d.SendAt, d.Template = b.Name, b.Control, b.Content, b.Fill, b.SendAt, campaign.TemplateRef{}
	d.Content.Supplier = "" // a template's alone
	if b.CapDays != nil {
		d.CapDays = *b.CapDays
	}
	if b.People != nil {
		if err := c.changePeople(&d, *b.People); err != nil {
			return draftView{}, err
		}
	}
	if b.Template != 0 {
		if err := c.useTemplate(&d, b.Template); err != nil {
			return draftView{}, err
		}
	}
	if a.Templates.NeedsApproval(d.Channel) && d.Template.ID == 0 {
		d.Content.Text, d.Content.Supplier = "", "" // only an approved text is sent
	}
	if err := a.Campaigns.SaveDraft(c, d, c.staff); err != nil {
		return draftView{}, placedInDraft(err)
	}
	return a.draftGet(c, &in.DraftKey)
}

// changePeople gives a draft other people. The days of rest are its cap, not a condition.
func (c *call) changePeople(d *campaign.Draft, to whom) error {
	if d.Direct { // which no cap holds back
		return fmt.Errorf("people of a message to one person: %w", fault.ErrConflict)
	}
	rule, err := c.peopleOf(to)
	if err != nil {
		return err
	}
	days := 0
	if d.Rule, d.Unticked, days = segment.Unwrap(rule); days > 0 {
		d.CapDays = days
	}
	return nil
}

func (c *call) useTemplate(d *campaign.Draft, id campaign.TemplateID) error {
	t, err := c.api.Templates.Find(c, id)
	switch {
	case errors.Is(err, fault.ErrNotFound), err == nil && t.Channel != d.Channel:
		return fault.Fields{"template": {Key: "problem.choice"}}
	case err != nil:
		return err
	}
	d.Content, d.Template = desk.WithTemplate(d.Content, t), t.Ref()
	d.Content.Supplier = t.Supplier
	return nil
}

// placedInDraft says where the fields of a draft's faults stand in its body.
func placedInDraft(err error) error { return placed{err, inDraft} }

func inDraft(field string) string {
	first, _, _ := strings.Cut(field, ".")
	switch first {
	case "subject", "preheader", "reply_to", "blocks", "text", "from":
		return "body.content." + field
	case "test_to":
		return "body.to"
	case "link", "params", "fallbacks":
		return "body.fill." + field
	}
	return "body." + field
}

package api

import (
	"errors"
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func (a *API) templateOperations() []operation {
	return under("Templates",
		get("list-templates", "/templates", "The library, by name.", a.templateList),
		post("create-template", "/templates", template, "Makes a template.", a.templateCreate),
		get("get-template", "/templates/{id}", "A template with its latest version.", a.templateGet).needs(template),
		put("update-template", "/templates/{id}", template, "Makes a new version; 409 when somebody else did meanwhile. A changed SMS has to be approved again.", a.templateUpdate),
		post("submit-template", "/templates/{id}/submit", approve, "Asks the supplier to approve the latest version.", a.templateSubmit),
		post("preview-template", "/templates/preview", template, "A text as somebody would see it, without keeping it.", a.templatePreview).
			more("It changes nothing. What is filled in on sending stands there by its name."),
		post("archive-template", "/templates/{id}/archive", template, "Takes a template out of the library.", a.templateArchive),
	)
}

// templateView is a text to choose from.
type templateView struct {
	ID        campaign.TemplateID    `json:"id"`
	Channel   hostadapter.Channel    `json:"channel"`
	Name      string                 `json:"name"`
	Version   int                    `json:"version"`
	Content   campaign.Content       `json:"content"`
	State     campaign.TemplateState `json:"state"`
	Reason    string                 `json:"reason,omitempty" doc:"Of a rejection, in the supplier's words."`
	AskedAt   time.Time              `json:"asked_at,omitzero" doc:"When it was submitted."`
	By        who                    `json:"by"`
	UpdatedAt time.Time              `json:"updated_at,omitzero"`
}

func templateOf(t campaign.SavedTemplate) templateView {
	return templateView{t.ID, t.Channel, t.Name, t.Version, t.Content, t.State, t.Reason, t.AskedAt, who{t.ByID, t.ByName}, t.UpdatedAt}
}

type templatesInput struct {
	Channel hostadapter.Channel `query:"channel" doc:"Absent: all."`
}

func (a *API) templateList(c *call, in *templatesInput) (all[templateView], error) {
	list, err := a.Templates.List(c, in.Channel)
	return allOf(list, templateOf), err
}

func (a *API) templateGet(c *call, in *ByID[campaign.TemplateID]) (templateView, error) {
	t, err := a.Templates.Find(c, in.ID)
	return templateOf(t), err
}

type templateStart struct {
	Body struct {
		Channel hostadapter.Channel `json:"channel"`
		Name    string              `json:"name" maxLength:"400"`
		Content campaign.Content    `json:"content"`
	}
}

func (a *API) templateCreate(c *call, in *templateStart) (templateView, error) {
	return c.keepTemplate(campaign.SavedTemplate{Channel: in.Body.Channel, Name: in.Body.Name, Content: in.Body.Content})
}

type templatePreviewInput struct {
	Body struct {
		Channel hostadapter.Channel `json:"channel"`
		Content campaign.Content    `json:"content"`
		At      int                 `json:"at,omitempty" minimum:"0" maximum:"1000" doc:"The person's place among a sample of all."`
	}
}

func (a *API) templatePreview(c *call, in *templatePreviewInput) (previewView, error) {
	if _, _, _, problems := campaign.Mentions(in.Body.Channel, desk.ContentFor(in.Body.Channel, in.Body.Content)); len(problems) > 0 {
		return previewView{}, placedInDraft(problems)
	}
	sample := desk.Sample(in.Body.Channel, in.Body.Content, c.staff.ID, func(name string) string { return name })
	p, err := a.Campaigns.Preview(c, sample, in.Body.At)
	if err != nil {
		return previewView{}, placedInDraft(err)
	}
	return previewOf(p), nil
}

type templateChange struct {
	ByID[campaign.TemplateID]
	Body struct {
		Name    string           `json:"name" maxLength:"400"`
		Content campaign.Content `json:"content"`
		Version int              `json:"version" minimum:"1" doc:"That the change is on top of."`
	}
}

func (a *API) templateUpdate(c *call, in *templateChange) (templateView, error) {
	t, err := a.Templates.Find(c, in.ID)
	if err != nil {
		return templateView{}, err
	}
	t.Name, t.Content, t.Version = in.Body.Name, in.Body.Content, in.Body.Version
	return c.keepTemplate(t)
}

func (c *call) keepTemplate(t campaign.SavedTemplate) (templateView, error) {
	t.Content = desk.ContentFor(t.Channel, t.Content)
	if err := c.api.Templates.Check(t); err != nil {
		return templateView{}, placedInDraft(err)
	}
	detail := map[string]any{"channel": t.Channel}
	if t.ID != 0 {
		if err := c.record(audit.TemplateSaved, object("template", t.ID), detail); err != nil {
			return templateView{}, err
		}
	}
	id, err := c.api.Templates.Save(c, t, c.staff)
	if err != nil {
		return templateView{}, c.nameTaken(t, placedInDraft(err))
	}
	if t.ID == 0 {
		if err := c.record(audit.TemplateSaved, object("template", id), detail); err != nil {
			return templateView{}, err
		}
	}
	saved, err := c.api.Templates.Find(c, id)
	return templateOf(saved), err
}

// nameTaken tells a name that another template has from a version that is not the latest any more.
func (c *call) nameTaken(t campaign.SavedTemplate, err error) error {
	if !errors.Is(err, fault.ErrConflict) {
		return err
	}
	now, missing := campaign.SavedTemplate{}, error(nil)
	if t.ID != 0 {
		now, missing = c.api.Templates.Find(c, t.ID)
	}
	if missing == nil && now.Version == t.Version {
		return fault.Fields{"name": {Key: "problem.taken"}}
	}
	return fmt.Errorf("save template: %w", err)
}

func (a *API) templateSubmit(c *call, in *ByID[campaign.TemplateID]) (templateView, error) {
	t, err := a.Templates.Find(c, in.ID)
	if err != nil {
		return templateView{}, err
	}
	if err := c.record(audit.TemplateSubmitted, object("template", t.ID), nil); err != nil {
		return templateView{}, err
	}
	if err := a.Templates.Submit(c, t.ID); err != nil {
		return templateView{}, err
	}
	return a.templateGet(c, in)
}

func (a *API) templateArchive(c *call, in *ByID[campaign.TemplateID]) (nothing, error) {
	t, err := a.Templates.Find(c, in.ID)
	if err != nil {
		return nothing{}, err
	}
	if err := c.record(audit.TemplateArchived, object("template", t.ID), nil); err != nil {
		return nothing{}, err
	}
	return nothing{}, a.Templates.Archive(c, t.ID)
}

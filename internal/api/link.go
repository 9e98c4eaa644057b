package api

import (
	"context"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/shortlink"
)

func (a *API) linkOperations() []operation {
	return under("Links",
		get("list-links", "/links", "Links made by staff, the newest first.", a.linkList),
		post("create-link", "/links", send, "Makes a link.", a.linkCreate),
		get("get-link", "/links/{id}", "A link.", a.linkGet),
		put("update-link", "/links/{id}", send, "Changes a link; 409 when somebody else did meanwhile.", a.linkUpdate),
		a.linkQR(),
		get("get-link-clicks", "/links/{id}/clicks", "All about the clicks of a link.", a.linkClicks),
		post("archive-link", "/links/{id}/archive", send, "Takes a link back: it leads nowhere.", a.linkArchive),
		post("restore-link", "/links/{id}/restore", send, "Undoes archiving.", a.linkRestore),
	)
}

// linkView is a link made by staff.
type linkView struct {
	ID        shortlink.LinkID    `json:"id"`
	Title     string              `json:"title" doc:"For staff only."`
	Target    string              `json:"target"`
	Address   string              `json:"address" doc:"What one hands out: with its name where it has one, else with its code."`
	Code      string              `json:"code"`
	Slug      string              `json:"slug,omitempty"`
	UTM       shortlink.UTM       `json:"utm"`
	Expires   time.Time           `json:"expires,omitzero" doc:"Absent: never."`
	State     shortlink.FreeState `json:"state"`
	Followed  bool                `json:"followed,omitempty" doc:"Of one link: it was followed, so its name stays."`
	Hits      int64               `json:"hits" doc:"Raw."`
	People    int64               `json:"people" doc:"Visitors, each counted once a day."`
	By        who                 `json:"by"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at" doc:"Tells one version from the next."`
}

func (a *API) linkOf(l shortlink.FreeLink) linkView {
	v := linkView{ID: l.ID, Title: l.Title, Target: l.Target, Address: a.codeAddress(l), Code: l.Code, Slug: l.Slug, UTM: l.UTM, Expires: l.Expires, State: l.State(a.Now()),
		By: who{l.ByID, l.ByName}, CreatedAt: l.CreatedAt, UpdatedAt: l.UpdatedAt}
	if l.Slug != "" {
		v.Address = a.PublicURL + "/" + l.Slug
	}
	return v
}

// codeAddress stays the same for as long as the link is there.
func (a *API) codeAddress(l shortlink.FreeLink) string { return a.PublicURL + "/" + l.Code }

type linksInput struct {
	Paging
	State  shortlink.FreeState `query:"state" doc:"Absent: all."`
	Search string              `query:"search" maxLength:"100" doc:"A part of title, name or target."`
}

func (a *API) linkList(c *call, in *linksInput) (page[linkView], error) {
	list, next, err := a.FreeLinks.List(c, shortlink.FreeView{State: in.State, Search: in.Search}, in.After, in.Limit)
	if err != nil {
		return page[linkView]{}, err
	}
	rows, err := c.countedLinks(list)
	return page[linkView]{rows, next}, err
}

// countedLinks are links with how often they were followed.
func (c *call) countedLinks(list []shortlink.FreeLink) ([]linkView, error) {
	totals, err := c.api.Statistics.LinkTotals(c, each(list, func(l shortlink.FreeLink) shortlink.LinkID { return l.ID }))
	return each(list, func(l shortlink.FreeLink) linkView {
		v := c.api.linkOf(l)
		v.Hits, v.People = totals[l.ID].Hits, totals[l.ID].People
		return v
	}), err
}

// LinkBody is what staff say about a link.
type LinkBody struct {
	Title   string        `json:"title"`
	Target  string        `json:"target"`
	Slug    string        `json:"slug,omitempty" doc:"The last part of its address, besides its code."`
	UTM     shortlink.UTM `json:"utm,omitzero"`
	Expires time.Time     `json:"expires,omitzero"`
}

func (b LinkBody) form() shortlink.FreeForm {
	return shortlink.FreeForm{Title: b.Title, Target: b.Target, Slug: b.Slug, UTM: b.UTM, Expires: b.Expires}
}

type linkStart struct {
	Once
	Body LinkBody
}

func (a *API) linkCreate(c *call, in *linkStart) (linkView, error) {
	l, err := a.FreeLinks.Create(c, c.key(in.Key, nil), in.Body.form(), c.staff)
	if err != nil {
		return linkView{}, err
	}
	if err := c.recordOnce(audit.LinkSaved, object("link", l.ID), l.CreatedAt, map[string]any{"target": desk.Hash(l.Target)}); err != nil {
		return linkView{}, err
	}
	return a.linkGet(c, &ByID[shortlink.LinkID]{l.ID})
}

func (a *API) linkGet(c *call, in *ByID[shortlink.LinkID]) (linkView, error) {
	l, followed, err := a.FreeLinks.Find(c, in.ID)
	if err != nil {
		return linkView{}, err
	}
	rows, err := c.countedLinks([]shortlink.FreeLink{l})
	rows[0].Followed = followed
	return rows[0], err
}

type linkChange struct {
	ByID[shortlink.LinkID]
	Body struct {
		LinkBody
		Version time.Time `json:"version" doc:"The updated_at that the change is on top of."`
	}
}

func (a *API) linkUpdate(c *call, in *linkChange) (linkView, error) {
	was, _, err := a.FreeLinks.Find(c, in.ID)
	if err != nil {
		return linkView{}, err
	}
	form := in.Body.form()
	if err := a.FreeLinks.Check(form, was.Form()); err != nil {
		return linkView{}, err
	}
	if err := c.record(audit.LinkSaved, object("link", was.ID), map[string]any{"target": desk.Hash(form.Target)}); err != nil {
		return linkView{}, err
	}
	if _, err := a.FreeLinks.Update(c, was.ID, in.Body.Version, form); err != nil {
		return linkView{}, err
	}
	return a.linkGet(c, &in.ByID)
}

func (a *API) linkClicks(c *call, in *ByID[shortlink.LinkID]) (statsView, error) {
	if _, _, err := a.FreeLinks.Find(c, in.ID); err != nil {
		return statsView{}, err
	}
	s, err := a.Statistics.Stats(c, shortlink.Scope{Link: in.ID}, a.Location)
	return statsOf(s), err
}

func (a *API) linkArchive(c *call, in *ByID[shortlink.LinkID]) (linkView, error) {
	return a.moveLink(c, in, audit.LinkArchived, a.FreeLinks.Archive)
}

func (a *API) linkRestore(c *call, in *ByID[shortlink.LinkID]) (linkView, error) {
	return a.moveLink(c, in, audit.LinkRestored, a.FreeLinks.Restore)
}

func (a *API) moveLink(c *call, in *ByID[shortlink.LinkID], action audit.Action, move func(context.Context, shortlink.LinkID) error) (linkView, error) {
	if _, _, err := a.FreeLinks.Find(c, in.ID); err != nil {
		return linkView{}, err
	}
	if err := c.record(action, object("link", in.ID), nil); err != nil {
		return linkView{}, err
	}
	if err := move(c, in.ID); err != nil {
		return linkView{}, err
	}
	return a.linkGet(c, in)
}

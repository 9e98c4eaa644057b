package web

import (
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// templatesPage is the library of texts.
type templatesPage struct {
	Frame
	Tabs    []templateTab
	Groups  []templateGroup
	New     []templateTab // begin a template of a channel; none: not allowed
	Pending []campaign.TemplateID
	URL     string // of this page
	Poll    bool   // a supplier is looking at one of them
	Since   time.Time
}

// templateTab narrows the library to a channel.
type templateTab struct {
	Channel hostadapter.Channel // empty: all
	URL     string
	Current bool
}

// templateGroup is the templates of a channel.
type templateGroup struct {
	Channel hostadapter.Channel
	Cards   []templateCard
	New     string // begins one; empty: not allowed
}

// templateCard is a saved template as lists show it.
type templateCard struct {
	ID        campaign.TemplateID
	Name      string
	Channel   hostadapter.Channel
	State     campaign.TemplateState
	Version   int
	Supplier  string
	Reason    string // of a rejection
	AskedAt   time.Time
	UpdatedAt time.Time
	ByName    string
	Subject   []textPart
	Text      []textPart
	Approval  bool // it has to be approved
	On        bool // it is the one that is chosen
	Edit      string
	Submit    string // asks the supplier; empty: not now, or not allowed
	Archive   string // empty: not allowed
}

// Off reports whether it cannot be used yet.
func (c templateCard) Off() bool { return c.State != campaign.TemplateApproved }

// cardText is how much of a text a card shows, in characters.
const cardText = 240

// templateCards lists a channel's templates; chosen is marked.
func (w *Web) templateCards(q *request, ch hostadapter.Channel, chosen campaign.TemplateID) ([]templateCard, error) {
	list, err := w.Templates.List(q.ctx(), ch)
	if err != nil {
		return nil, err
	}
	edit, approve := q.may(hostadapter.PermTemplateEdit), q.may(hostadapter.PermTemplateApprove)
	out := make([]templateCard, len(list))
	for i, t := range list {
		c := templateCard{ID: t.ID, Name: t.Name, Channel: t.Channel, State: t.State, Version: t.Version, Supplier: t.Supplier, Reason: t.Reason,
			AskedAt: t.AskedAt, UpdatedAt: t.UpdatedAt, ByName: t.ByName, Subject: marked(t.Content.Subject), Text: marked(short(summary(t.Content))),
			Approval: w.Templates.NeedsApproval(t.Channel), On: t.ID == chosen}
		if edit {
			c.Edit, c.Archive = w.paths.Template(t.ID, ""), w.paths.Template(t.ID, "/archive")
		}
		if approve && c.Approval && (t.State == campaign.TemplateDraft || t.State == campaign.TemplateRejected) {
			c.Submit = w.paths.Template(t.ID, "/submit")
		}
		out[i] = c
	}
	return out, nil
}

// summary is what a card shows of a content's text.
func summary(c campaign.Content) string {
	if len(c.Blocks) == 0 {
		return c.Text
	}
	for _, b := range c.Blocks {
		if b.Kind == campaign.BlockText && b.Text != "" {
			return b.Text
		}
	}
	return c.Blocks[0].Text
}

func short(text string) string {
	if r := []rune(text); len(r) > cardText {
		return string(r[:cardText]) + "…"
	}
	return text
}

// templates shows the library, of one channel or of all.
func (w *Web) templates(q *request) error {
	only := hostadapter.Channel(q.r.URL.Query().Get("channel"))
	p := templatesPage{Frame: w.frame(q, "templates.title", "templates"), URL: w.paths.Templates(only),
		Tabs: []templateTab{{URL: w.paths.Templates(""), Current: only == ""}}}
	for _, ch := range desk.Channels() {
		p.Tabs = append(p.Tabs, templateTab{ch, w.paths.Templates(ch), ch == only})
		if only != "" && ch != only {
			continue
		}
		g := templateGroup{Channel: ch}
		if q.may(hostadapter.PermTemplateEdit) {
			g.New = w.paths.TemplateNew(values("channel", string(ch)))
		}
		var err error
		if g.Cards, err = w.templateCards(q, ch, 0); err != nil {
			return err
		}
		for _, c := range g.Cards {
			p.Poll = p.Poll || c.State == campaign.TemplateSubmitted
		}
		p.Groups = append(p.Groups, g)
	}
	if len(p.Groups) == 0 {
		p.Tabs[0].Current = true
	}
	if q.target() == "templates" {
		status := http.StatusOK
		if !p.Poll {
			status = statusStopPolling
		}
		return w.render(q, status, "templates#templates", p)
	}
	return w.render(q, http.StatusOK, "templates", p)
}

package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// templatePage is a saved template that is being edited. Nothing is kept until it is saved.
type templatePage struct {
	Frame
	URL       string
	ID        campaign.TemplateID // 0: a new one
	Version   int                 // that is being changed
	Channel   hostadapter.Channel
	Name      fieldView
	Content   contentView
	Card      *templateCard // as it is kept; nil: a new one
	Preview   previewView
	Check     checkView
	Approval  bool
	MaySubmit bool // also asks the supplier when it is saved
	Back      string
	Courses   offeringPage
	Problems  []said
	Conflict  bool // somebody else changed it meanwhile
	OOB       bool
}

// templateNew begins a template: an empty one, or with the text of a draft.
func (w *Web) templateNew(q *request) error {
	v := q.r.URL.Query()
	t := campaign.SavedTemplate{Channel: w.channelOf(v.Get("channel"))}
	if key := v.Get("draft"); key != "" {
		d, err := w.Campaigns.Draft(q.ctx(), key, q.staff)
		if err != nil {
			return err
		}
		t.Channel, t.Name, t.Content = d.Channel, d.Name, desk.ContentFor(d.Channel, d.Content)
	}
	if !slices.Contains(desk.Channels(), t.Channel) {
		return fault.ErrNotFound
	}
	t.Content = begun(t.Channel, t.Content)
	return w.showTemplate(q, http.StatusOK, &editing{t: t})
}

func (w *Web) templateEdit(q *request) error {
	t, err := w.template(q)
	if err != nil {
		return err
	}
	return w.showTemplate(q, http.StatusOK, &editing{t: t})
}

// template finds the template of the address.
func (w *Web) template(q *request) (campaign.SavedTemplate, error) {
	n, err := q.id64()
	if err != nil {
		return campaign.SavedTemplate{}, err
	}
	return w.Templates.Find(q.ctx(), campaign.TemplateID(n))
}

// editing is a visit to a template's form.
type editing struct {
	t        campaign.SavedTemplate
	problems fault.Fields
	conflict bool
	at       int
	focus    string
	form     url.Values
}

func (w *Web) templateCreate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	ch := hostadapter.Channel(q.r.PostForm.Get("channel"))
	if !slices.Contains(desk.Channels(), ch) {
		return fault.Fields{"channel": {Key: "problem.choice"}}
	}
	return w.saveTemplate(q, &editing{t: campaign.SavedTemplate{Channel: ch}})
}

func (w *Web) templateUpdate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	t, err := w.template(q)
	if err != nil {
		return err
	}
	return w.saveTemplate(q, &editing{t: t})
}

// saveTemplate takes the form of a template: a button of its blocks, a look at it, or saving it.
func (w *Web) saveTemplate(q *request, e *editing) error {
	f := q.r.PostForm
	e.form = f
	e.t.Name = desk.Clean(f.Get("name"))
	readContent(&e.t.Content, f)
	if v, err := strconv.Atoi(f.Get("version")); err == nil && e.t.ID != 0 {
		e.t.Version = v
	}
	step, arg, _ := strings.Cut(f.Get("step"), ":")
	switch step {
	case "", "look", "as":
		if step == "as" {
			f.Set("as", arg)
		}
		return w.showLook(q, e)
	case "block":
		var ok bool
		if e.t.Content.Blocks, e.at, e.focus, ok = editBlocks(e.t.Content.Blocks, arg); !ok {
			return fault.Fields{"step": {Key: "problem.choice"}}
		}
		return w.showTemplate(q, http.StatusOK, e)
	case "save", "submit":
		return w.keepTemplate(q, e, step == "submit")
	}
	return fault.Fields{"step": {Key: "problem.choice"}}
}

func (w *Web) keepTemplate(q *request, e *editing, submit bool) error {
	if submit && !q.may(hostadapter.PermTemplateApprove) {
		return fmt.Errorf("%w: needs %s", fault.ErrForbidden, hostadapter.PermTemplateApprove)
	}
	id, err := w.recordTemplate(q, e.t)
	if problems, other := problemsOf(err); errors.Is(other, fault.ErrConflict) {
		return w.conflict(q, e)
	} else if other != nil {
		return other
	} else if problems != nil {
		e.problems = problems
		return w.showTemplate(q, http.StatusUnprocessableEntity, e)
	}
	if submit {
		if err := w.submit(q, id); err != nil {
			return err
		}
	}
	return q.redirect(w.paths.Templates(e.t.Channel))
}

// recordTemplate keeps a template and records it: a new version before it is made, a new template,
// which has no id until then, right after.
func (w *Web) recordTemplate(q *request, t campaign.SavedTemplate) (campaign.TemplateID, error) {
	detail := map[string]any{"channel": t.Channel}
	if err := w.Templates.Check(t); err != nil {
		return 0, err
	}
	if t.ID != 0 {
		if err := w.record(q, audit.TemplateSaved, templateObject(t.ID), detail); err != nil {
			return 0, err
		}
	}
	id, err := w.Templates.Save(q.ctx(), t, q.staff)
	if err == nil && t.ID == 0 {
		err = w.record(q, audit.TemplateSaved, templateObject(id), detail)
	}
	return id, err
}

// conflict shows the form again with what was typed: somebody else changed the template meanwhile,
// or another has its name. Saving once more puts what was typed in the place of the newer version.
func (w *Web) conflict(q *request, e *editing) error {
	now, err := w.Templates.Find(q.ctx(), e.t.ID)
	if err != nil {
		return err
	}
	if now.Version == e.t.Version {
		e.problems = fault.Fields{"name": {Key: "problem.taken"}}
		return w.showTemplate(q, http.StatusUnprocessableEntity, e)
	}
	e.conflict, e.t.Version = true, now.Version
	return w.showTemplate(q, http.StatusConflict, e)
}

func templateObject(id campaign.TemplateID) string { return fmt.Sprintf("template:%d", id) }

// submit asks the supplier to approve a template.
func (w *Web) submit(q *request, id campaign.TemplateID) error {
	if err := w.record(q, audit.TemplateSubmitted, templateObject(id), nil); err != nil {
		return err
	}
	return w.Templates.Submit(q.ctx(), id)
}

func (w *Web) templateSubmit(q *request) error {
	t, err := w.template(q)
	if err != nil {
		return err
	}
	if err := w.submit(q, t.ID); err != nil {
		return err
	}
	return q.redirect(w.paths.Templates(t.Channel))
}

// archivePage asks before a template goes out of the library.
type archivePage struct {
	Frame
	Name string
	URL  string
	Back string
}

func (w *Web) templateArchiveAsk(q *request) error {
	t, err := w.template(q)
	if err != nil {
		return err
	}
	p := archivePage{Frame: w.frame(q, "templates.archive", "templates"), Name: t.Name, URL: w.paths.Template(t.ID, "/archive"), Back: w.paths.Templates(t.Channel)}
	if q.target() == "dialog" {
		return w.render(q, http.StatusOK, "templatearchive#archive-dialog", p)
	}
	return w.render(q, http.StatusOK, "templatearchive", p)
}

func (w *Web) templateArchive(q *request) error {
	t, err := w.template(q)
	if err != nil {
		return err
	}
	if err := w.record(q, audit.TemplateArchived, templateObject(t.ID), nil); err != nil {
		return err
	}
	if err := w.Templates.Archive(q.ctx(), t.ID); err != nil {
		return err
	}
	return q.redirect(w.paths.Templates(t.Channel))
}

package web

import (
	"errors"
	"net/http"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// look makes what a template's page says beside the form.
func (w *Web) look(q *request, e *editing) (templatePage, error) {
	p := templatePage{URL: w.paths.Templates(""), ID: e.t.ID, Version: e.t.Version, Channel: e.t.Channel, Conflict: e.conflict,
		Approval: w.Templates.NeedsApproval(e.t.Channel)}
	if e.t.ID != 0 {
		p.URL = w.paths.Template(e.t.ID, "")
	}
	_, _, _, problems := campaign.Mentions(e.t.Channel, desk.ContentFor(e.t.Channel, e.t.Content))
	d := w.sampleDraft(q, e.t.Channel, e.t.Content)
	p.Check = w.checkView(q, &composing{d: d}, problems)
	v, err := w.templatePreview(q, e.t, e.form)
	v.URL = p.URL
	p.Preview = v
	return p, err
}

// showLook answers a change of the form: nothing is kept, but the preview follows.
func (w *Web) showLook(q *request, e *editing) error {
	if !q.hx() {
		return w.showTemplate(q, http.StatusOK, e)
	}
	p, err := w.look(q, e)
	if err != nil {
		return err
	}
	p.Preview.OOB, p.Check.OOB = true, true // the form that posts the mail, and the list
	return w.render(q, http.StatusOK, "template#template-looked", p)
}

// showTemplate shows the form.
func (w *Web) showTemplate(q *request, status int, e *editing) error {
	p, err := w.look(q, e)
	if err != nil {
		return err
	}
	l := w.locale(q)
	title := "templates.new"
	if e.t.ID != 0 {
		title = "templates.edit"
	}
	p.Frame = w.frame(q, title, "templates")
	p.Problems = l.saidOf(inOrder(e.problems), e.t.Content.Blocks)
	p.Name = fieldView{Field: "name", Name: "name", Value: e.t.Name, Label: l.T("templates.name"), Max: campaign.MaxName, Problem: e.problems["name"]}
	p.Content = editor{l: l, paths: w.paths, ch: e.t.Channel, problems: e.problems, at: e.at, focus: e.focus}.view(e.t.Content, w.Campaigns.Settings())
	p.Content.Post, p.Content.Whole, p.Content.From = p.URL, "template", w.EmailFrom
	if e.t.Channel == hostadapter.ChannelMessage {
		if p.Content.Senders, err = w.senders(q, e.t.Content.From); err != nil && !errors.Is(err, hostadapter.ErrUnavailable) {
			return err
		}
	}
	p.Back, p.MaySubmit = w.paths.Templates(e.t.Channel), p.Approval && q.may(hostadapter.PermTemplateApprove)
	if err := w.addCard(q, &p); err != nil {
		return err
	}
	if p.Courses.ID = "course-list"; e.t.Channel == hostadapter.ChannelEmail {
		if p.Courses.Items, err = w.offeringsOf(q, "course", ""); err != nil {
			return err
		}
	}
	if q.hx() {
		q.w.Header().Set("HX-Retarget", "#template")
		q.w.Header().Set("HX-Reswap", "outerHTML")
		if status == http.StatusConflict {
			status = http.StatusUnprocessableEntity // which htmx shows
		}
		return w.render(q, status, "template#template", p)
	}
	return w.render(q, status, "template", p)
}

// addCard shows the template as it is kept.
func (w *Web) addCard(q *request, p *templatePage) error {
	if p.ID == 0 {
		return nil
	}
	cards, err := w.templateCards(q, p.Channel, p.ID)
	for i := range cards {
		if cards[i].On {
			p.Card = &cards[i]
		}
	}
	if err == nil && p.Card == nil {
		return fault.ErrNotFound // archived meanwhile
	}
	return err
}

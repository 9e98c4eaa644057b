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
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// composing is a visit to the page of a draft.
type composing struct {
	d        campaign.Draft
	as       int               // the person of the preview
	width    string            // of the preview, one of previewWidths
	typed    map[string]string // what stands in fields that could not be read
	wrong    fault.Fields      // what is the matter with them
	problems fault.Fields      // shown under the fields: wrong, and what a check found
	testTo   string
	whole    bool   // other controls are needed than those of the form
	at       int    // the block whose button was used …
	focus    string // … and which one that was; empty: none
}

// ownDraft finds the draft of the address. One that was launched meanwhile, by a second click or
// another tab, leads to its campaign: then done is true.
func (w *Web) ownDraft(q *request) (d campaign.Draft, done bool, err error) {
	key := q.r.PathValue("key")
	if key == "" || len(key) > 100 || strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" {
		return d, false, fault.ErrNotFound
	}
	d, err = w.Campaigns.Draft(q.ctx(), key, q.staff)
	if errors.Is(err, fault.ErrNotFound) {
		return d, true, w.toLaunched(q, key, err)
	}
	return d, false, err
}

// toLaunched goes to the campaign with a key; when there is none, err is the answer.
func (w *Web) toLaunched(q *request, key string, err error) error {
	id, none := w.Campaigns.Launched(q.ctx(), key)
	if errors.Is(none, fault.ErrNotFound) {
		return err
	}
	if none != nil {
		return none
	}
	if q.r.Method == http.MethodPost {
		if err := w.recordLaunched(q, id); err != nil {
			return err
		}
	}
	return q.redirect(w.paths.Campaign(id, "", ""))
}

// recordLaunched records a launch of one's own that is sent again, where it could not be the first
// time.
func (w *Web) recordLaunched(q *request, id campaign.ID) error {
	c, err := w.Campaigns.Find(q.ctx(), id)
	if err != nil || c.ByID != q.staff.ID {
		return err
	}
	object := fmt.Sprintf("campaign:%d", id)
	missing, err := desk.Unrecorded(q.ctx(), w.Record, c.ByID, audit.Launched, object, c.LaunchedAt)
	if err != nil || !missing {
		return err
	}
	return w.record(q, audit.Launched, object, desk.LaunchDetail(c.Channel, c.Rule, c.Promised))
}

// composer shows a draft. With check=1 it also says what is wrong with it.
func (w *Web) composer(q *request) error {
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	v := q.r.URL.Query()
	c := &composing{d: d}
	c.readView(v)
	w.refresh(q, c)
	if v.Get("check") == "1" {
		if c.problems, err = w.check(q, c); err != nil {
			return err
		}
	}
	return w.showComposer(q, http.StatusOK, c)
}

// readView reads whom the preview is for and how wide it is.
func (c *composing) readView(v url.Values) {
	last := func(name string) string { // the last is the button that was used
		list := append([]string{""}, v[name]...)
		return list[len(list)-1]
	}
	c.as, _ = strconv.Atoi(last("as"))
	if c.width = last("w"); !slices.Contains(previewWidths(), c.width) {
		c.width = ""
	}
}

// refresh lets a draft whose text has to be approved say what its template says now.
func (w *Web) refresh(q *request, c *composing) {
	if !w.Templates.NeedsApproval(c.d.Channel) || c.d.Template.ID == 0 {
		return
	}
	t, err := w.Templates.Find(q.ctx(), c.d.Template.ID)
	if err == nil && t.Channel == c.d.Channel { // what is wrong with it is found by Check
		c.d.Template, c.d.Content.Text, c.d.Content.Supplier = t.Ref(), t.Content.Text, t.Supplier
	}
}

// compose takes the form of a draft. Whatever the button, what was typed is kept first; only the
// dialogs send no form.
func (w *Web) compose(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	d, done, err := w.ownDraft(q)
	if done || err != nil {
		return err
	}
	f := q.r.PostForm
	step, arg, _ := strings.Cut(f.Get("step"), ":")
	switch step {
	case "send":
		return w.send(q, d)
	case "drop":
		return w.dropDraft(q, d)
	}
	c := &composing{d: d, wrong: fault.Fields{}, typed: map[string]string{}}
	c.readView(f)
	w.refresh(q, c)
	if f.Has("form") {
		if err := w.readForm(q, c, f); err != nil {
			return err
		}
	}
	if err := w.edit(q, c, step, arg); err != nil {
		return err
	}
	if looks := step == "dry" || step == "as"; looks && q.hx() {
		// The page saves what is typed by requests that follow each other; these do not wait for
		// them and must not bring back what was typed before.
	} else if err := w.keepDraft(q, c, d); err != nil {
		if errors.Is(err, fault.ErrConflict) {
			return w.toLaunched(q, d.Key, err)
		}
		return err
	}
	return w.composed(q, c, step, f)
}

// composed answers a form whose draft is kept.
func (w *Web) composed(q *request, c *composing, step string, f url.Values) error {
	switch {
	case step == "confirm":
		return w.confirm(q, c)
	case step == "test":
		return w.sendTest(q, c, f)
	case q.hx() && step == "dry":
		return w.showDry(q, c)
	case q.hx() && step == "as":
		return w.showPreview(q, c)
	case q.hx() && !c.whole:
		return w.showSaved(q, c, f)
	case q.hx():
		return w.showComposer(q, http.StatusOK, c)
	case len(c.wrong) > 0:
		c.problems = c.wrong
		return w.showComposer(q, http.StatusUnprocessableEntity, c)
	}
	return q.redirect(w.paths.Draft(c.d.Key, "", c.view()) + c.fragment(step))
}

// view is how the preview is shown, as parameters.
func (c *composing) view() url.Values {
	as := ""
	if c.as > 0 {
		as = strconv.Itoa(c.as)
	}
	return values("as", as, "w", c.width)
}

// fragment leads to the part of the page that a button belongs to.
func (c *composing) fragment(step string) string {
	switch step {
	case "block":
		return "#block-" + strconv.Itoa(max(c.at, 0))
	case "dry":
		return "#dry"
	case "as":
		return "#preview"
	}
	return ""
}

// keepDraft saves what changed.
func (w *Web) keepDraft(q *request, c *composing, before campaign.Draft) error {
	if desk.Version(c.d) == desk.Version(before) {
		return nil
	}
	if err := w.Campaigns.SaveDraft(q.ctx(), c.d, q.staff); err != nil {
		return err
	}
	c.d.SavedAt = w.Now()
	return nil
}

package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// shortNewPage is the form of a new link.
type shortNewPage struct {
	Frame
	Form linkForm
}

// shortNew begins a link.
func (w *Web) shortNew(q *request) error {
	return w.showShortNew(q, http.StatusOK, w.newLinkForm(q, shortlink.FreeForm{}, nil), rand.Text())
}

func (w *Web) showShortNew(q *request, status int, form linkForm, key string) error {
	form.URL, form.Key = w.paths.ShortLinks("", "", ""), key
	return w.render(q, status, "shortnew", shortNewPage{Frame: w.frame(q, "short.new", "links"), Form: form})
}

// shortCreate makes a link. A form that is sent twice makes one.
func (w *Web) shortCreate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	in, problems := w.readLinkForm(f, shortlink.FreeForm{})
	var l shortlink.FreeLink
	if problems == nil {
		var err error
		l, err = w.FreeLinks.Create(q.ctx(), f.Get("key"), in, q.staff)
		if problems, err = problemsOf(err); err != nil {
			return err
		}
	}
	if problems != nil {
		key := f.Get("key")
		if _, used := problems["key"]; used {
			key = rand.Text() // who sends it again means another link
		}
		return w.showShortNew(q, http.StatusUnprocessableEntity, w.newLinkForm(q, in, problems).typed(f), key)
	}
	if err := w.record(q, audit.LinkSaved, shortObject(l.ID), map[string]any{"target": desk.Hash(l.Target)}); err != nil {
		return err
	}
	return q.redirect(w.paths.ShortLink(l.ID, ""))
}

func shortObject(id shortlink.LinkID) string { return fmt.Sprintf("link:%d", id) }

// shortUpdate changes a link. Where somebody else was faster, what was typed stays and the next
// save is on top of theirs.
func (w *Web) shortUpdate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	was, followed, err := w.findShortLink(q)
	if err != nil {
		return err
	}
	f := q.r.PostForm
	in, problems := w.readLinkForm(f, was.Form())
	again := func(status int, problems fault.Fields) error {
		form := w.newLinkForm(q, in, problems).typed(f)
		form.Locked, form.Conflict = followed && was.Slug != "", status == http.StatusConflict
		return w.showShortLink(q, status, was, form)
	}
	if problems != nil {
		return again(http.StatusUnprocessableEntity, problems)
	}
	if err := w.record(q, audit.LinkSaved, shortObject(was.ID), map[string]any{"target": desk.Hash(in.Target)}); err != nil {
		return err
	}
	version, _ := strconv.ParseInt(f.Get("version"), 10, 64) // what is none is no version of ours
	_, err = w.FreeLinks.Update(q.ctx(), was.ID, time.UnixMicro(version), in)
	if problems, err = problemsOf(err); errors.Is(err, shortlink.ErrChanged) {
		return again(http.StatusConflict, nil)
	} else if err != nil {
		return err
	} else if problems != nil {
		return again(http.StatusUnprocessableEntity, problems)
	}
	return q.redirect(w.paths.ShortLink(was.ID, "?saved=1"))
}

// readLinkForm reads what was typed over what a link says, and what is wrong with it as far as
// one can tell without keeping it.
func (w *Web) readLinkForm(f url.Values, was shortlink.FreeForm) (shortlink.FreeForm, fault.Fields) {
	text := func(name string) string { return strings.TrimSpace(desk.Clean(f.Get(name))) }
	in := shortlink.FreeForm{Title: text("title"), Target: text("target"), Slug: was.Slug,
		UTM: shortlink.UTM{Source: text("utm.source"), Medium: text("utm.medium"), Campaign: text("utm.campaign"), Content: text("utm.content"), Term: text("utm.term")}}
	if f.Has("slug") { // a name that cannot change has no field
		in.Slug = text("slug")
	}
	var unread fault.Problem
	switch expires := text("expires"); expires {
	case "":
	case w.shortTime(was.Expires): // also one that the form cannot show to the second
		in.Expires = was.Expires
	default:
		date, clock, _ := strings.Cut(expires, "T")
		in.Expires, unread = localTime(date, clock, w.Location)
	}
	problems, _ := problemsOf(w.FreeLinks.Check(in, was))
	if unread.Key != "" {
		if problems == nil {
			problems = fault.Fields{}
		}
		problems["expires"] = unread
	}
	return in, problems
}

// shortTime writes a time as inputs of the type datetime-local hold it.
func (w *Web) shortTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(w.Location).Format(dateLayout + "T" + clockLayout)
}

// shortArchiveAsk asks before archiving: in a dialog, or without htmx on a page.
func (w *Web) shortArchiveAsk(q *request) error {
	l, _, err := w.findShortLink(q)
	if err != nil {
		return err
	}
	p := archivePage{Frame: w.frame(q, "short.archive", "links"), Name: l.Title, URL: w.paths.ShortLink(l.ID, "/archive"), Back: w.paths.ShortLink(l.ID, "")}
	if q.target() == "dialog" {
		return w.render(q, http.StatusOK, "shortarchive#short-archive-dialog", p)
	}
	return w.render(q, http.StatusOK, "shortarchive", p)
}

func (w *Web) shortArchive(q *request) error {
	return w.moveShortLink(q, audit.LinkArchived, w.FreeLinks.Archive)
}

func (w *Web) shortRestore(q *request) error {
	return w.moveShortLink(q, audit.LinkRestored, w.FreeLinks.Restore)
}

func (w *Web) moveShortLink(q *request, action audit.Action, move func(context.Context, shortlink.LinkID) error) error {
	l, _, err := w.findShortLink(q)
	if err != nil {
		return err
	}
	if err := w.record(q, action, shortObject(l.ID), nil); err != nil {
		return err
	}
	if err := move(q.ctx(), l.ID); err != nil {
		return err
	}
	return q.redirect(w.paths.ShortLink(l.ID, ""))
}

package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// erasePage asks before all that is personal of somebody is wiped. What is to be typed is the
// host's id: nobody types that by mistake.
type erasePage struct {
	Frame
	Name, Word string
	URL, Back  string
	Typed      fieldView
}

// eraseAsk asks: in a dialog, or without htmx on a page.
func (w *Web) eraseAsk(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	return w.showErase(q, http.StatusOK, d, "", fault.Problem{})
}

func (w *Web) showErase(q *request, status int, d dossier.Dossier, typed string, problem fault.Problem) error {
	l := w.locale(q)
	p := erasePage{Name: d.Name(), Word: desk.EraseWord(d), URL: w.paths.PersonErase(d.ID), Back: w.paths.Person(d.ID)}
	p.Typed = fieldView{Field: "word", Name: "word", Value: typed, Label: l.T("erase.type", p.Word), Problem: problem, Focus: true}
	if q.target() == "dialog" {
		return w.render(q, status, "erase#erase-dialog", p)
	}
	p.Frame = w.frame(q, "erase.title", "audience")
	return w.render(q, status, "erase", p)
}

// erase wipes, and leaves a record of who did so. The record names the person by our id alone.
func (w *Web) erase(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	if typed := strings.TrimSpace(desk.Clean(q.r.PostForm.Get("word"))); typed != desk.EraseWord(d) {
		return w.showErase(q, http.StatusUnprocessableEntity, d, typed, fault.Problem{Key: "problem.word", Args: []any{desk.EraseWord(d)}})
	}
	if err := w.record(q, audit.PersonErased, "person:"+strconv.FormatInt(int64(d.ID), 10), nil); err != nil {
		return err
	}
	if err := w.Erasures.Erase(q.ctx(), d.ID, q.staff); err != nil {
		return err
	}
	return q.redirect(w.paths.Person(d.ID))
}

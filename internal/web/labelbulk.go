package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// labelBulkPage asks which tag the people of an audience are to get or lose.
type labelBulkPage struct {
	Frame
	Say      string // the people, in words
	Count    int64
	Most     int64
	People   ruleFields
	Audience string
	All      []label.Label
	Chosen   label.ID
	Name     string // of a new tag, as typed
	Longest  int
	Remove   bool
	Key      string
	Problems []fieldProblem
}

// For gives the problem of a field; its Key is empty when there is none.
func (p labelBulkPage) For(field string) fault.Problem { return problemOf(p.Problems, field) }

// TooMany reports whether there are more people than can be given a tag at once.
func (p labelBulkPage) TooMany() bool { return p.Count > p.Most }

// labelsBulk shows the form for the people that the address names.
func (w *Web) labelsBulk(q *request) error {
	g, err := w.given(q, q.r.URL.Query())
	if err != nil {
		return w.explainRule(q, err)
	}
	return w.showLabelsBulk(q, http.StatusOK, g, labelBulkPage{Key: rand.Text()})
}

func (w *Web) showLabelsBulk(q *request, status int, g given, p labelBulkPage) error {
	var err error
	if p.Say, p.Count, err = w.whom(q, g.Rule); err != nil {
		return err
	}
	if p.All, err = w.Labels.All(q.ctx()); err != nil {
		return err
	}
	p.Most, p.Longest, p.People, p.Audience = label.MaxPeople, label.MaxName, ruleFieldsOf(g.Params), w.paths.Audience(g.Params)
	p.Frame = w.frame(q, "labels.bulk", "labels")
	return w.render(q, status, "labelbulk", p)
}

// labelsApply gives the people the tag or takes it from them.
func (w *Web) labelsApply(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	g, err := w.given(q, f)
	if err != nil {
		return err
	}
	p := labelBulkPage{Chosen: labelID(f.Get("label")), Name: strings.TrimSpace(f.Get("name")), Remove: f.Get("do") == "remove", Key: f.Get("key")}
	b, err := w.applyLabel(q, g, p)
	if p.Problems, err = labelProblems(err); err != nil {
		return err
	}
	if p.Problems != nil {
		return w.showLabelsBulk(q, http.StatusUnprocessableEntity, g, p)
	}
	return q.redirect(w.paths.LabelBatch(b.ID, ""))
}

// applyLabel does what the form says, which may be to make the tag first.
func (w *Web) applyLabel(q *request, g given, p labelBulkPage) (label.Batch, error) {
	do, action := w.Labels.Add, audit.LabelGiven
	if p.Remove {
		do, action = w.Labels.Remove, audit.LabelTaken
	}
	id := p.Chosen
	switch {
	case id != 0 && p.Name != "":
		return label.Batch{}, fault.Fields{"name": {Key: "problem.label_both"}}
	case p.Name != "" && p.Remove, p.Name == "" && id == 0:
		return label.Batch{}, fault.Fields{"label": {Key: "problem.label_none"}}
	case p.Name != "":
		var err error
		if id, err = w.namedLabel(q, p.Name); err != nil {
			return label.Batch{}, err
		}
	}
	if err := w.record(q, action, labelObject(id), map[string]any{"rule": desk.RuleHash(g.Rule)}); err != nil {
		return label.Batch{}, err
	}
	b, err := do(q.ctx(), q.staff, id, g.Rule, p.Key)
	if errors.Is(err, fault.ErrNotFound) { // somebody ended it meanwhile
		return b, fault.Fields{"label": {Key: "problem.label_none"}}
	}
	return b, err
}

// namedLabel gives the tag of a name, and makes it where there is none.
func (w *Web) namedLabel(q *request, name string) (label.ID, error) {
	l, err := w.Labels.Named(q.ctx(), name)
	if errors.Is(err, fault.ErrNotFound) {
		return w.newLabel(q, name)
	}
	return l.ID, err
}

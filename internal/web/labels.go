package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// labelsPage lists the tags of both kinds.
type labelsPage struct {
	Frame
	Labels    []labelRow
	Interests []interestRow
	MaxTags   int       // interest tags of a person at most
	CountedAt time.Time // interest tags; zero: not yet
	Batches   []batchView
	MayEdit   bool
	Name      string // as typed for a new tag
	Longest   int
	Problems  []fieldProblem
}

// For gives the problem of a field; its Key is empty when there is none.
func (p labelsPage) For(field string) fault.Problem { return problemOf(p.Problems, field) }

// labelRow is a tag of staff.
type labelRow struct {
	label.Label
	Line sparkView
	URL  string // its people
	Edit string // empty: not allowed
}

// interestRow is an interest tag.
type interestRow struct {
	label.Interest
	Line sparkView
	URL  string
}

// batchView is something that was done to a tag's people.
type batchView struct {
	label.Batch
	URL  string
	Undo string // takes it back; empty: not allowed, or not possible
}

func (w *Web) batchView(q *request, b label.Batch) batchView {
	v := batchView{Batch: b, URL: w.paths.LabelBatch(b.ID, "")}
	if b.Undoable() && q.may(hostadapter.PermSegmentEdit) {
		v.Undo = w.paths.LabelBatch(b.ID, "/undo")
	}
	return v
}

// labels lists the tags.
func (w *Web) labels(q *request) error {
	return w.showLabels(q, http.StatusOK, labelsPage{})
}

func (w *Web) showLabels(q *request, status int, p labelsPage) error {
	list, err := w.Labels.List(q.ctx())
	if err != nil {
		return err
	}
	l := w.locale(q)
	p.Frame, p.CountedAt, p.MayEdit = w.frame(q, "labels.title", "labels"), list.CountedAt, q.may(hostadapter.PermSegmentEdit)
	p.Longest, p.MaxTags = label.MaxName, funnel.MaxTags
	for _, x := range list.Labels {
		row := labelRow{Label: x, Line: l.spark(x.Trend), URL: w.tagged("label", int64(x.ID))}
		if p.MayEdit {
			row.Edit = w.paths.Label(x.ID, "")
		}
		p.Labels = append(p.Labels, row)
	}
	for _, x := range list.Interests {
		p.Interests = append(p.Interests, interestRow{x, l.spark(x.Trend), w.tagged("interest_tag", x.ID)})
	}
	for _, b := range list.Batches {
		p.Batches = append(p.Batches, w.batchView(q, b))
	}
	return w.render(q, status, "labels", p)
}

// tagged is the audience of those who have a tag.
func (w *Web) tagged(field string, id int64) string {
	return w.paths.Audience(values("q", canonical(segment.Group("all", segment.Condition(field, segment.OpAnyOf, []int64{id}, "")))))
}

// labelFields are the fields of the forms of tags, in order.
func labelFields() []string { return []string{"name", "into", "label", "do", "people"} }

// labelProblems sorts what is wrong with a form of tags from other errors.
func labelProblems(err error) ([]fieldProblem, error) {
	var problems fault.Fields
	if !errors.As(err, &problems) {
		return nil, err
	}
	var out []fieldProblem
	for _, field := range labelFields() {
		if p, ok := problems[field]; ok {
			out = append(out, fieldProblem{field, p})
		}
	}
	if len(out) == 0 {
		return nil, err
	}
	return out, nil
}

// labelCreate makes a tag.
func (w *Web) labelCreate(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	p := labelsPage{Name: q.r.PostForm.Get("name")}
	_, err := w.newLabel(q, p.Name)
	if p.Problems, err = labelProblems(err); err != nil {
		return err
	}
	if p.Problems != nil {
		return w.showLabels(q, http.StatusUnprocessableEntity, p)
	}
	return q.redirect(w.paths.Labels())
}

// newLabel makes a tag and records it.
func (w *Web) newLabel(q *request, name string) (label.ID, error) {
	id, err := w.Labels.Create(q.ctx(), q.staff, name)
	if err != nil {
		return 0, err
	}
	return id, w.record(q, audit.LabelSaved, labelObject(id), nil)
}

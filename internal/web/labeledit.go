package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// labelPage changes a tag: its name, or what becomes of its people.
type labelPage struct {
	Frame
	label.Label
	PeopleURL string
	Rename    string
	MergeURL  string
	DeleteURL string
	Key       string
	Typed     string // the name
	Longest   int
	Others    []label.Label // to merge it into
	Into      label.ID
	InUse     []useView // what keeps it from ending
	Problems  []fieldProblem
}

// For gives the problem of a field; its Key is empty when there is none.
func (p labelPage) For(field string) fault.Problem { return problemOf(p.Problems, field) }

func labelObject(id label.ID) string { return fmt.Sprintf("label:%d", id) }

// labelOf reads the tag that a path names.
func (w *Web) labelOf(q *request) (label.Label, error) {
	n, err := q.id64()
	if err != nil {
		return label.Label{}, err
	}
	return w.Labels.Find(q.ctx(), label.ID(n))
}

// labelEdit shows what can be changed of a tag.
func (w *Web) labelEdit(q *request) error {
	l, err := w.labelOf(q)
	if err != nil {
		return err
	}
	return w.showLabel(q, http.StatusOK, labelPage{Label: l, Typed: l.Name})
}

func (w *Web) showLabel(q *request, status int, p labelPage) error {
	all, err := w.Labels.All(q.ctx())
	if err != nil {
		return err
	}
	p.Others = slices.DeleteFunc(all, func(l label.Label) bool { return l.ID == p.ID })
	p.Frame, p.Key, p.Longest, p.PeopleURL = w.frame(q, "labels.edit", "labels"), rand.Text(), label.MaxName, w.tagged("label", int64(p.ID))
	p.Rename, p.MergeURL, p.DeleteURL = w.paths.Label(p.ID, "/rename"), w.paths.Label(p.ID, "/merge"), w.paths.Label(p.ID, "/delete")
	return w.render(q, status, "label", p)
}

// labelRename changes a tag's name.
func (w *Web) labelRename(q *request) error {
	l, err := w.labelOf(q)
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	p := labelPage{Label: l, Typed: q.r.PostForm.Get("name")}
	if p.Problems, err = labelProblems(w.renameLabel(q, l.ID, p.Typed)); err != nil {
		return err
	}
	if p.Problems != nil {
		return w.showLabel(q, http.StatusUnprocessableEntity, p)
	}
	return q.redirect(w.paths.Labels())
}

func (w *Web) renameLabel(q *request, id label.ID, name string) error {
	if err := w.Labels.CheckRename(q.ctx(), id, name); err != nil {
		return err
	}
	if err := w.record(q, audit.LabelSaved, labelObject(id), nil); err != nil {
		return err
	}
	return w.Labels.Rename(q.ctx(), id, name)
}

// labelMerge gives a tag's people to another and ends it.
func (w *Web) labelMerge(q *request) error {
	return w.endLabel(q, func(id label.ID) (label.Batch, error) {
		into := labelID(q.r.PostForm.Get("into"))
		if err := w.Labels.CheckMerge(q.ctx(), id, into); err != nil {
			return label.Batch{}, err
		}
		if err := w.record(q, audit.LabelMerged, labelObject(id), map[string]any{"into": int64(into)}); err != nil {
			return label.Batch{}, err
		}
		b, err := w.Labels.Merge(q.ctx(), q.staff, id, into, q.r.PostForm.Get("key"))
		return b, w.recordInUse(q, audit.LabelMerged, id, err)
	})
}

// labelDelete ends a tag.
func (w *Web) labelDelete(q *request) error {
	return w.endLabel(q, func(id label.ID) (label.Batch, error) {
		if _, err := w.Labels.Find(q.ctx(), id); err != nil {
			return label.Batch{}, err
		}
		if err := w.record(q, audit.LabelDeleted, labelObject(id), nil); err != nil {
			return label.Batch{}, err
		}
		b, err := w.Labels.Delete(q.ctx(), q.staff, id, q.r.PostForm.Get("key"))
		return b, w.recordInUse(q, audit.LabelDeleted, id, err)
	})
}

// recordInUse records that something kept a tag from ending, and gives the error on.
func (w *Web) recordInUse(q *request, action audit.Action, id label.ID, err error) error {
	var used *segment.InUseError
	if errors.As(err, &used) {
		if noted := w.record(q, action, labelObject(id), map[string]any{"refused": len(used.Uses)}); noted != nil {
			return noted
		}
	}
	return err
}

// endLabel ends a tag unless something needs it. A form that is sent twice leads to what the first
// one did, and is recorded once.
func (w *Web) endLabel(q *request, do func(id label.ID) (label.Batch, error)) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	id := label.ID(n)
	b, err := w.Labels.Done(q.ctx(), q.r.PostForm.Get("key"))
	if errors.Is(err, fault.ErrNotFound) {
		b, err = do(id)
	}
	if err == nil {
		return q.redirect(w.paths.LabelBatch(b.ID, ""))
	}
	p, status := labelPage{Into: labelID(q.r.PostForm.Get("into"))}, http.StatusUnprocessableEntity
	var used *segment.InUseError
	if errors.As(err, &used) {
		p.InUse, status = w.uses(q, used.Uses), http.StatusConflict
	} else if p.Problems, err = labelProblems(err); err != nil {
		return err
	}
	if p.Label, err = w.Labels.Find(q.ctx(), id); err != nil {
		return err
	}
	p.Typed = p.Name
	return w.showLabel(q, status, p)
}

// labelID reads what a form says of a tag; 0: none.
func labelID(text string) label.ID {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return label.ID(n)
}

// labelBatchPage tells what was done to a tag's people.
type labelBatchPage struct {
	Frame
	batchView
	HaveURL string // those who have the tag now; empty: it is gone
}

// batchOf reads the batch that a path names.
func (w *Web) batchOf(q *request) (label.Batch, error) {
	n, err := q.id64()
	if err != nil {
		return label.Batch{}, err
	}
	return w.Labels.Batch(q.ctx(), label.BatchID(n))
}

// labelBatch shows a report.
func (w *Web) labelBatch(q *request) error {
	b, err := w.batchOf(q)
	if err != nil {
		return err
	}
	p := labelBatchPage{Frame: w.frame(q, "labels.report", "labels"), batchView: w.batchView(q, b)}
	if _, err := w.Labels.Find(q.ctx(), b.Label); err == nil {
		p.HaveURL = w.tagged("label", int64(b.Label))
	} else if !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	return w.render(q, http.StatusOK, "labelbatch", p)
}

// labelUndo takes back what was done.
func (w *Web) labelUndo(q *request) error {
	b, err := w.batchOf(q)
	if err != nil {
		return err
	}
	if err := w.record(q, audit.LabelUndone, labelObject(b.Label), map[string]any{"batch": int64(b.ID)}); err != nil {
		return err
	}
	undone, err := w.Labels.Undo(q.ctx(), q.staff, b.ID)
	if err != nil {
		return err
	}
	return q.redirect(w.paths.LabelBatch(undone.ID, ""))
}

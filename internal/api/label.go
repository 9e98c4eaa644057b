package api

import (
	"errors"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

func (a *API) labelOperations() []operation {
	return under("Tags",
		get("list-labels", "/labels", "All tags of both kinds with their people and trends, and what was done last.", a.labelList),
		post("create-label", "/labels", edit, "Makes a tag.", a.labelCreate),
		post("rename-label", "/labels/{id}/rename", edit, "Changes a tag's name.", a.labelRename),
		post("merge-label", "/labels/{id}/merge", edit, "Gives a tag's people to another and ends it.", a.labelMerge),
		post("delete-label", "/labels/{id}/delete", edit, "Takes a tag from all and ends it; 409 where something needs it, and errors says what.", a.labelDelete),
		post("apply-label", "/labels/{id}/people", edit, "Gives a tag to the people of a rule, or takes it from them.", a.labelApply),
		get("get-label-batch", "/labels/batches/{id}", "What was done to a tag's people.", a.labelBatch),
		post("undo-label-batch", "/labels/batches/{id}/undo", edit, "Takes back what was done.", a.labelUndo),
		get("list-person-labels", "/people/{id}/labels", "A person's tags of both kinds.", a.personLabels),
		post("add-person-label", "/people/{id}/labels", view, "Gives a person a tag.", a.personLabelAdd).more(oneLabel),
		remove("remove-person-label", "/people/{id}/labels/{label}", view, "Takes a tag from a person.", a.personLabelRemove).more(oneLabel),
		get("list-person-interests", "/people/{id}/interests", "A person's interest tags and where they come from.", a.personInterests),
	)
}

// oneLabel says what the table of permissions cannot.
const oneLabel = "It needs followup or segment_edit; a tag that is not there yet needs segment_edit."

// labelView is a tag that staff give.
type labelView struct {
	ID        label.ID     `json:"id"`
	Name      string       `json:"name"`
	People    int64        `json:"people"`
	By        string       `json:"by,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	Trend     []trendPoint `json:"trend,omitempty"`
}

func labelOf(l label.Label) labelView {
	return labelView{l.ID, l.Name, l.People, l.ByName, l.CreatedAt, trendOf(l.Trend)}
}

// interestView is an interest tag, which comes and goes by itself.
type interestView struct {
	ID     int64        `json:"id"`
	Name   string       `json:"name"`
	People int64        `json:"people" doc:"As of counted_at."`
	Trend  []trendPoint `json:"trend,omitempty"`
}

// batchView is something that was done to the people of a tag.
type batchView struct {
	ID        label.BatchID `json:"id"`
	Label     label.ID      `json:"label"`
	Name      string        `json:"name" doc:"The tag's, as it is called now."`
	Into      string        `json:"into,omitempty" doc:"The tag that took the people over."`
	Action    label.Action  `json:"action"`
	Undoes    label.BatchID `json:"undoes,omitempty"`
	People    int64         `json:"people" doc:"Whom it changed."`
	Asked     int64         `json:"asked" doc:"Whom it was about."`
	By        string        `json:"by,omitempty"`
	At        time.Time     `json:"at"`
	UndoneAt  time.Time     `json:"undone_at,omitzero"`
	Undoable  bool          `json:"undoable"`
	Untouched int64         `json:"untouched" doc:"Whom it left as they were."`
}

func batchOf(b label.Batch) batchView {
	return batchView{b.ID, b.Label, b.Name, b.Into, b.Action, b.Undoes, b.People, b.Asked, b.ByName, b.At, b.UndoneAt, b.Undoable(), b.Untouched()}
}

// labelsView is all tags.
type labelsView struct {
	Labels    []labelView    `json:"labels" doc:"Those with the most people first."`
	Interests []interestView `json:"interests" doc:"The most frequent first."`
	CountedAt time.Time      `json:"counted_at,omitzero"`
	Batches   []batchView    `json:"batches" doc:"The latest first."`
}

func (a *API) labelList(c *call, _ *nothing) (labelsView, error) {
	list, err := a.Labels.List(c)
	return labelsView{each(list.Labels, labelOf), each(list.Interests, func(i label.Interest) interestView {
		return interestView{i.ID, i.Name, i.People, trendOf(i.Trend)}
	}), list.CountedAt, each(list.Batches, batchOf)}, err
}

// nameBody is the name of something.
type nameBody struct {
	Name string `json:"name" maxLength:"400"`
}

func (a *API) labelCreate(c *call, in *struct{ Body nameBody }) (labelView, error) {
	id, err := c.newLabel(in.Body.Name)
	if err != nil {
		return labelView{}, err
	}
	l, err := a.Labels.Find(c, id)
	return labelOf(l), err
}

// newLabel makes a tag and records it.
func (c *call) newLabel(name string) (label.ID, error) {
	id, err := c.api.Labels.Create(c, c.staff, name)
	if err != nil {
		return 0, err
	}
	return id, c.record(audit.LabelSaved, object("label", id), nil)
}

type renameInput struct {
	ByID[label.ID]
	Body nameBody
}

func (a *API) labelRename(c *call, in *renameInput) (labelView, error) {
	if err := a.Labels.CheckRename(c, in.ID, in.Body.Name); err != nil {
		return labelView{}, err
	}
	if err := c.record(audit.LabelSaved, object("label", in.ID), nil); err != nil {
		return labelView{}, err
	}
	if err := a.Labels.Rename(c, in.ID, in.Body.Name); err != nil {
		return labelView{}, err
	}
	l, err := a.Labels.Find(c, in.ID)
	return labelOf(l), err
}

type mergeInput struct {
	ByID[label.ID]
	Once
	Body struct {
		Into label.ID `json:"into" minimum:"1"`
	}
}

func (a *API) labelMerge(c *call, in *mergeInput) (batchView, error) {
	key := c.key(in.Key, in.Body)
	if b, err := a.Labels.Done(c, key); !errors.Is(err, fault.ErrNotFound) {
		return batchOf(b), err
	}
	if err := a.Labels.CheckMerge(c, in.ID, in.Body.Into); err != nil {
		return batchView{}, err
	}
	if err := c.record(audit.LabelMerged, object("label", in.ID), map[string]any{"into": int64(in.Body.Into)}); err != nil {
		return batchView{}, err
	}
	b, err := a.Labels.Merge(c, c.staff, in.ID, in.Body.Into, key)
	return c.ended(b, err, audit.LabelMerged, in.ID)
}

type endInput struct {
	ByID[label.ID]
	Once
}

func (a *API) labelDelete(c *call, in *endInput) (batchView, error) {
	key := c.key(in.Key, nil)
	if b, err := a.Labels.Done(c, key); !errors.Is(err, fault.ErrNotFound) {
		return batchOf(b), err
	}
	if _, err := a.Labels.Find(c, in.ID); err != nil {
		return batchView{}, err
	}
	if err := c.record(audit.LabelDeleted, object("label", in.ID), nil); err != nil {
		return batchView{}, err
	}
	b, err := a.Labels.Delete(c, c.staff, in.ID, key)
	return c.ended(b, err, audit.LabelDeleted, in.ID)
}

// ended tells what became of a tag; that something needs it is recorded too.
func (c *call) ended(b label.Batch, err error, action audit.Action, id label.ID) (batchView, error) {
	var used *segment.InUseError
	if errors.As(err, &used) {
		if noted := c.record(action, object("label", id), map[string]any{"refused": len(used.Uses)}); noted != nil {
			return batchView{}, noted
		}
	}
	return batchOf(b), err
}

type applyInput struct {
	ByID[label.ID]
	Once
	Body struct {
		People whom   `json:"people"`
		Do     string `json:"do" enum:"add,remove"`
	}
}

func (a *API) labelApply(c *call, in *applyInput) (batchView, error) {
	key := c.key(in.Key, in.Body)
	if b, err := a.Labels.Done(c, key); !errors.Is(err, fault.ErrNotFound) {
		return batchOf(b), err
	}
	rule, err := c.peopleOf(in.Body.People)
	if err != nil {
		return batchView{}, err
	}
	if _, err := a.Labels.Find(c, in.ID); err != nil {
		return batchView{}, err
	}
	do, action := a.Labels.Add, audit.LabelGiven
	if in.Body.Do == "remove" {
		do, action = a.Labels.Remove, audit.LabelTaken
	}
	if err := c.record(action, object("label", in.ID), map[string]any{"rule": desk.RuleHash(rule)}); err != nil {
		return batchView{}, err
	}
	b, err := do(c, c.staff, in.ID, rule, key)
	return batchOf(b), err
}

func (a *API) labelBatch(c *call, in *ByID[label.BatchID]) (batchView, error) {
	b, err := a.Labels.Batch(c, in.ID)
	return batchOf(b), err
}

func (a *API) labelUndo(c *call, in *ByID[label.BatchID]) (batchView, error) {
	b, err := a.Labels.Batch(c, in.ID)
	if err != nil {
		return batchView{}, err
	}
	if err := c.record(audit.LabelUndone, object("label", b.Label), map[string]any{"batch": int64(b.ID)}); err != nil {
		return batchView{}, err
	}
	undone, err := a.Labels.Undo(c, c.staff, b.ID)
	return batchOf(undone), err
}

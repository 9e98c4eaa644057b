package web

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/crm/label"
	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/audit"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// personLabels are the tags of a person, for the part "person-labels".
type personLabels struct {
	label.Tags
	URL     string // takes changes
	Why     string // where interest tags come from
	May     bool   // change those of staff
	All     []label.Label
	Typed   string
	Longest int
	Problem fault.Problem // without Key: none
}

// mayLabel reports whether staff may change the tags of one person.
func (q *request) mayLabel() bool {
	return q.may(hostadapter.PermFollowup) || q.may(hostadapter.PermSegmentEdit)
}

// personLabels reads the tags of a person.
//
// Errors: fault.ErrNotFound.
func (w *Web) personLabels(q *request, id segment.PersonID) (personLabels, error) {
	p := personLabels{URL: w.paths.PersonLabels(id), Why: w.paths.PersonInterests(id), May: q.mayLabel(), Longest: label.MaxName}
	var err error
	if p.Tags, err = w.Labels.OfPerson(q.ctx(), id); err != nil {
		return p, err
	}
	if p.May {
		p.All, err = w.Labels.All(q.ctx())
	}
	return p, err
}

// personLabel gives a person a tag or takes one away.
func (w *Web) personLabel(q *request) error {
	n, err := q.id64()
	if err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	id, f := segment.PersonID(n), q.r.PostForm
	if !q.mayLabel() {
		return fmt.Errorf("%w: needs %s or %s", fault.ErrForbidden, hostadapter.PermFollowup, hostadapter.PermSegmentEdit)
	}
	if !f.Has("cut") && !f.Has("name") {
		return fault.Fields{"name": {Key: "problem.missing"}}
	}
	err = w.changePerson(q, id, labelID(f.Get("cut")), f.Get("name"))
	var problems fault.Fields
	if wrong := errors.As(err, &problems); err != nil && (!wrong || !q.hx()) {
		return err
	}
	if !q.hx() {
		return q.redirect(w.paths.Person(id))
	}
	p, err := w.personLabels(q, id)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if problems != nil {
		status, p.Problem, p.Typed = http.StatusUnprocessableEntity, problems["name"], f.Get("name")
	}
	return w.render(q, status, "labels#person-labels", p)
}

// changePerson takes the tag that is cut off, or else gives the one of a name.
func (w *Web) changePerson(q *request, id segment.PersonID, cut label.ID, name string) error {
	if cut != 0 {
		return w.oneLabel(q, audit.LabelTaken, cut, id, w.Labels.RemovePerson)
	}
	l, err := w.Labels.Named(q.ctx(), name)
	switch {
	case err == nil:
	case !errors.Is(err, fault.ErrNotFound):
		return err
	case q.may(hostadapter.PermSegmentEdit):
		if l.ID, err = w.newLabel(q, name); err != nil {
			return err
		}
	case strings.TrimSpace(name) == "":
		return fault.Fields{"name": {Key: "problem.missing"}}
	default:
		return fault.Fields{"name": {Key: "problem.label_unknown"}}
	}
	return w.oneLabel(q, audit.LabelGiven, l.ID, id, w.Labels.AddPerson)
}

type personChange = func(ctx context.Context, by hostadapter.Staff, l label.ID, who segment.PersonID) (bool, error)

func (w *Web) oneLabel(q *request, action audit.Action, l label.ID, who segment.PersonID, do personChange) error {
	if err := w.record(q, action, labelObject(l), map[string]any{"person": int64(who)}); err != nil {
		return err
	}
	_, err := do(q.ctx(), q.staff, l, who) // that it was so already is as good
	return err
}

// interestsPage says where a person's interest tags come from.
type interestsPage struct {
	Frame
	Name      string
	PersonURL string
	Interests []funnel.Interest
	HalfLife  int // days
	From      int // the score from which a tag holds
	Most      int
	At        time.Time
}

// reasonKinds lists what interest comes from.
func reasonKinds() []funnel.Kind {
	out := []funnel.Kind{funnel.KindOrder, funnel.KindClosed, funnel.KindPaid}
	for _, t := range []hostadapter.ActivityType{hostadapter.ActivityView, hostadapter.ActivityCoupon, hostadapter.ActivityTrial,
		hostadapter.ActivityFavorite, hostadapter.ActivityQuestion, hostadapter.ActivityLearn} {
		out = append(out, funnel.Kind(t))
	}
	return out
}

// personInterests shows the interest tags of a person with their reasons.
func (w *Web) personInterests(q *request) error {
	d, err := w.dossierOf(q)
	if err != nil {
		return err
	}
	p := interestsPage{Frame: w.frame(q, "labels.why", "audience"), Name: d.Name(), PersonURL: w.paths.Person(d.ID),
		HalfLife: int(funnel.HalfLife.Hours() / 24), From: int(math.Round(funnel.TagFrom)), Most: funnel.MaxTags, At: w.Now()}
	if p.Interests, err = w.Labels.Interests(q.ctx(), d.ID); err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "labelwhy", p)
}

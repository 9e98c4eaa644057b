package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// selectPeople begins a campaign to who was ticked, or gives them to the draft that the list was
// opened from. Ids of people travel in the body of this request alone; from here on the draft's
// key stands for them.
func (w *Web) selectPeople(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	f := q.r.PostForm
	rule, some, err := w.tickedRule(q, f)
	if err != nil {
		return err
	}
	if !some { // nobody: back to where the ticks are made
		return q.redirect(w.paths.Audience(givenParams(f)))
	}
	if key := f.Get("draft"); key != "" {
		return w.changeAudience(q, key, rule)
	}
	return w.startDraft(q, w.channelOf(f.Get("channel")), rule)
}

// selectFor takes who was ticked in a list to a form that names them by a token. Their ids travel in the
// body of this request alone.
func (w *Web) selectFor(form func(url.Values) string) func(*request) error {
	return func(q *request) error {
		if err := q.parse(); err != nil {
			return err
		}
		rule, some, err := w.tickedRule(q, q.r.PostForm)
		if err != nil {
			return err
		}
		if !some { // nobody: back to where the ticks are made
			return q.redirect(w.paths.Audience(givenParams(q.r.PostForm)))
		}
		token, err := w.Segments.Select(q.ctx(), rule)
		if err != nil {
			return err
		}
		return q.redirect(form(values("s", token)))
	}
}

// whom says of a rule whom it means, and how many they are.
func (w *Web) whom(q *request, r segment.Rule) (say string, people int64, err error) {
	b, err := w.builder(q)
	if err != nil {
		return "", 0, err
	}
	if say, err = b.say(r); err != nil {
		return "", 0, err
	}
	people, err = w.Segments.Size(q.ctx(), r)
	return say, people, err
}

// tickedRule is the rule of the people who were ticked in a list; some is false when nobody was.
func (w *Web) tickedRule(q *request, f url.Values) (rule segment.Rule, some bool, err error) {
	ticked, err := personIDs(append(f["person"], f["on"]...))
	if err != nil {
		return rule, false, err
	}
	rest := readRest(f)
	if rest.Bad {
		return rule, false, fmt.Errorf("%w: days without a message", fault.ErrInvalid)
	}
	switch f.Get("mode") {
	case "all":
		whole, err := w.wholeRule(q, f)
		if err != nil {
			return rule, false, err
		}
		rows, err := personIDs(append(f["row"], f["off"]...))
		if err != nil {
			return rule, false, err
		}
		rule = allBut(whole, slices.DeleteFunc(rows, func(id int64) bool { return slices.Contains(ticked, id) }))
	default:
		if len(ticked) == 0 {
			return rule, false, nil
		}
		rule = rest.narrow(segment.Group("all", segment.Condition("learner", segment.OpIn, ticked, "")))
	}
	return rule, true, nil
}

// wholeRule is the rule of the people that a list showed, as its form names it: by a token, a
// quick query or the rule itself, less those who were contacted of late.
func (w *Web) wholeRule(q *request, f url.Values) (segment.Rule, error) {
	rule, err := w.startRule(q, &selection{token: f.Get("s")}, f)
	if err != nil {
		return rule, err
	}
	rest := readRest(f)
	if rest.Bad {
		return rule, fmt.Errorf("%w: days without a message", fault.ErrInvalid)
	}
	return rest.narrow(rule), nil
}

// allBut takes people out of a rule by hand. A list joined by "all" takes the exception in, so
// that it nests no deeper.
func allBut(r segment.Rule, unticked []int64) segment.Rule {
	if len(unticked) == 0 {
		return r
	}
	but := segment.Condition("learner", segment.OpNotIn, unticked, "")
	if r.All != nil {
		if len(r.All) == 0 {
			return r // nobody less somebody is nobody
		}
		return segment.Group("all", append(slices.Clone(r.All), but)...)
	}
	return segment.Group("all", r, but)
}

// personIDs reads ids, each once, in order.
func personIDs(texts []string) ([]int64, error) {
	if len(texts) > segment.MaxList {
		return nil, fmt.Errorf("%w: too many people ticked by hand", fault.ErrInvalid)
	}
	ids := make([]int64, 0, len(texts))
	for _, t := range texts {
		id, err := strconv.ParseInt(t, 10, 64)
		if err != nil || id < 1 {
			return nil, fmt.Errorf("%w: id of a person", fault.ErrInvalid)
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// selection is the state of the audience page as its address carries it.
type selection struct {
	draft   *draft
	base    segment.Rule  // the rule that conditions may refer to, when there is a token or a query
	token   string        // of a stored rule
	saved   segment.Saved // the quick query that was opened; its ID is 0 when there is none
	sort    segment.Sort
	size    int
	after   string
	page    int
	known   int64 // the total as the page before counted it; -1: not known
	all     bool  // every result is ticked
	rest    rest
	columns []string
	forKey  string // of the draft whose people are being changed; empty: none
	edited  bool   // an action of the form changed the tree
}

var sizes = []int{20, 50, 100}

// maxQuery is the longest rule that an address carries; longer ones are stored.
const maxQuery = 1500

// sound reports whether everything that was typed counts.
func (s selection) sound(r ruling) bool { return r.sound() && !s.rest.Bad }

// readSelection reads what is asked for: a form, a stored rule, a quick query, a rule in the
// address, or nothing.
func (w *Web) readSelection(q *request, v url.Values) (selection, error) {
	env, err := w.env(q)
	if err != nil {
		return selection{}, err
	}
	s := selection{token: v.Get("s"), sort: segment.Sort(v.Get("sort")), after: v.Get("after"), all: v.Get("all") == "1",
		rest: readRest(v), columns: readColumns(v), forKey: v.Get("draft")}
	if !slices.Contains(segment.Sorts(), s.sort) {
		s.sort = segment.Sorts()[0]
	}
	if s.size, _ = strconv.Atoi(v.Get("size")); !slices.Contains(sizes, s.size) {
		s.size = sizes[0]
	}
	s.page, _ = strconv.Atoi(v.Get("page"))
	s.page = min(max(s.page, 1), 1_000_000)
	if s.known, err = strconv.ParseInt(v.Get("n"), 10, 64); err != nil || s.known < 0 {
		s.known = -1
	}
	rule, err := w.startRule(q, &s, v)
	if err != nil {
		return s, err
	}
	if word, _ := rule.Members(); word == "" {
		rule = segment.Group("all", rule)
	}
	if !hasDraft(v) {
		s.draft = draftOf(rule, env.Catalog, minorDigits(w.Currency))
		return s, nil
	}
	if s.draft, err = decodeDraft(v, env.Catalog, s.base); err != nil {
		return s, err
	}
	s.edited = act(s.draft, v, env.Catalog)
	return s, nil
}

// startRule gives the rule that a page begins with, before anything typed into its form.
func (w *Web) startRule(q *request, s *selection, v url.Values) (rule segment.Rule, err error) {
	switch {
	case s.token != "":
		if s.base, err = w.Segments.Selection(q.ctx(), s.token); err != nil {
			return rule, err
		}
		q.allow(s.base)
		return s.base, nil
	case v.Get("query") != "":
		if s.saved, err = w.queryRule(q, v.Get("query")); err != nil {
			return rule, err
		}
		s.base = s.saved.Rule
		q.allow(s.base)
		return s.base, nil
	case v.Get("q") != "":
		return w.ruleOf(q, v.Get("q"))
	}
	return segment.Everyone(), nil
}

// ruleOf reads a rule from an address. What names a person is never taken from there.
//
// Errors: fault.ErrInvalid, around a *segment.RuleError where it is about a condition.
func (w *Web) ruleOf(q *request, text string) (segment.Rule, error) {
	env, err := w.env(q)
	if err != nil {
		return segment.Rule{}, err
	}
	rule, err := segment.Parse([]byte(text))
	if err == nil {
		_, err = segment.Compile(rule, env)
	}
	if err != nil {
		return rule, badRule{rule, err}
	}
	if namesPeople(rule, env.Catalog) {
		return rule, fmt.Errorf("%w: %w", fault.ErrInvalid, errNamesPeople)
	}
	return rule, nil
}

// namesPeople reports whether a rule holds ids of people, or values that may name one.
func namesPeople(r segment.Rule, cat segment.Catalog) bool {
	if r.Field == "learner" || private(r.Field, cat) {
		return true
	}
	_, members := r.Members()
	return slices.ContainsFunc(members, func(m segment.Rule) bool { return namesPeople(m, cat) })
}

// private reports whether a field's values may name a person. What a field of the host's own was
// that is not there any more cannot be known.
func private(field string, cat segment.Catalog) bool {
	f, known := cat[field]
	return f.Private || !known && strings.HasPrefix(field, "custom.")
}

// address is the page's state as parameters: the rule itself where it is short and names nobody,
// else a token under which it is stored.
func (w *Web) address(q *request, s *selection, ruled ruling) (url.Values, error) {
	env, err := w.env(q)
	if err != nil {
		return nil, err
	}
	v := s.view()
	text := canonical(ruled.Rule)
	switch {
	case s.token != "" && text == canonical(s.base):
		v.Set("s", s.token)
	case s.saved.ID != 0 && text == canonical(s.base):
		v.Set("query", strconv.FormatInt(int64(s.saved.ID), 10))
	case text == canonical(segment.Everyone()):
	case len(text) <= maxQuery && !namesPeople(ruled.Rule, env.Catalog) && parses(text):
		v.Set("q", text)
	default:
		token, err := w.Segments.Select(q.ctx(), ruled.Rule)
		if err != nil {
			return nil, err
		}
		v.Set("s", token)
	}
	return v, nil
}

// parses reports whether a rule is one that an address may bring: not one that was wrapped deeper.
func parses(text string) bool {
	_, err := segment.Parse([]byte(text))
	return err == nil
}

// view is how the people are shown, as parameters; what is usual is left out.
func (s selection) view() url.Values {
	v := values("sort", string(s.sort), "size", strconv.Itoa(s.size), "cols", columnsParam(s.columns), "draft", s.forKey)
	if s.sort == segment.Sorts()[0] {
		v.Del("sort")
	}
	if s.size == sizes[0] {
		v.Del("size")
	}
	if s.rest.On {
		v.Set("x", s.rest.Text)
	}
	return v
}

// fields is how the people are shown, for forms that keep it.
func (s selection) fields() viewFields {
	return viewFields{Sort: s.sort, Size: s.size, Columns: columnsParam(s.columns), Draft: s.forKey}
}

// act does what the form's button asks for. No field or button may be called like a method of a
// form ("remove", "submit"): in a browser it would hide that method.
func act(d *draft, v url.Values, cat segment.Catalog) bool {
	fresh := func() *draft { n := newLeaf(cat[firstField(cat)]); n.Fresh = true; return n }
	place := func(name string) (*draft, bool) {
		g := d.find(strings.TrimPrefix(v.Get(name), "."))
		return g, v.Has(name) && g != nil && g.group()
	}
	if g, ok := place("add"); ok && d.leaves() < segment.MaxLeaves {
		g.Kids = append(g.Kids, fresh())
		return true
	}
	if g, ok := place("addgroup"); ok && d.leaves() < segment.MaxLeaves {
		g.Kids = append(g.Kids, &draft{Word: "any", Kids: []*draft{fresh()}})
		return true
	}
	if path := v.Get("cut"); path != "" {
		d.remove(path)
		return true
	}
	if path, rest, ok := strings.Cut(v.Get("drop"), ":"); ok {
		part, value, _ := strings.Cut(rest, ":")
		if c := d.find(path); c != nil && !c.group() {
			c.setChosen(part, slices.DeleteFunc(slices.Clone(c.chosen(part)), func(s string) bool { return s == value }))
		}
		return true
	}
	if path, part, _ := strings.Cut(v.Get("pick"), ":"); path != "" {
		if c := d.find(path); c != nil && !c.group() {
			c.Open = cmp.Or(part, valuePart)
		}
	}
	return false
}

// firstField is what a new condition asks about: a field that needs no list, and that most
// queries ask about.
func firstField(cat segment.Catalog) string {
	if _, ok := cat["last_login"]; ok {
		return "last_login"
	}
	return cat.Fields()[0].Key
}

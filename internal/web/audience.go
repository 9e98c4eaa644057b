package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type audiencePage struct {
	Frame
	Builder builderView
	Panel   panelView
	Table   tableView
}

// panelView says how large the audience is.
type panelView struct {
	Counts segment.Counts
	Failed bool // could not be counted; the conditions are kept
	Retry  string
	Bad    int // conditions that are left out
	Nobody bool
	Say    string
	Updates
}

// Updates are the parts that htmx replaces beside the one it asked for.
type Updates struct {
	Counts []countView
	Chips  []chipsView
}

// selection is the state of the page as its address carries it.
type selection struct {
	draft  *draft
	base   segment.Rule // the stored rule, when there is a token
	token  string
	sort   segment.Sort
	size   int
	after  string
	page   int
	known  int64 // the total as the page before counted it; -1: not known
	all    bool  // every result is ticked
	edited bool  // an action of the form changed the tree
}

var sizes = []int{20, 50, 100}

// maxQuery is the longest rule that an address carries; longer ones are stored.
const maxQuery = 1500

func (w *Web) audience(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	sel, err := w.readSelection(q, q.r.Form)
	if err != nil {
		return err
	}
	cat, digits := w.Segments.Catalog(), minorDigits(w.Currency)
	ruled := sel.draft.rule(w.Segments, cat, digits)
	address, err := w.address(q, &sel, ruled)
	if err != nil {
		return err
	}
	if q.hx() && q.target() == "aud-table" {
		table, err := w.table(q, sel, ruled, address, segment.Counts{Matched: sel.known})
		if err != nil {
			return err
		}
		table.Fragment = true
		return w.render(q, http.StatusOK, "audience#aud-table", table)
	}
	if !q.hx() && hasDraft(q.r.Form) && (ruled.sound() && !opened(sel.draft) || sel.edited && q.r.Method == http.MethodGet) {
		// What a form without htmx sent becomes an address that can be kept, reloaded and shared.
		if ruled.sound() && !opened(sel.draft) {
			return q.redirect(w.paths.Audience(address))
		}
		form := encodeDraft(sel.draft)
		carry(form, address)
		return q.redirect(w.paths.Audience(form))
	}
	return w.showAudience(q, sel, ruled, address)
}

// carry adds a selection's own parameters to a form's.
func carry(form, address url.Values) {
	for _, k := range []string{"s", "sort", "size"} {
		if v := address.Get(k); v != "" {
			form.Set(k, v)
		}
	}
}

func opened(d *draft) bool {
	open := false
	d.walk("", 1, func(_ string, _ int, d *draft) { open = open || d.Open })
	return open
}

// readSelection reads what is asked for: a form, a stored rule, a rule in the address, or nothing.
func (w *Web) readSelection(q *request, v url.Values) (selection, error) {
	cat, digits := w.Segments.Catalog(), minorDigits(w.Currency)
	s := selection{token: v.Get("s"), sort: segment.Sort(v.Get("sort")), after: v.Get("after"), all: v.Get("all") == "1"}
	if !slices.Contains(segment.Sorts(), s.sort) {
		s.sort = segment.Sorts()[0]
	}
	if s.size, _ = strconv.Atoi(v.Get("size")); !slices.Contains(sizes, s.size) {
		s.size = sizes[0]
	}
	s.page, _ = strconv.Atoi(v.Get("page"))
	s.page = min(max(s.page, 1), 1_000_000)
	rule := segment.Everyone()
	var err error
	if s.known, err = strconv.ParseInt(v.Get("n"), 10, 64); err != nil || s.known < 0 {
		s.known = -1
	}
	switch {
	case s.token != "":
		if rule, err = w.Segments.Selection(q.ctx(), s.token); err != nil {
			return s, err
		}
		s.base = rule
	case v.Get("q") != "":
		if rule, err = segment.Parse([]byte(v.Get("q"))); err != nil {
			return s, fmt.Errorf("%w: %w", fault.ErrInvalid, err)
		}
		if hasPeople(rule) { // ids of people are never taken from an address
			return s, fault.ErrInvalid
		}
	}
	if word, _ := rule.Members(); word == "" {
		rule = segment.Group("all", rule)
	}
	if !hasDraft(v) {
		s.draft = draftOf(rule, cat, digits)
		return s, nil
	}
	if s.draft, err = decodeDraft(v, cat, s.base); err != nil {
		return s, err
	}
	s.edited = act(s.draft, v, cat)
	return s, nil
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
	if path, value, ok := strings.Cut(v.Get("drop"), ":"); ok {
		if c := d.find(path); c != nil {
			c.Values = slices.DeleteFunc(slices.Clone(c.Values), func(s string) bool { return s == value })
		}
		return true
	}
	if path := v.Get("pick"); path != "" {
		if c := d.find(path); c != nil {
			c.Open = true
		}
	}
	return false
}

// firstField is what a new condition asks about: the first field that needs no list.
func firstField(cat segment.Catalog) string {
	for _, f := range cat.Fields() {
		if f.Type == segment.Time {
			return f.Key
		}
	}
	return cat.Fields()[0].Key
}

func hasPeople(r segment.Rule) bool {
	if r.Field == "learner" {
		return true
	}
	_, members := r.Members()
	return slices.ContainsFunc(members, hasPeople)
}

// address is the page's state as parameters: the rule itself where it is short and names nobody,
// else a token under which it is stored.
func (w *Web) address(q *request, s *selection, ruled ruling) (url.Values, error) {
	v := values("sort", string(s.sort), "size", strconv.Itoa(s.size))
	if s.sort == segment.Sorts()[0] {
		v.Del("sort")
	}
	if s.size == sizes[0] {
		v.Del("size")
	}
	text := canonical(ruled.Rule)
	switch {
	case text == canonical(segment.Everyone()):
	case s.token != "" && text == canonical(s.base):
		v.Set("s", s.token)
	case len(text) <= maxQuery && !hasPeople(ruled.Rule):
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

// showAudience counts, lists and draws.
func (w *Web) showAudience(q *request, sel selection, ruled ruling, address url.Values) error {
	p := audiencePage{Frame: w.frame(q, "audience.title", "audience")}
	p.Fresh.OOB = q.hx()
	counts, err := w.Segments.Count(q.ctx(), ruled.Rule)
	switch {
	case errors.Is(err, fault.ErrUnavailable):
		p.Panel.Failed, p.Panel.Retry = true, w.paths.Audience(address)
	case err != nil:
		return err
	}
	p.Panel.Counts, p.Panel.Bad, p.Panel.Nobody = counts, len(ruled.Bad), len(ruled.Order) == 0
	b := &builder{l: w.locale(q), paths: w.paths, cat: w.Segments.Catalog(), bad: ruled.Bad, counts: countsByPath(ruled, counts),
		lists: newLists(q.ctx(), w.locale(q), w.Segments)}
	if p.Panel.Failed {
		b.counts = nil
	}
	if p.Panel.Say, err = b.say(ruled.Rule); err != nil {
		return err
	}
	root, err := b.group("", 1, sel.draft)
	if err != nil {
		return err
	}
	outline := hash(sel.draft.outline(ruled.Bad))
	p.Builder = builderView{Root: root, Outline: outline, Token: address.Get("s"), Sort: sel.sort, Size: sel.size,
		Large: len(encodeDraft(sel.draft).Encode()) > 2*maxQuery, Clear: w.paths.Audience(values("q", `{"all":[]}`))}
	if p.Builder.Token == "" && hasReference(sel.draft) {
		p.Builder.Token = sel.token
	}
	if p.Table, err = w.table(q, sel, ruled, address, counts); err != nil {
		return err
	}
	if p.Table.Zero, err = b.sayZero(ruled, counts); err != nil {
		return err
	}
	if !q.hx() {
		return w.render(q, http.StatusOK, "audience", p)
	}
	p.Table.OOB = true
	p.Builder.OOB = sel.edited || outline != q.r.Form.Get("outline")
	collect(root, &p.Panel.Updates)
	if ruled.sound() {
		q.w.Header().Set("HX-Push-Url", w.paths.Audience(address))
	}
	return w.render(q, http.StatusOK, "audience#aud-update", p)
}

func hasReference(d *draft) bool {
	found := false
	d.walk("", 1, func(_ string, _ int, d *draft) { found = found || d.Ref != "" })
	return found
}

func countsByPath(r ruling, c segment.Counts) map[string]int64 {
	out := map[string]int64{"": c.Matched}
	for i, path := range r.Order {
		if i < len(c.Members) && c.Members[i] >= 0 {
			out[path] = c.Members[i]
		}
	}
	return out
}

// collect gathers the counts and chips of a tree, to replace them where they stand.
func collect(g *groupView, u *Updates) {
	add := func(c countView) { c.OOB = true; u.Counts = append(u.Counts, c) }
	add(g.Count)
	for _, k := range g.Kids {
		if k.Group != nil {
			collect(k.Group, u)
			continue
		}
		add(k.Cond.Count)
		if k.Cond.Shape == shapeList {
			k.Cond.Chips.OOB = true
			u.Chips = append(u.Chips, k.Cond.Chips)
		}
	}
}

// choices answers the search of a picker.
func (w *Web) choices(q *request) error {
	v := q.r.URL.Query()
	f, ok := w.Segments.Catalog()[v.Get("field")]
	path := v.Get("path")
	if _, _, named := fieldName("c." + path + ".s"); !ok || !named || f.Type == segment.IDs {
		return fault.ErrNotFound
	}
	b := &builder{l: w.locale(q), paths: w.paths, cat: w.Segments.Catalog(), lists: newLists(q.ctx(), w.locale(q), w.Segments)}
	picker, err := b.picker(path, f, &draft{Field: f.Key, Values: v["c."+path+".v"], Search: strings.TrimSpace(v.Get("c." + path + ".s"))})
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "audience#picker-items", picker)
}

func (w *Web) maySend(q *request) bool { return q.may(hostadapter.PermCampaignSend) }

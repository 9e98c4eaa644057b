package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

type audiencePage struct {
	Frame
	Open    openQuery
	MayEdit bool
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
	Rest   rest
	Post   bool // as the form beside it
	Updates
}

// Updates are the parts that htmx replaces beside the one it asked for.
type Updates struct {
	Counts []countView
	Chips  []chipsView
}

func (w *Web) audience(q *request) error {
	if err := q.parse(); err != nil {
		return err
	}
	v := q.r.Form
	sel, err := w.readSelection(q, v)
	if err != nil {
		return w.explainRule(q, err)
	}
	env, err := w.env(q)
	if err != nil {
		return err
	}
	ruled := sel.draft.rule(env, minorDigits(w.Currency))
	address, err := w.address(q, &sel, ruled)
	if err != nil {
		return err
	}
	switch {
	case q.hx() && q.target() == "aud-table":
		return w.showTable(q, sel, ruled, address)
	case q.hx():
	case hasDraft(v) && sel.sound(ruled) && !opened(sel.draft):
		// What a form without htmx sent becomes an address that can be kept, reloaded and shared.
		return q.redirect(w.paths.Audience(address))
	case hasDraft(v) && sel.edited && q.r.Method == http.MethodGet && !sel.draft.private(env.Catalog):
		return q.redirect(w.paths.Audience(formAddress(sel, address)))
	case v.Has("pick_cols"):
		return q.redirect(w.paths.Audience(address))
	}
	return w.showAudience(q, sel, ruled, address)
}

// formAddress is the page's state with conditions that are not a rule yet.
func formAddress(sel selection, address url.Values) url.Values {
	form := encodeDraft(sel.draft)
	for _, k := range []string{"s", "query", "sort", "size", "cols", "draft"} {
		if v := address.Get(k); v != "" {
			form.Set(k, v)
		}
	}
	form.Set("x", sel.rest.Text)
	if sel.rest.On {
		form.Set("rest", "1")
	}
	return form
}

func opened(d *draft) bool {
	open := false
	d.walk("", 1, func(_ string, _ int, d *draft) { open = open || d.Open != "" })
	return open
}

// found is what the store said about an audience.
type found struct {
	counts   segment.Counts
	page     segment.Page
	uncount  bool // it could not be counted in time
	unlisted bool // nor listed
}

// find counts and lists. A list is quick where a count is not, so that it is shown without one.
func (w *Web) find(q *request, sel selection, ruled ruling) (out found, err error) {
	ask := segment.Query{Rule: ruled.Rule, Sort: sel.sort, After: sel.after, Limit: sel.size, Parts: true, Rest: sel.rest.Days}
	out.counts, out.page, err = w.Segments.Audience(q.ctx(), ask)
	if !errors.Is(err, fault.ErrUnavailable) {
		return out, err
	}
	out.uncount, out.counts = true, segment.Counts{Matched: -1}
	out.page, out.unlisted, err = w.list(q, sel, ruled)
	return out, err
}

// list gives the page of people alone; failed: it did not come in time.
func (w *Web) list(q *request, sel selection, ruled ruling) (page segment.Page, failed bool, err error) {
	page, err = w.Segments.List(q.ctx(), segment.Query{Rule: ruled.Rule, Sort: sel.sort, After: sel.after, Limit: sel.size, Rest: sel.rest.Days, Known: max(sel.known, 0)})
	if errors.Is(err, fault.ErrUnavailable) {
		return page, true, nil
	}
	return page, false, err
}

// showAudience counts, lists and draws.
func (w *Web) showAudience(q *request, sel selection, ruled ruling, address url.Values) error {
	f, err := w.find(q, sel, ruled)
	if err != nil {
		return err
	}
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	b.bad = ruled.Bad
	if !f.uncount {
		b.counts = countsByPath(ruled, f.counts)
	}
	root, err := b.group("", 1, sel.draft)
	if err != nil {
		return err
	}
	p := audiencePage{Frame: w.frame(q, "audience.title", "audience"), Table: w.table(q, sel, ruled, address, f)}
	p.Fresh.OOB = q.hx()
	p.MayEdit = q.may(hostadapter.PermSegmentEdit)
	p.Open = w.openQueryOf(q, sel, ruled, address)
	p.Builder = w.builderView(b, sel, ruled, address, root)
	p.Builder.Save = p.Open
	p.Builder.Save.OOB = false // it comes within
	p.Panel = panelView{Counts: f.counts, Failed: f.uncount, Retry: w.paths.Audience(address), Bad: len(ruled.Bad), Nobody: len(ruled.Order) == 0,
		Rest: sel.rest, Post: p.Builder.Post}
	if p.Panel.Say, err = b.sayAudience(ruled.Rule, sel.rest); err != nil {
		return err
	}
	if p.Table.Zero, err = b.sayZero(ruled, f.counts); err != nil {
		return err
	}
	if !q.hx() {
		return w.render(q, http.StatusOK, "audience", p)
	}
	p.Table.OOB = true
	p.Builder.OOB = sel.edited || p.Builder.Outline != q.r.Form.Get("outline")
	collect(root, &p.Panel.Updates)
	if sel.sound(ruled) {
		q.w.Header().Set("HX-Push-Url", w.paths.Audience(address))
	}
	return w.render(q, http.StatusOK, "audience#aud-update", p)
}

func (w *Web) builderView(b *builder, sel selection, ruled ruling, address url.Values, root *groupView) builderView {
	v := builderView{Root: root, Token: address.Get("s"), View: sel.fields(),
		Post: sel.draft.private(b.cat) || len(encodeDraft(sel.draft).Encode()) > 2*maxQuery}
	v.Outline = hash(fmt.Sprint(sel.draft.outline(ruled.Bad), v.Post))
	if v.Token == "" && hasReference(sel.draft) {
		v.Token = sel.token
	}
	if v.Token == "" {
		v.Query = sel.saved.ID
	}
	return v
}

func hasReference(d *draft) bool {
	found := false
	d.walk("", 1, func(_ string, _ int, d *draft) { found = found || d.Ref != "" })
	return found
}

// countsByPath gives the counts of the tree's parts. The whole is the rule's own count, before
// anybody is left out who was contacted of late.
func countsByPath(r ruling, c segment.Counts) map[string]int64 {
	out := map[string]int64{"": c.Matched + c.Rested}
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
		for _, p := range k.Cond.picks() {
			p.Chips.OOB = true
			u.Chips = append(u.Chips, p.Chips)
		}
	}
}

// choices answers the search of a picker.
func (w *Web) choices(q *request) error {
	v := q.r.URL.Query()
	b, err := w.builder(q)
	if err != nil {
		return err
	}
	f, ok := b.cat[v.Get("field")]
	path, part := v.Get("path"), cmp.Or(v.Get("part"), valuePart)
	_, _, named := fieldName("c." + path + "." + part)
	if n, narrows := narrowingOf(part); narrows && !slices.Contains(f.Narrow, n) || !narrows && part != valuePart {
		ok = false
	}
	if !ok || !named || f.Type == segment.IDs {
		return fault.ErrNotFound
	}
	d := &draft{Field: f.Key, Search: map[string]string{part: strings.TrimSpace(v.Get("c." + path + "." + searchPart(part)))}}
	d.setChosen(part, v["c."+path+"."+part])
	picker, err := b.picker(path, part, f, d)
	if err != nil {
		return err
	}
	return w.render(q, http.StatusOK, "audience#picker-items", picker)
}

func (w *Web) maySend(q *request) bool { return q.may(hostadapter.PermCampaignSend) }

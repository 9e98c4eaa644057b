package web

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// builderView is the tree of conditions as the page draws it.
type builderView struct {
	Save    openQuery
	Root    *groupView
	Outline string // of what is drawn; another one asks for drawing it again
	Token   string // of a stored rule that conditions refer to
	Query   segment.QueryID
	View    viewFields
	Post    bool // too large for a URL, or names somebody: the form is posted
	OOB     bool
}

// viewFields are the hidden fields with which a form keeps how the list is shown.
type viewFields struct {
	Sort    segment.Sort
	Size    int
	Columns string
	Draft   string // whose people are being changed
	OOB     bool
}

// viewField is one of them.
type viewField struct {
	Name, Value string
	OOB         bool
}

func newViewField(oob bool, name string, value any) viewField {
	return viewField{name, fmt.Sprint(value), oob}
}

type groupView struct {
	Path, ID, Name string
	Depth          int
	Word           string
	Count          countView
	Bad            string
	Kids           []nodeView
	MayNest        bool
	OOB            bool
}

type nodeView struct {
	Group *groupView
	Cond  *condView
}

// countView is how many people a part selects by itself.
type countView struct {
	ID    string
	N     int64
	Known bool // false: wrong, or not counted
	Bad   bool
	OOB   bool
}

type condView struct {
	Path, ID, Name string // Name begins the names of its inputs
	Old            string
	Fields         []fieldGroup
	Help           string // a sentence about the field
	Ops            []option
	Units          []option
	Shape          valueShape
	Values         []string
	Suffix         string // what a number counts
	Field          string
	Raw, RawOf     string // what the form cannot show
	Op             segment.Op
	Ref            string
	People         int
	List           *pickView
	Narrow         []*pickView
	Window         *windowView
	Count          countView
	Bad            string
	Fresh          bool
}

// ValueBad reports whether it is the value that is wrong.
func (c *condView) ValueBad() bool { return c.Bad != "" && c.Bad != "period" && c.Bad != "narrow" }

// Keys is the keyboard that suits the value on a phone.
func (c *condView) Keys() string {
	if c.Shape == shapeNumber || c.Shape == shapeNumbers {
		return "numeric"
	}
	return "decimal"
}

// picks lists the condition's pickers.
func (c *condView) picks() []*pickView {
	if c.List == nil {
		return c.Narrow
	}
	return append([]*pickView{c.List}, c.Narrow...)
}

type option struct {
	Value, Label string
	On           bool
}

// fieldGroup is a section of the menu of fields.
type fieldGroup struct {
	Label  string
	Fields []fieldOption
}

type fieldOption struct {
	Value, Label, Help string
	On, Off            bool
}

// windowView is the period by which a field is narrowed.
type windowView struct {
	ID, Name, Mode string
	Modes, Units   []option
	N, From, To    string
	Bad            bool
}

// builder draws drafts in one language.
type builder struct {
	l      *locale
	paths  paths
	cat    segment.Catalog
	counts map[string]int64 // by path; absent: not counted
	bad    map[string]string
	lists  *lists
}

// builder makes one for a request.
func (w *Web) builder(q *request) (*builder, error) {
	env, err := w.env(q)
	if err != nil {
		return nil, err
	}
	l := w.locale(q)
	lists := newLists(q.ctx(), l, w.Segments, func() ([]segment.Saved, error) { return w.saved(q) })
	return &builder{l: l, paths: w.paths, cat: env.Catalog, lists: lists}, nil
}

// env is what rules are read against. Quick queries that the visitor may not see cannot be named,
// but by rules that were stored with them.
func (w *Web) env(q *request) (segment.Env, error) {
	if _, err := w.saved(q); err != nil {
		return segment.Env{}, err
	}
	env := q.env
	env.Hidden = func(id segment.QueryID) bool { return !q.allowed[id] && q.env.Hidden(id) }
	return env, nil
}

// allow lets the visitor's rules name the quick queries that a stored rule names.
func (q *request) allow(stored segment.Rule) {
	if q.allowed == nil {
		q.allowed = map[segment.QueryID]bool{}
	}
	for _, id := range stored.QueryIDs() {
		q.allowed[id] = true
	}
}

func elementID(path string) string {
	if path == "" {
		return "root"
	}
	return strings.ReplaceAll(path, ".", "-")
}

func (b *builder) group(path string, depth int, d *draft) (*groupView, error) {
	g := &groupView{Path: path, ID: elementID(path), Name: "c." + path + ".g", Depth: depth, Word: d.Word,
		Count: b.count(path), Bad: b.bad[path], MayNest: depth < segment.MaxDepth}
	if path == "" {
		g.Name = "g."
	}
	for i, k := range d.Kids {
		var n nodeView
		var err error
		if k.group() {
			n.Group, err = b.group(join(path, i), depth+1, k)
		} else {
			n.Cond, err = b.cond(join(path, i), k)
		}
		if err != nil {
			return nil, err
		}
		g.Kids = append(g.Kids, n)
	}
	return g, nil
}

func (b *builder) count(path string) countView {
	n, ok := b.counts[path]
	return countView{ID: elementID(path), N: n, Known: ok, Bad: b.bad[path] != ""}
}

func (b *builder) cond(path string, d *draft) (*condView, error) {
	c := &condView{Path: path, ID: elementID(path), Name: "c." + path + ".", Field: d.Field, Op: d.Op,
		Count: b.count(path), Bad: b.bad[path], Values: d.Values, Ref: d.Ref, Fresh: d.Fresh}
	if d.Ref != "" {
		var ids []json.RawMessage
		if json.Unmarshal(d.Raw, &ids) == nil {
			c.People = len(ids)
		}
		c.Shape = shapePeople
		return c, nil
	}
	f, known := b.cat[d.Field]
	if d.Raw != nil {
		c.Raw = string(d.Raw)
		if d.RawOf != nil {
			text, err := json.Marshal(d.RawOf)
			if err != nil {
				return nil, err
			}
			c.RawOf = string(text)
		}
	}
	if !known || d.Raw != nil {
		return c, nil
	}
	b.controls(c, f, d)
	return c, b.pickers(c, f, d)
}

// controls fills in the menus of a condition.
func (b *builder) controls(c *condView, f segment.Field, d *draft) {
	c.Old, c.Shape, c.Fields, c.Help = d.shown(f), shape(f, d.Op), b.fieldMenu(d.Field), b.l.text(f.Help)
	for _, op := range f.Ops() {
		c.Ops = append(c.Ops, option{string(op), b.l.TK("op."+string(f.Type), op), op == d.Op})
	}
	c.Units = b.units(d.Op.Units(), unitWords(d.Op), d.Unit)
	if f.Type == segment.Number {
		c.Suffix = b.l.TK("suffix", f.Key)
	}
	if slices.Contains(f.Narrow, segment.ByPeriod) {
		w := d.Window
		c.Window = &windowView{ID: c.ID, Name: c.Name, Mode: w.Mode, N: w.N, From: w.From, To: w.To, Bad: c.Bad == "period",
			Units: b.units(segment.OpInLast.Units(), unitWords(segment.OpInLast), w.Unit)}
		for _, mode := range windowModes() {
			c.Window.Modes = append(c.Window.Modes, option{mode, b.l.TK("window", windowWord(mode)), mode == w.Mode})
		}
	}
}

// windowModes lists the kinds of periods; the first is none.
func windowModes() []string { return []string{"", windowLast, windowDates} }

func windowWord(mode string) string {
	if mode == "" {
		return "any"
	}
	return mode
}

func (b *builder) units(list []segment.Unit, words string, chosen segment.Unit) []option {
	var out []option
	for _, u := range list {
		out = append(out, option{string(u), b.l.TK(words, u), u == chosen})
	}
	return out
}

// unitWords is the prefix of the names of an operator's units: they end its phrase, as in
// "earlier than 30 days ago".
func unitWords(op segment.Op) string {
	switch op {
	case segment.OpOlder:
		return "unit.ago"
	case segment.OpThis:
		return "unit.this"
	case segment.OpPrevious:
		return "unit.previous"
	}
	return "unit.span"
}

// fieldMenu lists the fields by section. What the host lacks is shown with the reason, and cannot
// be chosen; what is chosen can, or the browser would not send it.
func (b *builder) fieldMenu(chosen string) []fieldGroup {
	var out []fieldGroup
	for _, section := range segment.Sections() {
		g := fieldGroup{Label: b.l.TK("section", section)}
		for _, f := range b.cat.Fields() {
			if f.Section != section || f.Type == segment.IDs { // people are chosen in the list, not here
				continue
			}
			o := fieldOption{Value: f.Key, Label: b.l.label(f), Help: b.l.text(f.Help), On: f.Key == chosen}
			if f.Lacking {
				o.Label, o.Off = b.l.T("cond.lacking", o.Label, b.l.TK("lacking", f.Needs)), !o.On
			}
			g.Fields = append(g.Fields, o)
		}
		if len(g.Fields) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// label names a field.
func (l *locale) label(f segment.Field) string { return l.text(f.Label) }

// text gives a text of the catalogue.
func (l *locale) text(t segment.Text) string {
	if l.lang == en {
		return t.En
	}
	return t.Zh
}

func hash(s string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	return strconv.FormatUint(h.Sum64(), 36)
}

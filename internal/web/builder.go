package web

import (
	"encoding/json"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// builderView is the tree of conditions as the page draws it.
type builderView struct {
	Root    *groupView
	Outline string // of what is drawn; another one asks for drawing it again
	Token   string // of a stored rule that conditions refer to
	Sort    segment.Sort
	Size    int
	Large   bool // too large for a URL: the form is posted
	Clear   string
	OOB     bool
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
	Fields         []option
	Ops            []option
	Units          []option
	Shape          valueShape
	Values         []string
	Suffix         string // message of the unit behind a number
	Field, Raw     string
	Op             segment.Op
	Ref            string
	People         int
	Choices        segment.Choices
	Chips          chipsView
	Picker         pickerView
	Count          countView
	Bad            string
	Fresh          bool
}

type option struct {
	Value, Label string
	On           bool
}

// chipsView shows the chosen values of a list.
type chipsView struct {
	ID, Path string
	Chips    []chip
	OOB      bool
}

type chip struct {
	Value, Label string
	Gone         bool // the course or tag is not there any more
}

// pickerView is the list to choose from.
type pickerView struct {
	ID, Path, Name string
	URL            string // searches
	Search         string
	Open           bool
	Searchable     bool
	Items          []pickerItem
	More           bool // there are others; searching finds them
}

type pickerItem struct {
	Value, Label, Note string
	On                 bool
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
	if d.Raw != nil && d.Ref == "" {
		c.Raw = string(d.Raw)
	}
	f, known := b.cat[d.Field]
	if d.Ref != "" {
		var ids []json.RawMessage
		if json.Unmarshal(d.Raw, &ids) == nil {
			c.People = len(ids)
		}
		c.Shape = shapePeople
		return c, nil
	}
	if !known || d.Raw != nil {
		return c, nil
	}
	c.Old, c.Shape = d.shown(f), shape(f, d.Op)
	for _, other := range b.cat.Fields() {
		if other.Type != segment.IDs { // people are chosen in the list, not here
			c.Fields = append(c.Fields, option{other.Key, b.l.label(other), other.Key == d.Field})
		}
	}
	for _, op := range f.Ops() {
		c.Ops = append(c.Ops, option{string(op), b.l.TK("op."+string(f.Type), op), op == d.Op})
	}
	for _, u := range segment.Units() {
		c.Units = append(c.Units, option{string(u), b.l.TK("span", u), u == d.Unit})
	}
	if f.Type == segment.Number {
		c.Suffix = b.l.TK("suffix", f.Key)
	}
	if c.Shape != shapeList {
		return c, nil
	}
	c.Choices = f.Choices
	var err error
	if c.Chips, err = b.chips(path, f, d); err != nil {
		return nil, err
	}
	c.Picker, err = b.picker(path, f, d)
	return c, err
}

func (b *builder) chips(path string, f segment.Field, d *draft) (chipsView, error) {
	out := chipsView{ID: elementID(path), Path: path}
	labels, err := b.lists.labels(f.Choices, d.Values)
	if err != nil {
		return out, err
	}
	for _, v := range d.Values {
		label, ok := labels[v]
		if !ok {
			label = b.l.T("cond.value_gone", v)
		}
		out.Chips = append(out.Chips, chip{v, label, !ok})
	}
	return out, nil
}

// pickerLimit is how many values a list shows at once; the others are found by searching.
const pickerLimit = 50

func (b *builder) picker(path string, f segment.Field, d *draft) (pickerView, error) {
	p := pickerView{ID: elementID(path), Path: path, Name: "c." + path + ".", URL: b.paths.Choices(values("field", f.Key, "path", path)), Search: d.Search, Open: d.Open,
		Searchable: f.Choices == segment.TagChoices || f.Choices == segment.OfferingChoices}
	found, err := b.lists.choices(f.Choices, d.Search)
	if err != nil {
		return p, err
	}
	labels, err := b.lists.labels(f.Choices, d.Values)
	if err != nil {
		return p, err
	}
	for _, v := range d.Values { // what is chosen stays in the form, found or not
		item := pickerItem{Value: v, Label: labels[v], On: true}
		if item.Label == "" {
			item.Label = b.l.T("cond.value_gone", v)
		}
		for _, c := range found {
			if c.Value == v {
				item.Note = c.Note
			}
		}
		p.Items = append(p.Items, item)
	}
	for _, c := range found {
		if !slices.Contains(d.Values, c.Value) {
			p.Items = append(p.Items, pickerItem{c.Value, c.Label, c.Note, false})
		}
	}
	p.More = len(found) >= pickerLimit
	return p, nil
}

// label names a field.
func (l *locale) label(f segment.Field) string {
	if l.lang == en {
		return f.Label.En
	}
	return f.Label.Zh
}

func hash(s string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // never fails
	return strconv.FormatUint(h.Sum64(), 36)
}

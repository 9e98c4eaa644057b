package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// draft is a tree of conditions as it was typed: unlike a segment.Rule it can hold what is wrong
// or not finished, so that nothing a person typed is lost. Either Word is set (a group) or Field.
type draft struct {
	Word string // "all", "any", "none"
	Kids []*draft

	Field  string
	Op     segment.Op
	Values []string // as typed; money in major units, two for a span
	Unit   segment.Unit
	Of     map[segment.Narrowing][]string // chosen values that narrow the field
	Window window                         // the period that narrows it

	Search map[string]string // by part: what was typed into its picker
	Open   string            // the part whose picker is open
	Fresh  bool              // just added: the cursor goes there

	// Raw is a value that the form cannot show, with RawOf. It travels as it is, but for people's
	// ids, which stay on the server: Ref is then the condition's place in the stored rule.
	Raw   json.RawMessage
	RawOf *segment.Of
	Ref   string
}

func (d *draft) group() bool { return d.Word != "" }

// leaf is a new condition, complete so that it does what it shows.
func newLeaf(f segment.Field) *draft {
	d := &draft{Field: f.Key, Op: f.Ops()[0]}
	d.defaults(f)
	return d
}

// defaults fills in a value that fits the operator.
func (d *draft) defaults(f segment.Field) {
	d.Values, d.Unit, d.Raw, d.RawOf, d.Ref = nil, "", nil, nil, ""
	switch shape(f, d.Op) {
	case shapeSpan:
		d.Values, d.Unit = []string{"30"}, segment.Day
	case shapeCalendar:
		d.Unit = d.Op.Units()[0]
	case shapeNumber, shapeReal:
		d.Values = []string{"0"}
		if len(f.Narrow) > 0 && d.Op == segment.OpGe { // at least none is everybody
			d.Values = []string{"1"}
		}
	case shapeMoney:
		d.Values = []string{"100"}
	}
	d.tidy(f)
}

// shown names the control that a condition's value is typed into.
func (d *draft) shown(f segment.Field) string { return d.Field + " " + string(shape(f, d.Op)) }

// draftOf shows a rule. Values that do not fit are shown as they are.
func draftOf(r segment.Rule, cat segment.Catalog, digits int) *draft {
	return draftAt("", r, cat, digits)
}

func draftAt(path string, r segment.Rule, cat segment.Catalog, digits int) *draft {
	if word, members := r.Members(); word != "" {
		d := &draft{Word: word}
		for i, m := range members {
			d.Kids = append(d.Kids, draftAt(join(path, i), m, cat, digits))
		}
		return d
	}
	d := &draft{Field: r.Field, Op: r.Op, Unit: r.Unit}
	f, known := cat[r.Field]
	switch {
	case !known || !slices.Contains(f.Ops(), r.Op) || !narrowsAs(f, r.Of):
		d.Raw, d.RawOf = r.Value, r.Of
		if d.Raw == nil {
			d.Raw = json.RawMessage("null")
		}
	case f.Type == segment.IDs:
		d.Raw, d.Ref = r.Value, "@"+path
	default:
		d.Values = texts(r.Value, shape(f, r.Op), digits)
		d.tidy(f)
		d.Of, d.Window = narrowed(r.Of)
	}
	return d
}

func join(path string, i int) string {
	if path == "" {
		return strconv.Itoa(i)
	}
	return path + "." + strconv.Itoa(i)
}

// find gives the part at a path; nil when there is none.
func (d *draft) find(path string) *draft {
	if path == "" {
		return d
	}
	first, rest, _ := strings.Cut(path, ".")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(d.Kids) {
		return nil
	}
	return d.Kids[i].find(rest)
}

// remove takes out the part at a path, and groups that become empty by it; the root stays.
func (d *draft) remove(path string) {
	first, rest, deeper := strings.Cut(path, ".")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(d.Kids) {
		return
	}
	if deeper {
		d.Kids[i].remove(rest)
		if len(d.Kids[i].Kids) > 0 || !d.Kids[i].group() {
			return
		}
	}
	d.Kids = slices.Delete(d.Kids, i, i+1)
}

// walk visits the tree, parents first.
func (d *draft) walk(path string, depth int, visit func(path string, depth int, d *draft)) {
	visit(path, depth, d)
	for i, k := range d.Kids {
		k.walk(join(path, i), depth+1, visit)
	}
}

// leaves counts the conditions.
func (d *draft) leaves() int {
	n := 0
	d.walk("", 1, func(_ string, _ int, d *draft) {
		if !d.group() {
			n++
		}
	})
	return n
}

// outline tells two trees apart that need different controls; values do not count.
func (d *draft) outline(bad map[string]string) string {
	var b strings.Builder
	d.walk("", 1, func(path string, _ int, d *draft) {
		fmt.Fprintf(&b, "%s %s %s %s %s %s %s;", path, d.Word, d.Field, d.Op, bad[path], d.Ref, d.Window.Mode)
	})
	return b.String()
}

// private reports whether a condition asks about what may name a person: its form is posted, so
// that nobody's name stands in an address.
func (d *draft) private(cat segment.Catalog) bool {
	found := false
	d.walk("", 1, func(_ string, _ int, d *draft) { found = found || private(d.Field, cat) })
	return found
}

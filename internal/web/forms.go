package web

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
)

// A tree of conditions travels as form fields whose names carry the place in the tree:
//
//	g.=all                  the word of the root
//	c.1.g=any               the second member is a group
//	c.1.0.f=last_login      the field of its first member
//	c.1.0.o=last_login span the field and shape of value that the form showed; others reset it
//	c.1.0.op=in_last  .v=30 (repeated for lists; the second of a span)  .u=day
//	c.1.0.s=…               the search of the value's picker
//	c.1.0.ty=view           narrowings (repeated): .ty .of .ca .tg .ch .cp, their searches .sty …
//	c.1.0.w=last .wn=14 .wu=day, or .w=dates .wf=… .wt=…   the period
//	c.1.0.r=… .ro=…  .ref=@…  a value that the form cannot show, or its place in the stored rule

// maxFormNodes bounds a tree before it is built; rules have limits of their own.
const maxFormNodes = 1000

var errTooManyNodes = errors.New("too many conditions")

// hasDraft reports whether a form carries conditions.
func hasDraft(v url.Values) bool { return v.Has("g.") }

// decodeDraft reads the tree of a form. Operators that do not fit their field become its usual
// one, as when another field was just chosen.
func decodeDraft(v url.Values, cat segment.Catalog, base segment.Rule) (*draft, error) {
	root := &draft{Word: groupWord(v.Get("g."))}
	type node struct {
		path  []int
		parts url.Values
	}
	nodes := map[string]*node{}
	for name, list := range v {
		path, part, ok := fieldName(name)
		if !ok {
			continue
		}
		key := pathKey(path)
		if nodes[key] == nil {
			if len(nodes) >= maxFormNodes {
				return nil, errors.Join(fault.ErrInvalid, errTooManyNodes)
			}
			nodes[key] = &node{path, url.Values{}}
		}
		nodes[key].parts[part] = list
	}
	order := make([]*node, 0, len(nodes))
	for _, n := range nodes {
		order = append(order, n)
	}
	slices.SortFunc(order, func(a, b *node) int { return slices.Compare(a.path, b.path) })
	// Sorted, a parent stands right before its members. Numbers may have gaps; members close up.
	places := map[string]*draft{"": root}
	for _, n := range order {
		parent := places[pathKey(n.path[:len(n.path)-1])]
		if parent == nil || !parent.group() {
			continue // an orphan: not made by our forms
		}
		d := decodeNode(n.parts, cat, base)
		parent.Kids = append(parent.Kids, d)
		places[pathKey(n.path)] = d
	}
	return root, nil
}

func groupWord(s string) string {
	if s == "any" || s == "none" {
		return s
	}
	return "all"
}

func decodeNode(p url.Values, cat segment.Catalog, base segment.Rule) *draft {
	if p.Has("g") {
		return &draft{Word: groupWord(p.Get("g"))}
	}
	d := &draft{Field: p.Get("f"), Op: segment.Op(p.Get("op")), Values: p["v"], Unit: segment.Unit(p.Get("u"))}
	if d.Field == "" {
		return newLeaf(cat.Fields()[0])
	}
	f, known := cat[d.Field]
	fits := known && slices.Contains(f.Ops(), d.Op)
	d.readNarrowing(p, f)
	d.readSearches(p)
	switch ref := p.Get("ref"); {
	case ref != "":
		d.Values, d.Ref = nil, ref
		if r, ok := at(base, strings.TrimPrefix(ref, "@")); ok && r.Field == d.Field {
			d.Raw, d.Op = r.Value, r.Op
		}
	case p.Has("r"): // what the form could not show is kept until it is removed
		d.Values, d.Of, d.Window = nil, nil, window{}
		d.Raw, d.RawOf = rawValue(p.Get("r")), rawOf(p.Get("ro"))
	case !known:
	case !fits:
		d.Op = f.Ops()[0]
		d.defaults(f)
	case p.Has("o") && p.Get("o") != d.shown(f):
		d.defaults(f)
	default:
		d.tidy(f)
	}
	return d
}

// readSearches reads what was typed into the pickers.
func (d *draft) readSearches(p url.Values) {
	for _, part := range pickerParts() {
		if text := strings.TrimSpace(p.Get(searchPart(part))); text != "" {
			if d.Search == nil {
				d.Search = map[string]string{}
			}
			d.Search[part] = text
		}
	}
}

// pickerParts lists the parts of a condition's form that have a picker.
func pickerParts() []string {
	return append(slices.Sorted(maps.Values(narrowParts)), valuePart)
}

// searchPart names the search of a part's picker.
func searchPart(part string) string {
	if part == valuePart {
		return "s"
	}
	return "s" + part
}

func rawValue(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return json.RawMessage("null")
}

func rawOf(text string) *segment.Of {
	var o segment.Of
	if text == "" || json.Unmarshal([]byte(text), &o) != nil {
		return nil
	}
	return &o
}

// tidy keeps as many values as the operator takes, and lets a list hold each once.
func (d *draft) tidy(f segment.Field) {
	s := shape(f, d.Op)
	units := d.Op.Units()
	switch {
	case len(units) == 0:
		d.Unit = ""
	case d.Unit == "":
		d.Unit = units[0]
		if s == shapeSpan {
			d.Unit = segment.Day
		}
	case s == shapeCalendar && !slices.Contains(units, d.Unit):
		d.Unit = units[0]
	}
	want := 1
	switch {
	case s == shapeNone || s == shapeCalendar:
		d.Values = nil
		return
	case s == shapeList:
		d.Values = once(d.Values)
		return
	case s.pair():
		want = 2
	}
	for len(d.Values) < want {
		d.Values = append(d.Values, "")
	}
	d.Values = d.Values[:want]
}

// at finds a part of a rule.
func at(r segment.Rule, path string) (segment.Rule, bool) {
	if path == "" {
		return r, true
	}
	for _, p := range r.Paths() {
		if p.Path == path {
			return p.Rule, true
		}
	}
	return segment.Rule{}, false
}

// fieldName takes "c.1.0.f" apart.
func fieldName(name string) (path []int, part string, ok bool) {
	rest, found := strings.CutPrefix(name, "c.")
	if !found || len(name) > 60 {
		return nil, "", false
	}
	pieces := strings.Split(rest, ".")
	for _, p := range pieces[:len(pieces)-1] {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, "", false
		}
		path = append(path, int(n))
	}
	return path, pieces[len(pieces)-1], len(path) > 0 && len(path) <= 2*segment.MaxWrapped
}

func pathKey(path []int) string {
	var b strings.Builder
	for _, n := range path {
		b.WriteString(strconv.Itoa(n))
		b.WriteByte('.')
	}
	return b.String()
}

// encodeDraft is the reverse of decodeDraft.
func encodeDraft(d *draft) url.Values {
	v := url.Values{"g.": {d.Word}}
	d.walk("", 1, func(path string, _ int, d *draft) {
		set := func(part string, list ...string) {
			if len(list) > 0 && (list[0] != "" || part == "wn") { // without a "wn" the usual number comes
				v["c."+path+"."+part] = list
			}
		}
		switch {
		case path == "":
		case d.group():
			set("g", d.Word)
		default:
			d.encode(set)
			if len(d.Values) > 0 { // also an empty one: it was typed so
				v["c."+path+".v"] = d.Values
			}
		}
	})
	return v
}

// encode writes a condition's parts but its values.
func (d *draft) encode(set func(part string, list ...string)) {
	set("f", d.Field)
	set("op", string(d.Op))
	set("u", string(d.Unit))
	set("ref", d.Ref)
	for part, text := range d.Search {
		set(searchPart(part), text)
	}
	d.writeNarrowing(set)
	if d.Raw == nil || d.Ref != "" {
		return
	}
	set("r", string(d.Raw))
	if d.RawOf != nil {
		if text, err := json.Marshal(d.RawOf); err == nil {
			set("ro", string(text))
		}
	}
}

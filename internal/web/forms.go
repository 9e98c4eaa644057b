package web

import (
	"encoding/json"
	"errors"
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
//	c.1.0.s=…               the picker's search
//	c.1.0.r=…  .ref=@…      a value that the form cannot show, or its place in the stored rule

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
	d := &draft{Field: p.Get("f"), Op: segment.Op(p.Get("op")), Values: p["v"], Unit: segment.Unit(p.Get("u")), Search: p.Get("s")}
	if d.Field == "" {
		return newLeaf(cat.Fields()[0])
	}
	f, known := cat[d.Field]
	fits := known && slices.Contains(f.Ops(), d.Op)
	switch ref := p.Get("ref"); {
	case ref != "":
		d.Values, d.Ref = nil, ref
		if r, ok := at(base, strings.TrimPrefix(ref, "@")); ok && r.Field == d.Field {
			d.Raw, d.Op = r.Value, r.Op
		}
	case p.Has("r"): // what the form could not show is kept until it is removed
		d.Values, d.Raw = nil, json.RawMessage("null")
		if raw := p.Get("r"); json.Valid([]byte(raw)) {
			d.Raw = json.RawMessage(raw)
		}
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

// tidy keeps as many values as the operator takes, and lets a list hold each once.
func (d *draft) tidy(f segment.Field) {
	want := 1
	switch shape(f, d.Op) {
	case shapeNone:
		d.Values, d.Unit = nil, ""
		return
	case shapeSpan:
		if d.Unit == "" {
			d.Unit = segment.Day
		}
	case shapeDates, shapeNumbers, shapeMoneys:
		want = 2
		d.Unit = ""
	case shapeList:
		var once []string
		for _, v := range d.Values {
			if v != "" && !slices.Contains(once, v) {
				once = append(once, v)
			}
		}
		d.Values, d.Unit = once, ""
		return
	default:
		d.Unit = ""
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
	return path, pieces[len(pieces)-1], len(path) > 0 && len(path) <= 2*segment.MaxDepth
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
		set := func(part, value string) {
			if value != "" {
				v.Set("c."+path+"."+part, value)
			}
		}
		switch {
		case path == "":
		case d.group():
			set("g", d.Word)
		default:
			set("f", d.Field)
			set("op", string(d.Op))
			set("u", string(d.Unit))
			set("s", d.Search)
			set("ref", d.Ref)
			if d.Raw != nil && d.Ref == "" {
				set("r", string(d.Raw))
			}
			if len(d.Values) > 0 {
				v["c."+path+".v"] = d.Values
			}
		}
	})
	return v
}

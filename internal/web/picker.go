package web

import (
	"slices"

	"github.com/coursecrm/coursecrm/segment"
)

// chipsView shows the chosen values of a list.
type chipsView struct {
	ID, Path, Part string
	Chips          []chip
	OOB            bool
}

type chip struct {
	Value, Label string
	Gone         bool // the course or tag is not there any more
}

// pickView is a list to choose from, with what was chosen.
type pickView struct {
	ID, Path, Part string
	Label          string // of the button that opens it
	Name           string // of the boxes
	SearchName     string
	URL            string // searches
	Search         string
	Open           bool
	Searchable     bool
	Chips          chipsView
	Items          []pickerItem
	More           bool // there are others; searching finds them
}

type pickerItem struct {
	ID, Value, Label, Note string
	On                     bool
}

// pickerLimit is how many values a list shows at once; the others are found by searching.
const pickerLimit = 50

// pickers fills in the pickers of a condition: of its value, and of what narrows it.
func (b *builder) pickers(c *condView, f segment.Field, d *draft) (err error) {
	if c.Shape == shapeList {
		if c.List, err = b.picker(c.Path, valuePart, f, d); err != nil {
			return err
		}
	}
	for _, n := range f.Narrow {
		part := narrowParts[n]
		if part == "" {
			continue
		}
		p, err := b.picker(c.Path, part, f, d)
		if err != nil {
			return err
		}
		c.Narrow = append(c.Narrow, p)
	}
	return nil
}

// picker makes the picker of a part of a condition's form.
func (b *builder) picker(path, part string, f segment.Field, d *draft) (*pickView, error) {
	list, label := f.Choices, ""
	if n, ok := narrowingOf(part); ok {
		list, label = n.Choices(), b.l.TK("of", n)
	} else {
		label = b.l.TK("pick", list)
	}
	name := "c." + path + "."
	p := &pickView{ID: elementID(path), Path: path, Part: part, Label: label, Name: name + part, SearchName: name + searchPart(part),
		URL: b.paths.Choices(values("field", f.Key, "path", path, "part", part)), Search: d.Search[part], Open: d.Open == part,
		Searchable: list.Fixed() == nil}
	if part != valuePart {
		p.ID += "-" + part
	}
	chosen := d.chosen(part)
	labels, err := b.lists.labels(list, chosen)
	if err != nil {
		return nil, err
	}
	p.Chips = b.chips(p, chosen, labels)
	found, err := b.lists.choices(list, d.Search[part])
	if err != nil {
		return nil, err
	}
	p.More = len(found) >= pickerLimit
	notes := map[string]string{}
	for _, c := range found {
		notes[c.Value] = c.Note
	}
	for _, c := range p.Chips.Chips { // what is chosen stays in the form, found or not
		p.Items = append(p.Items, pickerItem{p.ID + "-" + hash(c.Value), c.Value, c.Label, notes[c.Value], true})
	}
	for _, c := range found {
		if !slices.Contains(chosen, c.Value) {
			p.Items = append(p.Items, pickerItem{p.ID + "-" + hash(c.Value), c.Value, c.Label, c.Note, false})
		}
	}
	return p, nil
}

func (b *builder) chips(p *pickView, chosen []string, labels map[string]string) chipsView {
	out := chipsView{ID: p.ID, Path: p.Path, Part: p.Part}
	for _, v := range chosen {
		label, ok := labels[v]
		if !ok {
			label = b.l.T("cond.value_gone", v)
		}
		out.Chips = append(out.Chips, chip{v, label, !ok})
	}
	return out
}

package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// window is a period as it was typed.
type window struct {
	Mode     string // "": any time, windowLast or windowDates
	N        string
	Unit     segment.Unit
	From, To string
}

const (
	windowLast  = "last"
	windowDates = "dates"
)

// usualWindow is what "in the last …" begins with.
const usualWindow = "14"

// valuePart is the part of a condition's form that holds its value; the narrowings have parts of
// their own.
const valuePart = "v"

// narrowParts names the part of the form of each narrowing that is picked from a list.
var narrowParts = map[segment.Narrowing]string{segment.ByType: "ty", segment.ByOffering: "of", segment.ByCategory: "ca",
	segment.ByTag: "tg", segment.ByChannel: "ch", segment.ByCampaign: "cp", segment.ByLink: "lk"}

// narrowingOf finds the narrowing that a part of the form belongs to.
func narrowingOf(part string) (segment.Narrowing, bool) {
	for n, p := range narrowParts {
		if p == part {
			return n, true
		}
	}
	return "", false
}

// chosen gives the values picked in a part of the form.
func (d *draft) chosen(part string) []string {
	if n, ok := narrowingOf(part); ok {
		return d.Of[n]
	}
	return d.Values
}

func (d *draft) setChosen(part string, values []string) {
	if n, ok := narrowingOf(part); ok {
		if d.Of == nil {
			d.Of = map[segment.Narrowing][]string{}
		}
		d.Of[n] = values
		return
	}
	d.Values = values
}

// readNarrowing reads what a form says besides the value, as far as it fits the field.
func (d *draft) readNarrowing(p url.Values, f segment.Field) {
	for _, n := range f.Narrow {
		if part := narrowParts[n]; part != "" {
			if list := once(p[part]); len(list) > 0 {
				d.setChosen(part, list)
			}
			continue
		}
		w := window{Mode: p.Get("w"), N: p.Get("wn"), Unit: segment.Unit(p.Get("wu")), From: p.Get("wf"), To: p.Get("wt")}
		switch w.Mode {
		case windowLast:
			if !p.Has("wn") { // the way was just chosen: it had no number yet
				w.N = usualWindow
			}
			if w.Unit == "" {
				w.Unit = segment.Day
			}
			w.From, w.To = "", ""
		case windowDates:
			w.N, w.Unit = "", ""
		default:
			w = window{}
		}
		d.Window = w
	}
}

// once gives the values that are none, and no value twice.
func once(list []string) []string {
	var out []string
	for _, v := range list {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// writeNarrowing is the reverse of readNarrowing.
func (d *draft) writeNarrowing(set func(part string, list ...string)) {
	for n, list := range d.Of {
		set(narrowParts[n], list...)
	}
	if d.Window.Mode == "" {
		return
	}
	set("w", d.Window.Mode)
	if d.Window.Mode == windowLast {
		set("wn", d.Window.N)
		set("wu", string(d.Window.Unit))
		return
	}
	set("wf", d.Window.From)
	set("wt", d.Window.To)
}

// narrowing makes what a draft narrows its field by; word says what is wrong with it.
func (d *draft) narrowing() (of *segment.Of, word string) {
	var o segment.Of
	set := false
	for n, list := range d.Of {
		if len(list) == 0 {
			continue
		}
		set = true
		ok := true
		switch n {
		case segment.ByType:
			o.Types = list
		case segment.ByCategory:
			o.Categories = list
		case segment.ByChannel:
			o.Channels = list
		case segment.ByOffering:
			o.Offerings, ok = wholes(list)
		case segment.ByTag:
			o.Tags, ok = wholes(list)
		case segment.ByCampaign:
			o.Campaigns, ok = wholes(list)
		case segment.ByLink:
			o.Links, ok = wholes(list)
		}
		if !ok {
			return nil, "narrow"
		}
	}
	return d.within(o, set)
}

// within adds the period.
func (d *draft) within(o segment.Of, set bool) (*segment.Of, string) {
	w := d.Window
	tidy := func(s string) string { return strings.TrimSpace(halfWidth(s)) }
	switch w.Mode {
	case windowLast:
		n, err := strconv.ParseInt(tidy(w.N), 10, 64)
		if err != nil || n < 1 {
			return nil, "period"
		}
		o.Within = &segment.Within{Last: n, Unit: w.Unit}
	case windowDates:
		o.Within = &segment.Within{From: tidy(w.From), To: tidy(w.To)}
		if o.Within.From == "" && o.Within.To == "" {
			return nil, "period"
		}
	}
	if !set && o.Within == nil {
		return nil, ""
	}
	return &o, ""
}

// narrowed is the reverse of narrowing.
func narrowed(o *segment.Of) (of map[segment.Narrowing][]string, w window) {
	if o == nil {
		return nil, w
	}
	of = map[segment.Narrowing][]string{}
	for n, list := range map[segment.Narrowing][]string{segment.ByType: o.Types, segment.ByCategory: o.Categories, segment.ByChannel: o.Channels,
		segment.ByOffering: digitsOf(o.Offerings), segment.ByTag: digitsOf(o.Tags), segment.ByCampaign: digitsOf(o.Campaigns), segment.ByLink: digitsOf(o.Links)} {
		if len(list) > 0 {
			of[n] = list
		}
	}
	switch in := o.Within; {
	case in == nil:
	case in.Last != 0 || in.Unit != "":
		w = window{Mode: windowLast, N: strconv.FormatInt(in.Last, 10), Unit: in.Unit}
	default:
		w = window{Mode: windowDates, From: in.From, To: in.To}
	}
	return of, w
}

// narrowsAs reports whether a field can be narrowed in all the ways that are used.
func narrowsAs(f segment.Field, o *segment.Of) bool {
	of, w := narrowed(o)
	for n := range of {
		if !slices.Contains(f.Narrow, n) {
			return false
		}
	}
	return w.Mode == "" || slices.Contains(f.Narrow, segment.ByPeriod)
}

func wholes(list []string) ([]int64, bool) {
	out := []int64{}
	for _, v := range list {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return out, false
		}
		out = append(out, n)
	}
	return out, true
}

func digitsOf(ids []int64) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatInt(id, 10)
	}
	return out
}

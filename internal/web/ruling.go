package web

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// ruling is what a draft means: the rule of all its sound conditions, and what is wrong with the
// others. Those are left out of the rule, so that the people shown are those who would be sent to.
type ruling struct {
	Rule  segment.Rule
	Order []string          // the draft's paths in the order of Rule.Paths()
	Bad   map[string]string // path → word of cond.bad.<word>
}

func (r ruling) sound() bool { return len(r.Bad) == 0 }

// compiler checks a rule; segment.Service is one.
type compiler interface {
	Compile(segment.Rule) (segment.Predicate, error)
}

// rule judges a draft.
func (d *draft) rule(c compiler, cat segment.Catalog, digits int) ruling {
	out := ruling{Bad: map[string]string{}}
	r, order, ok := d.ruleAt("", 1, c, cat, digits, out.Bad)
	if !ok {
		r = segment.Group(d.Word)
	}
	out.Rule = r
	if len(order) > 0 {
		out.Order = order[1:] // the root has no count of its own
	}
	if d.leaves() > segment.MaxLeaves {
		out.Bad[""] = "many"
		out.Rule, out.Order = segment.Group("all"), nil
	}
	return out
}

func (d *draft) ruleAt(path string, depth int, c compiler, cat segment.Catalog, digits int, bad map[string]string) (segment.Rule, []string, bool) {
	if !d.group() {
		r, word := d.condition(c, cat, digits)
		if word != "" {
			bad[path] = word
			return r, nil, false
		}
		return r, []string{path}, true
	}
	if depth > segment.MaxDepth {
		bad[path] = "deep"
		return segment.Rule{}, nil, false
	}
	order := []string{path}
	var members []segment.Rule
	for i, k := range d.Kids {
		r, paths, ok := k.ruleAt(join(path, i), depth+1, c, cat, digits, bad)
		if ok {
			members, order = append(members, r), append(order, paths...)
		}
	}
	return segment.Group(d.Word, members...), order, len(members) > 0
}

// condition makes a rule of one condition; word says what is wrong with it.
func (d *draft) condition(c compiler, cat segment.Catalog, digits int) (r segment.Rule, word string) {
	f, known := cat[d.Field]
	if !known {
		return r, "gone"
	}
	if d.Raw != nil || d.Ref != "" {
		r = segment.Rule{Field: d.Field, Op: d.Op, Value: d.Raw, Unit: d.Unit}
	} else {
		s := shape(f, d.Op)
		if s == shapePeople {
			return r, "gone" // people are never typed in
		}
		value, ok := d.value(f, s, digits)
		if !ok {
			return r, string(s)
		}
		r = segment.Condition(d.Field, d.Op, value, d.Unit)
	}
	_, err := c.Compile(r)
	var re *segment.RuleError
	switch {
	case err == nil:
		return r, ""
	case errors.As(err, &re) && errors.Is(re.Err, segment.ErrValue) && d.Raw == nil:
		return r, d.complaint(f)
	}
	return r, "gone"
}

// complaint tells spans that end before they begin from values that are no values.
func (d *draft) complaint(f segment.Field) string {
	s := shape(f, d.Op)
	if s == shapeDates && len(d.Values) == 2 {
		from, err1 := time.Parse("2006-01-02", d.Values[0])
		to, err2 := time.Parse("2006-01-02", d.Values[1])
		if err1 == nil && err2 == nil && to.Before(from) {
			return "backwards"
		}
	}
	if s == shapeNumbers || s == shapeMoneys {
		return "backwards" // each is a number, as value saw to
	}
	return string(s)
}

// badWords lists what can be wrong with a condition.
func badWords() []string {
	return []string{"gone", "deep", "many", "backwards", string(shapeSpan), string(shapeDate), string(shapeDates), string(shapeNumber),
		string(shapeNumbers), string(shapeMoney), string(shapeMoneys), string(shapeList)}
}

// value reads what was typed. Full-width digits, which Chinese keyboards make, are digits.
func (d *draft) value(f segment.Field, s valueShape, digits int) (any, bool) {
	vals := make([]string, len(d.Values))
	for i, v := range d.Values {
		vals[i] = strings.TrimSpace(v)
		if s != shapeList {
			vals[i] = strings.ReplaceAll(halfWidth(vals[i]), ",", "")
		}
	}
	var list []int64
	switch s {
	case shapeNone:
		return nil, true
	case shapeDate:
		return single(vals), len(vals) == 1 && vals[0] != ""
	case shapeDates:
		return vals, len(vals) == 2 && vals[0] != "" && vals[1] != ""
	case shapeList:
		if f.Type == segment.Word {
			return vals, len(vals) > 0
		}
		for _, v := range vals {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return nil, false
			}
			list = append(list, n)
		}
		return list, len(list) > 0
	}
	for _, v := range vals {
		n, ok := whole(v, s, digits)
		if !ok {
			return nil, false
		}
		list = append(list, n)
	}
	if s == shapeNumbers || s == shapeMoneys {
		return list, len(list) == 2
	}
	if len(list) != 1 {
		return nil, false
	}
	return list[0], true
}

func single(vals []string) string {
	if len(vals) == 1 {
		return vals[0]
	}
	return ""
}

// whole reads a whole number, or an amount of money as its minor units.
func whole(v string, s valueShape, digits int) (int64, bool) {
	if s == shapeMoney || s == shapeMoneys {
		return minor(v, digits)
	}
	n, err := strconv.ParseInt(v, 10, 64)
	return n, err == nil
}

// minor reads an amount typed in major units: "12.5" is 1250 minor units. More digits than the
// currency has are refused rather than rounded.
func minor(v string, digits int) (int64, bool) {
	negative := strings.HasPrefix(v, "-")
	v = strings.TrimPrefix(strings.TrimPrefix(v, "-"), "¥")
	units, fraction, point := strings.Cut(v, ".")
	if len(fraction) > digits || (point && fraction == "") || units == "" || strings.ContainsAny(v, "+-eE_xX ") {
		return 0, false
	}
	n, err := strconv.ParseInt(units+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil || n == math.MinInt64 {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '．':
			return '.'
		case r == '，':
			return ','
		case r == '￥':
			return '¥'
		}
		return r
	}, s)
}

// canonical is a rule's short form for addresses.
func canonical(r segment.Rule) string {
	b, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return string(b)
}

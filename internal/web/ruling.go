package web

import (
	"encoding/json"
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

// rule judges a draft.
func (d *draft) rule(env segment.Env, digits int) ruling {
	out := ruling{Bad: map[string]string{}}
	r, order, ok := d.ruleAt("", 1, env, digits, out.Bad)
	if !ok {
		r = segment.Group(d.Word)
	}
	out.Rule = r
	if len(order) > 0 {
		out.Order = order[1:] // the root has no count of its own
	}
	word := ""
	if d.leaves() > segment.MaxLeaves {
		word = "many"
	} else if _, err := segment.Compile(out.Rule, env); err != nil { // each part by itself is sound
		word = "large"
	}
	if word != "" {
		out.Bad[""] = word
		out.Rule, out.Order = segment.Group("all"), nil
	}
	return out
}

func (d *draft) ruleAt(path string, depth int, env segment.Env, digits int, bad map[string]string) (segment.Rule, []string, bool) {
	if !d.group() {
		r, word := d.condition(env, digits)
		if word != "" {
			bad[path] = word
			return r, nil, false
		}
		return r, []string{path}, true
	}
	if depth > segment.MaxWrapped {
		bad[path] = "deep"
		return segment.Rule{}, nil, false
	}
	order := []string{path}
	var members []segment.Rule
	for i, k := range d.Kids {
		r, paths, ok := k.ruleAt(join(path, i), depth+1, env, digits, bad)
		if ok {
			members, order = append(members, r), append(order, paths...)
		}
	}
	return segment.Group(d.Word, members...), order, len(members) > 0
}

// condition makes a rule of one condition; word says what is wrong with it.
func (d *draft) condition(env segment.Env, digits int) (r segment.Rule, word string) {
	f, known := env.Catalog[d.Field]
	if !known {
		return r, "gone"
	}
	if d.Raw != nil || d.Ref != "" {
		r = segment.Rule{Field: d.Field, Op: d.Op, Value: d.Raw, Unit: d.Unit, Of: d.RawOf}
	} else {
		s := shape(f, d.Op)
		if s == shapePeople {
			return r, "gone" // people are never typed in
		}
		value, ok := d.value(f, s, digits)
		if !ok {
			return r, d.complaint(f)
		}
		r = segment.Condition(d.Field, d.Op, value, d.Unit)
		if r.Of, word = d.narrowing(); word != "" {
			return r, word
		}
	}
	return r, d.fault(r, f, env)
}

// fault says what is wrong with a condition whose value could be read; empty: nothing.
func (d *draft) fault(r segment.Rule, f segment.Field, env segment.Env) string {
	_, err := segment.Compile(r, env)
	problem, wrong := segment.Problem(err)
	if !wrong {
		return ""
	}
	switch word := problem.Word(); word {
	case "source", "query", "cycle", "large":
		return word
	case "value":
		if d.Raw != nil {
			return "gone"
		}
		if word := blameNarrowing(r, env); word != "" {
			return word
		}
		return d.complaint(f)
	case "narrow":
		return "narrow"
	}
	return "gone"
}

// blameNarrowing reports whether a wrong condition would be sound without its period, or if it
// were not narrowed at all.
func blameNarrowing(r segment.Rule, env segment.Env) string {
	if r.Of == nil {
		return ""
	}
	open := *r.Of
	open.Within = nil
	for _, try := range []struct {
		of   *segment.Of
		word string
	}{{&open, "period"}, {nil, "narrow"}} {
		r.Of = try.of
		if _, err := segment.Compile(r, env); err == nil {
			return try.word
		}
	}
	return ""
}

// complaint names what a value should have been.
func (d *draft) complaint(f segment.Field) string {
	s := shape(f, d.Op)
	switch {
	case d.Op == segment.OpBirthday:
		return "birthday"
	case s.pair() && d.backwards(s):
		return "backwards"
	case f.Key == "age":
		return "age"
	}
	return string(s)
}

// backwards reports whether two values are sound but in the wrong order.
func (d *draft) backwards(s valueShape) bool {
	if len(d.Values) != 2 {
		return false
	}
	if s == shapeDates {
		from, err1 := time.Parse(time.DateOnly, d.Values[0])
		to, err2 := time.Parse(time.DateOnly, d.Values[1])
		return err1 == nil && err2 == nil && to.Before(from)
	}
	from, ok1 := decimalOf(number(d.Values[0]))
	to, ok2 := decimalOf(number(d.Values[1]))
	return ok1 && ok2 && to < from
}

// badWords lists what can be wrong with a condition.
func badWords() []string {
	return []string{"gone", "deep", "many", "large", "source", "query", "cycle", "narrow", "period", "birthday", "age", "backwards",
		string(shapeSpan), string(shapeCalendar), string(shapeDate), string(shapeDates), string(shapeNumber), string(shapeNumbers),
		string(shapeReal), string(shapeReals), string(shapeMoney), string(shapeMoneys), string(shapeText), string(shapeList)}
}

// canonical is a rule's short form for addresses.
func canonical(r segment.Rule) string {
	b, err := json.Marshal(r)
	if err != nil {
		return ""
	}
	return string(b)
}

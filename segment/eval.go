package segment

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Explanation says whether a part of a rule holds for a person, and why. It is computed from the
// person's rows by a second implementation of the rules, which shares nothing with the SQL but the
// reading of values; property tests hold the two together.
type Explanation struct {
	Path  string // as in [Rule.Paths]; the root's is empty
	Rule  Rule
	Holds bool
	Value Value // conditions: what was found
	Parts []Explanation
	// Near marks the fewest conditions that would have to turn for the whole rule to turn out the
	// other way: the nearest miss of who is not in, the thread by which hangs who is.
	Near bool
}

// Explain evaluates a rule for one person.
//
// Errors: *RuleError, as [Compile] gives it.
func Explain(r Rule, p *Profile, env Env) (Explanation, error) {
	if _, err := Compile(r, env); err != nil { // one judge of what is sound
		return Explanation{}, err
	}
	e := evaluator{p: p, env: env}
	out, err := e.rule("", r)
	if err != nil {
		return Explanation{}, err
	}
	markNear(&out, !out.Holds)
	return out, nil
}

type evaluator struct {
	p   *Profile
	env Env
}

func (e evaluator) rule(path string, r Rule) (Explanation, error) {
	out := Explanation{Path: path, Rule: r}
	word, parts := r.Members()
	if word == "" {
		var err error
		out.Value, out.Holds, err = e.condition(r)
		if err != nil {
			return out, &RuleError{Path: path, Field: r.Field, Err: err}
		}
		return out, nil
	}
	holding := 0
	for i, m := range parts {
		part, err := e.rule(childPath(path, i), m)
		if err != nil {
			return out, err
		}
		if part.Holds {
			holding++
		}
		out.Parts = append(out.Parts, part)
	}
	switch {
	case len(parts) == 0: // an empty group selects nobody
	case word == "all":
		out.Holds = holding == len(parts)
	case word == "any":
		out.Holds = holding > 0
	default:
		out.Holds = holding == 0
	}
	return out, nil
}

var errUnread = errors.New("no reader of the field")

func (e evaluator) condition(r Rule) (Value, bool, error) {
	f := e.env.Catalog[r.Field]
	if f.Type == Queries {
		holds, err := e.queries(r)
		return Value{Flag: holds != (r.Op == OpNotIn)}, holds, err
	}
	read, ok := readers[r.Field]
	if f.own.custom != "" {
		read, ok = customReader(f), true
	}
	if !ok {
		return Value{}, false, errUnread
	}
	v := read(view{e.p, r.Of, e.env})
	if r.Field == "bought_price" {
		holds, err := e.anyPrice(f, r, v)
		return v, holds, err
	}
	holds, err := e.compare(f, r, v)
	return v, holds, err
}

// anyPrice asks whether some price is such; of "not equal", whether none is equal.
func (e evaluator) anyPrice(f Field, r Rule, v Value) (bool, error) {
	not := r.Op == OpNe
	if not {
		r.Op = OpEq
	}
	found := false
	for _, price := range v.IDs {
		holds, err := e.compare(f, r, count(price))
		if err != nil {
			return false, err
		}
		found = found || holds
	}
	return found != not, nil
}

func (e evaluator) queries(r Rule) (bool, error) {
	list, err := ids(r)
	if err != nil {
		return false, err
	}
	in := false
	for _, id := range list {
		part, err := e.rule("", e.env.Queries[QueryID(id)])
		if err != nil {
			return false, err
		}
		in = in || part.Holds
	}
	return in == (r.Op == OpIn), nil
}

// compare asks an operator. Each answer begins with what holds for nothing.
func (e evaluator) compare(f Field, r Rule, v Value) (bool, error) {
	switch r.Op {
	case OpEmpty:
		return v.Missing, nil
	case OpNotEmpty:
		return !v.Missing, nil
	case OpYes:
		return !v.Missing && v.Flag, nil
	case OpNo:
		return v.Missing || !v.Flag, nil
	case OpNe, OpNotInLast, OpNotIn, OpNoneOf, OpIsNot, OpLacks:
		if v.Missing {
			return true, nil
		}
	default:
		if v.Missing {
			return false, nil
		}
	}
	switch f.Type {
	case Time:
		return e.compareTime(r, v.At)
	case Date:
		return e.compareDate(r, v.At)
	case Number, Money, Real:
		return compareNumber(r, v)
	case String:
		return compareText(r, v.Words)
	}
	return compareSet(f, r, v)
}

func (e evaluator) compareTime(r Rule, at time.Time) (bool, error) {
	now, loc := e.env.Now, e.env.Now.Location()
	switch r.Op {
	case OpInLast, OpNotInLast, OpOlder, OpInNext:
		n, err := whole(r)
		if err != nil {
			return false, err
		}
		if r.Op == OpInNext {
			return !at.Before(now) && !at.After(stride(now, int(n), r.Unit)), nil
		}
		edge := stride(now, -int(n), r.Unit)
		if r.Op == OpOlder {
			return at.Before(edge), nil
		}
		in := !at.Before(edge) && !at.After(now)
		return in == (r.Op == OpInLast), nil
	case OpThis:
		return name(at.In(loc), r.Unit) == name(now, r.Unit), nil
	case OpPrevious:
		day := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, loc)
		for name(day, r.Unit) == name(now, r.Unit) { // back to the last day of the period before
			day = day.AddDate(0, 0, -1)
		}
		return name(at.In(loc), r.Unit) == name(day, r.Unit), nil
	}
	return compareDays(r, at.In(loc).Format(dateLayout))
}

// stride moves along the calendar.
func stride(t time.Time, n int, unit Unit) time.Time {
	switch unit {
	case Hour:
		return t.Add(time.Duration(n) * time.Hour)
	case Week:
		n *= 7
	case Month:
		month := int(t.Month()) - 1 + n
		year := t.Year() + month/12
		if month %= 12; month < 0 {
			month, year = month+12, year-1
		}
		days := time.Date(year, time.Month(month+2), 0, 12, 0, 0, 0, time.UTC).Day()
		return time.Date(year, time.Month(month+1), min(t.Day(), days), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	return time.Date(t.Year(), t.Month(), t.Day()+n, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

// name names the day, week, month or year that a moment lies in.
func name(t time.Time, unit Unit) string {
	switch unit {
	case Week: // the date of its Monday
		for t.Weekday() != time.Monday {
			t = time.Date(t.Year(), t.Month(), t.Day()-1, 12, 0, 0, 0, t.Location())
		}
	case Month:
		return t.Format("2006-01")
	case Year:
		return t.Format("2006")
	}
	return t.Format(dateLayout)
}

// compareDays compares dates as texts, which sort as the days do.
func compareDays(r Rule, day string) (bool, error) {
	if r.Op == OpBetween {
		from, to, err := dates(r)
		return day >= from.Format(dateLayout) && day < to.Format(dateLayout), err
	}
	want, err := text(r)
	switch r.Op {
	case OpBefore:
		return day < want, err
	case OpOnAfter:
		return day >= want, err
	case OpAfter:
		return day > want, err
	}
	return day == want, err
}

func (e evaluator) compareDate(r Rule, at time.Time) (bool, error) {
	if r.Op != OpBirthday {
		return compareDays(r, at.Format(dateLayout))
	}
	n, err := whole(r)
	if err != nil {
		return false, err
	}
	now := e.env.Now
	today := time.Date(now.Year(), now.Month(), now.Day(), 12, 0, 0, 0, now.Location())
	end := stride(today, int(n), r.Unit)
	for day, i := today, 0; !day.After(end) && i < 367; day, i = day.AddDate(0, 0, 1), i+1 {
		if celebrates(at, day) {
			return true, nil
		}
	}
	return false, nil
}

// celebrates reports whether who was born at birth has the birthday on a day.
func celebrates(birth, day time.Time) bool {
	month, of := birth.Month(), birth.Day()
	if exists := time.Date(day.Year(), month, of, 12, 0, 0, 0, time.UTC); exists.Day() != of {
		of-- // 29 February in other years
	}
	return day.Month() == month && day.Day() == of
}

// compareNumber compares v.Number / v.By (or v.Real) exactly.
func compareNumber(r Rule, v Value) (bool, error) {
	if r.Op == OpBetween {
		lo, err := side(r, v, 0)
		if err != nil {
			return false, err
		}
		hi, err := side(r, v, 1)
		return lo >= 0 && hi <= 0, err
	}
	c, err := side(r, v, -1)
	return map[Op]bool{OpEq: c == 0, OpNe: c != 0, OpLt: c < 0, OpLe: c <= 0, OpGt: c > 0, OpGe: c >= 0}[r.Op], err
}

func compareText(r Rule, has []string) (bool, error) {
	want, err := text(r)
	small := func(s string) string { // ASCII alone has a case, as everywhere
		return strings.Map(func(c rune) rune {
			if 'A' <= c && c <= 'Z' {
				return c | 0x20
			}
			return c
		}, s)
	}
	want = small(want)
	found := slices.ContainsFunc(has, func(s string) bool {
		s = small(s)
		switch r.Op {
		case OpContains, OpLacks:
			return strings.Contains(s, want)
		case OpStarts:
			return strings.HasPrefix(s, want)
		}
		return s == want
	})
	return found != (r.Op == OpLacks || r.Op == OpIsNot), err
}

func compareSet(f Field, r Rule, v Value) (bool, error) {
	want, has := map[any]bool{}, map[any]bool{}
	if f.Type == Word || f.Type == Words {
		list, err := words(r)
		if err != nil {
			return false, err
		}
		for _, w := range list {
			want[w] = true
		}
	} else {
		list, err := ids(r)
		if err != nil {
			return false, err
		}
		for _, id := range list {
			want[id] = true
		}
	}
	for _, w := range v.Words {
		has[w] = true
	}
	for _, id := range v.IDs {
		has[id] = true
	}
	met := 0
	for w := range want {
		if has[w] {
			met++
		}
	}
	switch r.Op {
	case OpAllOf:
		return met == len(want), nil
	case OpNotIn, OpNoneOf:
		return met == 0, nil
	}
	return met > 0, nil
}

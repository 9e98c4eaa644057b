package segment

import (
	"maps"
	"slices"
	"strings"
)

// Type says which operators and values a field takes.
type Type string

// Types of fields. A field has at most one value for a person: a count, the latest of several
// moments, a set. It may be missing; a count or a sum never is, it is 0.
const (
	Time    Type = "time"    // a moment
	Date    Type = "date"    // a day without a time zone: a birthday
	Number  Type = "number"  // a whole number
	Real    Type = "real"    // a number with a fraction
	Money   Type = "money"   // minor units of the site's currency
	String  Type = "text"    // any text; compared without regard to the case of ASCII letters
	Flag    Type = "flag"    // yes or no
	Word    Type = "word"    // one of the host's words; empty counts as missing
	Words   Type = "words"   // a set of words; an empty set counts as missing
	Refs    Type = "refs"    // a set of offerings, tags or campaigns, by our ids
	IDs     Type = "ids"     // the person's own id
	Lists   Type = "lists"   // uploaded lists of people, by our ids
	Queries Type = "queries" // other quick queries, by our ids
)

// Op compares a field with a value.
type Op string

// Operators. Those that negate another hold for a missing value.
const (
	OpInLast    Op = "in_last"     // time: value units ago or later, until now
	OpNotInLast Op = "not_in_last" // the negation of OpInLast
	OpOlder     Op = "older"       // time: more than value units ago
	OpInNext    Op = "in_next"     // time: from now until value units ahead
	OpThis      Op = "this"        // time: in this day, week, month or year (the unit)
	OpPrevious  Op = "previous"    // time: in the day, week, month or year before this
	OpOn        Op = "on"          // time, date: on a date
	OpOnAfter   Op = "on_after"    // time, date: on a date or later
	OpAfter     Op = "after"       // time, date: later than a date
	OpBefore    Op = "before"      // time, date: earlier than a date
	OpBetween   Op = "between"     // time, date: from one date through another; numbers: from through
	OpBirthday  Op = "birthday_in" // date: the next birthday is today or in the next value units
	OpEmpty     Op = "empty"       // missing
	OpNotEmpty  Op = "not_empty"   // there
	OpEq        Op = "eq"
	OpNe        Op = "ne" // the negation of OpEq
	OpLt        Op = "lt"
	OpLe        Op = "le"
	OpGt        Op = "gt"
	OpGe        Op = "ge"
	OpIs        Op = "is"           // text
	OpIsNot     Op = "is_not"       // the negation of OpIs
	OpContains  Op = "contains"     // text
	OpLacks     Op = "not_contains" // the negation of OpContains
	OpStarts    Op = "starts_with"  // text
	OpYes       Op = "yes"          // flag
	OpNo        Op = "no"           // the negation of OpYes
	OpIn        Op = "in"           // word, ids, lists, queries: one of the list
	OpNotIn     Op = "not_in"       // the negation of OpIn
	OpAnyOf     Op = "any_of"       // words, refs: at least one of the list
	OpAllOf     Op = "all_of"       // words, refs: every one of the list
	OpNoneOf    Op = "none_of"      // the negation of OpAnyOf
)

// Unit of a span of time.
type Unit string

// Units. A day is a calendar day of the site's time zone, so a span may have an hour more or less
// where clocks change. Year is a unit of OpThis and OpPrevious only.
const (
	Hour  Unit = "hour"
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
	Year  Unit = "year"
)

// Units lists the units that an operator takes, in order; none for most.
func (o Op) Units() []Unit {
	switch o {
	case OpInLast, OpNotInLast, OpOlder, OpInNext:
		return []Unit{Hour, Day, Week, Month}
	case OpThis, OpPrevious:
		return []Unit{Day, Week, Month, Year}
	case OpBirthday:
		return []Unit{Day, Week, Month}
	}
	return nil
}

// numeric are the operators of numbers that are never missing.
var numeric = []Op{OpGe, OpLe, OpEq, OpNe, OpGt, OpLt, OpBetween}

// ops lists the operators of each type, the usual one first.
var ops = map[Type][]Op{
	Time:    {OpInLast, OpNotInLast, OpOlder, OpInNext, OpThis, OpPrevious, OpOn, OpBefore, OpOnAfter, OpAfter, OpBetween, OpEmpty, OpNotEmpty},
	Date:    {OpBirthday, OpOn, OpBefore, OpOnAfter, OpAfter, OpBetween, OpEmpty, OpNotEmpty},
	Number:  numeric,
	Real:    numeric,
	Money:   numeric,
	String:  {OpContains, OpLacks, OpIs, OpIsNot, OpStarts, OpEmpty, OpNotEmpty},
	Flag:    {OpYes, OpNo},
	Word:    {OpIn, OpNotIn, OpEmpty, OpNotEmpty},
	Words:   {OpAnyOf, OpAllOf, OpNoneOf, OpEmpty, OpNotEmpty},
	Refs:    {OpAnyOf, OpAllOf, OpNoneOf, OpEmpty, OpNotEmpty},
	IDs:     {OpIn, OpNotIn},
	Lists:   {OpIn, OpNotIn},
	Queries: {OpIn, OpNotIn},
}

// Text is a label in the languages of the screens.
type Text struct{ Zh, En string }

// Section groups fields in the menu.
type Section string

// Sections, in order.
const (
	Who      Section = "who"
	Activity Section = "activity"
	Spending Section = "spending"
	Member   Section = "member"
	Learning Section = "learning"
	Reach    Section = "reach"
	Groups   Section = "groups"
	Custom   Section = "custom"
)

// Sections lists the sections in the order of the menu.
func Sections() []Section {
	return []Section{Who, Activity, Spending, Member, Learning, Reach, Groups, Custom}
}

// Capabilities of a host, or of the school, that fields need.
const (
	NeedMemberships = "memberships"
	NeedActivities  = "activities"
)

// Field is something that can be asked about a person.
type Field struct {
	Key     string
	Section Section
	Type    Type
	Label   Text
	Help    Text    // one sentence; empty where the label says it all
	Choices Choices // where values are picked from
	Narrow  []Narrowing
	Needs   string // the capability that provides it; empty: every host does
	Lacking bool   // the host lacks that capability: nothing can be asked, and the menu says why
	// Private values may name a person. A rule with one never travels in an address.
	Private bool

	own    own   // where the value stands in the person's own row
	rows   *rows // or from which rows it is made; these also answer narrowed conditions
	misses bool  // a number that may be missing
}

// Ops lists the operators the field takes, the usual one first.
func (f Field) Ops() []Op {
	switch {
	case f.misses:
		return append(slices.Clone(ops[f.Type]), OpEmpty, OpNotEmpty)
	case f.own.via != "": // asks whether some offering is such
		return slices.DeleteFunc(slices.Clone(ops[f.Type]), func(o Op) bool { return o == OpEmpty || o == OpNotEmpty })
	}
	return ops[f.Type]
}

// Catalog maps keys to fields. Treat it as read-only.
type Catalog map[string]Field

// DefaultCatalog gives the fields of the product.
func DefaultCatalog() Catalog {
	cat := make(Catalog, len(fields))
	for _, f := range fields {
		cat[f.Key] = f
	}
	return cat
}

// places maps keys to their place in the menu.
var places = func() map[string]int {
	m := make(map[string]int, len(fields))
	for i, f := range fields {
		m[f.Key] = i
	}
	return m
}()

// Fields lists the catalogue in the order of the menu: our own fields, then the host's by key.
func (c Catalog) Fields() []Field {
	out := slices.Collect(maps.Values(c))
	slices.SortFunc(out, func(a, b Field) int {
		i, own := places[a.Key]
		j, other := places[b.Key]
		switch {
		case own && other:
			return i - j
		case own:
			return -1
		case other:
			return 1
		}
		return strings.Compare(a.Key, b.Key)
	})
	return out
}

// Without gives the catalogue with the fields marked that need a capability the host lacks.
func (c Catalog) Without(lacking ...string) Catalog {
	out := maps.Clone(c)
	for key, f := range out {
		if f.Needs != "" && slices.Contains(lacking, f.Needs) {
			f.Lacking = true
			out[key] = f
		}
	}
	return out
}

// CustomField is a field of the host's own, as its learners carry it.
type CustomField struct {
	Key  string
	Type Type // String, Real, Time or Flag
}

// customPrefix begins the keys of the host's own fields.
const customPrefix = "custom."

// With gives the catalogue with the host's own fields added.
func (c Catalog) With(custom []CustomField) Catalog {
	if len(custom) == 0 {
		return c
	}
	out := maps.Clone(c)
	for _, k := range custom {
		f := Field{Key: customPrefix + k.Key, Section: Custom, Type: k.Type, Label: Text{k.Key, k.Key}, Private: k.Type == String,
			misses: k.Type == Real, own: own{custom: k.Key}}
		switch k.Type {
		case Real:
			f.own.sql = "(CASE WHEN l.custom -> {key} ->> 'kind' = 'number' THEN coalesce(l.custom -> {key} ->> 'number', '0') END)::float8"
		case Time:
			f.own.sql = "(CASE WHEN l.custom -> {key} ->> 'kind' = 'date' THEN l.custom -> {key} ->> 'date' END)::timestamptz"
		case Flag:
			f.own.sql = "(CASE WHEN l.custom -> {key} ->> 'kind' = 'bool' THEN coalesce(l.custom -> {key} ->> 'bool', 'false') END)::boolean"
		default:
			f.Type = String
			f.own.sql = "(CASE WHEN coalesce(l.custom -> {key} ->> 'kind', '') = '' THEN coalesce(l.custom -> {key} ->> 'text', '') ELSE '' END)"
		}
		out[f.Key] = f
	}
	return out
}

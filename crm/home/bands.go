package home

import (
	"slices"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Kind is what people are divided by.
type Kind string

// Kinds of compositions, in the order of the page.
const (
	ByLogin     Kind = "login"     // last login, in days
	ByPurchases Kind = "purchases" // paid orders
	BySpend     Kind = "spend"     // paid total, in minor units of the site's currency
	ByLearning  Kind = "learning"  // members only: last learned, in days
)

// Composition divides people who are active, and neither staff nor robot.
type Composition struct {
	Kind   Kind
	People int64  // in all bands
	Bands  []Band // the most valuable first, nobody's last
}

// Band is a part of them.
type Band struct {
	Kind Kind
	// From and To bound it, both included: days ago, orders, or minor units. To 0: there is no end.
	// None: who never did it, and both are 0.
	From, To int64
	None     bool
	People   int64

	conditions []segment.Rule
}

// Share is the band's part of all.
func (c Composition) Share(b Band) float64 {
	if c.People == 0 {
		return 0
	}
	return float64(b.People) / float64(c.People)
}

// Rule selects the people of a band, and nobody else.
func (b Band) Rule() segment.Rule {
	return segment.Group("all", append(slices.Clone(b.conditions),
		segment.Condition("status", segment.OpIn, []string{string(hostadapter.LearnerActive)}, ""),
		segment.Condition("role", segment.OpNoneOf, []string{string(hostadapter.RoleTeacher), string(hostadapter.RoleStaff), string(hostadapter.RoleSystem)}, ""))...)
}

// asked is the rule without what all bands have in common.
func (b Band) asked() segment.Rule { return segment.Group("all", b.conditions...) }

// DefaultBounds are the edges of the bands of spending, in minor units: 100, 500 and 2,000 yuan.
func DefaultBounds() []int64 { return []int64{100_00, 500_00, 2_000_00} }

// bounds gives the edges that are set, rising and above 0.
func (s *Service) bounds() []int64 {
	if s.site.SpendBounds == nil {
		return DefaultBounds()
	}
	set := slices.Clone(s.site.SpendBounds())
	slices.Sort(set)
	set = slices.DeleteFunc(slices.Compact(set), func(n int64) bool { return n < 2 })
	if len(set) == 0 {
		return DefaultBounds()
	}
	return set
}

// bands lists all bands, composition by composition.
func bands(bounds []int64, members bool) []Band {
	out := slices.Concat(dayBands(ByLogin, "last_login"), orderBands(), spendBands(bounds))
	if members {
		out = append(out, dayBands(ByLearning, "last_learned", segment.Condition("member", segment.OpYes, nil, ""))...)
	}
	return out
}

// dayEdges are days since something was done last. Who does it in the future, by a host's clock that
// is ahead, is in no band until then.
var dayEdges = []int64{7, 30, 90}

func dayBands(kind Kind, field string, and ...segment.Rule) []Band {
	last := func(op segment.Op, days int64) segment.Rule { return segment.Condition(field, op, days, segment.Day) }
	var out []Band
	from := int64(0)
	for _, edge := range dayEdges {
		b := Band{Kind: kind, From: from, To: edge, conditions: slices.Concat(and, []segment.Rule{last(segment.OpInLast, edge)})}
		if from > 0 {
			b.conditions = append(b.conditions, last(segment.OpNotInLast, from-1))
		}
		out = append(out, b)
		from = edge + 1
	}
	return append(out,
		Band{Kind: kind, From: from, conditions: slices.Concat(and, []segment.Rule{last(segment.OpOlder, from-1)})},
		Band{Kind: kind, None: true, conditions: slices.Concat(and, []segment.Rule{segment.Condition(field, segment.OpEmpty, nil, "")})})
}

func orderBands() []Band {
	return numberBands(ByPurchases, "paid_count", []int64{1, 2, 4, 10})
}

// spendBands begin with who paid anything at all.
func spendBands(bounds []int64) []Band {
	return numberBands(BySpend, "paid_total", append([]int64{1}, bounds...))
}

// numberBands gives a band from each edge to the next, the highest first, and one below all.
func numberBands(kind Kind, field string, edges []int64) []Band {
	var out []Band
	for i, from := range edges {
		b := Band{Kind: kind, From: from}
		switch {
		case i == len(edges)-1:
			b.conditions = []segment.Rule{segment.Condition(field, segment.OpGe, from, "")}
		case edges[i+1] == from+1:
			b.To, b.conditions = from, []segment.Rule{segment.Condition(field, segment.OpEq, from, "")}
		default:
			b.To = edges[i+1] - 1
			b.conditions = []segment.Rule{segment.Condition(field, segment.OpBetween, []int64{from, b.To}, "")}
		}
		out = append(out, b)
	}
	slices.Reverse(out)
	return append(out, Band{Kind: kind, None: true, conditions: []segment.Rule{segment.Condition(field, segment.OpLt, edges[0], "")}})
}

// compose puts counts to their bands.
func compose(bands []Band, counts []int64) []Composition {
	var out []Composition
	for i, b := range bands {
		if i < len(counts) {
			b.People = counts[i]
		}
		if len(out) == 0 || out[len(out)-1].Kind != b.Kind {
			out = append(out, Composition{Kind: b.Kind})
		}
		c := &out[len(out)-1]
		c.Bands = append(c.Bands, b)
		c.People += b.People
	}
	return out
}

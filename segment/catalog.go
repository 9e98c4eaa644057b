package segment

import "maps"

// Type says which operators and values a field takes.
type Type string

// Types of fields.
const (
	Time   Type = "time"   // a moment; may be missing
	Number Type = "number" // a whole number
	Money  Type = "money"  // minor units of the site's currency
	Word   Type = "word"   // one of the host's words; empty counts as missing
	Refs   Type = "refs"   // a set of offerings or tags, by our ids
	IDs    Type = "ids"    // the learner's own id, by our ids
)

// Op compares a field with a value.
type Op string

// Operators.
const (
	OpInLast   Op = "in_last"   // time: value units ago or later, until now
	OpOlder    Op = "older"     // time: more than value units ago
	OpOnAfter  Op = "on_after"  // time: at or after the beginning of a date
	OpBefore   Op = "before"    // time: before the beginning of a date
	OpBetween  Op = "between"   // time: from one date through another; number, money: from through
	OpEmpty    Op = "empty"     // time, word: missing
	OpNotEmpty Op = "not_empty" // time, word: there
	OpEq       Op = "eq"
	OpNe       Op = "ne"
	OpLt       Op = "lt"
	OpLe       Op = "le"
	OpGt       Op = "gt"
	OpGe       Op = "ge"
	OpIn       Op = "in"     // word, ids: one of the list
	OpNotIn    Op = "not_in" // word, ids: not one of the list
	OpAnyOf    Op = "any_of" // refs: at least one of the list
	OpAllOf    Op = "all_of" // refs: every one of the list
	OpNoneOf   Op = "none_of"
)

// Unit of a span of time.
type Unit string

// Units. A day is a calendar day of the site's time zone, so a span may have 23 or 25 hours more
// or less where clocks change.
const (
	Hour  Unit = "hour"
	Day   Unit = "day"
	Week  Unit = "week"
	Month Unit = "month"
)

// Units lists the units in order.
func Units() []Unit { return []Unit{Hour, Day, Week, Month} }

// ops lists the operators of each type, the usual one first.
var ops = map[Type][]Op{
	Time:   {OpInLast, OpOlder, OpOnAfter, OpBefore, OpBetween, OpEmpty, OpNotEmpty},
	Number: {OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpBetween},
	Money:  {OpGe, OpGt, OpEq, OpNe, OpLe, OpLt, OpBetween},
	Word:   {OpIn, OpNotIn, OpEmpty, OpNotEmpty},
	Refs:   {OpAnyOf, OpAllOf, OpNoneOf},
	IDs:    {OpIn, OpNotIn},
}

// Text is a label in the languages of the screens.
type Text struct{ Zh, En string }

// Choices names the list from which a field's values are picked.
type Choices string

// Lists of choices.
const (
	NoChoices       Choices = ""
	StatusChoices   Choices = "status"
	LevelChoices    Choices = "level"
	TagChoices      Choices = "tag"
	OfferingChoices Choices = "offering"
)

// Field is something that can be asked about a learner.
type Field struct {
	Key     string
	Type    Type
	Column  string // of crm_learners AS l; never from a rule
	Label   Text
	Choices Choices
	Needs   string // the host capability that provides it; empty: every host does
}

// Ops lists the operators the field takes, the usual one first.
func (f Field) Ops() []Op { return ops[f.Type] }

// fields is the catalogue in the order of the menu. A new field is a line here and a row in
// catalog_test.go.
var fields = []Field{
	{Key: "status", Type: Word, Column: "l.status", Label: Text{"账号状态", "Account status"}, Choices: StatusChoices},
	{Key: "last_login", Type: Time, Column: "l.last_login_at", Label: Text{"最后登录时间", "Last login"}},
	{Key: "registered", Type: Time, Column: "l.registered_at", Label: Text{"注册时间", "Registered"}},
	{Key: "last_paid", Type: Time, Column: "l.last_paid_at", Label: Text{"最近支付时间", "Last paid"}},
	{Key: "paid_count", Type: Number, Column: "l.paid_order_count", Label: Text{"购买次数", "Paid orders"}},
	{Key: "paid_total", Type: Money, Column: "l.paid_total", Label: Text{"累计消费", "Total paid"}},
	{Key: "member_level", Type: Word, Column: "l.member_level", Label: Text{"会员等级", "Member level"}, Choices: LevelChoices, Needs: "memberships"},
	{Key: "interest_tag", Type: Refs, Column: "l.tag_ids", Label: Text{"兴趣标签", "Interest tag"}, Choices: TagChoices},
	{Key: "bought", Type: Refs, Column: "l.bought_ids", Label: Text{"买过课程", "Bought"}, Choices: OfferingChoices},
	{Key: "enrolled", Type: Refs, Column: "l.enrolled_ids", Label: Text{"在学课程", "Enrolled in"}, Choices: OfferingChoices},
	{Key: "learner", Type: IDs, Column: "l.id", Label: Text{"指定用户", "Chosen people"}},
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

// Fields lists the catalogue in the order of the menu.
func (c Catalog) Fields() []Field {
	out := make([]Field, 0, len(c))
	for _, f := range fields {
		if own, ok := c[f.Key]; ok {
			out = append(out, own)
		}
	}
	return out
}

// Without gives the catalogue without the fields that need a capability the host lacks.
func (c Catalog) Without(lacking ...string) Catalog {
	out := maps.Clone(c)
	for key, f := range c {
		for _, l := range lacking {
			if f.Needs == l {
				delete(out, key)
			}
		}
	}
	return out
}

package campaign

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Scope says whom a variable's value depends on.
type Scope int

// Scopes. The zero value is a parameter: a name that no variable has belongs to the template.
const (
	ScopeParameter   Scope = iota // typed when sending, the same for everybody
	ScopePersonal                 // each learner's own
	ScopeSite                     // the school's
	ScopeOffering                 // of the course or classroom that the campaign is about
	ScopeLink                     // a short link, counted for each person
	ScopeUnsubscribe              // e-mail: where a person unsubscribes
)

// Variable is something a template may mention. Its names all mean the same; the Chinese one is
// what the composer inserts.
type Variable struct {
	Name  string // as in {{ nickname }}
	Zh    string // as in {{ 用户名 }}
	Also  string // another name that staff may know; empty: none
	Scope Scope
}

func allVariables() []Variable {
	return []Variable{
		{Name: "nickname", Zh: "用户名", Scope: ScopePersonal},
		{Name: "real_name", Zh: "真实姓名", Scope: ScopePersonal},
		{Name: "course", Zh: "课程名称", Scope: ScopeOffering},
		{Name: "classroom", Zh: "班级名称", Scope: ScopeOffering},
		{Name: "link", Zh: "链接", Also: "短网址", Scope: ScopeLink},
		{Name: "site", Zh: "网校名称", Scope: ScopeSite},
		{Name: "member_level", Zh: "会员等级", Scope: ScopePersonal},
		{Name: "member_expires", Zh: "会员到期", Scope: ScopePersonal},
		{Name: "open_title", Zh: "待付款课程", Scope: ScopePersonal},
		{Name: "open_amount", Zh: "待付款金额", Scope: ScopePersonal},
		{Name: "unsubscribe", Zh: "退订链接", Scope: ScopeUnsubscribe},
	}
}

// VariablesFor lists what a template of a channel may mention besides its own parameters, in the
// order in which the composer offers it.
func VariablesFor(ch h.Channel) []Variable {
	return slices.DeleteFunc(allVariables(), func(v Variable) bool {
		return v.Scope == ScopeUnsubscribe && ch != h.ChannelEmail
	})
}

// Values are the variables of one recipient, by Variable.Name: the personal ones and, in e-mail,
// unsubscribe. An absent one and an empty one are missing.
type Values map[string]string

// lookup finds a variable by any of its names. The zero Variable is a parameter's.
func lookup(name string) (Variable, bool) {
	for _, v := range known {
		if v.Name == name || v.Zh == name || v.Also == name && name != "" {
			return v, true
		}
	}
	return Variable{}, false
}

var known = allVariables()

// symbols numbers the variables of a content in order of first mention.
type symbols struct {
	list  []symbol
	index map[string]int // by symbol.name
}

// symbol is a variable or a parameter.
type symbol struct {
	name  string // Variable.Name, or what the parameter is called
	scope Scope
}

func newSymbols() *symbols { return &symbols{index: map[string]int{}} }

// number gives the symbol that a name in a template means.
func (s *symbols) number(written string) int {
	v, ok := lookup(written)
	if !ok {
		v.Name = written
	}
	i, ok := s.index[v.Name]
	if !ok {
		i = len(s.list)
		s.index[v.Name] = i
		s.list = append(s.list, symbol{v.Name, v.Scope})
	}
	return i
}

// uses reports whether something of the scope is mentioned.
func (s *symbols) uses(scope Scope) bool {
	return slices.ContainsFunc(s.list, func(x symbol) bool { return x.scope == scope })
}

// OneLine makes a rendered text fit a header: a line break in a name must not begin another one.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, breaksLine), " ")
}

func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// oneValue makes a value what it should be: one line of text that does not turn the direction of
// what stands behind it.
func oneValue(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] < 0x7f
	}
	if plain || utf8.ValidString(s) && strings.IndexFunc(s, unfit) < 0 {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return OneLine(strings.Map(func(r rune) rune {
		if turns(r) {
			return -1
		}
		return r
	}, s))
}

func unfit(r rune) bool { return breaksLine(r) || turns(r) }

// turns reports whether a character changes the direction of the text behind it.
func turns(r rune) bool { return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' }

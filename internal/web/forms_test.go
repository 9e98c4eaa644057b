package web

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

type compileFunc func(segment.Rule) (segment.Predicate, error)

func (f compileFunc) Compile(r segment.Rule) (segment.Predicate, error) { return f(r) }

func testCompiler() compiler {
	return compileFunc(func(r segment.Rule) (segment.Predicate, error) {
		return segment.Compile(r, segment.DefaultCatalog(), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	})
}

// randomRule makes a sound rule at most as deep as rules may be.
func randomRule(r *rand.Rand, depth int) segment.Rule {
	if depth > 1 && (depth > segment.MaxDepth || r.IntN(3) > 0) {
		return randomCondition(r)
	}
	word := []string{"all", "any", "none"}[r.IntN(3)]
	var members []segment.Rule
	for range 1 + r.IntN(3) {
		members = append(members, randomRule(r, depth+1))
	}
	return segment.Group(word, members...)
}

func randomCondition(r *rand.Rand) segment.Rule {
	var fields []segment.Field
	for _, f := range segment.DefaultCatalog().Fields() {
		if f.Type != segment.IDs {
			fields = append(fields, f)
		}
	}
	f := fields[r.IntN(len(fields))]
	op := f.Ops()[r.IntN(len(f.Ops()))]
	unit := segment.Unit("")
	var value any
	n := r.Int64N(1_000_000)
	switch shape(f, op) {
	case shapeSpan:
		value, unit = 1+r.IntN(1200), segment.Units()[r.IntN(4)]
	case shapeDate:
		value = "2026-02-28"
	case shapeDates:
		value = []string{"2026-02-28", "2026-03-01"}
	case shapeNumber, shapeMoney:
		value = n - 500
	case shapeNumbers, shapeMoneys:
		value = []int64{n, n + r.Int64N(100)}
	case shapeList:
		if f.Type == segment.Word {
			value = []string{"active", "黄金 会员", "a&b=c"}[:1+r.IntN(3)]
		} else {
			value = []int64{1 + n, 3_000_000}[:1+r.IntN(2)]
		}
	}
	return segment.Condition(f.Key, op, value, unit)
}

// TestFormsKeepRules holds that showing a rule in the form, sending the form and reading it again
// gives the same rule.
func TestFormsKeepRules(t *testing.T) {
	t.Parallel()
	cat, comp := segment.DefaultCatalog(), testCompiler()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		rule := randomRule(r, 1)
		for _, digits := range []int{0, 2, 3} {
			form := encodeDraft(draftOf(rule, cat, digits))
			sent, err := url.ParseQuery(form.Encode())
			if err != nil {
				t.Fatal(err)
			}
			d, err := decodeDraft(sent, cat, segment.Rule{})
			if err != nil {
				t.Fatal(err)
			}
			got := d.rule(comp, cat, digits)
			if !got.sound() || canonical(got.Rule) != canonical(rule) {
				t.Fatalf("rule %d:\nhad %s\ngot %s, bad %v\nform %v", i, canonical(rule), canonical(got.Rule), got.Bad, form)
			}
			if len(got.Order) != len(rule.Paths()) {
				t.Fatalf("rule %d: %d places for %d parts", i, len(got.Order), len(rule.Paths()))
			}
		}
	}
}

func TestPeopleStayOnTheServer(t *testing.T) {
	t.Parallel()
	cat := segment.DefaultCatalog()
	base := segment.Group("all", segment.Everyone(), segment.Condition("learner", segment.OpNotIn, []int64{123456, 7}, ""))
	form := encodeDraft(draftOf(base, cat, 2))
	if strings.Contains(form.Encode(), "123456") {
		t.Errorf("an id of a person is in the form: %s", form.Encode())
	}
	d, err := decodeDraft(form, cat, base)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.rule(testCompiler(), cat, 2); canonical(got.Rule) != canonical(base) {
		t.Errorf("got %s", canonical(got.Rule))
	}
	d, _ = decodeDraft(form, cat, segment.Rule{}) // the stored rule is gone
	if got := d.rule(testCompiler(), cat, 2); got.sound() {
		t.Error("a reference to nothing counts as a condition")
	}
}

func TestWhatIsWrongWithConditions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ fields, bad string }{
		{"f=last_login&op=in_last&v=30&u=day", ""},
		{"f=last_login&op=in_last&v=３０&u=day", ""},
		{"f=last_login&op=in_last&v=&u=day", "span"},
		{"f=last_login&op=in_last&v=0&u=day", "span"},
		{"f=last_login&op=in_last&v=1.5&u=day", "span"},
		{"f=last_login&op=in_last&v=99999999&u=day", "span"},
		{"f=last_login&op=in_last&v=1&u=fortnight", "span"},
		{"f=registered&op=between&v=2026-11-20&v=2026-10-01", "backwards"},
		{"f=registered&op=between&v=2026-11-20&v=", "dates"},
		{"f=registered&op=before&v=2026-13-40", "date"},
		{"f=registered&op=empty", ""},
		{"f=paid_total&op=ge&v=99.50", ""},
		{"f=paid_total&op=ge&v=1,280", ""},
		{"f=paid_total&op=ge&v=99.505", "money"},
		{"f=paid_total&op=ge&v=1e3", "money"},
		{"f=paid_total&op=ge&v=99999999999999999999", "money"},
		{"f=paid_total&op=between&v=5&v=1", "backwards"},
		{"f=paid_count&op=eq&v=x", "number"},
		{"f=paid_count&op=between&v=1&v=", "numbers"},
		{"f=bought&op=any_of", "list"},
		{"f=bought&op=any_of&v=0", "list"},
		{"f=bought&op=any_of&v=abc", "list"},
		{"f=bought&op=any_of&v=1&v=1", ""},
		{"f=member_level&op=in&v=", "list"},
		{"f=gone&op=eq&v=1", "gone"},
		{"f=learner&op=in&v=1", "gone"},
	} {
		v, err := url.ParseQuery(tt.fields)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"g.": {"all"}}
		for k, list := range v {
			form["c.0."+k] = list
		}
		d, err := decodeDraft(form, segment.DefaultCatalog(), segment.Rule{})
		if err != nil {
			t.Fatal(err)
		}
		got := d.rule(testCompiler(), segment.DefaultCatalog(), 2)
		if got.Bad["0"] != tt.bad {
			t.Errorf("%s: %q, want %q", tt.fields, got.Bad["0"], tt.bad)
		}
		if tt.bad != "" && canonical(got.Rule) != `{"all":[]}` {
			t.Errorf("%s: a bad condition is in the rule %s", tt.fields, canonical(got.Rule))
		}
	}
}

func TestFormLimits(t *testing.T) {
	t.Parallel()
	cat := segment.DefaultCatalog()
	deep := url.Values{"g.": {"all"}}
	path := "c"
	for range 7 {
		path += ".0"
		deep.Set(path+".g", "any")
	}
	deep.Set(path+".0.f", "last_login")
	d, err := decodeDraft(deep, cat, segment.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.rule(testCompiler(), cat, 2); got.sound() {
		t.Error("seven levels are taken")
	}
	many := url.Values{"g.": {"all"}}
	for i := range segment.MaxLeaves + 1 {
		many.Set(fmt.Sprintf("c.%d.f", i), "last_login")
		many.Set(fmt.Sprintf("c.%d.op", i), "not_empty")
	}
	if d, err = decodeDraft(many, cat, segment.Rule{}); err != nil {
		t.Fatal(err)
	}
	if got := d.rule(testCompiler(), cat, 2); got.Bad[""] != "many" || canonical(got.Rule) != `{"all":[]}` {
		t.Errorf("201 conditions: %v, %s", got.Bad, canonical(got.Rule))
	}
	for i := range 2 * maxFormNodes {
		many.Set(fmt.Sprintf("c.%d.f", i), "last_login")
	}
	if _, err := decodeDraft(many, cat, segment.Rule{}); err == nil {
		t.Error("2,000 conditions are read")
	}
}

// FuzzForm holds that any form is read without a panic, that a rule made of it compiles, and that
// what is shown of it is read as the same.
func FuzzForm(f *testing.F) {
	f.Add("g.=all&c.0.f=last_login&c.0.op=in_last&c.0.v=30&c.0.u=day&c.1.g=any&c.1.0.f=bought&c.1.0.op=any_of&c.1.0.v=1&c.1.0.v=2")
	f.Add("g.=none&c.5.g=x&c.5.1.f=gone&c.5.1.r={}&c.5.1.op=eq&c..f=&c.a.f=b&c.99999999.f=x&c.0.0.0.0.f=y")
	f.Add("g.=any&c.0.f=learner&c.0.op=in&c.0.ref=@0&c.1.f=paid_total&c.1.op=ge&c.1.v=12.5&c.1.o=paid_total+money")
	cat, comp := segment.DefaultCatalog(), testCompiler()
	base := segment.Group("all", segment.Condition("learner", segment.OpIn, []int64{1}, ""))
	f.Fuzz(func(t *testing.T, text string) {
		v, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		d, err := decodeDraft(v, cat, base)
		if err != nil {
			return
		}
		first := d.rule(comp, cat, 2)
		if _, err := comp.Compile(first.Rule); err != nil {
			t.Fatalf("%q: the rule %s does not compile: %v", text, canonical(first.Rule), err)
		}
		if len(first.Order) != len(first.Rule.Paths()) {
			t.Fatalf("%q: %d places for %d parts", text, len(first.Order), len(first.Rule.Paths()))
		}
		again, err := decodeDraft(encodeDraft(d), cat, base)
		if err != nil {
			t.Fatalf("%q: not read again: %v", text, err)
		}
		if second := again.rule(comp, cat, 2); canonical(second.Rule) != canonical(first.Rule) {
			t.Fatalf("%q: had %s, got %s", text, canonical(first.Rule), canonical(second.Rule))
		}
	})
}

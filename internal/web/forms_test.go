package web

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// testEnv is what rules are read against: every field, some of them the host's own.
func testEnv() segment.Env {
	custom := []segment.CustomField{{Key: "school", Type: segment.String}, {Key: "score", Type: segment.Real}, {Key: "exam", Type: segment.Time}, {Key: "vip", Type: segment.Flag}}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err) // the standard library's own data
	}
	return segment.Env{Catalog: segment.DefaultCatalog().With(custom), Now: time.Date(2026, 11, 20, 12, 0, 0, 0, zone), Currency: "CNY",
		Queries: map[segment.QueryID]segment.Rule{1: segment.Everyone(), 2: segment.Everyone()}}
}

// randomRule makes a sound rule at most as deep as rules may be.
func randomRule(r *rand.Rand, depth int) segment.Rule {
	if depth > 1 && (depth > segment.MaxDepth || r.IntN(3) > 0) {
		fields := askable()
		f := fields[r.IntN(len(fields))]
		return randomCondition(r, f, f.Ops()[r.IntN(len(f.Ops()))], func(segment.Narrowing) bool { return r.IntN(2) == 0 })
	}
	word := []string{"all", "any", "none"}[r.IntN(3)]
	var members []segment.Rule
	for range 1 + r.IntN(3) {
		members = append(members, randomRule(r, depth+1))
	}
	return segment.Group(word, members...)
}

// askable are the fields of the menu.
func askable() []segment.Field {
	return slices.DeleteFunc(testEnv().Catalog.Fields(), func(f segment.Field) bool { return f.Type == segment.IDs })
}

func randomCondition(r *rand.Rand, f segment.Field, op segment.Op, narrow func(segment.Narrowing) bool) segment.Rule {
	unit := segment.Unit("")
	if units := op.Units(); len(units) > 0 {
		unit = units[r.IntN(len(units))]
	}
	var value any
	n := r.Int64N(1_000_000)
	if f.Key == "age" {
		n = 500 + r.Int64N(50)
	}
	switch shape(f, op) {
	case shapeSpan:
		value = 1 + r.IntN(300)
	case shapeDate:
		value = "2026-02-28"
	case shapeDates:
		value = []string{"2026-02-28", "2026-03-01"}
	case shapeNumber, shapeMoney:
		value = n - 500
	case shapeNumbers, shapeMoneys:
		value = []int64{n - 500, n + r.Int64N(100) - 500}
	case shapeReal:
		value = float64(n)/8 - 500
	case shapeReals:
		value = []float64{-0.125, float64(n) / 3}
	case shapeText:
		value = []string{"小", "a&b=c %_", "９", "1,5"}[r.IntN(4)]
	case shapeList:
		value = someOf(r, f)
	}
	rule := segment.Condition(f.Key, op, value, unit)
	rule.Of = randomOf(r, f, narrow)
	return rule
}

func someOf(r *rand.Rand, f segment.Field) any {
	switch f.Type {
	case segment.Word, segment.Words:
		return []string{"active", "黄金 会员", "a&b=c:d"}[:1+r.IntN(3)]
	case segment.Queries:
		return []int64{1, 2}[:1+r.IntN(2)]
	}
	return []int64{1 + r.Int64N(1000), 3_000_000}[:1+r.IntN(2)]
}

func randomOf(r *rand.Rand, f segment.Field, narrow func(segment.Narrowing) bool) *segment.Of {
	var o segment.Of
	set := false
	for _, n := range f.Narrow {
		if !narrow(n) {
			continue
		}
		set = true
		ids := []int64{1 + r.Int64N(1000), 2_000_000}[:1+r.IntN(2)]
		texts := []string{"view", "考研 数学", "x:y"}[:1+r.IntN(3)]
		switch n {
		case segment.ByType:
			o.Types = texts
		case segment.ByCategory:
			o.Categories = texts
		case segment.ByChannel:
			o.Channels = []string{"sms", "email"}
		case segment.ByOffering:
			o.Offerings = ids
		case segment.ByTag:
			o.Tags = ids
		case segment.ByCampaign:
			o.Campaigns = ids
		case segment.ByLink:
			o.Links = ids
		case segment.ByPeriod:
			o.Within = []*segment.Within{{Last: 1 + r.Int64N(1200), Unit: segment.Month}, {Last: 3, Unit: segment.Hour}, {From: "2026-01-01"},
				{To: "2026-01-01"}, {From: "2026-01-01", To: "2026-02-01"}}[r.IntN(5)]
		}
	}
	if !set {
		return nil
	}
	return &o
}

// sendAndRead shows a rule in the form, sends the form and reads it again.
func sendAndRead(t *testing.T, rule segment.Rule, digits int) ruling {
	t.Helper()
	env := testEnv()
	form := encodeDraft(draftOf(rule, env.Catalog, digits))
	sent, err := url.ParseQuery(form.Encode())
	if err != nil {
		t.Fatal(err)
	}
	d, err := decodeDraft(sent, env.Catalog, segment.Rule{})
	if err != nil {
		t.Fatal(err)
	}
	got := d.rule(env, digits)
	if !got.sound() || canonical(got.Rule) != canonical(rule) {
		t.Fatalf("had %s\ngot %s, bad %v\nform %v", canonical(rule), canonical(got.Rule), got.Bad, form)
	}
	return got
}

// TestFormsKeepRules holds that showing a rule in the form, sending the form and reading it again
// gives the same rule.
func TestFormsKeepRules(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 1000 {
		rule := randomRule(r, 1)
		for _, digits := range []int{0, 2, 3} {
			if got := sendAndRead(t, rule, digits); len(got.Order) != len(rule.Paths()) {
				t.Fatalf("rule %d: %d places for %d parts", i, len(got.Order), len(rule.Paths()))
			}
		}
	}
}

// TestFormsKeepEveryCondition is the same for each field with each of its operators, narrowed in
// no way, in each way and in all.
func TestFormsKeepEveryCondition(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for _, f := range askable() {
		for _, op := range f.Ops() {
			sendAndRead(t, segment.Group("all", randomCondition(r, f, op, func(segment.Narrowing) bool { return false })), 2)
			sendAndRead(t, segment.Group("all", randomCondition(r, f, op, func(segment.Narrowing) bool { return true })), 2)
			for _, only := range f.Narrow {
				for range 5 { // the kinds of periods
					sendAndRead(t, segment.Group("any", randomCondition(r, f, op, func(n segment.Narrowing) bool { return n == only })), 2)
				}
			}
		}
	}
}

// TestNewConditionsAreSound holds that another field or operator, chosen in a form, leaves a
// condition that counts, unless there is something to be picked.
func TestNewConditionsAreSound(t *testing.T) {
	t.Parallel()
	env := testEnv()
	old := "c.0.f=activity&c.0.o=last_login+span&c.0.op=in_last&c.0.v=30&c.0.u=day&c.0.ty=view&c.0.of=7&c.0.w=last&c.0.wn=14&c.0.wu=day"
	for _, f := range askable() {
		for _, op := range append(f.Ops(), "in_last") {
			v, err := url.ParseQuery("g.=all&" + old)
			if err != nil {
				t.Fatal(err)
			}
			v.Set("c.0.f", f.Key)
			v.Set("c.0.op", string(op))
			d, err := decodeDraft(v, env.Catalog, segment.Rule{})
			if err != nil {
				t.Fatal(err)
			}
			got := d.rule(env, 2)
			word := got.Bad["0"]
			if s := shape(f, d.Kids[0].Op); word != "" && word != string(s) && word != "age" || word == "" && !got.sound() || s == shapeSpan && word != "" {
				t.Errorf("%s %s: %v", f.Key, op, got.Bad)
			}
			if of, _ := d.Kids[0].narrowing(); !narrowsAs(f, of) {
				t.Errorf("%s %s: narrowed as %s", f.Key, op, canonical(got.Rule))
			}
		}
	}
}

func TestPeopleStayOnTheServer(t *testing.T) {
	t.Parallel()
	env := testEnv()
	cat := env.Catalog
	base := segment.Group("all", segment.Everyone(), segment.Condition("learner", segment.OpNotIn, []int64{123456, 7}, ""))
	form := encodeDraft(draftOf(base, cat, 2))
	if strings.Contains(form.Encode(), "123456") {
		t.Errorf("an id of a person is in the form: %s", form.Encode())
	}
	d, err := decodeDraft(form, cat, base)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.rule(env, 2); canonical(got.Rule) != canonical(base) {
		t.Errorf("got %s", canonical(got.Rule))
	}
	d, _ = decodeDraft(form, cat, segment.Rule{}) // the stored rule is gone
	if got := d.rule(env, 2); got.sound() {
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
		{"f=last_login&op=not_in_last&v=7&u=week", ""},
		{"f=last_login&op=this&u=year", ""},
		{"f=last_login&op=previous&u=hour", ""}, // the unit of another operator: the first of this one
		{"f=birthday&op=birthday_in&v=0&u=day", ""},
		{"f=birthday&op=birthday_in&v=-1&u=day", "birthday"},
		{"f=birthday&op=birthday_in&v=x&u=day", "birthday"},
		{"f=age&op=between&v=30&v=20", "backwards"},
		{"f=age&op=ge&v=151", "age"},
		{"f=custom.score&op=ge&v=59.5", ""},
		{"f=custom.score&op=ge&v=1e3", "real"},
		{"f=custom.score&op=between&v=1&v=", "reals"},
		{"f=custom.score&op=between&v=1.5&v=1.25", "backwards"},
		{"f=nickname&op=contains&v=+", "text"},
		{"f=nickname&op=contains&v=小", ""},
		{"f=has_mobile&op=no&v=1", ""},
		{"f=query&op=in&v=1", ""},
		{"f=query&op=in&v=99", "query"},
		{"f=activity&op=ge&v=3&w=last&wn=14&wu=day", ""},
		{"f=activity&op=ge&v=3&w=last&wn=１４&wu=day", ""},
		{"f=activity&op=ge&v=3&w=last&wn=&wu=day", "period"},
		{"f=activity&op=ge&v=3&w=last&wn=0&wu=day", "period"},
		{"f=activity&op=ge&v=3&w=last&wn=14&wu=year", "period"},
		{"f=activity&op=ge&v=3&w=dates", "period"},
		{"f=activity&op=ge&v=3&w=dates&wf=2026-02-01&wt=2026-01-01", "period"},
		{"f=activity&op=ge&v=x&w=last&wn=14&wu=day", "number"},
		{"f=activity&op=ge&v=3&of=x", "narrow"},
		{"f=activity&op=ge&v=3&of=0", "narrow"},
		{"f=registered&op=not_empty&w=last&wn=0&ty=view", ""}, // cannot be narrowed: dropped
	} {
		v, err := url.ParseQuery(tt.fields)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"g.": {"all"}}
		for k, list := range v {
			form["c.0."+k] = list
		}
		d, err := decodeDraft(form, testEnv().Catalog, segment.Rule{})
		if err != nil {
			t.Fatal(err)
		}
		got := d.rule(testEnv(), 2)
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
	env := testEnv()
	cat := env.Catalog
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
	if got := d.rule(env, 2); got.sound() {
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
	if got := d.rule(env, 2); got.Bad[""] != "many" || canonical(got.Rule) != `{"all":[]}` {
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
	f.Add("g.=all&c.0.f=activity&c.0.op=ge&c.0.v=3&c.0.ty=view&c.0.of=1&c.0.ca=a&c.0.tg=2&c.0.w=last&c.0.wn=14&c.0.wu=day&c.1.f=clicks&c.1.op=le&c.1.v=2&c.1.cp=9&c.1.w=dates&c.1.wf=2026-01-01")
	f.Add("g.=any&c.0.f=birthday&c.0.op=birthday_in&c.0.v=0&c.0.u=week&c.1.f=custom.score&c.1.op=between&c.1.v=-0&c.1.v=1.5&c.2.f=contacted&c.2.op=this&c.2.u=year&c.2.ch=sms&c.3.f=registered&c.3.ro={\"type\":[\"x\"]}&c.3.r=3&c.3.op=on")
	f.Add("g.=any&c.0.f=learner&c.0.op=in&c.0.ref=@0&c.1.f=paid_total&c.1.op=ge&c.1.v=12.5&c.1.o=paid_total+money")
	env := testEnv()
	cat := env.Catalog
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
		first := d.rule(env, 2)
		if _, err := segment.Compile(first.Rule, env); err != nil {
			t.Fatalf("%q: the rule %s does not compile: %v", text, canonical(first.Rule), err)
		}
		if len(first.Order) != len(first.Rule.Paths()) {
			t.Fatalf("%q: %d places for %d parts", text, len(first.Order), len(first.Rule.Paths()))
		}
		again, err := decodeDraft(encodeDraft(d), cat, base)
		if err != nil {
			t.Fatalf("%q: not read again: %v", text, err)
		}
		if second := again.rule(env, 2); canonical(second.Rule) != canonical(first.Rule) {
			t.Fatalf("%q: had %s, got %s", text, canonical(first.Rule), canonical(second.Rule))
		}
	})
}

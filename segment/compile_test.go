package segment

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// noon is midday in Shanghai on a last of March, so that "a month ago" has to stay in February.
var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))

func mustParse(t testing.TB, text string) Rule {
	t.Helper()
	r, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

func TestCompile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rule, want string }{
		{"in the last days", `{"field":"last_login","op":"in_last","value":30,"unit":"day"}`,
			`(l.last_login_at >= ? AND l.last_login_at <= ?) [2026-03-01T04:00:00Z 2026-03-31T04:00:00Z]`},
		{"older than a month", `{"field":"last_login","op":"older","value":1,"unit":"month"}`,
			`l.last_login_at < ? [2026-02-28T04:00:00Z]`},
		{"weeks", `{"field":"registered","op":"older","value":2,"unit":"week"}`, `l.registered_at < ? [2026-03-17T04:00:00Z]`},
		{"hours", `{"field":"registered","op":"older","value":1,"unit":"hour"}`, `l.registered_at < ? [2026-03-31T03:00:00Z]`},
		{"a date is the site's", `{"field":"last_paid","op":"on_after","value":"2026-01-01"}`, `l.last_paid_at >= ? [2025-12-31T16:00:00Z]`},
		{"between dates, both included", `{"field":"last_paid","op":"between","value":["2026-01-01","2026-01-01"]}`,
			`(l.last_paid_at >= ? AND l.last_paid_at < ?) [2025-12-31T16:00:00Z 2026-01-01T16:00:00Z]`},
		{"never", `{"field":"last_login","op":"empty"}`, `l.last_login_at IS NULL []`},
		{"number", `{"field":"paid_count","op":"ge","value":2}`, `l.paid_order_count >= ? [2]`},
		{"money between", `{"field":"paid_total","op":"between","value":[10000,50000]}`, `(l.paid_total >= ? AND l.paid_total <= ?) [10000 50000]`},
		{"word", `{"field":"member_level","op":"not_in","value":["gold"]}`, `l.member_level <> ALL (?) [[gold]]`},
		{"any of", `{"field":"interest_tag","op":"any_of","value":[3,5]}`, `l.tag_ids && ?::integer[] [[3 5]]`},
		{"all of", `{"field":"bought","op":"all_of","value":[3]}`, `l.bought_ids @> ?::integer[] [[3]]`},
		{"none of", `{"field":"enrolled","op":"none_of","value":[3]}`, `NOT l.enrolled_ids && ?::integer[] [[3]]`},
		{"chosen people", `{"field":"learner","op":"in","value":[5000000000]}`, `l.id = ANY (?) [[5000000000]]`},
		{"groups", `{"all":[{"field":"paid_count","op":"eq","value":0},{"any":[{"field":"status","op":"in","value":["active"]},{"none":[{"field":"last_paid","op":"empty"}]}]}]}`,
			`(l.paid_order_count = ? AND (l.status = ANY (?) OR (l.last_paid_at IS NULL) IS NOT TRUE)) [0 [active]]`},
		{"nobody by accident", `{"all":[]}`, `FALSE []`},
		{"an empty none is nobody too", `{"none":[]}`, `FALSE []`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Compile(mustParse(t, c.rule), DefaultCatalog(), noon)
			if err != nil {
				t.Fatal(err)
			}
			var args []string
			for _, a := range p.Args {
				if at, ok := a.(time.Time); ok {
					a = at.Format(time.RFC3339)
				}
				args = append(args, fmt.Sprint(a))
			}
			if got := p.SQL + " [" + strings.Join(args, " ") + "]"; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestDaysAcrossClockChanges: yesterday at noon is 23 or 25 hours ago where clocks change.
func TestDaysAcrossClockChanges(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 29, 12, 0, 0, 0, berlin) // the night before had 23 hours of a day
	p, err := Compile(mustParse(t, `{"field":"last_login","op":"older","value":1,"unit":"day"}`), DefaultCatalog(), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := now.Sub(p.Args[0].(time.Time)); got != 23*time.Hour {
		t.Errorf("a day was %v long", got)
	}
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"all":[`, MaxDepth+1) + strings.Repeat(`]}`, MaxDepth+1)
	leaf := `{"field":"paid_count","op":"eq","value":0}`
	many := `{"all":[` + strings.Repeat(leaf+",", 10_000) + leaf + `]}`
	for _, c := range []struct {
		name, rule string
		want       error
	}{
		{"not JSON", `{`, ErrSyntax},
		{"nothing", `{}`, ErrSyntax},
		{"null", `null`, ErrSyntax},
		{"two kinds", `{"all":[],"field":"paid_count"}`, ErrSyntax},
		{"unknown key", `{"fiel":"paid_count"}`, ErrSyntax},
		{"text behind", `{"all":[]} x`, ErrSyntax},
		{"too deep", deep, ErrTooDeep},
		{"10,001 leaves", many, ErrTooLarge},
		{"201 leaves", `{"all":[` + strings.Repeat(leaf+",", 200) + leaf + `]}`, ErrTooLarge},
		{"unknown field", `{"field":"password","op":"eq","value":1}`, ErrUnknownField},
		{"operator of another type", `{"field":"paid_count","op":"in_last","value":1,"unit":"day"}`, ErrUnknownOp},
		{"SQL as value", `{"field":"paid_count","op":"eq","value":"0; DROP TABLE crm_learners"}`, ErrValue},
		{"SQL as unit", `{"field":"last_login","op":"in_last","value":1,"unit":"day'"}`, ErrValue},
		{"missing value", `{"field":"paid_count","op":"eq"}`, ErrValue},
		{"null value", `{"field":"paid_count","op":"eq","value":null}`, ErrValue},
		{"null in a list", `{"field":"member_level","op":"in","value":[null]}`, ErrValue},
		{"fraction", `{"field":"paid_count","op":"eq","value":1.5}`, ErrValue},
		{"beyond int64", `{"field":"paid_total","op":"eq","value":99999999999999999999}`, ErrValue},
		{"year 0", `{"field":"last_login","op":"before","value":"0000-01-01"}`, ErrValue},
		{"year 10000", `{"field":"last_login","op":"before","value":"10000-01-01"}`, ErrValue},
		{"no such day", `{"field":"last_login","op":"before","value":"2026-02-29"}`, ErrValue},
		{"dates the wrong way round", `{"field":"last_login","op":"between","value":["2026-02-02","2026-02-01"]}`, ErrValue},
		{"zero days", `{"field":"last_login","op":"in_last","value":0,"unit":"day"}`, ErrValue},
		{"a thousand years", `{"field":"last_login","op":"in_last","value":365000,"unit":"day"}`, ErrValue},
		{"empty list", `{"field":"bought","op":"any_of","value":[]}`, ErrValue},
		{"tag id beyond 32 bits", `{"field":"interest_tag","op":"any_of","value":[4294967296]}`, ErrValue},
		{"NUL in a word", `{"field":"member_level","op":"in","value":["a\u0000b"]}`, ErrValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Parse([]byte(c.rule))
			if err == nil {
				_, err = Compile(r, DefaultCatalog(), noon)
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if _, ok := Problem(err); !ok {
				t.Errorf("%T does not say where", err)
			}
		})
	}
}

func TestRuleErrorSaysWhere(t *testing.T) {
	t.Parallel()
	r := mustParse(t, `{"all":[{"field":"paid_count","op":"eq","value":0},{"any":[{"field":"nope","op":"eq","value":0}]}]}`)
	_, err := Compile(r, DefaultCatalog(), noon)
	if e, ok := Problem(err); !ok || e.Path != "1.0" || e.Field != "nope" {
		t.Errorf("got %v", err)
	}
}

func TestPathsFollowTheTree(t *testing.T) {
	t.Parallel()
	r := mustParse(t, `{"all":[{"any":[{"field":"paid_count","op":"eq","value":0}]},{"field":"paid_count","op":"eq","value":1}]}`)
	var got []string
	for _, p := range r.Paths() {
		got = append(got, p.Path)
	}
	if strings.Join(got, " ") != "0 0.0 1" {
		t.Errorf("paths %v", got)
	}
}

// allowed is everything a predicate may consist of besides the catalogue's columns.
var allowed = regexp.MustCompile(`^(\(|\)| |AND|OR|NOT|IS|NULL|TRUE|FALSE|ANY|ALL|=|<>|<=|>=|<|>|\?|''|::integer\[\]|@>|&&)*$`)

func FuzzRule(f *testing.F) {
	f.Add([]byte(`{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"none":[{"field":"bought","op":"any_of","value":[1]}]}]}`))
	f.Add([]byte(`{"field":"member_level","op":"in","value":["'; drop"]}`))
	f.Add([]byte(`{"field":"last_paid","op":"between","value":["2026-01-01","2026-12-31"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(r.JSON())
		if err != nil || string(back.JSON()) != string(r.JSON()) {
			t.Fatalf("%s does not survive its own JSON: %v", text, err)
		}
		p, err := Compile(r, DefaultCatalog(), noon)
		if err != nil {
			return
		}
		if strings.Count(p.SQL, "?") != len(p.Args) {
			t.Fatalf("%s has %d arguments", p.SQL, len(p.Args))
		}
		rest := p.SQL
		for _, field := range fields {
			rest = strings.ReplaceAll(rest, field.Column, "")
		}
		if !allowed.MatchString(rest) {
			t.Fatalf("%s holds more than the catalogue: %q", p.SQL, rest)
		}
	})
}

func ExampleCompile() {
	rule := Group("all",
		Condition("last_login", OpInLast, 30, Day),
		Condition("paid_count", OpEq, 0, ""),
	)
	p, err := Compile(rule, DefaultCatalog(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	fmt.Println(p.SQL, len(p.Args), err)
	text, _ := json.Marshal(rule)
	fmt.Println(string(text))
	// Output:
	// ((l.last_login_at >= ? AND l.last_login_at <= ?) AND l.paid_order_count = ?) 3 <nil>
	// {"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"field":"paid_count","op":"eq","value":0}]}
}

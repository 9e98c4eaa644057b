package segment

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// noon is midday in Shanghai on a last of March, so that "a month ago" has to stay in February.
var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, zone("Asia/Shanghai"))

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the test's own names
	}
	return loc
}

// at is the product's catalogue at a moment.
func at(now time.Time) Env {
	return Env{Catalog: DefaultCatalog(), Now: now, Currency: "CNY", Queries: map[QueryID]Rule{
		1: Group("any", Condition("paid_count", OpGe, 1, "")),
		2: Condition("query", OpIn, []int{3}, ""),
		3: Condition("query", OpNotIn, []int{2}, ""),
	}}
}

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
		{"not in the last days, or never", `{"field":"last_login","op":"not_in_last","value":30,"unit":"day"}`,
			`(l.last_login_at < ? OR l.last_login_at > ? OR l.last_login_at IS NULL) [2026-03-01T04:00:00Z 2026-03-31T04:00:00Z]`},
		{"older than a month", `{"field":"last_login","op":"older","value":1,"unit":"month"}`, `(l.last_login_at < ?) [2026-02-28T04:00:00Z]`},
		{"in the next days", `{"field":"member_expires","op":"in_next","value":2,"unit":"week"}`,
			`(l.member_expires_at >= ? AND l.member_expires_at <= ?) [2026-03-31T04:00:00Z 2026-04-14T04:00:00Z]`},
		{"hours", `{"field":"registered","op":"older","value":1,"unit":"hour"}`, `(l.registered_at < ?) [2026-03-31T03:00:00Z]`},
		{"this week begins on Monday", `{"field":"registered","op":"this","unit":"week"}`,
			`(l.registered_at >= ? AND l.registered_at < ?) [2026-03-29T16:00:00Z 2026-04-05T16:00:00Z]`},
		{"last month", `{"field":"registered","op":"previous","unit":"month"}`,
			`(l.registered_at >= ? AND l.registered_at < ?) [2026-01-31T16:00:00Z 2026-02-28T16:00:00Z]`},
		{"on a date of the site", `{"field":"last_paid","op":"on","value":"2026-01-01"}`,
			`(l.last_paid_at >= ? AND l.last_paid_at < ?) [2025-12-31T16:00:00Z 2026-01-01T16:00:00Z]`},
		{"after a date", `{"field":"last_paid","op":"after","value":"2026-01-01"}`, `(l.last_paid_at >= ?) [2026-01-01T16:00:00Z]`},
		{"between dates, both included", `{"field":"last_paid","op":"between","value":["2026-01-01","2026-01-01"]}`,
			`(l.last_paid_at >= ? AND l.last_paid_at < ?) [2025-12-31T16:00:00Z 2026-01-01T16:00:00Z]`},
		{"never", `{"field":"last_login","op":"empty"}`, `(l.last_login_at IS NULL) []`},
		{"a day of birth has no time zone", `{"field":"birthday","op":"on","value":"2000-02-29"}`,
			`(l.birthday >= ?::date AND l.birthday < ?::date) [2000-02-29 2000-03-01]`},
		{"a birthday is near", `{"field":"birthday","op":"birthday_in","value":7,"unit":"day"}`,
			`((extract(month FROM l.birthday) * 100 + extract(day FROM l.birthday)) >= ? AND (extract(month FROM l.birthday) * 100 + extract(day FROM l.birthday)) <= ?) [331 407]`},
		{"an age", `{"field":"age","op":"between","value":[18,24]}`, `(l.birthday > ?::date AND l.birthday <= ?::date) [2001-03-31 2008-03-31]`},
		{"number", `{"field":"paid_count","op":"ge","value":2}`, `(l.paid_order_count >= ?) [2]`},
		{"not equal", `{"field":"paid_count","op":"ne","value":2}`, `(l.paid_order_count = ?) IS NOT TRUE [2]`},
		{"money between", `{"field":"paid_total","op":"between","value":[10000,50000]}`, `(l.paid_total >= ? AND l.paid_total <= ?) [10000 50000]`},
		{"word", `{"field":"member_level","op":"not_in","value":["gold"]}`, `l.member_level <> ALL (?) [[gold]]`},
		{"text", `{"field":"nickname","op":"not_contains","value":"Ab"}`, `NOT (strpos(lower((l.nickname) COLLATE "C"), ?) > 0) [ab]`},
		{"flag", `{"field":"has_email","op":"no"}`, `((l.usable_email IS NOT NULL)) IS NOT TRUE []`},
		{"a stage of a course", `{"field":"stage","of":{"offering":[12]},"op":"any_of","value":["potential"]}`,
			`EXISTS (SELECT FROM crm_pairs x WHERE x.learner_id = l.id AND x.stage <> '' AND x.stage = ? AND x.offering_id = ANY (?)) [potential [12]]`},
		{"no stage of a category", `{"field":"stage","of":{"category":["a"]},"op":"empty"}`,
			`NOT EXISTS (SELECT FROM crm_pairs x WHERE x.learner_id = l.id AND x.stage <> '' AND x.offering_id = ANY (ARRAY(SELECT o.id FROM crm_offerings o JOIN crm_offerings k ON k.id = o.canonical_id WHERE TRUE AND k.category_path && ?::text[]))) [[a]]`},
		{"any of", `{"field":"interest_tag","op":"any_of","value":[3,5]}`, `(l.tag_ids && ?::integer[]) [[3 5]]`},
		{"none of", `{"field":"enrolled","op":"none_of","value":[3]}`, `NOT (l.enrolled_ids && ?::integer[]) [[3]]`},
		{"bought at a price", `{"field":"bought_price","op":"lt","value":100}`, `l.bought_ids && ARRAY(SELECT o.id FROM crm_offerings o WHERE o.price < ?) [100]`},
		{"chosen people", `{"field":"learner","op":"in","value":[5000000000]}`, `l.id = ANY (?) [[5000000000]]`},
		{"some row at all", `{"field":"activity","of":{"type":["view"]},"op":"ge","value":1}`,
			`EXISTS (SELECT FROM crm_activities x WHERE x.learner_id = l.id AND TRUE AND x.type = ANY (?)) [[view]]`},
		{"no row at all", `{"field":"activity","of":{"type":["view"]},"op":"eq","value":0}`,
			`NOT EXISTS (SELECT FROM crm_activities x WHERE x.learner_id = l.id AND TRUE AND x.type = ANY (?)) [[view]]`},
		{"few rows: all people but those with more", `{"field":"clicks","op":"lt","value":3}`,
			`l.id NOT IN (SELECT x.learner_id FROM crm_clicks x WHERE x.kind = 'human' GROUP BY x.learner_id HAVING NOT (count(*) < ?)) [3]`},
		{"the latest is old", `{"field":"withdrawn","op":"older","value":1,"unit":"day"}`,
			`l.id IN (SELECT x.learner_id FROM crm_enrollments x WHERE x.role = 'student' AND x.status = 'exited' AND x.exit_reason IN ('self', 'removed', 'refund') AND x.exited_at IS NOT NULL AND x.exited_at <= ?` +
				` GROUP BY x.learner_id HAVING max(x.exited_at) < ?) [2026-03-31T04:00:00Z 2026-03-30T04:00:00Z]`},
		{"some row is recent", `{"field":"last_click","op":"in_last","value":1,"unit":"day"}`,
			`EXISTS (SELECT FROM crm_clicks x WHERE x.learner_id = l.id AND x.kind = 'human' AND x.at <= ? AND x.at >= ?) [2026-03-31T04:00:00Z 2026-03-30T04:00:00Z]`},
		{"courses under way stand in the person's row", `{"field":"learning","of":{"category":["a"]},"op":"eq","value":0}`,
			`NOT (l.enrolled_ids && ARRAY(SELECT k.id FROM crm_offerings k WHERE TRUE AND k.category_path && ?::text[])) [[a]]`},
		{"several of them", `{"field":"learning","of":{"tag":[2]},"op":"lt","value":3}`,
			`(SELECT count(*) < ? FROM unnest(l.enrolled_ids) e WHERE e = ANY (ARRAY(SELECT k.id FROM crm_offerings k WHERE TRUE AND k.tag_ids && ?::integer[]))) [3 [2]]`},
		{"numbers beyond every sum", `{"field":"activity","op":"le","value":-9223372036854775808}`,
			`l.id IN (SELECT x.learner_id FROM crm_activities x WHERE TRUE GROUP BY x.learner_id HAVING count(*) <= ?) [-9223372036854775808]`},
		{"groups carry a negation to their conditions", `{"all":[{"field":"paid_count","op":"eq","value":0},{"none":[{"field":"last_paid","op":"empty"},{"any":[{"field":"status","op":"in","value":["active"]},{"field":"paid_count","op":"gt","value":1}]}]}]}`,
			`((l.paid_order_count = ?) AND ((l.last_paid_at IS NOT NULL) AND (l.status <> ALL (?) AND (l.paid_order_count > ?) IS NOT TRUE))) [0 [active] 1]`},
		{"another query", `{"field":"query","op":"not_in","value":[1]}`, `(((l.paid_order_count >= ?) IS NOT TRUE)) [1]`},
		{"nobody by accident", `{"all":[]}`, `FALSE []`},
		{"an empty none is nobody too", `{"none":[]}`, `FALSE []`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Compile(mustParse(t, c.rule), at(noon))
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

// TestStyles: the same question asked of one person after the other, and of everybody at once.
func TestStyles(t *testing.T) {
	t.Parallel()
	r := mustParse(t, `{"none":[{"field":"clicks","op":"ge","value":3}]}`)
	walk, err := compileFor(walking, "", r, at(noon))
	if err != nil {
		t.Fatal(err)
	}
	if want := "((SELECT count(*) >= ? FROM crm_clicks x WHERE x.learner_id = l.id AND x.kind = 'human') IS NOT TRUE)"; walk.SQL != want || !walk.Rows {
		t.Errorf("walking: %s", walk.SQL)
	}
	hinted, err := compileFor(walking, "", mustParse(t, `{"field":"open_since","op":"older","value":1,"unit":"day"}`), at(noon))
	if err != nil {
		t.Fatal(err)
	}
	if want := "(l.open_order_count > 0 AND EXISTS (SELECT FROM crm_orders x WHERE x.learner_id = l.id AND x.status = 'pending' AND x.created_at < ? OFFSET 0))"; hinted.SQL != want {
		t.Errorf("walking past those without open orders: %s", hinted.SQL)
	}
	for _, text := range []string{`{"field":"paid_total","of":{"within":{"last":1,"unit":"day"}},"op":"lt","value":0}`,
		`{"none":[{"field":"paid_total","of":{"within":{"last":1,"unit":"day"}},"op":"ge","value":0}]}`} {
		p, err := compileFor(walking, "", mustParse(t, text), at(noon))
		if err != nil || strings.Contains(p.SQL, "last_paid_at") {
			t.Errorf("a sum below 0 needs no order that kept money: %s, %v", p.SQL, err)
		}
	}
	join, err := compileFor(joining, "s7_", r, at(noon))
	if err != nil {
		t.Fatal(err)
	}
	if join.SQL != "(s7_0.learner_id IS NULL)" || len(join.Args) != 0 || len(join.Joins) != 1 || join.Joins[0].As != "s7_0" ||
		join.Joins[0].IDs.SQL != "SELECT x.learner_id FROM crm_clicks x WHERE x.kind = 'human' GROUP BY x.learner_id HAVING count(*) >= ?" {
		t.Errorf("joining: %+v", join)
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
	p, err := Compile(mustParse(t, `{"field":"last_login","op":"older","value":1,"unit":"day"}`), at(now))
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
		{"SQL as field", `{"field":"status; DROP TABLE crm_learners","op":"in","value":["a"]}`, ErrUnknownField},
		{"SQL as narrowing", `{"field":"activity","of":{"within":{"last":1,"unit":"day' OR TRUE"}},"op":"ge","value":1}`, ErrValue},
		{"a narrowing of another field", `{"field":"paid_count","of":{"type":["view"]},"op":"ge","value":1}`, ErrNarrow},
		{"a period that is no period", `{"field":"paid_count","of":{"within":{}},"op":"ge","value":1}`, ErrValue},
		{"a period of two kinds", `{"field":"paid_count","of":{"within":{"last":1,"unit":"day","from":"2026-01-01"}},"op":"ge","value":1}`, ErrValue},
		{"a period the wrong way round", `{"field":"paid_count","of":{"within":{"from":"2026-01-02","to":"2026-01-01"}},"op":"ge","value":1}`, ErrValue},
		{"narrowing of a group", `{"all":[],"of":{"type":["view"]}}`, ErrSyntax},
		{"a value where none belongs", `{"field":"last_login","op":"empty","value":1}`, ErrValue},
		{"a unit where none belongs", `{"field":"paid_count","op":"eq","value":1,"unit":"day"}`, ErrValue},
		{"this hour", `{"field":"last_login","op":"this","unit":"hour"}`, ErrValue},
		{"an age of 151", `{"field":"age","op":"ge","value":151}`, ErrValue},
		{"a birthday in a thousand days", `{"field":"birthday","op":"birthday_in","value":1000,"unit":"day"}`, ErrValue},
		{"no such query", `{"field":"query","op":"in","value":[99]}`, ErrNoQuery},
		{"queries in a circle", `{"field":"query","op":"in","value":[2]}`, ErrCycle},
		{"10,001 values", `{"field":"city","op":"in","value":["a"` + strings.Repeat(`,"a"`, 10_000) + `]}`, ErrValue},
		{"256 bytes", `{"field":"nickname","op":"is","value":"` + strings.Repeat("a", 256) + `"}`, ErrValue},
		{"infinity", `{"field":"paid_count","op":"eq","value":1e999}`, ErrValue},
		{"NaN", `{"field":"paid_count","op":"eq","value":NaN}`, ErrSyntax},
		{"NUL in a word", `{"field":"member_level","op":"in","value":["a\u0000b"]}`, ErrValue},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Parse([]byte(c.rule))
			if err == nil {
				_, err = Compile(r, at(noon))
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

// TestTheDeepestRuleCanBeWrapped: what may be typed may also be rested and left out by hand.
func TestTheDeepestRuleCanBeWrapped(t *testing.T) {
	t.Parallel()
	longest := mustParse(t, `{"any":[`+strings.Repeat(`{"field":"paid_count","op":"eq","value":0},`, MaxLeaves-1)+`{"field":"paid_count","op":"eq","value":0}]}`)
	if _, err := Compile(Rested(longest, 7), at(noon)); err != nil {
		t.Error(err)
	}
	deepest := mustParse(t, strings.Repeat(`{"any":[`, MaxDepth)+`{"field":"paid_count","op":"eq","value":0}`+strings.Repeat(`]}`, MaxDepth))
	if _, err := Compile(Group("all", Rested(deepest, 7), Condition("learner", OpNotIn, []int{1}, "")), at(noon)); err != nil {
		t.Error(err)
	}
}

// TestManyNamesOfNothing: references cost something even where what they refer to is empty.
func TestManyNamesOfNothing(t *testing.T) {
	t.Parallel()
	env := at(noon)
	zero := make([]int, 9000)
	for i := range zero {
		zero[i] = 4
	}
	env.Queries[4], env.Queries[5] = Group("all"), Group("any", Condition("query", OpIn, zero, ""))
	if p, err := Compile(Condition("query", OpIn, []int{5, 5, 5}, ""), env); err != nil || len(p.SQL) > 100 {
		t.Errorf("%d bytes, %v", len(p.SQL), err)
	}
	var many []int
	for i := range 2000 {
		env.Queries[QueryID(100+i)] = Group("all")
		many = append(many, 100+i)
	}
	if _, err := Compile(Condition("query", OpIn, many, ""), env); !errors.Is(err, ErrTooLarge) {
		t.Errorf("2,000 references: %v", err)
	}
}

// TestHiddenQueries can be referred to by others, and not by who may not see them.
func TestHiddenQueries(t *testing.T) {
	t.Parallel()
	env := at(noon)
	env.Queries[6] = Condition("query", OpIn, []int{1}, "")
	env.Hidden = func(id QueryID) bool { return id == 1 }
	if _, err := Compile(Condition("query", OpIn, []int{1}, ""), env); !errors.Is(err, ErrNoQuery) {
		t.Errorf("by name: %v", err)
	}
	if _, err := Compile(Condition("query", OpIn, []int{6}, ""), env); err != nil {
		t.Errorf("through another: %v", err)
	}
}

func TestRuleErrorSaysWhere(t *testing.T) {
	t.Parallel()
	r := mustParse(t, `{"all":[{"field":"paid_count","op":"eq","value":0},{"any":[{"field":"nope","op":"eq","value":0}]}]}`)
	_, err := Compile(r, at(noon))
	if e, ok := Problem(err); !ok || e.Path != "1.0" || e.Field != "nope" {
		t.Errorf("got %v", err)
	}
}

// TestOfferings: a rule is about the offerings that its conditions are narrowed to, but for those of
// which nobody is to be.
func TestOfferings(t *testing.T) {
	t.Parallel()
	of := func(ids ...int64) Rule { return Rule{Field: "stage", Of: &Of{Offerings: ids}} }
	for _, tt := range []struct {
		rule Rule
		want []int64
	}{
		{Everyone(), nil},
		{of(7), []int64{7}},
		{Group("all", of(9, 3), Group("any", of(3), Group("all", of(5)))), []int64{3, 5, 9}},
		{Group("all", Group("none", of(7)), of(1)), []int64{1}},
	} {
		if got := tt.rule.Offerings(); !slices.Equal(got, tt.want) {
			t.Errorf("%s is about %v, want %v", tt.rule.JSON(), got, tt.want)
		}
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

func ExampleCompile() {
	rule := Group("all",
		Condition("last_login", OpInLast, 30, Day),
		Condition("paid_count", OpEq, 0, ""),
	)
	p, err := Compile(rule, Env{Catalog: DefaultCatalog(), Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)})
	fmt.Println(p.SQL, len(p.Args), err)
	text, _ := json.Marshal(rule)
	fmt.Println(string(text))
	// Output:
	// ((l.last_login_at >= ? AND l.last_login_at <= ?) AND (l.paid_order_count = ?)) 3 <nil>
	// {"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"field":"paid_count","op":"eq","value":0}]}
}

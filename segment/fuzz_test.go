package segment

import (
	"regexp"
	"strings"
	"testing"
)

// identifiers finds names and keywords in SQL, outside of quotes.
var (
	identifiers = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)
	quoted      = regexp.MustCompile(`'[^']*'`)
)

// vocabulary is every word of the catalogue's own SQL and of the compiler's.
func vocabulary() map[string]bool {
	known := map[string]bool{}
	add := func(sql string) {
		for _, w := range identifiers.FindAllString(quoted.ReplaceAllString(sql, ""), -1) {
			known[w] = true
		}
	}
	for _, f := range fields {
		add(f.own.sql + " " + f.own.via)
		if r := f.rows; r != nil {
			for _, sql := range []string{r.from, r.where, r.value, r.count, r.at, r.offering, r.kind, r.channel, r.campaign, r.recent} {
				add(sql)
			}
		}
	}
	add(`SELECT FROM WHERE AND OR NOT IS NULL TRUE FALSE ANY ALL IN EXISTS ARRAY JOIN ON GROUP BY HAVING count DISTINCT coalesce
		OFFSET max min unnest e custom kind float8 timestamptz boolean CASE WHEN THEN ELSE END extract month day cardinality strpos lower starts_with COLLATE "C" numeric date integer text
		l id x learner_id o k crm_offerings canonical_id category_path tag_ids`)
	return known
}

// FuzzRule: whatever a rule says, it is refused or becomes SQL whose every identifier is the
// catalogue's and which has an argument for each placeholder; and the second implementation takes
// just the rules that the first takes.
func FuzzRule(f *testing.F) {
	for _, seed := range []string{
		`{"all":[{"field":"last_login","op":"in_last","value":30,"unit":"day"},{"none":[{"field":"bought","op":"any_of","value":[1]}]}]}`,
		`{"field":"member_level","op":"in","value":["'; drop"]}`,
		`{"field":"last_paid","op":"between","value":["2026-01-01","2026-12-31"]}`,
		`{"field":"activity","of":{"type":["view"],"offering":[1],"category":["a"],"tag":[2],"within":{"last":14,"unit":"day"}},"op":"lt","value":3}`,
		`{"field":"paid_average","of":{"within":{"from":"2026-01-01"}},"op":"empty"}`,
		`{"field":"birthday","op":"birthday_in","value":3,"unit":"month"}`,
		`{"field":"age","op":"gt","value":3}`,
		`{"field":"nickname","op":"starts_with","value":"?"}`,
		`{"field":"query","op":"in","value":[1,2]}`,
		`{"field":"bought_category","op":"all_of","value":["x","y"]}`,
		`{"field":"received","op":"all_of","value":[1,1]}`,
		`{"field":"progress","of":{"offering":[10]},"op":"ge","value":50}`,
		`{"field":"intent","of":{"offering":[10]},"op":"all_of","value":["high","low"]}`,
		`{"field":"followup_count","of":{"within":{"last":3,"unit":"month"}},"op":"le","value":1}`,
		`{"field":"custom.'; drop","op":"is","value":"x"}`,
		`{"field":"custom.d","op":"not_in_last","value":1,"unit":"day"}`,
	} {
		f.Add([]byte(seed))
	}
	known := vocabulary()
	env := at(noon)
	env.Catalog = env.Catalog.With([]CustomField{{"'; drop", String}, {"n", Real}, {"d", Time}, {"b", Flag}})
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		back, err := Parse(r.JSON())
		if err != nil || string(back.JSON()) != string(r.JSON()) {
			t.Fatalf("%s does not survive its own JSON: %v", text, err)
		}
		p, err := Compile(r, env)
		if _, says := Problem(err); err != nil && !says {
			t.Fatalf("%v does not say where", err)
		}
		_, explained := Explain(r, &Profile{}, env)
		if (err == nil) != (explained == nil) {
			t.Fatalf("compiling says %v, explaining %v", err, explained)
		}
		if err != nil {
			return
		}
		sound(t, p, known)
		for _, style := range []style{walking, joining} {
			p, err := compileFor(style, "s0_", r, env)
			if err != nil {
				t.Fatalf("style %d: %v", style, err)
			}
			sound(t, p, known)
			for _, j := range p.Joins {
				sound(t, j.IDs, known)
			}
		}
	})
}

// joins are the names that a predicate gives to sets of people.
var joins = regexp.MustCompile(`^s0_[0-9]+$`)

// sound checks what every predicate must be.
func sound(t *testing.T, p Predicate, known map[string]bool) {
	t.Helper()
	if strings.Count(p.SQL, "?") != len(p.Args) {
		t.Fatalf("%s has %d arguments", p.SQL, len(p.Args))
	}
	if strings.Contains(strings.ReplaceAll(p.SQL, "'{", ""), "{") {
		t.Fatalf("a word of the catalogue is left over: %s", p.SQL)
	}
	if strings.Count(p.SQL, "(") != strings.Count(p.SQL, ")") || strings.ContainsAny(p.SQL, ";\\") || strings.Contains(p.SQL, "--") {
		t.Fatalf("odd SQL: %s", p.SQL)
	}
	for _, w := range identifiers.FindAllString(quoted.ReplaceAllString(p.SQL, ""), -1) {
		if !known[w] && !joins.MatchString(w) {
			t.Fatalf("%q of %s is not the catalogue's", w, p.SQL)
		}
	}
}

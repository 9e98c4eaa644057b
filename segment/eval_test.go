package segment

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestEveryFieldHasAReader: what can be asked can be explained.
func TestEveryFieldHasAReader(t *testing.T) {
	t.Parallel()
	for _, f := range fields {
		if _, ok := readers[f.Key]; !ok && f.Type != Queries {
			t.Errorf("field %s has no reader", f.Key)
		}
		if f.Label.Zh == "" || f.Label.En == "" || !slices.Contains(Sections(), f.Section) {
			t.Errorf("field %s has no label or section", f.Key)
		}
	}
	for key := range readers {
		if _, ok := DefaultCatalog()[key]; !ok {
			t.Errorf("reader %s has no field", key)
		}
	}
}

// TestNearestMiss finds the fewest conditions that would turn the whole.
func TestNearestMiss(t *testing.T) {
	t.Parallel()
	p := &Profile{Person: 1, Status: "active", PaidCount: 3}
	env := at(noon)
	const yes, no = `{"field":"paid_count","op":"eq","value":3}`, `{"field":"paid_count","op":"eq","value":0}`
	for _, c := range []struct {
		rule string
		near []string
	}{
		{`{"all":[` + yes + `,` + no + `]}`, []string{"1"}},
		{`{"all":[` + no + `,` + no + `]}`, []string{"0", "1"}},
		{`{"any":[{"all":[` + no + `,` + no + `]},` + no + `]}`, []string{"1"}},
		{`{"none":[` + yes + `,` + no + `]}`, []string{"0"}},
		{`{"all":[` + yes + `,` + yes + `]}`, []string{"0"}}, // one is enough to fall out
		{`{"any":[` + yes + `,` + yes + `]}`, []string{"0", "1"}},
		{`{"none":[` + no + `,` + no + `]}`, []string{"0"}},
		{`{"all":[{"any":[` + no + `,{"none":[` + yes + `,` + yes + `]}]},` + yes + `]}`, []string{"0.0"}},
	} {
		e, err := Explain(mustParse(t, c.rule), p, env)
		if err != nil {
			t.Fatal(err)
		}
		var near []string
		var walk func(Explanation)
		walk = func(e Explanation) {
			if e.Near {
				near = append(near, e.Path)
			}
			for _, k := range e.Parts {
				walk(k)
			}
		}
		walk(e)
		if !slices.Equal(near, c.near) {
			t.Errorf("%s: near %v, want %v", c.rule, near, c.near)
		}
	}
}

// TestNothingIsFalseAndItsNegationTrue, for every field that can be missing and every operator.
func TestNothingIsFalseAndItsNegationTrue(t *testing.T) {
	t.Parallel()
	negations := []Op{OpNotInLast, OpNe, OpIsNot, OpLacks, OpNo, OpNotIn, OpNoneOf, OpEmpty}
	values := map[Type]any{Time: "2026-01-01", Date: "2026-01-01", Number: 1, Money: 1, Real: 1.5, String: "a", Word: []string{"a"}, Words: []string{"a"}, Refs: []int{1}}
	env := at(noon)
	env.Catalog = env.Catalog.With([]CustomField{{"text", String}, {"real", Real}, {"date", Time}, {"flag", Flag}})
	for _, f := range env.Catalog.Fields() {
		if !slices.Contains(f.Ops(), OpEmpty) && f.Type != Flag || f.Key == "status" || f.Key == "role" {
			continue // never missing
		}
		for _, op := range f.Ops() {
			value, unit := values[f.Type], Unit("")
			if units := op.Units(); units != nil {
				value, unit = 1, units[len(units)-1]
			}
			switch {
			case op == OpBetween && f.Type != Time && f.Type != Date:
				value = []int{1, 2}
			case op == OpBetween:
				value = []string{"2026-01-01", "2026-01-02"}
			case op == OpEmpty || op == OpNotEmpty || op == OpYes || op == OpNo || op == OpThis || op == OpPrevious:
				value = nil
			}
			e, err := Explain(Condition(f.Key, op, value, unit), &Profile{Person: 1}, env)
			if err != nil {
				t.Fatalf("%s %s: %v", f.Key, op, err)
			}
			if e.Holds != slices.Contains(negations, op) {
				t.Errorf("%s %s of nothing: %v", f.Key, op, e.Holds)
			}
		}
	}
}

func ExampleExplain() {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	someone := &Profile{Person: 7, Status: "active", PaidCount: 2, LastLoginAt: now.AddDate(0, 0, -35)}
	rule := Group("all", Condition("last_login", OpInLast, 30, Day), Condition("paid_count", OpGe, 2, ""))
	e, err := Explain(rule, someone, Env{Catalog: DefaultCatalog(), Now: now})
	fmt.Println(e.Holds, err)
	for _, part := range e.Parts {
		fmt.Println(part.Rule.Field, part.Holds, part.Near, part.Value.At.Format(time.DateOnly), part.Value.Number)
	}
	// Output:
	// false <nil>
	// last_login false true 2026-10-18 0
	// paid_count true false 0001-01-01 2
}

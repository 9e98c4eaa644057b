package segment_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/segment"
)

// TestIntentIsTheFunnels holds what this package says of stages and levels to package funnel, which
// it cannot import.
func TestIntentIsTheFunnels(t *testing.T) {
	t.Parallel()
	same := func(of segment.Choices, want []string) {
		if got := slices.Sorted(slices.Values(of.Fixed())); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s are %v, in funnels %v", of, got, want)
		}
	}
	same(segment.StageChoices, words(funnel.Stages()))
	same(segment.IntentChoices, words(funnel.Levels()))
	for _, now := range []time.Time{funnel.Epoch, time.Date(2021, 3, 28, 17, 46, 0, 0, time.UTC), time.Date(2028, 2, 29, 23, 59, 59, 0, time.UTC), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)} {
		env := segment.Env{Catalog: segment.DefaultCatalog(), Now: now, Currency: "CNY"}
		p, err := segment.Compile(level(funnel.High), env)
		if err != nil {
			t.Fatal(err)
		}
		want := []float64{funnel.HeatOf(funnel.High, now), funnel.HeatOf(funnel.Medium, now)}
		for i, arg := range p.Args[:2] {
			if got, ok := arg.(float64); !ok || math.Abs(got/want[i]-1) > 1e-12 {
				t.Errorf("%s: bound %d is %v, in funnels %v", now, i, arg, want[i])
			}
		}
		for _, score := range []float64{0, 1e-6, 2.9999, 3, 3.5, 7.9999, 8, 1e6} {
			heat := funnel.Heat(score, now)
			for _, l := range funnel.Levels() {
				e, err := segment.Explain(level(l), &segment.Profile{Pairs: []segment.ProfilePair{{Stage: "potential", Heat: heat}}}, env)
				if err != nil {
					t.Fatal(err)
				}
				if want := funnel.LevelOf(funnel.Score(heat, now)) == l; e.Holds != want {
					t.Errorf("%s: a score of %v is %s: %v, in funnels %v", now, score, l, e.Holds, want)
				}
			}
		}
	}
}

func level(l funnel.Level) segment.Rule {
	return segment.Condition("intent", segment.OpAnyOf, []funnel.Level{l}, "")
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

package funnel

import (
	"math"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestLevelsAtTheirBounds(t *testing.T) {
	t.Parallel()
	for score, want := range map[float64]Level{0: None, 1e-300: Low, 2.99: Low, 3: Medium, 7.99: Medium, 8: High, 1000: High} {
		if got := LevelOf(score); got != want {
			t.Errorf("a score of %v is %s, want %s", score, got, want)
		}
	}
	// Added up in another order, three weights of one are three all the same.
	now := Epoch.AddDate(3, 1, 7)
	if got := LevelOf(Score(Heat(0.1, now)*10+Heat(2, now), now)); got != Medium {
		t.Errorf("ten tenths and two are %s", got)
	}
}

// TestScoresFade: what happened counts half after thirty days, whenever that is.
func TestScoresFade(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{Epoch, Epoch.AddDate(-10, 0, 0), Epoch.AddDate(40, 0, 0)} {
		heat := Heat(8, at)
		for months, want := range []float64{8, 4, 2, 1} {
			if got := Score(heat, at.Add(time.Duration(months)*HalfLife)); math.Abs(got-want) > 1e-9 {
				t.Errorf("%v, %d half-lives later: %v, want %v", at, months, got, want)
			}
		}
	}
	for _, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if heat := Heat(5, at); math.IsInf(heat, 0) || heat <= 0 {
			t.Errorf("%v: heat %v", at, heat)
		}
	}
}

// TestHeatOfLevels: the heat that a query compares with is where the level begins.
func TestHeatOfLevels(t *testing.T) {
	t.Parallel()
	now := Epoch.AddDate(0, 10, 22)
	for _, l := range []Level{High, Medium} {
		from := HeatOf(l, now)
		if at, below := LevelOf(Score(from*(1+1e-9), now)), LevelOf(Score(from*(1-1e-6), now)); at != l || below == l {
			t.Errorf("%s begins at %v: there %s, below %s", l, from, at, below)
		}
	}
	if Weight(h.ActivityLearn) != 0 || Warmth(h.ActivityLearn) != 1 || Weight("anything else") != 0 || Warmth("anything else") != 0 {
		t.Error("learning is interest and no intent; what a host calls otherwise is neither")
	}
}

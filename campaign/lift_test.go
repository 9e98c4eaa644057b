package campaign

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

// TestNewcombe holds the interval of a difference of rates to the worked examples of R. G. Newcombe,
// Statistics in Medicine 17 (1998), 873–890, table II, method 10, to the four digits printed.
func TestNewcombe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, m, b, n int64
		low, high  float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{6, 7, 2, 7, 0.0582, 0.8062},
		{5, 56, 0, 29, -0.0381, 0.1926},
		{0, 10, 0, 20, -0.1611, 0.2775},
		{0, 10, 0, 10, -0.2775, 0.2775},
		{10, 10, 0, 20, 0.6791, 1},
		{10, 10, 0, 10, 0.6075, 1},
	} {
		l := Compare(Group{People: c.m, Payers: c.a}, Group{People: c.n, Payers: c.b})
		if !near(l.Rate.Low, c.low, 0.00006) || !near(l.Rate.High, c.high, 0.00006) || !near(l.Rate.Estimate, float64(c.a)/float64(c.m)-float64(c.b)/float64(c.n), 1e-12) {
			t.Errorf("%d/%d against %d/%d: %+v, want %v to %v", c.a, c.m, c.b, c.n, l.Rate, c.low, c.high)
		}
		// Turned round it is the same with the sign changed.
		r := Compare(Group{People: c.n, Payers: c.b}, Group{People: c.m, Payers: c.a})
		if !near(r.Rate.Low, -l.Rate.High, 1e-12) || !near(r.Rate.High, -l.Rate.Low, 1e-12) {
			t.Errorf("turned round: %+v and %+v", l.Rate, r.Rate)
		}
	}
}

// group adds up what people paid.
func group(money ...int64) Group {
	g := Group{People: int64(len(money))}
	for _, m := range money {
		if m != 0 {
			g.Payers++
		}
		g.Sum += m
		g.SumSq += float64(m) * float64(m)
	}
	return g
}

// TestWelch holds the interval of the difference of means to one computed by hand: means 5 and 3,
// sample variances 10 and 2.5, five people each, so the standard error is √(2+0.5).
func TestWelch(t *testing.T) {
	t.Parallel()
	l := Compare(group(1, 3, 5, 7, 9), group(1, 2, 3, 4, 5))
	half := 1.959964 * math.Sqrt(2.5)
	if !near(l.Money.Estimate, 2, 1e-12) || !near(l.Money.Low, 2-half, 1e-5) || !near(l.Money.High, 2+half, 1e-5) {
		t.Errorf("%+v, want 2 ± %v", l.Money, half)
	}
	// A hundred million people who each paid ten thousand yuan, give or take a fen.
	const n, yuan = 100_000_000, 1_000_000
	big := Group{People: n, Payers: n, Sum: n * yuan, SumSq: float64(n) * (yuan*yuan + 1)}
	if l := Compare(big, big); l.Money.Estimate != 0 || l.Money.High > 0.01 || math.IsNaN(l.Money.Low) {
		t.Errorf("large sums: %+v", l.Money)
	}
}

// TestLiftCoverage: over random draws of two groups that do not differ, the interval holds nought
// about 95 times in a hundred.
func TestLiftCoverage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 98))
	draw := func(n int) Group {
		money := make([]int64, n)
		for i := range money {
			if rng.IntN(10) == 0 {
				money[i] = int64(9900 + rng.IntN(90_000))
			}
		}
		return group(money...)
	}
	const rounds = 1000
	rate, money := 0, 0
	for range rounds {
		l := Compare(draw(900), draw(100))
		if l.Rate.Low <= 0 && l.Rate.High >= 0 {
			rate++
		}
		if l.Money.Low <= 0 && l.Money.High >= 0 {
			money++
		}
	}
	if rate < 925 || rate > 985 || money < 900 || money > 985 {
		t.Errorf("of %d intervals %d for rates and %d for money hold the truth", rounds, rate, money)
	}
}

// TestLiftAtTheEdges: nobody, one person, no payer and nothing but payers give numbers within
// their bounds, and say whether they mean something.
func TestLiftAtTheEdges(t *testing.T) {
	t.Parallel()
	sizes := []int64{0, 1, 2, 29, 30, 1000, 1 << 40}
	for _, n1 := range sizes {
		for _, n2 := range sizes {
			for _, p1 := range []int64{0, 1, 4, 5, n1} {
				for _, p2 := range []int64{0, 5, n2} {
					if p1 > n1 || p2 > n2 {
						continue
					}
					l := Compare(Group{People: n1, Payers: p1, Sum: 100 * p1, SumSq: 1e4 * float64(p1)}, Group{People: n2, Payers: p2, Sum: -100 * p2, SumSq: 1e4 * float64(p2)})
					for _, i := range []Interval{l.Rate, l.Money} {
						if !(i.Low <= i.Estimate && i.Estimate <= i.High) || math.IsInf(i.Low, 0) || math.IsInf(i.High, 0) {
							t.Errorf("%d of %d against %d of %d: %+v", p1, n1, p2, n2, i)
						}
					}
					if l.Rate.Low < -1-1e-12 || l.Rate.High > 1+1e-12 {
						t.Errorf("%d of %d against %d of %d: rates %+v", p1, n1, p2, n2, l.Rate)
					}
					if want := n1 >= 30 && n2 >= 30 && p1 >= 5 && p2 >= 5; l.Enough != want {
						t.Errorf("%d of %d against %d of %d is enough: %v", p1, n1, p2, n2, l.Enough)
					}
				}
			}
		}
	}
}

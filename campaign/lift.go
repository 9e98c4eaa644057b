package campaign

import "math"

// Group is what a group of people did within the window after a campaign's audience was frozen.
type Group struct {
	People int64
	Payers int64   // people with at least one paid order
	Sum    int64   // money, minor units, net of refunds
	SumSq  float64 // Σ of each person's money squared
}

// Interval is an estimate with its 95 % confidence interval.
type Interval struct {
	Estimate, Low, High float64
}

// Lift is the effect of a campaign as its control group shows it: the difference between those
// sent to and those held back.
type Lift struct {
	Sent, Control Group
	// Enough is false when a group has fewer than LiftPeople people or LiftEvents payers: then the
	// intervals say nothing (数据不足).
	Enough bool
	Rate   Interval // difference of the shares of paying people
	Money  Interval // difference of revenue per person, minor units
}

// What a group must have at least.
const (
	LiftPeople = 30
	LiftEvents = 5
)

const z95 = 1.959963984540054 // of the normal distribution, two-sided 95 %

// Compare computes the lift of sent over control.
//
// Sources: R. G. Newcombe, "Interval estimation for the difference between independent
// proportions", Statistics in Medicine 17 (1998), method 10; B. L. Welch, "The generalization of
// Student's problem when several different population variances are involved", Biometrika 34
// (1947), with the normal quantile, which groups of this size allow.
func Compare(sent, control Group) Lift {
	l := Lift{Sent: sent, Control: control}
	l.Enough = min(sent.People, control.People) >= LiftPeople && min(sent.Payers, control.Payers) >= LiftEvents
	if sent.People == 0 || control.People == 0 {
		return l
	}
	p1, l1, u1 := wilson(sent)
	p2, l2, u2 := wilson(control)
	d := p1 - p2
	l.Rate = Interval{d, d - math.Hypot(p1-l1, u2-p2), d + math.Hypot(u1-p1, p2-l2)}
	m1, v1 := sent.money()
	m2, v2 := control.money()
	half := z95 * math.Sqrt(v1/float64(sent.People)+v2/float64(control.People))
	l.Money = Interval{m1 - m2, m1 - m2 - half, m1 - m2 + half}
	return l
}

// wilson gives a rate and its Wilson score interval.
func wilson(g Group) (p, low, high float64) {
	n := float64(g.People)
	p = float64(g.Payers) / n
	mid := p + z95*z95/(2*n)
	half := z95 * math.Sqrt(p*(1-p)/n+z95*z95/(4*n*n))
	scale := 1 + z95*z95/n
	return p, max((mid-half)/scale, 0), min((mid+half)/scale, 1)
}

// money gives the mean of a group's money and its sample variance.
func (g Group) money() (mean, variance float64) {
	n := float64(g.People)
	mean = float64(g.Sum) / n
	if g.People < 2 {
		return mean, 0
	}
	return mean, max((g.SumSq-n*mean*mean)/(n-1), 0)
}

package web

import (
	"math"
	"strconv"

	"github.com/coursecrm/coursecrm/crm/home"
)

// homeChange says how a figure stands to the one it is compared with.
type homeChange struct {
	Text string // by how much; empty: it is the same, or there is nothing to compare with
	Down bool
	None bool // there is nothing to compare with
}

// homeChanges are those of the four totals.
type homeChanges struct {
	Campaigns, Deliveries, Rate, Attributed homeChange
}

func (l *locale) homeChanges(t home.Totals) homeChanges {
	c := homeChanges{
		Deliveries: l.growth(t.DeliveriesMonth, t.DeliveriesBefore),
		Attributed: l.growth(t.Attributed, t.AttributedBefore),
		Rate:       homeChange{None: !t.MeanKnown},
	}
	if n := t.CampaignsMonth - t.CampaignsBefore; n != 0 {
		c.Campaigns = homeChange{Text: l.T("home.more_campaigns", abs(n)), Down: n < 0}
	}
	if points := math.Round(1000*(t.ClickRate-t.MeanRate)) / 10; t.MeanKnown && points != 0 {
		c.Rate = homeChange{Text: l.T("home.points", strconv.FormatFloat(math.Abs(points), 'f', 1, 64)), Down: points < 0}
	}
	return c
}

// growth compares two amounts of two periods.
func (l *locale) growth(now, before int64) homeChange {
	switch {
	case before <= 0:
		return homeChange{None: true}
	case now == before:
		return homeChange{}
	}
	return homeChange{Text: l.Pct(float64(abs(now-before)) / float64(before)), Down: now < before}
}

// compositionView is a bar of parts and their table.
type compositionView struct {
	Key    string // home.comp.<key>
	People int64
	Bands  []bandView
}

type bandView struct {
	Ramp   string // the class of its colour
	X, W   string // of its part of the bar
	Name   string
	People int64
	Share  float64
	URL    string // its people; empty: they cannot be asked for
	Hidden bool   // nobody is in it: it has no part of the bar
}

func (w *Web) compositionView(l *locale, c home.Composition) compositionView {
	v := compositionView{Key: string(c.Kind), People: c.People}
	x := 0.0
	for i, b := range c.Bands {
		share := c.Share(b)
		ramp := 1
		if !b.None {
			ramp = max(5-i, 2)
		}
		v.Bands = append(v.Bands, bandView{Ramp: "crm-r" + strconv.Itoa(ramp), X: percentage(x), W: percentage(100 * share),
			Name: l.band(b), People: b.People, Share: share, URL: w.audienceOf(b.Rule()), Hidden: b.People == 0})
		x += 100 * share
	}
	return v
}

func percentage(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + "%" }

// band names a part of the people.
func (l *locale) band(b home.Band) string {
	key := "home.band." + string(b.Kind)
	from, to := l.Num(b.From), l.Num(b.To)
	if b.Kind == home.BySpend {
		from, to = l.edge(b.From), thousands(decimal(b.To/unitOf(l.currency), 0, false))
	}
	switch {
	case b.None:
		return l.T(key + ".none")
	case b.Kind == home.ByPurchases && b.To == b.From:
		return l.T("home.band.purchases.one", from)
	case b.Kind == home.BySpend && b.From == 1 && b.To > 0:
		return l.T("home.band.spend.below", l.edge(b.To+1))
	case b.To == 0 && (b.Kind == home.ByLogin || b.Kind == home.ByLearning):
		return l.T(key+".over", l.Num(b.From-1))
	case b.To == 0:
		return l.T(key+".over", from)
	case b.From == 0:
		return l.T(key+".last", to)
	}
	return l.T(key+".span", from, to)
}

// edge writes a bound of spending: whole units without what is behind the point.
func (l *locale) edge(minor int64) string {
	return moneySign(minor, l.currency) + thousands(decimal(minor, minorDigits(l.currency), true))
}

// unitOf is how many minor units the currency's unit has.
func unitOf(currency string) int64 { return int64(math.Pow10(minorDigits(currency))) }

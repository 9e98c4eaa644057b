package web

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// liftView compares those sent to with the control group.
type liftView struct {
	Sent, Control groupShown
	Rate, Money   intervalView
	Enough        bool
	Verdict       string    // lift.verdict.<verdict>
	By            string    // how far the rates lie apart, in words of the verdict
	Until         time.Time // the window is open until then; zero: it is over
	People        int       // what a group must have at least
	Events        int
}

// groupShown is what a group did.
type groupShown struct {
	campaign.Group
	Rate  float64 // of the people who paid
	Money string  // revenue per person
}

// intervalView is a difference and where it lies with 95 % confidence.
type intervalView struct{ Estimate, Low, High string }

// verdicts lists what can be said of an effect.
func verdicts() []string { return []string{"better", "worse", "unclear"} }

// liftView is nil when nobody was held back, or the audience is not frozen yet.
func (w *Web) liftView(q *request, c campaign.Campaign) (*liftView, error) {
	if c.Control == 0 {
		return nil, nil
	}
	lift, err := w.Campaigns.Lift(q.ctx(), c.ID)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l := w.locale(q)
	v := &liftView{Sent: l.groupOf(lift.Sent), Control: l.groupOf(lift.Control), Enough: lift.Enough, Verdict: verdict(lift.Rate),
		People: campaign.LiftPeople, Events: campaign.LiftEvents}
	v.Rate = intervalView{l.points(lift.Rate.Estimate), l.decimal1(lift.Rate.Low * 100), l.points(lift.Rate.High)}
	v.Money = intervalView{l.gain(lift.Money.Estimate), l.gain(lift.Money.Low), l.gain(lift.Money.High)}
	v.By = v.Rate.Estimate
	if v.Verdict != "unclear" { // the word says which way
		v.By = strings.TrimLeft(v.By, "+-")
	}
	if until := c.PlannedAt.Add(campaign.AttributionWindow); until.After(w.Now()) {
		v.Until = until
	}
	return v, nil
}

func (l *locale) groupOf(g campaign.Group) groupShown {
	out := groupShown{Group: g, Rate: share(g.Payers, g.People), Money: l.Money(int64(0))}
	if g.People > 0 {
		out.Money = l.Money(int64(math.Round(float64(g.Sum) / float64(g.People))))
	}
	return out
}

// verdict says whether the difference of rates is beyond chance.
func verdict(i campaign.Interval) string {
	switch {
	case i.Low > 0:
		return "better"
	case i.High < 0:
		return "worse"
	}
	return "unclear"
}

// points writes a difference of shares: +1.2 个百分点.
func (l *locale) points(f float64) string { return l.T("lift.points", l.decimal1(f*100)) }

// decimal1 writes a difference with one decimal and its sign.
func (l *locale) decimal1(f float64) string {
	tenths := int64(math.Round(f * 10))
	text := fmt.Sprintf("%d.%d", abs(tenths)/10, abs(tenths)%10)
	switch {
	case tenths > 0:
		return "+" + text
	case tenths < 0:
		return "-" + text
	}
	return text
}

// gain writes a difference of money per person with its sign.
func (l *locale) gain(minor float64) string {
	n := int64(math.Round(minor))
	if n > 0 {
		return "+" + l.Money(n)
	}
	return l.Money(n)
}

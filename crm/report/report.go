// Package report compares campaigns and offerings, and tells how the audience grows. The figures of
// campaigns are counted by those who own the formulas (campaign.Result, campaign.Lift) and kept; here
// they are narrowed, grouped, added up and put in order.
package report

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Figures are what campaigns brought. Those of several campaigns add up; then people who were in
// two of them count twice.
type Figures struct {
	Sendable     int64 // people it was to reach
	Taken        int64 // messages that the provider took: what rates are of
	Linked       int64 // Taken of campaigns that hold a link
	Delivered    int64 // by receipt; channels without receipts have none
	Failed       int64 // messages that did not arrive, as far as is known
	Clickers     int64 // people with a human click
	Orders       int64 // attributed to it; each order counts for one campaign
	Buyers       int64 // people with such an order
	Revenue      int64 // of such orders, minor units of the site's currency, net of refunds
	Unsubscribes int64 // people who refused the channel through its messages
}

// Add adds the figures of another campaign.
func (f *Figures) Add(o Figures) {
	f.Sendable += o.Sendable
	f.Taken += o.Taken
	f.Linked += o.Linked
	f.Delivered += o.Delivered
	f.Failed += o.Failed
	f.Clickers += o.Clickers
	f.Orders += o.Orders
	f.Buyers += o.Buyers
	f.Revenue += o.Revenue
	f.Unsubscribes += o.Unsubscribes
}

// ClickRate is the share of recipients who clicked, from 0 to 1; false: nothing with a link was
// sent.
func (f Figures) ClickRate() (float64, bool) { return part(f.Clickers, f.Linked) }

// BuyRate is the share of recipients who bought; false: nothing was sent.
func (f Figures) BuyRate() (float64, bool) { return part(f.Buyers, f.Taken) }

// UnsubscribeRate is the share of recipients who refused; false: nothing was sent.
func (f Figures) UnsubscribeRate() (float64, bool) { return part(f.Unsubscribes, f.Taken) }

func part(n, of int64) (float64, bool) {
	if of <= 0 {
		return 0, false
	}
	return float64(n) / float64(of), true
}

// Line is a batch campaign whose audience is frozen, with its figures.
type Line struct {
	ID           campaign.ID
	Name         string // empty: staff gave none
	Channel      h.Channel
	State        campaign.State
	Tracked      bool // holds a link
	Template     campaign.TemplateID
	TemplateName string // empty: it was written for this campaign
	Rule         segment.Rule
	ByID, ByName string
	At           time.Time // when its audience was frozen
	Control      int       // percent held back
	Figures
	Sent, Held campaign.Group // what those sent to and those held back did; without a control group nothing
	CountedAt  time.Time      // zero: not yet
}

// Lift is the effect that the control group shows; false: there is none, or it is not counted yet.
func (l Line) Lift() (campaign.Lift, bool) {
	if l.Control == 0 || l.CountedAt.IsZero() {
		return campaign.Lift{}, false
	}
	return campaign.Compare(l.Sent, l.Held), true
}

// Period is the time that a report covers, in days until now; 0: all.
type Period int

// Periods lists the periods to choose from.
func Periods() []Period { return []Period{30, 90, 180, 365, 0} }

// From is when the period begins; zero: it has no beginning.
func (p Period) From(now time.Time) time.Time {
	if p == 0 {
		return time.Time{}
	}
	return now.Add(-time.Duration(p) * 24 * time.Hour)
}

package funnel

import h "github.com/coursecrm/coursecrm/hostadapter"

// Figures are the learners and the money of an offering. People of deleted accounts are in no
// stage; their money counts.
type Figures struct {
	Potential, Pending, Enrolled, Withdrawn int64
	Past                                    int64 // had a place that ran out and have none: whom to win for a renewal

	Gross    int64 // 累计收入: paid for it, coins left out
	Refunded int64
	// Open is owed by open orders, Refunding was paid and is wanted back: together what is about to
	// be lost (即将流失金额).
	Open, Refunding int64

	// People by the last 30 days of the site's zone: Touched were interested or ordered, Paid paid.
	Touched30, Paid30 int64
}

// Revenue is 累计营收: what came in less what was given back.
func (f Figures) Revenue() int64 { return f.Gross - f.Refunded }

// Losing is 即将流失金额.
func (f Figures) Losing() int64 { return f.Open + f.Refunding }

// Conversion is the share, 0 to 1, of those interested within the last 30 days who paid; false:
// nobody was.
func (f Figures) Conversion() (float64, bool) {
	if f.Touched30 <= 0 {
		return 0, false
	}
	return min(1, float64(f.Paid30)/float64(f.Touched30)), true
}

// Offering is a course or classroom as funnels show it.
type Offering struct {
	ID         OfferingID
	Target     h.Target
	Title      string // the host's id with a # where it has none
	Status     h.OfferingStatus
	Price      int64
	Currency   string
	Categories []string // the path, the widest first
	Units      int      // required ones; 0: not known
}

// Developable is 可开发金额: what the potential learners would bring at today's price. An offering
// priced in another currency than the site's has none.
func (o Offering) Developable(f Figures, currency string) int64 {
	if o.Currency != "" && o.Currency != currency {
		return 0
	}
	return f.Potential * o.Price
}

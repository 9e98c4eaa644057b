package shortlink

import "time"

// Scope says whose hits are counted: a campaign's, with Link only those of one of its links; or,
// without Campaign, those of a free link.
type Scope struct {
	Campaign int64
	Link     LinkID
}

// Totals is what a link, or all links of a campaign, brought.
//
// People are recipients with a human hit. Of a free link nobody is known: they are visitors, each
// counted once in a day (UTC), as the salt of the day makes them; where not even the visitor's
// address was known, every human hit is one.
type Totals struct {
	Hits      int64             // raw, those on links that no person sees too
	ByVerdict map[Verdict]int64 // the same hits
	People    int64
	First     time.Time // human hit, in UTC; zero: none
	Last      time.Time
}

// Of is how many hits are of a kind.
func (t Totals) Of(k Kind) int64 {
	var n int64
	for v, hits := range t.ByVerdict {
		if v.Kind == k {
			n += hits
		}
	}
	return n
}

// Verdicts lists what a hit can be taken for: a person's first, then in the order of the Reasons.
func Verdicts() []Verdict {
	var out []Verdict
	for _, r := range []Reason{NoReason, ReasonMethod, ReasonNoAgent, ReasonAgent, ReasonTrap, ReasonBurst, ReasonSweep, ReasonSoon, ReasonPrefetch, ReasonRepeat} {
		out = append(out, Verdict{r.kind(), r})
	}
	return out
}

// Limits of what is counted by time.
const (
	StatHours = 48
	StatDays  = 400
)

// Stats is all that is told about the clicks of a scope. But for Totals.Hits and Totals.ByVerdict
// only human hits are in it. It is shared: read it, do not change it.
type Stats struct {
	Totals
	// Sent is how many of a campaign's messages the provider took, whatever it said later: what the
	// rate of clicks is of.
	Sent int64
	// Hours are the first StatHours hours of the clock, from the one on in which sending began, or in
	// which a free link was first followed. Nil: not yet.
	Hours []Period
	// Days are the calendar days of the zone through that of the last click, none left out, at most
	// the latest StatDays. Nil: no click yet.
	Days []Period
	// Devices, Apps and Systems are told by the visitors' programs, Name being a Device, App or OS.
	// Provinces are where the host says that a campaign's people live. Those with more people come
	// first; who used two devices counts for both.
	Devices, Apps, Systems, Provinces []Part
	Delays                            Delays      // of a campaign's people
	Links                             []LinkStats // a campaign's, in the order of its text
}

// Period is an hour or a day.
type Period struct {
	From         time.Time // in the zone
	People, Hits int64     // who clicked in it, and how often
}

// Part is what some people have in common.
type Part struct {
	Name         string // empty: not known
	People, Hits int64
}

// LinkStats is what a campaign's links to one address brought.
type LinkStats struct {
	ID     LinkID
	Target string
	Hits   int64 // raw
	Human  int64
	People int64
	First  time.Time // human hit, in UTC; zero: none
}

// Delays are how long people took from when the provider took the message to their first human
// click.
type Delays struct {
	// People counts those who took up to each of DelayBounds, and at last those who took longer. Nil
	// for free links, and before there is a click.
	People []int64
	// Unknown are those of whom nobody knows when the provider took their message.
	Unknown int64
	// Median is what the one in the middle took, of two the quicker; 0 when there is nobody. Clicks
	// that come before the provider's word make it negative.
	Median time.Duration
}

// DelayBounds are the ends, included, of all but the last of Delays.People.
func DelayBounds() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour}
}

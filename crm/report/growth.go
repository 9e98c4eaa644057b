package report

import "time"

// Growth is how many people registered in a span of days, and what of them can be reached today;
// and how many refused a channel in that span.
type Growth struct {
	Day        time.Time // the first of the span, as a UTC date; zero: when they registered is not known
	Registered int64     // accounts that are not deleted
	Marketable int64     // of them: active, and neither staff nor robot
	SMS        int64     // of the marketable: who can be sent one
	Email      int64
	Message    int64
	NoSMS      int64 // people who refused it then, to us
	NoEmail    int64
	NoMessage  int64
}

// Add adds another span's.
func (g *Growth) Add(o Growth) {
	g.Registered += o.Registered
	g.Marketable += o.Marketable
	g.SMS += o.SMS
	g.Email += o.Email
	g.Message += o.Message
	g.NoSMS += o.NoSMS
	g.NoEmail += o.NoEmail
	g.NoMessage += o.NoMessage
}

// Refusals adds up the channels: a person who refused two counts twice.
func (g Growth) Refusals() int64 { return g.NoSMS + g.NoEmail + g.NoMessage }

// Unit is a length of the spans.
type Unit string

// Units. A week begins on Monday.
const (
	Daily   Unit = "day"
	Weekly  Unit = "week"
	Monthly Unit = "month"
)

// Units lists them, the shortest first.
func Units() []Unit { return []Unit{Daily, Weekly, Monthly} }

// maxSpans is how many spans a chart can show.
const maxSpans = 200

// UnitFor is the unit that suits days from one to another: the wanted one, or the next longer with
// which they fit into a chart. An empty wanted one is chosen by the length.
func UnitFor(wanted Unit, from, to time.Time) Unit {
	days := int(to.Sub(from)/(24*time.Hour)) + 1
	switch {
	case wanted == "" && days <= 31:
		wanted = Daily
	case wanted == "" && days <= 200:
		wanted = Weekly
	case wanted == "":
		wanted = Monthly
	}
	if wanted == Daily && days > maxSpans {
		wanted = Weekly
	}
	if wanted == Weekly && days > 7*maxSpans {
		wanted = Monthly
	}
	return wanted
}

// begin is the first day of the span that a day is in.
func (u Unit) begin(day time.Time) time.Time {
	switch u {
	case Weekly:
		return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case Monthly:
		return day.AddDate(0, 0, 1-day.Day())
	case Daily:
	}
	return day
}

func (u Unit) next(first time.Time) time.Time {
	switch u {
	case Weekly:
		return first.AddDate(0, 0, 7)
	case Monthly:
		return first.AddDate(0, 1, 0)
	case Daily:
	}
	return first.AddDate(0, 0, 1)
}

// Spans puts days together, from the span of the first day to that of the last, also those in which
// nothing happened. Days outside are left out. A span at either end may be cut short by the period.
func Spans(days []Growth, u Unit, from, to time.Time) []Growth {
	var out []Growth
	at := map[time.Time]int{}
	for first := u.begin(from); !first.After(to); first = u.next(first) {
		at[first] = len(out)
		out = append(out, Growth{Day: first})
	}
	for _, d := range days {
		if d.Day.IsZero() || d.Day.Before(from) || d.Day.After(to) {
			continue
		}
		if i, ok := at[u.begin(d.Day)]; ok {
			out[i].Add(d)
		}
	}
	return out
}

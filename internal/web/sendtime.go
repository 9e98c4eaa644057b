package web

import (
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// timeView is when a campaign goes out, as the form shows it.
type timeView struct {
	Later       bool
	Date, Clock string // as inputs of these types hold them
	Zone        string
	Quiet       bool
	From, Until string        // when messages go out, where there are quiet hours
	Late        time.Duration // how late it may begin without being asked; 0: any time
	Problem     fault.Problem
}

// How inputs of dates and times hold them.
const (
	dateLayout  = "2006-01-02"
	clockLayout = "15:04"
)

// localTime reads a date and a time of day as the clocks of a place show them. One that clocks
// jump over does not exist; of two that they show twice it is the first.
func localTime(date, clock string, loc *time.Location) (time.Time, fault.Problem) {
	text := strings.TrimSpace(date) + " " + strings.TrimSpace(clock)
	for _, layout := range []string{dateLayout + " " + clockLayout, dateLayout + " " + clockLayout + ":05"} {
		t, err := time.ParseInLocation(layout, text, loc)
		if err != nil || t.Year() < 2000 { // nobody means that, and the zero time means at once
			continue
		}
		if t.In(loc).Format(layout) != text {
			return time.Time{}, fault.Problem{Key: "problem.time_gap"}
		}
		return first(t, layout), fault.Problem{}
	}
	return time.Time{}, fault.Problem{Key: "problem.time"}
}

// first gives the first of the moments at which clocks show what they show at t.
func first(t time.Time, layout string) time.Time {
	_, now := t.Zone()
	_, before := t.Add(-3 * time.Hour).Zone()
	if earlier := t.Add(time.Duration(now-before) * time.Second); now < before && earlier.Format(layout) == t.Format(layout) {
		return earlier
	}
	return t
}

// usualTime is what the form offers: the next full hour at which messages go out.
func usualTime(now time.Time, loc *time.Location, quiet campaign.QuietHours) time.Time {
	soon := now.In(loc).Add(90 * time.Minute)
	at := time.Date(soon.Year(), soon.Month(), soon.Day(), soon.Hour(), 0, 0, 0, loc)
	if until, ok := quiet.Until(at, loc); ok {
		at = until
	}
	return at.In(loc)
}

// timeView shows when a draft goes out; what could not be read is shown as it was typed.
func (w *Web) timeView(q *request, c *composing) timeView {
	set := w.Campaigns.Settings()
	quiet := set.Quiet[c.d.Channel]
	at := c.d.SendAt
	v := timeView{Later: !at.IsZero(), Zone: w.locale(q).zone(), Late: set.LateAfter, Problem: c.problems["send_at"]}
	if at.IsZero() {
		at = usualTime(w.Now(), w.Location, quiet)
	}
	v.Date, v.Clock = at.In(w.Location).Format(dateLayout), at.In(w.Location).Format(clockLayout)
	if _, typed := c.typed["date"]; typed {
		v.Later, v.Date, v.Clock = true, c.typed["date"], c.typed["time"]
	}
	if quiet.Start != quiet.End {
		v.Quiet, v.From, v.Until = true, clockOf(quiet.End), clockOf(quiet.Start)
	}
	return v
}

// clockOf writes a time of day: 8:00.
func clockOf(d time.Duration) string {
	return strings.TrimPrefix(time.Time{}.Add(d).Format(clockLayout), "0")
}

// zone names the site's time zone.
func (l *locale) zone() string {
	switch name := l.loc.String(); name {
	case "Asia/Shanghai", "PRC", "Asia/Chongqing", "Asia/Harbin":
		return l.T("time.beijing")
	default:
		return name
	}
}

package campaign

import (
	"fmt"
	"time"
)

// QuietHours are the hours of the day in which a channel hands nothing over (免打扰时段): from
// Start until End, both since midnight in the site's zone, past midnight when End is not after
// Start. They hold a message, they do not exclude it. The zero value is no quiet hours.
type QuietHours struct {
	Start, End time.Duration
}

// Check reports what is wrong with the hours.
func (q QuietHours) Check() error {
	day := 24 * time.Hour
	if q.Start < 0 || q.End < 0 || q.Start >= day || q.End >= day {
		return fmt.Errorf("quiet hours from %v to %v: both must be within a day", q.Start, q.End)
	}
	return nil
}

// Until tells when the quiet hours that now lies in are over; false: it does not lie in any. On
// days on which the clock is changed the hours are those that the clock shows.
func (q QuietHours) Until(now time.Time, loc *time.Location) (time.Time, bool) {
	if q.Start == q.End {
		return time.Time{}, false
	}
	local := now.In(loc)
	at := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	days := 0
	switch {
	case q.Start < q.End && (at < q.Start || at >= q.End), q.Start > q.End && at < q.Start && at >= q.End:
		return time.Time{}, false
	case q.Start > q.End && at >= q.Start:
		days = 1
	}
	end := time.Date(local.Year(), local.Month(), local.Day()+days, int(q.End/time.Hour), int(q.End%time.Hour/time.Minute),
		int(q.End%time.Minute/time.Second), 0, loc)
	if !end.After(now) { // the clock jumped over the end
		end = now.Add(time.Minute)
	}
	return end, true
}

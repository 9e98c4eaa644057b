package segment

import "time"

// Time in rules is counted on the calendar of the site's zone: a day is from its first moment to
// the next day's, 23 or 25 hours long where clocks change, a week begins on Monday. Days are
// stepped as dates, which are midnights UTC here, and given a place last: there is no midnight
// where clocks go forward at that hour, and two where they go back.

// maxSpan bounds "in the last n units" to a century; beyond it dates leave PostgreSQL's range.
var maxSpan = map[Unit]int64{Hour: 876_000, Day: 36_500, Week: 5_200, Month: 1_200}

// ago gives the moment n units before now. Errors: ErrValue.
func ago(now time.Time, n int64, unit Unit) (time.Time, error) {
	if n < 1 || n > maxSpan[unit] {
		return time.Time{}, ErrValue
	}
	return shift(now, -int(n), unit).UTC(), nil
}

// ahead gives the moment n units after now. Errors: ErrValue.
func ahead(now time.Time, n int64, unit Unit) (time.Time, error) {
	if n < 1 || n > maxSpan[unit] {
		return time.Time{}, ErrValue
	}
	return shift(now, int(n), unit).UTC(), nil
}

// shift steps along the calendar and keeps the time of the day.
func shift(t time.Time, n int, unit Unit) time.Time {
	if unit == Hour {
		return t.Add(time.Duration(n) * time.Hour)
	}
	d := step(dateOf(t), n, unit)
	return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

// dateOf is the date of a moment in its zone.
func dateOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// step moves a date.
func step(date time.Time, n int, unit Unit) time.Time {
	switch unit {
	case Week:
		return date.AddDate(0, 0, 7*n)
	case Month:
		return addMonths(date, n)
	case Year:
		return addMonths(date, 12*n)
	}
	return date.AddDate(0, 0, n)
}

// addMonths steps whole months and stays in the month it reaches: a month before 31 March is the
// last of February, not 3 March.
func addMonths(date time.Time, n int) time.Time {
	first := time.Date(date.Year(), date.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(date.Day(), last)-1)
}

// begin gives the first moment of a date in loc, in UTC: midnight, the first of two, or what the
// clocks show instead of it.
func begin(date time.Time, loc *time.Location) time.Time {
	var best time.Time
	consider := func(t time.Time) {
		if dateOf(t.In(loc)).Equal(date) && (best.IsZero() || t.Before(best)) {
			best = t
		}
	}
	for _, near := range []time.Time{date.Add(-26 * time.Hour), date, date.Add(26 * time.Hour)} {
		at := near.In(loc)
		_, offset := at.Zone()
		consider(date.Add(-time.Duration(offset) * time.Second)) // midnight by that offset
		change, next := at.ZoneBounds()
		for _, t := range []time.Time{change, next} {
			if !t.IsZero() {
				consider(t)
			}
		}
	}
	if best.IsZero() { // a zone that left out a whole day, as Samoa did
		return begin(date.AddDate(0, 0, 1), loc)
	}
	return best.UTC()
}

// period gives the first moments of the day, week, month or year that is n units from now's own,
// and of the one after it.
func period(now time.Time, n int, unit Unit) (from, to time.Time, err error) {
	day := dateOf(now)
	switch unit {
	case Day:
	case Week:
		day = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case Month:
		day = day.AddDate(0, 0, 1-day.Day())
	case Year:
		day = day.AddDate(0, 0, 1-day.YearDay())
	default:
		return from, to, ErrValue
	}
	return begin(step(day, n, unit), now.Location()), begin(step(day, n+1, unit), now.Location()), nil
}

const dateLayout = time.DateOnly

// parseDate reads a date. Errors: ErrValue.
func parseDate(text string) (time.Time, error) {
	t, err := time.Parse(dateLayout, text)
	if err != nil || t.Year() < 1900 || t.Year() > 9998 {
		return time.Time{}, ErrValue
	}
	return t, nil
}

// bornBy gives the last date of birth of those who are n years old or more on the day of now. Who
// was born on 29 February has the birthday on 28 February in other years.
func bornBy(now time.Time, n int) string {
	year, month, day := now.Year()-n, now.Month(), now.Day()
	switch {
	case month == time.February && day == 29 && !leap(year):
		day = 28
	case month == time.February && day == 28 && !leap(now.Year()) && leap(year):
		day = 29
	}
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(dateLayout)
}

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// birthdays gives the first and last birthday, as month*100+day, from today through the day n
// units ahead; where the first is larger the span crosses New Year. all: every day of a year is
// in it.
func birthdays(now time.Time, n int64, unit Unit) (first, last int, all bool, err error) {
	if n < 0 || n > 366 || (unit != Day && unit != Week && unit != Month) {
		return 0, 0, false, ErrValue
	}
	today := dateOf(now)
	end := step(today, int(n), unit)
	if !end.Before(step(today, 1, Year)) {
		return 0, 0, true, nil
	}
	first, last = int(today.Month())*100+today.Day(), int(end.Month())*100+end.Day()
	if last == 228 && !leap(end.Year()) {
		last = 229 // who was born on 29 February has the birthday on the 28th this year
	}
	return first, last, false, nil
}

package segment

import "time"

// Time in rules is counted on the calendar of the site's zone: a day is from midnight to midnight,
// 23 or 25 hours long where clocks change, a week begins on Monday.

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

func shift(t time.Time, n int, unit Unit) time.Time {
	switch unit {
	case Hour:
		return t.Add(time.Duration(n) * time.Hour)
	case Week:
		return t.AddDate(0, 0, 7*n)
	case Month:
		return addMonths(t, n)
	case Year:
		return addMonths(t, 12*n)
	}
	return t.AddDate(0, 0, n)
}

// addMonths steps whole months and stays in the month it reaches: a month before 31 March is the
// last of February, not 3 March.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return time.Date(first.Year(), first.Month(), min(t.Day(), last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}

// midnight begins the day of t.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// period gives the beginnings of the day, week, month or year that is n units from now's own, and
// of the one after it.
func period(now time.Time, n int, unit Unit) (from, to time.Time, err error) {
	day := midnight(now)
	switch unit {
	case Day:
	case Week:
		day = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	case Month:
		day = day.AddDate(0, 0, 1-day.Day())
	case Year:
		day = time.Date(day.Year(), 1, 1, 0, 0, 0, 0, day.Location())
	default:
		return from, to, ErrValue
	}
	return shift(day, n, unit).UTC(), shift(day, n+1, unit).UTC(), nil
}

const dateLayout = time.DateOnly

// parseDate reads the beginning of a date in loc. Errors: ErrValue.
func parseDate(loc *time.Location, text string) (time.Time, error) {
	t, err := time.ParseInLocation(dateLayout, text, loc)
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
	today := midnight(now)
	end := shift(today, int(n), unit)
	if !end.Before(shift(today, 1, Year)) {
		return 0, 0, true, nil
	}
	first, last = int(today.Month())*100+today.Day(), int(end.Month())*100+end.Day()
	if last == 228 && !leap(end.Year()) {
		last = 229 // who was born on 29 February has the birthday on the 28th this year
	}
	return first, last, false, nil
}

package home

import (
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// dateOf is the date of a moment in its zone, as midnight UTC.
func dateOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// monthDays gives the first days of this month and of the one before, and the day of that one which
// has the number of today; of a shorter month, its last.
func monthDays(today time.Time) (month, last, same time.Time) {
	month = today.AddDate(0, 0, 1-today.Day())
	last = month.AddDate(0, -1, 0)
	same = last.AddDate(0, 0, today.Day()-1)
	if !same.Before(month) {
		same = month.AddDate(0, 0, -1)
	}
	return month, last, same
}

// question asks about a moment of the site's zone.
func question(now time.Time) Question {
	month, last, same := monthDays(dateOf(now))
	at := func(day time.Time) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, now.Location())
	}
	until := time.Date(same.Year(), same.Month(), same.Day(), now.Hour(), now.Minute(), now.Second(), now.Nanosecond(), now.Location())
	if same.Day() < now.Day() { // a shorter month counts as a whole
		until = at(month)
	}
	return Question{Now: now, Since: now.AddDate(0, 0, -span), Before: now.AddDate(0, 0, -2*span),
		Month: at(month), LastMonth: at(last), LastMonthSame: until,
		Rated: now.Add(-rateAge), Window: campaign.AttributionWindow}
}

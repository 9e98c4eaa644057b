package seed

import (
	"math/rand/v2"
	"time"
)

// schoolYears is how long ago the school opened.
const schoolYears = 4

// shanghai is the school's time zone; it has no summer time, so no zone database is needed.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// hourWeights are how busy the school is at each hour of the day: most of all after dinner.
var hourWeights = []float64{
	2, 1, .5, .3, .3, .6, 1.5, 3, 4.5, 5.5, 6, 5.5, 5, 4.5, 5, 5, 5, 5, 5.5, 7.5, 9, 9.5, 7.5, 4.5,
}

// monthWeights are the semesters: autumn and spring are when people start to learn.
var monthWeights = []float64{.8, 1.1, 1.5, 1.1, .9, 1, 1, 1.1, 1.7, 1.2, 1.1, .8}

// calendar knows when things happen at the school.
type calendar struct {
	opened, now time.Time
	days        *dice // sign-ups over the school's days
	hours       *dice
}

func newCalendar(now time.Time) calendar {
	now = now.UTC().Truncate(time.Microsecond)
	c := calendar{now: now, hours: newDice(hourWeights)}
	c.opened = midnight(now.AddDate(-schoolYears, 0, 0))
	var weights []float64
	for day := c.opened; day.Before(now); day = day.AddDate(0, 0, 1) {
		growth := 1 + 2*day.Sub(c.opened).Hours()/now.Sub(c.opened).Hours()
		weights = append(weights, growth*monthWeights[day.Month()-1]*campaign(day))
	}
	c.days = newDice(weights)
	return c
}

// campaign is by how much advertising lifts a day.
func campaign(day time.Time) float64 {
	switch m, d := day.Month(), day.Day(); {
	case m == time.June && d >= 16 && d <= 19, m == time.November && d >= 9 && d <= 12:
		return 4
	case m == time.September && d <= 7, m == time.March && d <= 5:
		return 2.2
	case day.Weekday() == time.Saturday || day.Weekday() == time.Sunday:
		return 1.25
	}
	return 1
}

func midnight(t time.Time) time.Time {
	t = t.In(shanghai)
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, shanghai)
}

// signUp gives the moment at which the fraction u of all learners had signed up. It grows with u,
// so that ids grow with time as they do in real schools.
func (c calendar) signUp(u float64) time.Time {
	day, into := c.days.at(u)
	hour, rest := c.hours.at(into)
	seconds := (float64(hour) + rest) * 3600
	t := c.opened.AddDate(0, 0, day).Add(time.Duration(seconds * float64(time.Second)))
	return earlier(t, c.now).UTC().Truncate(time.Microsecond)
}

// lean says towards which end of a span a drawn moment leans.
type lean int

const (
	even lean = iota
	early
	late
)

// between draws a moment from a to b, at a believable hour of its day.
func (c calendar) between(r *rand.Rand, a, b time.Time, l lean) time.Time {
	if !a.Before(b) {
		return a
	}
	u := r.Float64()
	switch l {
	case early:
		u *= r.Float64()
	case late:
		u = 1 - u*r.Float64()
	case even:
	}
	t := a.Add(time.Duration(u * float64(b.Sub(a))))
	hour, into := c.hours.at(r.Float64())
	at := midnight(t).Add(time.Duration((float64(hour) + into) * float64(time.Hour)))
	if at.Before(a) || at.After(b) {
		at = t // too near the ends to choose the hour
	}
	return at.UTC().Truncate(time.Microsecond)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

package segment

import (
	"testing"
	"time"
)

// TestShift: spans are counted on the calendar of the zone.
func TestShift(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04 MST"
	for _, c := range []struct {
		zone, now string
		n         int
		unit      Unit
		want      string
	}{
		{"Asia/Shanghai", "2026-03-31 12:00", -1, Month, "2026-02-28 12:00 CST"},
		{"Asia/Shanghai", "2028-02-29 12:00", -12, Month, "2027-02-28 12:00 CST"},
		{"Asia/Shanghai", "2026-01-31 12:00", 1, Month, "2026-02-28 12:00 CST"},
		{"Asia/Shanghai", "2026-01-15 12:00", -1, Month, "2025-12-15 12:00 CST"},
		{"Europe/Berlin", "2026-03-29 12:00", -1, Day, "2026-03-28 12:00 CET"},   // 23 hours before
		{"Europe/Berlin", "2026-10-25 12:00", -1, Day, "2026-10-24 12:00 CEST"},  // 25 hours before
		{"Europe/Berlin", "2026-03-30 02:30", -1, Day, "2026-03-29 03:30 CEST"},  // half past two was left out
		{"Europe/Berlin", "2026-03-29 12:00", -12, Hour, "2026-03-28 23:00 CET"}, // hours are hours
		{"America/New_York", "2026-03-08 12:00", -1, Week, "2026-03-01 12:00 EST"},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, zone(c.zone))
		if err != nil {
			t.Fatal(err)
		}
		if got := shift(now, c.n, c.unit).Format(layout); got != c.want {
			t.Errorf("%s %d %s: got %s, want %s", c.now, c.n, c.unit, got, c.want)
		}
	}
}

// TestDaysWithoutMidnight: some zones change their clocks at midnight.
func TestDaysWithoutMidnight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, date, want string }{
		{"Atlantic/Azores", "2021-03-28", "2021-03-28 01:00 +00"},  // there is no midnight
		{"Atlantic/Azores", "2021-10-31", "2021-10-31 00:00 +00"},  // there are two: the first
		{"America/Havana", "2026-03-08", "2026-03-08 01:00 CDT"},   // no midnight
		{"America/Havana", "2026-11-01", "2026-11-01 00:00 CDT"},   // two
		{"America/Santiago", "2026-09-06", "2026-09-06 01:00 -03"}, // no midnight
		{"America/Santiago", "2026-04-05", "2026-04-05 00:00 -04"}, // the hour before it comes twice
		{"America/Asuncion", "2017-10-01", "2017-10-01 01:00 -03"}, // no midnight on the first of a month
		{"Pacific/Apia", "2011-12-30", "2011-12-31 00:00 +14"},     // there was no such day
		{"Asia/Shanghai", "2026-01-01", "2026-01-01 00:00 CST"},
	} {
		loc := zone(c.zone)
		day, err := parseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := begin(day, loc).In(loc).Format("2006-01-02 15:04 MST"); got != c.want {
			t.Errorf("%s begins in %s at %s, want %s", c.date, c.zone, got, c.want)
		}
	}
	// A week and a month that begin where clocks change, and a month back over a change at midnight.
	azores := time.Date(2021, 3, 28, 17, 46, 0, 0, zone("Atlantic/Azores"))
	if _, to, err := period(azores, 0, Week); err != nil || to.In(azores.Location()).Format("2006-01-02 15:04") != "2021-03-29 00:00" {
		t.Errorf("the week ends at %v, %v", to, err)
	}
	if got := shift(time.Date(2017, 11, 15, 0, 30, 0, 0, zone("America/Asuncion")), -1, Month); got.Month() != time.October || got.Day() != 15 {
		t.Errorf("a month before is %v", got)
	}
}

func TestPeriod(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		now      string
		n        int
		unit     Unit
		from, to string
	}{
		{"2026-11-22", 0, Week, "2026-11-16", "2026-11-23"}, // a Sunday ends the week
		{"2026-11-23", 0, Week, "2026-11-23", "2026-11-30"}, // a Monday begins it
		{"2026-11-23", -1, Week, "2026-11-16", "2026-11-23"},
		{"2028-03-31", -1, Month, "2028-02-01", "2028-03-01"},
		{"2026-01-01", -1, Year, "2025-01-01", "2026-01-01"},
		{"2026-01-01", -1, Day, "2025-12-31", "2026-01-01"},
		{"2026-03-29", 0, Day, "2026-03-29", "2026-03-30"},
	} {
		loc := zone("Europe/Berlin")
		now, err := time.ParseInLocation(dateLayout, c.now, loc)
		if err != nil {
			t.Fatal(err)
		}
		from, to, err := period(now, c.n, c.unit)
		if err != nil || from.In(loc).Format(dateLayout) != c.from || to.In(loc).Format(dateLayout) != c.to || from.In(loc).Hour() != 0 || to.In(loc).Hour() != 0 {
			t.Errorf("%s %d %s: %v – %v, %v", c.now, c.n, c.unit, from.In(loc), to.In(loc), err)
		}
	}
}

// TestBirthdaysOfThe29thOfFebruary are on the 28th in other years, for ages and for greetings.
func TestBirthdaysOfThe29thOfFebruary(t *testing.T) {
	t.Parallel()
	at := func(day string) time.Time {
		now, err := time.ParseInLocation(dateLayout, day, zone("Asia/Shanghai"))
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	for _, c := range []struct {
		now  string
		n    int
		want string
	}{
		{"2027-02-27", 3, "2024-02-27"}, {"2027-02-28", 3, "2024-02-29"}, {"2027-03-01", 3, "2024-03-01"},
		{"2028-02-28", 4, "2024-02-28"}, {"2028-02-29", 4, "2024-02-29"}, {"2028-02-29", 1, "2027-02-28"}, {"2100-02-28", 4, "2096-02-29"},
	} {
		if got := bornBy(at(c.now), c.n); got != c.want {
			t.Errorf("%d years old on %s: born by %s, want %s", c.n, c.now, got, c.want)
		}
	}
	for _, c := range []struct {
		now         string
		n           int64
		unit        Unit
		first, last int
		all         bool
	}{
		{"2027-02-25", 3, Day, 225, 229, false}, // the 29th is greeted on the 28th
		{"2028-02-25", 3, Day, 225, 228, false}, // tomorrow
		{"2027-02-28", 0, Day, 228, 229, false},
		{"2027-03-01", 0, Day, 301, 301, false},
		{"2026-12-28", 7, Day, 1228, 104, false}, // over New Year
		{"2026-03-01", 12, Month, 0, 0, true},
	} {
		first, last, all, err := birthdays(at(c.now), c.n, c.unit)
		if err != nil || first != c.first || last != c.last || all != c.all {
			t.Errorf("%s and %d %s: %d to %d, %v, %v", c.now, c.n, c.unit, first, last, all, err)
		}
	}
}

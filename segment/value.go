package segment

import (
	"encoding/json"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Values are read strictly: a number is not a string, and nothing is guessed.

// maxSpan bounds "in the last n units" to a century; beyond it dates leave PostgreSQL's range.
var maxSpan = map[Unit]int64{Hour: 876_000, Day: 36_500, Week: 5_200, Month: 1_200}

// ago gives the moment value units before now. Days, weeks and months are counted on the
// calendar of now's time zone.
func ago(now time.Time, r Rule) (time.Time, error) {
	n, err := number(r)
	if err != nil || n < 1 || n > maxSpan[r.Unit] {
		return time.Time{}, ErrValue
	}
	switch r.Unit {
	case Hour:
		now = now.Add(-time.Duration(n) * time.Hour)
	case Day:
		now = now.AddDate(0, 0, -int(n))
	case Week:
		now = now.AddDate(0, 0, -7*int(n))
	case Month:
		now = monthsBefore(now, int(n))
	}
	return now.UTC(), nil
}

// monthsBefore steps back whole months and stays in the month it reaches: a month before 31
// March is the last of February, not 3 March.
func monthsBefore(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()-time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

const dateLayout = "2006-01-02"

func parseDate(loc *time.Location, text string) (time.Time, error) {
	t, err := time.ParseInLocation(dateLayout, text, loc)
	if err != nil || t.Year() < 1900 || t.Year() > 9998 {
		return time.Time{}, ErrValue
	}
	return t, nil
}

// date reads the beginning of a date in the site's time zone.
func date(loc *time.Location, r Rule) (time.Time, error) {
	var text string
	if r.Unit != "" || json.Unmarshal(r.Value, &text) != nil {
		return time.Time{}, ErrValue
	}
	t, err := parseDate(loc, text)
	return t.UTC(), err
}

// dates reads a span of dates, both included: the second moment is the end of the second date.
func dates(loc *time.Location, r Rule) (from, to time.Time, err error) {
	var pair []string
	if r.Unit != "" || json.Unmarshal(r.Value, &pair) != nil || len(pair) != 2 {
		return from, to, ErrValue
	}
	if from, err = parseDate(loc, pair[0]); err != nil {
		return from, to, err
	}
	if to, err = parseDate(loc, pair[1]); err != nil {
		return from, to, err
	}
	if to.Before(from) {
		return from, to, ErrValue
	}
	return from.UTC(), to.AddDate(0, 0, 1).UTC(), nil
}

func number(r Rule) (int64, error) {
	var n int64
	if json.Unmarshal(r.Value, &n) != nil || isNull(r.Value) {
		return 0, ErrValue
	}
	return n, nil
}

// isNull tells null, which json.Unmarshal takes for any type, from a value.
func isNull(v json.RawMessage) bool { return len(v) == 0 || strings.TrimSpace(string(v)) == "null" }

func numbers(r Rule) (from, to int64, err error) {
	var pair []*int64
	if r.Unit != "" || json.Unmarshal(r.Value, &pair) != nil || len(pair) != 2 || pair[0] == nil || pair[1] == nil || *pair[1] < *pair[0] {
		return 0, 0, ErrValue
	}
	return *pair[0], *pair[1], nil
}

func words(r Rule) ([]string, error) {
	var list []*string
	if r.Unit != "" || json.Unmarshal(r.Value, &list) != nil || len(list) == 0 || len(list) > MaxList {
		return nil, ErrValue
	}
	out := make([]string, len(list))
	for i, w := range list {
		if w == nil || *w == "" || len(*w) > 255 || strings.ContainsRune(*w, 0) || !utf8.ValidString(*w) {
			return nil, ErrValue
		}
		out[i] = *w
	}
	return out, nil
}

// ids reads a list of our ids. Offerings and tags have ids of 32 bits; larger ones would be
// refused by PostgreSQL, so they are refused here.
func ids(r Rule) ([]int64, error) {
	var list []int64
	if r.Unit != "" || json.Unmarshal(r.Value, &list) != nil || len(list) == 0 || len(list) > MaxList {
		return nil, ErrValue
	}
	for _, id := range list {
		if id < 1 || (id > math.MaxInt32 && r.Field != "learner") {
			return nil, ErrValue
		}
	}
	return list, nil
}

package segment

import (
	"encoding/json"
	"math"
	"strings"
	"time"
)

// Values are read strictly: a number is not a string, and nothing is guessed.

// maxRef is the largest of our ids of offerings, tags, campaigns, lists and queries: a larger one
// would be refused by PostgreSQL, so it is refused here.
const maxRef = math.MaxInt32

// isNull tells null, which json.Unmarshal takes for any type, from a value.
func isNull(v json.RawMessage) bool { return len(v) == 0 || strings.TrimSpace(string(v)) == "null" }

// nothing checks that a condition has neither value nor unit.
func nothing(r Rule) error {
	if !isNull(r.Value) || r.Unit != "" {
		return ErrValue
	}
	return nil
}

func whole(r Rule) (int64, error) {
	var n int64
	if isNull(r.Value) || json.Unmarshal(r.Value, &n) != nil {
		return 0, ErrValue
	}
	return n, nil
}

// numbers reads a pair of which neither is larger than the second.
func numbers[T int64 | float64](r Rule) (from, to T, err error) {
	var pair []*T
	if r.Unit != "" || json.Unmarshal(r.Value, &pair) != nil || len(pair) != 2 || pair[0] == nil || pair[1] == nil || *pair[1] < *pair[0] {
		return 0, 0, ErrValue
	}
	return *pair[0], *pair[1], nil
}

func single[T int64 | float64](r Rule) (n T, err error) {
	if r.Unit != "" || isNull(r.Value) || json.Unmarshal(r.Value, &n) != nil {
		return 0, ErrValue
	}
	return n, nil
}

func text(r Rule) (string, error) {
	var s string
	if r.Unit != "" || isNull(r.Value) || json.Unmarshal(r.Value, &s) != nil || !soundText(s) {
		return "", ErrValue
	}
	return s, nil
}

// date reads a date.
func date(r Rule) (time.Time, error) {
	s, err := text(r)
	if err != nil {
		return time.Time{}, err
	}
	return parseDate(s)
}

// dates reads a span of dates, both included: the second date is the one after the last.
func dates(r Rule) (from, to time.Time, err error) {
	var pair []string
	if r.Unit != "" || json.Unmarshal(r.Value, &pair) != nil || len(pair) != 2 {
		return from, to, ErrValue
	}
	if from, err = parseDate(pair[0]); err != nil {
		return from, to, err
	}
	if to, err = parseDate(pair[1]); err != nil {
		return from, to, err
	}
	if to.Before(from) {
		return from, to, ErrValue
	}
	return from, to.AddDate(0, 0, 1), nil
}

func words(r Rule) ([]string, error) {
	var list []*string
	if r.Unit != "" || json.Unmarshal(r.Value, &list) != nil || len(list) == 0 || len(list) > MaxList {
		return nil, ErrValue
	}
	out := make([]string, len(list))
	for i, w := range list {
		if w == nil || !soundText(*w) {
			return nil, ErrValue
		}
		out[i] = *w
	}
	return out, nil
}

// ids reads a list of our ids; only people's may be larger than maxRef.
func ids(r Rule) ([]int64, error) {
	var list []int64
	if r.Unit != "" || json.Unmarshal(r.Value, &list) != nil || len(list) == 0 || len(list) > MaxList {
		return nil, ErrValue
	}
	for _, id := range list {
		if id < 1 || (id > maxRef && r.Field != "learner") {
			return nil, ErrValue
		}
	}
	return list, nil
}

package funnel

import (
	"slices"
	"strings"
	"time"
)

// Bands of progress (percent) and of days since joining, by where they begin; empty: not known.
func progressBands() []string { return []string{"0", "10", "30", "60", "100", ""} }
func dayBands() []string      { return []string{"0", "7", "30", "90", ""} }

// months is how far back exits are shown over time.
const months = 12

// Arrange puts every part in its order and fills in what is empty: bands of progress and days, and
// the last twelve months of now's zone. Reasons and words begin with the most frequent.
func (e *Exits) Arrange(now time.Time) {
	byPeople := func(a, b Share) int {
		if a.People != b.People {
			return int(b.People - a.People)
		}
		return strings.Compare(a.Key, b.Key)
	}
	slices.SortFunc(e.Reasons, byPeople)
	slices.SortFunc(e.Words, byPeople)
	e.ByProgress, e.ByDays = filled(e.ByProgress, progressBands()), filled(e.ByDays, dayBands())
	var last []string
	first := time.Date(now.Year(), now.Month(), 1, 12, 0, 0, 0, now.Location())
	for i := months - 1; i >= 0; i-- {
		last = append(last, first.AddDate(0, -i, 0).Format("2006-01"))
	}
	e.ByMonth = filled(e.ByMonth, last)
}

// filled gives the share of each key, 0 where there is none. Shares of other keys are left out.
func filled(shares []Share, keys []string) []Share {
	out := make([]Share, len(keys))
	for i, key := range keys {
		out[i].Key = key
		for _, s := range shares {
			if s.Key == key {
				out[i].People = s.People
			}
		}
	}
	return out
}

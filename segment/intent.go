package segment

import (
	"math"
	"time"
)

// Scores of intent are kept as they were worth at one moment and fade alike, as package funnel has
// it, which cannot be imported here: it imports this one. A test holds the two together.
const (
	intentHalfLife = 30 * 24 * time.Hour
	highFrom       = 8 - 1e-9 // less what adding in another order may differ by
	mediumFrom     = 3 - 1e-9
	maxHalves      = 1000 // half-lives; further away counts as far
)

var intentEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// heatFrom is the heat that is worth a score at a moment.
func heatFrom(score float64, now time.Time) float64 {
	halves := now.Sub(intentEpoch).Hours() / intentHalfLife.Hours()
	return score * math.Exp2(max(-maxHalves, min(maxHalves, halves)))
}

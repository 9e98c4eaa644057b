package funnel

import (
	"math"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Level is a learner's intent with an offering (意向程度): what staff said, or what the score says.
// DOMAIN §3, "Intent level".
type Level string

// Levels of intent.
const (
	High   Level = "high"   // a score of 8 or more
	Medium Level = "medium" // 3 or more
	Low    Level = "low"    // more than 0
	None   Level = "none"   // nothing was seen
)

// Levels lists the levels, the highest first.
func Levels() []Level { return []Level{High, Medium, Low, None} }

// Weights of what happened. An order counts when it is placed, again when it closes unpaid, and for
// interest when it is paid.
const (
	WeightOrder  = 5.0
	WeightClosed = 5.0
	WeightPaid   = 8.0 // of interest only
)

// Weight is what an activity adds to intent; 0 for what shows none.
func Weight(t h.ActivityType) float64 {
	switch t {
	case h.ActivityView:
		return 1
	case h.ActivityCoupon:
		return 2
	case h.ActivityTrial, h.ActivityFavorite:
		return 3
	case h.ActivityQuestion:
		return 4
	case h.ActivityLearn, h.ActivityLogin:
	}
	return 0
}

// Warmth is what an activity adds to interest in the subjects of an offering: the weight of
// intent, and 1 for learning.
func Warmth(t h.ActivityType) float64 {
	if t == h.ActivityLearn {
		return 1
	}
	return Weight(t)
}

// HalfLife is the time after which what happened counts half.
const HalfLife = 30 * 24 * time.Hour

// Epoch is the moment at which scores are kept: a sum of weights as they were worth then. All fade
// alike, so what is kept never has to be written again; see [Heat] and [Score].
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Heat is what a weight at a moment is worth at Epoch. Moments further away than a thousand
// half-lives count as a thousand.
func Heat(weight float64, at time.Time) float64 { return weight * math.Exp2(halves(at)) }

// Score is what a heat is worth at a moment.
func Score(heat float64, now time.Time) float64 { return heat * math.Exp2(-halves(now)) }

func halves(at time.Time) float64 {
	return max(-1000, min(1000, at.Sub(Epoch).Hours()/HalfLife.Hours()))
}

// Bounds of the levels and of tags, less what adding in another order may differ by.
const (
	highFrom   = 8 - 1e-9
	mediumFrom = 3 - 1e-9
	// TagFrom is the score from which an interest tag holds.
	TagFrom = 3 - 1e-9
	// MaxTags is how many interest tags a learner has at most, the strongest.
	MaxTags = 8
)

// LevelOf is the level of a score.
func LevelOf(score float64) Level {
	switch {
	case score >= highFrom:
		return High
	case score >= mediumFrom:
		return Medium
	case score > 0:
		return Low
	}
	return None
}

// HeatOf is the heat from which a level holds at a moment; 0 for Low and None, of which Low needs
// more than that.
func HeatOf(l Level, now time.Time) float64 {
	switch l {
	case High:
		return Heat(highFrom, now)
	case Medium:
		return Heat(mediumFrom, now)
	case Low, None:
	}
	return 0
}

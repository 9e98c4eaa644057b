package funnel_test

import (
	"fmt"
	"time"

	"github.com/coursecrm/coursecrm/funnel"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// A learner tried a lesson and asked a question today, and looked at the course twice two months ago,
// which counts a quarter by now.
func ExampleLevelOf() {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	heat := funnel.Heat(funnel.Weight(hostadapter.ActivityTrial), now) + funnel.Heat(funnel.Weight(hostadapter.ActivityQuestion), now)
	for range 2 {
		heat += funnel.Heat(funnel.Weight(hostadapter.ActivityView), now.Add(-60*24*time.Hour))
	}
	fmt.Printf("%.1f %s\n", funnel.Score(heat, now), funnel.LevelOf(funnel.Score(heat, now)))
	later := now.Add(90 * 24 * time.Hour)
	fmt.Printf("%.1f %s\n", funnel.Score(heat, later), funnel.LevelOf(funnel.Score(heat, later)))
	// Output:
	// 7.5 medium
	// 0.9 low
}

//go:build !soak

package proof

import "time"

// How much the kill tests do; with the tag soak they do more.
const (
	kills      = 10
	recipients = 20_000
	crowd      = 100   // people of each scene of rules
	checks     = "700" // that rapid makes of each property; of rules some 840,000 pairs of rule and person
	histories  = 1_500 // of what learners do with courses
	everyLook  = false // axe looks at each page once in each theme, and not at each width in both

	clicksUntilKill = 1500
	databaseAway    = 5 * time.Second
)

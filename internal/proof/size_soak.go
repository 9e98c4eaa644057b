//go:build soak

package proof

import "time"

// How much the kill tests do in the long run.
const (
	kills      = 20
	recipients = 100_000
	crowd      = 100
	checks     = "1700" // 2,000,000 pairs of rule and person
	histories  = 10_000
	everyLook  = true

	clicksUntilKill = 20_000
	databaseAway    = 30 * time.Second
)

//go:build soak

package proof

// How much the kill tests do in the long run.
const (
	kills      = 20
	recipients = 100_000
	crowd      = 100
)

//go:build soak

package proof

// How much the kill tests do in the long run.
const (
	kills      = 60
	recipients = 200_000
	crowd      = 100
)

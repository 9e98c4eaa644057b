//go:build !soak

package proof

// How much the kill tests do; with the tag soak they do more.
const (
	kills      = 10
	recipients = 20_000
	crowd      = 100 // people of each scene of rules
)

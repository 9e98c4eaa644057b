//go:build race

package shortlink

// Under the race detector a tenth, as each code takes ten times as long.
const manyCodes = 1_000_000

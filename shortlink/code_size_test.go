//go:build !race

package shortlink

// How many codes the tests of codes look at.
const manyCodes = 10_000_000

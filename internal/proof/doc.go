// Package proof holds the tests that need more than the library does: a real browser, the whole
// example school, processes that are killed. It is a module of its own so that what it needs
// never reaches a host's module graph.
package proof

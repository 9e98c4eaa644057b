// Package pgtest gives each test a PostgreSQL schema and a Redis of its own, so that all tests may
// run in parallel on real servers.
//
// The schemas live in the PostgreSQL that DATABASE_URL names, which "make test" sets for all
// packages together. Without it the first test of a process starts a private server, which ends with
// the process and needs no TestMain. A missing server program fails the test with what to install.
package pgtest

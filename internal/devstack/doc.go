// Package devstack runs a private, throw-away PostgreSQL and Redis for the example, the tests and
// the benchmarks, so that a clone needs no set-up beyond installed server programs.
//
// The servers listen on 127.0.0.1 only, on ports of their own, and without a password: everyone who
// can log in to the machine can use them. They are for development; never point a product at them.
//
// No server outlives the process that started it, however that process ends (see watchdog). No
// public package imports devstack.
package devstack

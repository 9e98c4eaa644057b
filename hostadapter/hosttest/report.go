package hosttest

import (
	"fmt"
	"runtime/debug"
	"testing"
)

// reporter is what the suite asks of a *testing.T. It is an interface so that the suite itself
// can be tested: hosts that are broken on purpose fail a recorder, not the test.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any) // does not return
	Skipf(format string, args ...any)  // does not return
	Run(name string, f func(reporter)) bool
}

// testingT makes a reporter of a *testing.T; only Run differs.
type testingT struct{ *testing.T }

func (t testingT) Run(name string, f func(reporter)) bool {
	return t.T.Run(name, func(t *testing.T) { f(testingT{t}) })
}

// guard calls the host and turns a panic into an error, so that one broken feed does not hide
// what is to be said about the others.
func guard[R any](call func() (R, error)) (result R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("host panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return call()
}

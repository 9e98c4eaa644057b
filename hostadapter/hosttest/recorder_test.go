package hosttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// recorder is a reporter that remembers what failed and what was skipped, by the check's path.
type recorder struct {
	path    string
	failed  map[string]string // to the first message
	skipped map[string]string
	ran     map[string]bool
}

// stop ends a check, as runtime.Goexit ends a test.
type stop struct{}

func record(f func(reporter)) *recorder {
	r := &recorder{failed: map[string]string{}, skipped: map[string]string{}, ran: map[string]bool{}}
	r.protect(f)
	return r
}

func (r *recorder) protect(f func(reporter)) {
	defer func() {
		if p := recover(); p != nil && p != any(stop{}) {
			panic(p)
		}
	}()
	f(r)
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	if _, ok := r.failed[r.path]; !ok {
		r.failed[r.path] = fmt.Sprintf(format, args...)
	}
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stop{})
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped[r.path] = fmt.Sprintf(format, args...)
	panic(stop{})
}

func (r *recorder) Run(name string, f func(reporter)) bool {
	sub := *r
	sub.path = strings.TrimPrefix(r.path+"/"+name, "/")
	sub.ran[sub.path] = true
	before := len(r.failed)
	sub.protect(f)
	return len(r.failed) == before
}

// failures lists failed checks, with the first line of what each said.
func (r *recorder) failures() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(r.failed)) {
		line, _, _ := strings.Cut(r.failed[path], "\n")
		fmt.Fprintf(&b, "\n  %s: %s", path, line)
	}
	return b.String()
}

package web

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// rest is the box that leaves out who was contacted of late.
type rest struct {
	On   bool
	Text string // the days as typed
	Days int    // 0: off, or Bad
	Bad  bool   // on, with days that are none: nobody is left out, and nothing can be sent
}

const (
	usualRest = "7"
	maxRest   = 365
)

// readRest reads the box. In an address "x" alone says that it is ticked; a form has "rest" for
// that, so that the days stay in an unticked one.
func readRest(v url.Values) rest {
	r := rest{On: v.Has("x"), Text: strings.TrimSpace(halfWidth(v.Get("x")))}
	if hasDraft(v) {
		r.On = v.Get("rest") == "1"
	}
	n, err := strconv.Atoi(r.Text)
	switch {
	case err == nil && n >= 1 && n <= maxRest:
		r.Text = strconv.Itoa(n)
		if r.On {
			r.Days = n
		}
	case r.On:
		r.Bad = true
		r.Text = r.Text[:min(len(r.Text), 20)]
	default:
		r.Text = usualRest
	}
	return r
}

// narrow is the rule for whom to write to: without those that the box leaves out.
func (r rest) narrow(rule segment.Rule) segment.Rule {
	if r.Days == 0 {
		return rule
	}
	return segment.Rested(rule, r.Days)
}

package shortlink

import (
	"net/http"
	"strings"
)

// Classify tells what a request is taken for by itself: whether it asked for the headers only,
// whether it said that it is looking ahead, and what it said of itself. What the hits around it
// tell, Judge tells.
func Classify(head, ahead bool, a Agent) Verdict {
	switch {
	case head:
		return Verdict{Bot, ReasonMethod}
	case a.ID == 0:
		return Verdict{Bot, ReasonNoAgent}
	case a.Program:
		return Verdict{Bot, ReasonAgent}
	case ahead:
		return Verdict{Prefetch, ReasonPrefetch}
	}
	return Verdict{Human, NoReason}
}

// Ahead reports whether a browser says that it asks for a page which nobody has opened yet.
func Ahead(h http.Header) bool {
	for _, name := range [...]string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		for _, v := range h[name] {
			v = strings.ToLower(v)
			if strings.Contains(v, "prefetch") || strings.Contains(v, "preview") || strings.Contains(v, "prerender") {
				return true
			}
		}
	}
	return false
}

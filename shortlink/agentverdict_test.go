package shortlink

import (
	"net/http"
	"testing"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	person := ReadAgent("Mozilla/5.0 (Linux; Android 13; M2102J2SC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Mobile Safari/537.36")
	program := ReadAgent("Go-http-client/2.0")
	for _, c := range []struct {
		name        string
		head, ahead bool
		agent       Agent
		want        Verdict
	}{
		{"person", false, false, person, Verdict{Human, NoReason}},
		{"head", true, false, person, Verdict{Bot, ReasonMethod}},
		{"head before all", true, true, Agent{}, Verdict{Bot, ReasonMethod}},
		{"nothing said", false, false, Agent{}, Verdict{Bot, ReasonNoAgent}},
		{"nothing said, ahead", false, true, Agent{}, Verdict{Bot, ReasonNoAgent}},
		{"program", false, false, program, Verdict{Bot, ReasonAgent}},
		{"program ahead", false, true, program, Verdict{Bot, ReasonAgent}},
		{"ahead", false, true, person, Verdict{Prefetch, ReasonPrefetch}},
	} {
		if got := Classify(c.head, c.ahead, c.agent); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestAhead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, value string
		want        bool
	}{
		{"Sec-Purpose", "prefetch", true},
		{"Sec-Purpose", "prefetch;prerender", true},
		{"Sec-Purpose", "Prefetch;anonymous-client-ip", true},
		{"Purpose", "prefetch", true},
		{"Purpose", "preview", true},
		{"X-Purpose", "preview", true},
		{"X-Purpose", "instant", false},
		{"X-Moz", "prefetch", true},
		{"Purpose", "", false},
		{"Referer", "https://learn.example/prefetch", false},
		{"Sec-Fetch-Mode", "navigate", false},
	} {
		h := http.Header{}
		h.Set(c.name, c.value)
		if got := Ahead(h); got != c.want {
			t.Errorf("%s: %s: %t", c.name, c.value, got)
		}
	}
	h := http.Header{}
	h.Add("Purpose", "visit")
	h.Add("Purpose", "prefetch")
	if !Ahead(h) || Ahead(nil) {
		t.Error("the second value, or no headers")
	}
}

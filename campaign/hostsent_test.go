package campaign

import (
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 101)
	for _, c := range []struct {
		name string
		sent h.Sent
		want Outcome
	}{
		{"nothing said", h.Sent{}, Outcome{}},
		{"accepted", h.Sent{Accepted: true, ID: "m1"}, Outcome{Kind: OutcomeAccepted, ProviderID: "m1"}},
		{"accepted without a name", h.Sent{Accepted: true}, Outcome{Kind: OutcomeAccepted}},
		{"name too long", h.Sent{Accepted: true, ID: long}, Outcome{Kind: OutcomeAccepted}},
		{"name that no database keeps", h.Sent{Accepted: true, ID: "a\x00b"}, Outcome{Kind: OutcomeAccepted}},
		{"name that is no text", h.Sent{Accepted: true, ID: "a\xffb"}, Outcome{Kind: OutcomeAccepted}},
		{"later", h.Sent{Temporary: true}, Outcome{Kind: OutcomeTemporary}},
		{"rejected", h.Sent{Failure: h.FailureRejected}, Outcome{Kind: OutcomePermanent, Reason: ReasonRejected}},
		{"no such number", h.Sent{Failure: h.FailureInvalid}, Outcome{Kind: OutcomePermanent, Reason: ReasonInvalid}},
		{"barred", h.Sent{Failure: h.FailureComplaint}, Outcome{Kind: OutcomePermanent, Reason: ReasonComplaint}},
		{"a word of its own", h.Sent{Failure: "quota"}, Outcome{Kind: OutcomePermanent, Reason: ReasonRejected}},
		{"accepted and failed", h.Sent{Accepted: true, Failure: h.FailureInvalid}, Outcome{}},
		{"accepted and later", h.Sent{Accepted: true, Temporary: true}, Outcome{}},
		{"later and failed", h.Sent{Temporary: true, Failure: h.FailureInvalid}, Outcome{}},
	} {
		if got := OutcomeOf(c.sent); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestOutcomesOf(t *testing.T) {
	t.Parallel()
	taken := h.Sent{Accepted: true}
	for n, sent := range map[int][]h.Sent{2: {taken, taken}, 3: {taken, taken}, 1: {taken, taken}, 4: nil} {
		got := OutcomesOf(sent, n)
		if len(got) != n {
			t.Fatalf("%d outcomes for %d messages", len(got), n)
		}
		for i, o := range got {
			if known := o.Kind != OutcomeUnknown; known != (len(sent) == n) {
				t.Errorf("%d answers for %d messages: outcome %d is %d", len(sent), n, i, o.Kind)
			}
		}
	}
}

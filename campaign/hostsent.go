package campaign

import h "github.com/coursecrm/coursecrm/hostadapter"

// OutcomesOf puts the answers for n messages into our words. Where there are fewer answers than
// messages, or more, nobody can tell which answer is whose, so all are unknown.
func OutcomesOf(sent []h.Sent, n int) []Outcome {
	outcomes := make([]Outcome, n)
	if len(sent) != n {
		return outcomes
	}
	for i, s := range sent {
		outcomes[i] = OutcomeOf(s)
	}
	return outcomes
}

// OutcomeOf puts one answer into our words. An answer that says two things at once says nothing.
func OutcomeOf(s h.Sent) Outcome {
	failed := s.Failure != ""
	switch {
	case s.Accepted && !s.Temporary && !failed:
		return Outcome{Kind: OutcomeAccepted, ProviderID: providerID(s.ID)}
	case s.Temporary && !s.Accepted && !failed:
		return Outcome{Kind: OutcomeTemporary}
	case failed && !s.Accepted && !s.Temporary:
		return Outcome{Kind: OutcomePermanent, Reason: ReasonOf(s.Failure)}
	}
	return Outcome{}
}

// ReasonOf is our word for why a provider failed. A word that we do not know is a rejection: only
// those we know prove a contact dead.
func ReasonOf(f h.SendFailure) Reason {
	switch f {
	case h.FailureInvalid:
		return ReasonInvalid
	case h.FailureComplaint:
		return ReasonComplaint
	}
	return ReasonRejected
}

// maxProviderID is what is kept of a provider's name for a message.
const maxProviderID = 100

// providerID leaves out a name that cannot be kept: cut short it would name something else.
func providerID(id string) string {
	if len(id) > maxProviderID {
		return ""
	}
	for _, r := range id {
		if r < ' ' || r == '\uFFFD' {
			return ""
		}
	}
	return id
}

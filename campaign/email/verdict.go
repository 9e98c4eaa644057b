package email

import (
	"strings"

	"github.com/coursecrm/coursecrm/campaign"
)

// refusal says what a 4xx or 5xx answer to a step means for the message. ours: it is not about
// this recipient but about us, so that every other would fare the same.
//
// A contact is called invalid only on good evidence, as it gets no more mail then: a status code
// that says so, or plain words at RCPT from the many servers that give no status code.
func refusal(at step, r reply) (o campaign.Outcome, ours bool) {
	if r.is(4) {
		return campaign.Outcome{Kind: campaign.OutcomeTemporary}, false
	}
	text := strings.ToLower(r.text)
	switch {
	case at == stepMail, at != stepEnd && aboutUs(r, text):
		return campaign.Outcome{}, true
	case dead(at, r, text):
		return campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonInvalid}, false
	}
	return campaign.Outcome{Kind: campaign.OutcomePermanent, Reason: campaign.ReasonRejected}, false
}

// aboutUs tells whether a 5xx before the content is about the login, the sender or how much we
// send. Postfix keeps its judgement of client, greeting and sender until RCPT.
func aboutUs(r reply, text string) bool {
	switch r.code {
	case 530, 534, 535, 538: // RFC 4954: log in first, or otherwise
		return true
	}
	return contains(text, "relay access denied", "relaying denied", "relay not permitted", "not permitted to relay", "unable to relay",
		"sender address rejected", "client host rejected", "helo command rejected", "required for relay",
		"sending limit exceeded", "frequency limited")
}

// dead tells whether a 5xx proves that there is no such mailbox.
func dead(at step, r reply, text string) bool {
	switch r.enhanced {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10": // no such mailbox, no such domain, no address, moved, takes no mail (RFC 7505)
		return true
	case "5.2.1":
		return contains(text, "disabled", "inactive", "discontinued") // else it is full of mail, or closed for a while
	case "5.4.1": // Microsoft's directory does not know the address, which it words like a policy
		return contains(text, "recipient address rejected: access denied")
	case "", "5.0.0", "5.1.0", "5.3.0", "5.5.0": // these say no more than the code before them
	default:
		return false
	}
	return at == stepRcpt && r.code != 552 && contains(text, gone...) && !contains(text, policy...)
}

// gone are the words for a mailbox that is not there.
var gone = []string{
	"user unknown", "unknown user", "unknown recipient", "recipient unknown", "unknown address", "address unknown", "unknown mailbox",
	"unknown or illegal", "no such ", "not found", "not exist", "no exist", "doesn't exist", "dosn't exist", "no longer exist",
	"no mailbox", "mailbox unavailable", "unavailable mail user", "invalid recipient", "recipient is invalid", "invalid mailbox", "invalid user", "invalid address",
	"address invalid", "not a valid mailbox", "not a valid user", "not a valid recipient", "not a known user", "user not known", "not known to this system",
	"not our customer", "user doesn't have", "does not have an account", "have a yahoo.com account", "address rejected", "bad address syntax",
	"bad destination mailbox", "undeliverable address", "unrouteable address", "account is disabled", "account has been disabled",
	"account disabled", "account inactive", "is inactive", "user disabled",
}

// policy are words with which a server may refuse anybody. They outweigh those above.
var policy = []string{
	"sender", "from ", "spam", "virus", "block", "blacklist", "denied", "deny", "policy", "reputation", "not authorized", "unauthori", "frequen", "too many",
	"limit", "quota", "full", "spf", "dkim", "dmarc", "rbl", "relay", "local user only", "temporar", "try again", "later", "content", "host not", "hostname", "helo",
}

func contains(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

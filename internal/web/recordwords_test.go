package web

import (
	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/desk"
)

// recordPrefixes adds the words of the pages about what was sent, and of who may be written to.
func recordPrefixes(out map[string][]string) {
	stalls := []campaign.Stall{campaign.StallUnreachable, campaign.StallRefused, campaign.StallQuiet, campaign.StallConsent, campaign.StallRejecting, campaign.StallUnanswered,
		campaign.StallContent, campaign.StallStaff}
	said := []string{string(h.ConsentDenied), string(h.ConsentGranted)}
	for prefix, list := range map[string][]string{
		"nav":                 {"suppressions"},
		"stall":               words(stalls),
		"funnel":              {"matched", "accepted", "delivered", "clicked", "paid"},
		"campaign.state":      words([]campaign.State{campaign.Scheduled, campaign.Late, campaign.Planning, campaign.Sending, campaign.Paused, campaign.Done, campaign.CalledOff}),
		"campaign.do":         deedLabels(),
		"campaign.ask_q":      askTexts(),
		"campaign.ask_why":    askTexts(),
		"campaigns.kind":      {"batch", "direct"},
		"sum.group":           sumGroups(),
		"lift.verdict":        verdicts(),
		"recipients.column":   recipientColumns(),
		"consent.enter":       said,
		"consent.state":       said,
		"consent.source":      words(consentSources()),
		"suppressions.field":  suppressionFields(),
		"suppressions.reason": words(suppressionReasons()),
		"optout.channel":      words(desk.Channels()),
		"optout.title":        optOutWords(),
		"optout.text":         optOutWords(),
	} {
		out[prefix] = append(out[prefix], list...)
	}
}

package desk

import (
	"github.com/coursecrm/coursecrm/crm/dossier"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// Reachable is the word for a person to whom a message could go out.
const Reachable = "ok"

// Reach says whether a person can be reached on a channel.
type Reach struct {
	Channel hostadapter.Channel
	Word    string // one of ReachWords
}

// OK reports whether a message could go out.
func (r Reach) OK() bool { return r.Word == Reachable }

// ReachWords lists what can be said of a channel.
func ReachWords() []string {
	return []string{Reachable, "no_mobile", "no_email", "denied", "suppressed", "inactive", "staff"}
}

// ReachOf asks of every channel what a campaign would ask, in the same order.
func ReachOf(d dossier.Dossier) []Reach {
	out := make([]Reach, 0, len(Channels()))
	for _, ch := range Channels() {
		c := Reach{ch, Reachable}
		switch {
		case d.Status != hostadapter.LearnerActive:
			c.Word = "inactive"
		case !d.Marketable:
			c.Word = "staff"
		case ch == hostadapter.ChannelSMS && !d.MobileUsable && !d.MobileDead:
			c.Word = "no_mobile"
		case ch == hostadapter.ChannelEmail && !d.EmailUsable && !d.EmailDead:
			c.Word = "no_email"
		case d.Consent[ch] == hostadapter.ConsentDenied:
			c.Word = "denied"
		case ch == hostadapter.ChannelSMS && d.MobileDead, ch == hostadapter.ChannelEmail && d.EmailDead:
			c.Word = "suppressed"
		}
		out = append(out, c)
	}
	return out
}

package desk

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Channels lists the channels in the order of the screens.
func Channels() []hostadapter.Channel {
	return []hostadapter.Channel{hostadapter.ChannelSMS, hostadapter.ChannelEmail, hostadapter.ChannelMessage}
}

// ContentFor is content without what belongs to other channels.
func ContentFor(ch hostadapter.Channel, c campaign.Content) campaign.Content {
	switch ch {
	case hostadapter.ChannelEmail:
		return campaign.Content{Subject: c.Subject, Preheader: c.Preheader, ReplyTo: c.ReplyTo, Blocks: c.Blocks}
	case hostadapter.ChannelSMS:
		return campaign.Content{Text: c.Text, Supplier: c.Supplier}
	}
	return campaign.Content{Text: c.Text, From: c.From}
}

// WithTemplate lets content say what a template says. A template without a sender leaves the one
// that was chosen.
func WithTemplate(c campaign.Content, t campaign.SavedTemplate) campaign.Content {
	switch t.Channel {
	case hostadapter.ChannelEmail:
		c.Subject, c.Preheader, c.Blocks = t.Content.Subject, t.Content.Preheader, t.Content.Blocks
		if t.Content.ReplyTo != "" {
			c.ReplyTo = t.Content.ReplyTo
		}
	default:
		c.Text = t.Content.Text
		if t.Content.From != "" {
			c.From = t.Content.From
		}
	}
	return c
}

// Launchable is a draft without what was written for other channels and other texts.
func Launchable(d campaign.Draft) campaign.Draft {
	d.Content = ContentFor(d.Channel, d.Content)
	personal, params, usesLink, _ := campaign.Mentions(d.Channel, d.Content)
	fill := campaign.Fill{Params: map[string]string{}, Fallbacks: map[string]string{}}
	if usesLink {
		fill.Link = d.Fill.Link
	}
	for _, name := range params {
		fill.Params[name] = d.Fill.Params[name]
	}
	for _, x := range personal {
		if v := d.Fill.Fallbacks[x.Name]; v != "" {
			fill.Fallbacks[x.Name] = v
		}
	}
	d.Fill = fill
	return d
}

// Sendable says what keeps an audience from being sent to: nobody is in it, or more people than
// somebody may send to. large is as in TooLarge.
//
// Errors: fault.Fields about "audience".
func Sendable(staff hostadapter.Staff, large int64, sum campaign.Sum) error {
	problems := fault.Fields{}
	switch {
	case sum.Sendable == 0:
		problems.Add("audience", "problem.nobody")
	case large > 0 && sum.Sendable > large && !staff.May(hostadapter.PermCampaignSendLarge):
		problems.Add("audience", "problem.large", large, sum.Sendable)
	}
	return problems.Err()
}

// Version names what a draft says: another text, audience or time gives another name.
func Version(d campaign.Draft) string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings, numbers and a rule that was read as JSON
	}
	return Hash(string(text))
}

// Says reports whether a campaign says what a draft would have become, whoever launched it. A
// template that got another version meanwhile counts as the same text.
func Says(c campaign.Campaign, d campaign.Draft) bool {
	if c.Template.ID != 0 && c.Template.ID == d.Template.ID {
		d.Template, d.Content = c.Template, c.Content
	}
	was := campaign.Draft{Name: c.Name, Channel: c.Channel, Rule: c.Rule, Unticked: c.Unticked, CapDays: c.CapDays, Control: c.Control,
		Content: c.Content, Fill: c.Fill, Template: c.Template, SendAt: c.SendAt, Direct: c.Direct}
	return Version(plain(was)) == Version(plain(d))
}

// plain is a draft in one form, whether it was typed or comes from the database.
func plain(d campaign.Draft) campaign.Draft {
	d = Launchable(d)
	d.Name, d.Unticked = strings.TrimSpace(d.Name), slices.Sorted(slices.Values(d.Unticked))
	var rule any // PostgreSQL puts keys into an order of its own
	text, err := json.Marshal(d.Rule)
	if err == nil {
		err = json.Unmarshal(text, &rule)
	}
	if err == nil {
		text, err = json.Marshal(rule)
	}
	if err == nil {
		err = json.Unmarshal(text, &d.Rule)
	}
	if err != nil {
		panic(err) // it was read as JSON
	}
	if !d.SendAt.IsZero() {
		d.SendAt = d.SendAt.UTC().Truncate(time.Second)
	}
	return d
}

// Clean makes typed text fit to be kept: a database takes neither broken text nor zero bytes.
// Forms send line ends of two characters.
func Clean(text string) string {
	return strings.NewReplacer("\x00", "", "\r\n", "\n").Replace(strings.ToValidUTF8(text, "\uFFFD"))
}

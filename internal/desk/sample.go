package desk

import (
	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/segment"
)

// Sample makes a campaign of a template, to everyone and with everything filled in, so that it can be
// looked at; it is never kept nor sent. call names what is filled in, by the name in the text. A private
// message without a sender is from, the id of who looks.
func Sample(ch hostadapter.Channel, content campaign.Content, from string, call func(name string) string) campaign.Draft {
	content = ContentFor(ch, content)
	d := campaign.Draft{Channel: ch, Rule: segment.Everyone(), Content: content, Fill: campaign.Fill{Params: map[string]string{}, Fallbacks: map[string]string{}}}
	personal, params, usesLink, _ := campaign.Mentions(ch, content)
	for _, name := range params {
		d.Fill.Params[name] = "〔" + call(name) + "〕"
	}
	for _, x := range personal {
		d.Fill.Fallbacks[x.Name] = "〔" + call(x.Name) + "〕"
	}
	if usesLink {
		d.Fill.Link = "https://example.com/"
	}
	if ch == hostadapter.ChannelMessage && d.Content.From == "" {
		d.Content.From = from
	}
	return d
}

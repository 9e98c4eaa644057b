package sms

import (
	"context"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// Channel is the text message channel. It is safe for concurrent use.
type Channel struct{ supplier Supplier }

// New makes the channel of a supplier.
func New(s Supplier) *Channel { return &Channel{supplier: s} }

// Supplier is what the channel sends over.
func (c *Channel) Supplier() Supplier { return c.supplier }

// Name implements campaign.Channel.
func (c *Channel) Name() h.Channel { return h.ChannelSMS }

// Traits implements campaign.Channel.
func (c *Channel) Traits() campaign.Traits {
	t := c.supplier.Traits()
	return campaign.Traits{BatchSize: t.BatchSize, Rate: t.Rate, Idempotent: t.Idempotent, Receipts: t.Receipts}
}

// Send implements campaign.Channel.
func (c *Channel) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	messages := make([]h.SMS, len(batch))
	for i, m := range batch {
		messages[i] = h.SMS{Key: m.Key, Mobile: m.To, Text: m.Text, Template: m.Template}
		for _, p := range m.Params {
			messages[i].Params = append(messages[i].Params, h.SMSParam{Name: p.Name, Value: p.Value})
		}
	}
	sent, err := c.supplier.Send(ctx, messages)
	if err != nil {
		return nil, err
	}
	return campaign.OutcomesOf(sent, len(batch)), nil
}

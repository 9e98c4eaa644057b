// Package message sends campaigns as private messages of the host's own site.
package message

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
)

// batchSize is what the host takes at once.
const batchSize = 100

// Channel is the private message channel. It is safe for concurrent use, as the host is.
type Channel struct{ sender h.MessageSender }

// New makes the channel of a host.
func New(s h.MessageSender) *Channel { return &Channel{sender: s} }

// Name implements campaign.Channel.
func (c *Channel) Name() h.Channel { return h.ChannelMessage }

// Traits implements campaign.Channel. The host keeps keys, so nothing stays unknown.
func (c *Channel) Traits() campaign.Traits {
	return campaign.Traits{BatchSize: batchSize, Idempotent: true}
}

// Send implements campaign.Channel. A message that is empty or longer than
// hostadapter.MaxPrivateMessage fails without being handed over; a host that panics leaves the
// batch unknown. Whatever error the host has, the batch may come again: its keys are kept.
func (c *Channel) Send(ctx context.Context, batch []campaign.Message) ([]campaign.Outcome, error) {
	outcomes := make([]campaign.Outcome, len(batch))
	var messages []h.PrivateMessage
	var places []int // of messages in batch
	for i, m := range batch {
		if n := utf8.RuneCountInString(m.Text); n == 0 || n > h.MaxPrivateMessage {
			outcomes[i] = campaign.Outcome{Kind: campaign.OutcomePermanent}
			continue
		}
		messages = append(messages, h.PrivateMessage{Key: m.Key, From: m.From, To: h.LearnerID(m.To), Text: m.Text})
		places = append(places, i)
	}
	if len(messages) == 0 {
		return outcomes, nil
	}
	sent, err := c.hand(ctx, messages)
	if err != nil {
		return nil, err
	}
	for n, outcome := range campaign.OutcomesOf(sent, len(messages)) {
		outcomes[places[n]] = outcome
	}
	return outcomes, nil
}

// hand calls the host. After a panic nobody knows what it has delivered; what it panicked with stays
// out of every log, for it may be about a person.
func (c *Channel) hand(ctx context.Context, messages []h.PrivateMessage) (sent []h.Sent, err error) {
	defer func() {
		if recover() != nil {
			sent, err = nil, nil
		}
	}()
	sent, err = c.sender.SendMessages(ctx, messages)
	if err == nil {
		return sent, nil
	}
	kind := campaign.ErrUnreachable
	if errors.Is(err, h.ErrUnauthenticated) {
		kind = campaign.ErrRefused
	}
	return nil, fmt.Errorf("send %d private messages: %w: %w", len(messages), kind, err)
}

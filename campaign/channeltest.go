package campaign

import (
	"context"
	"fmt"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// channelTests is where tests of channels are kept, among those of drafts.
const channelTests = "settings"

// TestChannel sends a fixed message over a channel, to see whether it works: to a contact that was
// typed, or over private messages to the account of the member of staff. Subject is of e-mails. It
// counts nowhere; key makes it idempotent.
//
// Errors: fault.Fields; fault.ErrNotFound for a channel that is not there.
func (s *Service) TestChannel(ctx context.Context, ch h.Channel, key, to, subject, text string, by h.Staff) error {
	c, to, err := s.channelTest(ch, key, to, subject, text, by)
	if err != nil {
		return err
	}
	r, err := c.letter.Render(s.withOptOut(Values{}, OptOutToken{}), nil)
	if err != nil {
		return fmt.Errorf("test of channel %s: %w", ch, err)
	}
	return s.sendTest(ctx, c, Test{Key: key, DraftKey: channelTests, Channel: ch, State: InFlight, ByID: by.ID, CreatedAt: s.now()}, to, r)
}

// CheckChannelTest says what TestChannel would refuse of the same input. It sends nothing.
//
// Errors: as TestChannel.
func (s *Service) CheckChannelTest(ch h.Channel, key, to, subject, text string, by h.Staff) error {
	_, _, err := s.channelTest(ch, key, to, subject, text, by)
	return err
}

// channelTest makes the letter of a test, and the contact it goes to.
func (s *Service) channelTest(ch h.Channel, key, to, subject, text string, by h.Staff) (checked, string, error) {
	if _, ok := s.channels[ch]; !ok {
		return checked{}, "", fmt.Errorf("test of a channel: %w", fault.ErrNotFound)
	}
	set := s.Settings()
	c := checked{Draft: Draft{Channel: ch, Content: Content{Text: text}}}
	switch ch {
	case h.ChannelEmail:
		c.Content = Content{Subject: subject, Blocks: []Block{{Kind: BlockText, Text: text}}}
	case h.ChannelMessage:
		c.Content.From = by.ID
	}
	if ch == h.ChannelMessage {
		to = by.ID
	} else {
		to = set.Clean(ch, to)
	}
	problems := fault.Fields{}
	switch {
	case to == "":
		problems.Add("to", "problem.contact")
	case key == "" || len(key) > 100:
		problems.Add("to", "problem.missing")
	}
	letter, wrong := Compile(ch, c.Content, Fill{}, set.Site)
	if wrong.Err() != nil {
		problems.Add("to", "problem.test_render")
	}
	c.letter = letter
	return c, to, problems.Err()
}

// ChannelTests gives the last tests of channels, the latest first.
func (s *Service) ChannelTests(ctx context.Context) ([]Test, error) {
	return s.tests.ListTests(ctx, channelTests, maxTests)
}

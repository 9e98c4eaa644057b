package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Test is a message to oneself, to see what recipients will. It is marked as a test, counts
// nowhere and obeys no cap.
type Test struct {
	ID        int64
	Key       string // of the form: pressed twice, sent once
	DraftKey  string
	Channel   h.Channel
	State     DeliveryState
	Reason    Reason
	ByID      string
	CreatedAt time.Time
	SettledAt time.Time
}

// Tests keeps test sends, without the contact they went to; storage.Campaigns implements it.
type Tests interface {
	// InsertTest writes a test down before it is sent; false: one with its key is there already.
	InsertTest(ctx context.Context, t Test) (int64, bool, error)
	FinishTest(ctx context.Context, t Test) error
	// ListTests gives a draft's tests, the latest first.
	ListTests(ctx context.Context, draftKey string, limit int) ([]Test, error)
}

// TestLinks makes short links that are followed but counted for no campaign; shortlink.Service is
// one.
type TestLinks interface {
	TestLink(ctx context.Context, target string) (code string, err error)
}

// maxTests bounds how many tests of a draft are sent, and how many are listed.
const maxTests = 20

// SendTest sends a draft to a contact of one's own, filled in for the at-th person of the sample.
// Private messages go to the account of the member of staff. key makes it idempotent.
//
// Errors: fault.Fields.
func (s *Service) SendTest(ctx context.Context, d Draft, key, to string, at int, by h.Staff) error {
	c, to, sent, err := s.ready(ctx, d, key, to, by)
	if err != nil || sent {
		return err
	}
	values, err := s.testValues(ctx, c, at)
	if err != nil {
		return err
	}
	links := make([]string, 0, len(c.letter.Targets()))
	for _, target := range c.letter.Targets() {
		code, err := s.links.TestLink(ctx, target)
		if err != nil {
			return fmt.Errorf("link of a test: %w", err)
		}
		links = append(links, s.set.PublicURL+"/"+code)
	}
	r, err := c.letter.Render(s.withOptOut(values, OptOutToken{}), links)
	if err != nil {
		return fault.Fields{"test_to": {Key: "problem.test_render"}}
	}
	return s.sendTest(ctx, c, Test{Key: key, DraftKey: d.Key, Channel: d.Channel, State: InFlight, ByID: by.ID, CreatedAt: s.now()}, to, r)
}

// CheckTest says what SendTest would refuse of the same input. It sends nothing.
//
// Errors: fault.Fields.
func (s *Service) CheckTest(ctx context.Context, d Draft, key, to string, by h.Staff) error {
	_, _, _, err := s.ready(ctx, d, key, to, by)
	return err
}

// ready checks a draft as far as a test needs it, and gives the contact that the test goes to; sent
// tells that the form was pressed twice.
func (s *Service) ready(ctx context.Context, d Draft, key, to string, by h.Staff) (_ checked, contact string, sent bool, _ error) {
	c, problems, err := s.check(ctx, d)
	if err != nil {
		return c, to, false, err
	}
	for _, later := range []string{"name", "send_at", "audience"} { // not what a test is about
		delete(problems, later)
	}
	if d.Channel == h.ChannelMessage {
		to = by.ID
	} else {
		to = s.set.Clean(d.Channel, to)
	}
	if to == "" {
		problems.Add("test_to", "problem.contact")
	}
	if key == "" || len(key) > 100 {
		problems.Add("key", "problem.missing")
	}
	if err := problems.Err(); err != nil {
		return c, to, false, err
	}
	past, err := s.tests.ListTests(ctx, d.Key, maxTests)
	if err != nil {
		return c, to, false, err
	}
	if slices.ContainsFunc(past, func(t Test) bool { return t.Key == key }) {
		return c, to, true, nil
	}
	if len(past) >= maxTests {
		problems.Add("test_to", "problem.many_tests", maxTests)
	}
	return c, to, false, problems.Err()
}

// testValues are those of a person of the sample, or samples when the audience is empty.
func (s *Service) testValues(ctx context.Context, c checked, at int) (Values, error) {
	people, err := s.sifter.Sample(ctx, c.sieve(), s.now(), sampleSize)
	if err != nil {
		return nil, fmt.Errorf("sample audience: %w", err)
	}
	if len(people) == 0 {
		v := Values{}
		for _, name := range c.letter.Needs() {
			v[name] = "…"
		}
		return v, nil
	}
	person := people[min(max(at, 0), len(people)-1)]
	fill(person, s.set.Location)
	return person.Values, nil
}

func (s *Service) sendTest(ctx context.Context, c checked, t Test, to string, r Rendered) error {
	id, fresh, err := s.tests.InsertTest(ctx, t)
	if err != nil || !fresh {
		return err
	}
	t.ID = id
	m := Message{Key: NewKeys(s.set.Secret).OfTest(id), To: to, From: c.Content.From, ReplyTo: c.Content.ReplyTo, Subject: r.Subject, Text: r.Text, HTML: r.HTML,
		Template: c.Content.Supplier, Params: r.Params}
	if m.Subject != "" {
		m.Subject = "[测试 Test] " + m.Subject
	}
	t.State, t.Reason = s.handOver(ctx, c.Channel, m)
	t.SettledAt = s.now()
	// What became of it is written down also when the reader has gone meanwhile.
	if err := s.tests.FinishTest(context.WithoutCancel(ctx), t); err != nil {
		return fmt.Errorf("finish test: %w", err)
	}
	return nil
}

// testTimeout bounds how long a page waits for the provider.
const testTimeout = 15 * time.Second

func (s *Service) handOver(ctx context.Context, name h.Channel, m Message) (DeliveryState, Reason) {
	ctx, cancel := context.WithTimeout(ctx, testTimeout)
	defer cancel()
	answers, err := s.channels[name].Send(ctx, []Message{m})
	switch {
	case errors.Is(err, ErrRefused):
		return Failed, ReasonRefused
	case err != nil:
		return Failed, ReasonUnreachable
	case len(answers) != 1:
		return Unknown, ReasonBroken
	}
	switch o := answers[0]; o.Kind {
	case OutcomeAccepted:
		return Accepted, NoReason
	case OutcomePermanent:
		return Failed, o.reason()
	case OutcomeTemporary:
		return Failed, ReasonTemporary
	}
	return Unknown, ReasonBroken
}

// Tests gives the tests of a draft of one's own, the latest first.
func (s *Service) Tests(ctx context.Context, d Draft) ([]Test, error) {
	list, err := s.tests.ListTests(ctx, d.Key, maxTests)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return list, err
}

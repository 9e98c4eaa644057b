package hosttest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// MessageReader shows the suite what a host that sends private messages has really delivered. Give
// the host under test this method (the CRM never calls it); without it the suite can only look at
// what the host answers, and says so.
type MessageReader interface {
	// DeliveredMessages lists the texts of the private messages to a learner, in any order.
	DeliveredMessages(ctx context.Context, to hostadapter.LearnerID) ([]string, error)
}

// messageRules are the names of the checks of private messages.
var messageRules = []string{"senders", "one answer for each, in order", "the same key once", "text as it was given", "cancelled context"}

const noReader = "host does not show what it delivered: see hosttest.MessageReader"

// messageCase is a host's private messages under test.
type messageCase struct {
	sender hostadapter.MessageSender
	reader MessageReader // nil: the host has none
	to     []hostadapter.LearnerID
	gone   []hostadapter.LearnerID
	run    string // makes keys that no earlier run has used
}

func checkMessages(t reporter, opts Options, host hostadapter.HostAdapter, seed Seed) {
	t.Helper()
	c := &messageCase{sender: hostadapter.CapabilitiesOf(host).Messages, reader: readerOf(host), run: rand.Text()}
	c.gone = []hostadapter.LearnerID{"999999999", "nobody"}
	for _, l := range seed.Learners {
		switch {
		case l.Deleted:
			c.gone = append(c.gone, l.ID)
		case l.Status == hostadapter.LearnerActive && len(l.Roles) == 0 && len(c.to) < 3:
			c.to = append(c.to, l.ID)
		}
	}
	checks := []func(reporter){c.checkSenders, c.checkAnswers, c.checkKeys, c.checkText, c.checkContext}
	opts.group(t, "Messages", "MessageSender", c.sender != nil, func(t reporter) {
		t.Helper()
		for i, check := range checks {
			opts.rule(t, "Messages", messageRules[i], check)
		}
	})
}

// readerOf finds the host's MessageReader, behind wrappers too.
func readerOf(h hostadapter.HostAdapter) MessageReader {
	for h != nil {
		if r, ok := h.(MessageReader); ok {
			return r
		}
		u, ok := h.(interface {
			Unwrap() hostadapter.HostAdapter
		})
		if !ok {
			break
		}
		h = u.Unwrap()
	}
	return nil
}

func (c *messageCase) send(ctx context.Context, batch ...hostadapter.PrivateMessage) ([]hostadapter.Sent, error) {
	return guard(func() ([]hostadapter.Sent, error) { return c.sender.SendMessages(ctx, batch) })
}

// message writes to the n-th learner from the first sender. The text says which check it is of.
func (c *messageCase) message(t reporter, n int, key string) hostadapter.PrivateMessage {
	t.Helper()
	if len(c.to) < 3 {
		t.Fatalf("the seed has %d plain learners, three are needed", len(c.to))
	}
	senders, err := guard(func() ([]hostadapter.Staff, error) { return c.sender.MessageSenders(context.Background()) })
	if err != nil || len(senders) == 0 {
		t.Fatalf("%d senders, error %v", len(senders), err)
	}
	return hostadapter.PrivateMessage{Key: "hosttest-" + c.run + key, From: senders[0].ID, To: c.to[n], Text: key + " " + c.run}
}

func (c *messageCase) checkSenders(t reporter) {
	t.Helper()
	senders, err := guard(func() ([]hostadapter.Staff, error) { return c.sender.MessageSenders(context.Background()) })
	if err != nil {
		t.Fatalf("%v", err)
	}
	if len(senders) == 0 {
		t.Errorf("no senders: nobody could send a message")
	}
	seen := map[string]bool{}
	for _, s := range senders {
		if s.ID == "" || s.Name == "" || seen[s.ID] {
			t.Errorf("sender %q, %q: id and name are required, and an id stands once", s.ID, s.Name)
		}
		seen[s.ID] = true
	}
}

func (c *messageCase) checkAnswers(t reporter) {
	t.Helper()
	if sent, err := c.send(context.Background()); err != nil || len(sent) > 0 {
		t.Errorf("nothing handed over: %d answers, error %v", len(sent), err)
	}
	batch := []hostadapter.PrivateMessage{c.message(t, 0, "answers-first")}
	for i, id := range c.gone { // between two that will be delivered: an answer must not slip
		nobody := c.message(t, 0, fmt.Sprintf("answers-gone-%d", i))
		nobody.To = id
		batch = append(batch, nobody)
	}
	batch = append(batch, c.message(t, 1, "answers-last"))
	sent, err := c.send(context.Background(), batch...)
	if err != nil {
		t.Fatalf("a learner who is not there must not be an error: %v", err)
	}
	if len(sent) != len(batch) {
		t.Fatalf("%d messages handed over, %d answers", len(batch), len(sent))
	}
	for i, s := range sent {
		want := hostadapter.Sent{Failure: hostadapter.FailureInvalid}
		if i == 0 || i == len(batch)-1 {
			want = hostadapter.Sent{Accepted: true, ID: s.ID}
		}
		if s != want {
			t.Errorf("message %d to learner %s: got %+v, want %+v", i, batch[i].To, s, want)
		}
	}
}

// checkKeys hands messages over again and again: later, side by side in one batch, and at once.
func (c *messageCase) checkKeys(t reporter) {
	t.Helper()
	later, beside := c.message(t, 0, "key-later"), c.message(t, 1, "key-beside")
	c.accepted(t, "the first time", later)
	c.accepted(t, "the second time", later)
	c.accepted(t, "twice in one batch", beside, beside)
	once := []hostadapter.PrivateMessage{later, beside}
	for i := range 20 {
		once = append(once, c.message(t, i%3, fmt.Sprintf("key-at-once-%d", i)))
	}
	for _, problem := range c.atOnce(once) {
		t.Errorf("handed over eight times at once: %s", problem)
	}
	c.accepted(t, "after eight times at once", once...)
	if c.reader == nil {
		t.Skipf(noReader)
	}
	for _, m := range once {
		if n := c.count(t, m); n != 1 {
			t.Errorf("key %s: delivered %d times, want once", strings.TrimPrefix(m.Key, "hosttest-"+c.run), n)
		}
	}
}

// atOnce hands one batch over eight times at once, every other time in reverse: a host that locks
// row by row must not lock itself up. ErrUnavailable is fine.
func (c *messageCase) atOnce(batch []hostadapter.PrivateMessage) []string {
	var problems [8]string
	var all sync.WaitGroup
	for n := range problems {
		all.Go(func() {
			batch := slices.Clone(batch)
			if n%2 == 1 {
				slices.Reverse(batch)
			}
			sent, err := c.send(context.Background(), batch...)
			if err != nil && !errors.Is(err, hostadapter.ErrUnavailable) || err == nil && len(sent) != len(batch) {
				problems[n] = fmt.Sprintf("%d answers, error %v", len(sent), err)
			}
		})
	}
	all.Wait()
	return slices.DeleteFunc(problems[:], func(p string) bool { return p == "" })
}

func (c *messageCase) accepted(t reporter, when string, batch ...hostadapter.PrivateMessage) {
	t.Helper()
	sent, err := c.send(context.Background(), batch...)
	if err != nil || len(sent) != len(batch) {
		t.Fatalf("handed over %s: %d answers, error %v", when, len(sent), err)
	}
	for i, s := range sent {
		if want := (hostadapter.Sent{Accepted: true, ID: s.ID}); s != want {
			t.Errorf("handed over %s, message %d: got %+v, want it accepted", when, i, s)
		}
	}
}

// count counts how often a message has reached its learner.
func (c *messageCase) count(t reporter, m hostadapter.PrivateMessage) (n int) {
	t.Helper()
	texts, err := guard(func() ([]string, error) { return c.reader.DeliveredMessages(context.Background(), m.To) })
	if err != nil {
		t.Fatalf("read what was delivered: %v", err)
	}
	for _, text := range texts {
		if text == m.Text {
			n++
		}
	}
	return n
}

func (c *messageCase) checkText(t reporter) {
	t.Helper()
	var batch []hostadapter.PrivateMessage
	for i, text := range []string{
		`<b>O'Brien</b> & "Söhne" %s {{name}} \ -- ` + c.run, "两行\n小龙🐉𠮷野家 https://example.com/go/Ab1?x=1&y=2 " + c.run,
		c.run + strings.Repeat("长", hostadapter.MaxPrivateMessage-len(c.run)),
	} {
		m := c.message(t, i, fmt.Sprintf("text-%d", i))
		m.Text = text
		batch = append(batch, m)
	}
	c.accepted(t, "once", batch...)
	if c.reader == nil {
		t.Skipf(noReader)
	}
	for _, m := range batch {
		if n := c.count(t, m); n != 1 {
			t.Errorf("a message of %d bytes beginning %.40q: found %d times as it was given", len(m.Text), m.Text, n)
		}
	}
}

func (c *messageCase) checkContext(t reporter) {
	t.Helper()
	m := c.message(t, 0, "cancelled")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if sent, err := c.send(ctx, m); !errors.Is(err, ctx.Err()) {
		t.Errorf("SendMessages: %d answers, error %v, want the context's own", len(sent), err)
	}
	if _, err := guard(func() ([]hostadapter.Staff, error) { return c.sender.MessageSenders(ctx) }); !errors.Is(err, ctx.Err()) {
		t.Errorf("MessageSenders: error %v, want the context's own", err)
	}
}

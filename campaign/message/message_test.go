package message

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/campaign"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
)

// host answers as it is told.
type host func([]h.PrivateMessage) ([]h.Sent, error)

func (f host) SendMessages(_ context.Context, batch []h.PrivateMessage) ([]h.Sent, error) {
	return f(batch)
}
func (host) MessageSenders(context.Context) ([]h.Staff, error) { return nil, nil }

func messages(texts ...string) []campaign.Message {
	var all []campaign.Message
	for i, text := range texts {
		all = append(all, campaign.Message{Key: fmt.Sprintf("c1-%d", i), From: "1", To: "12", Text: text})
	}
	return all
}

const (
	accepted  = campaign.OutcomeAccepted
	temporary = campaign.OutcomeTemporary
	permanent = campaign.OutcomePermanent
	unknown   = campaign.OutcomeUnknown
)

func TestSend(t *testing.T) {
	t.Parallel()
	taken := h.Sent{Accepted: true, ID: "m"}
	for _, c := range []struct {
		name string
		host host
		want []campaign.OutcomeKind
		err  error
	}{
		{"all taken", func([]h.PrivateMessage) ([]h.Sent, error) { return []h.Sent{taken, taken, taken}, nil },
			[]campaign.OutcomeKind{accepted, accepted, accepted}, nil},
		{"each its own", func([]h.PrivateMessage) ([]h.Sent, error) {
			return []h.Sent{{Failure: h.FailureInvalid}, {Temporary: true}, {}}, nil
		}, []campaign.OutcomeKind{permanent, temporary, unknown}, nil},
		{"answers too short", func([]h.PrivateMessage) ([]h.Sent, error) { return []h.Sent{taken, taken}, nil },
			[]campaign.OutcomeKind{unknown, unknown, unknown}, nil},
		{"no answers", func([]h.PrivateMessage) ([]h.Sent, error) { return nil, nil }, []campaign.OutcomeKind{unknown, unknown, unknown}, nil},
		{"panic", func([]h.PrivateMessage) ([]h.Sent, error) { panic("王小明") }, []campaign.OutcomeKind{unknown, unknown, unknown}, nil},
		{"away", func([]h.PrivateMessage) ([]h.Sent, error) { return nil, fmt.Errorf("x: %w", h.ErrUnavailable) }, nil, campaign.ErrUnreachable},
		{"not let in", func([]h.PrivateMessage) ([]h.Sent, error) { return nil, h.ErrUnauthenticated }, nil, campaign.ErrRefused},
		{"another error", func([]h.PrivateMessage) ([]h.Sent, error) { return nil, errors.New("bad connection") }, nil, campaign.ErrUnreachable},
		{"out of time", func([]h.PrivateMessage) ([]h.Sent, error) { return nil, context.DeadlineExceeded }, nil, campaign.ErrUnreachable},
	} {
		got, err := New(c.host).Send(t.Context(), messages("a", "b", "c"))
		if !errors.Is(err, c.err) || fmt.Sprint(kinds(got)) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, %v; want %v, %v", c.name, kinds(got), err, c.want, c.err)
		}
	}
}

func kinds(outcomes []campaign.Outcome) (all []campaign.OutcomeKind) {
	for _, o := range outcomes {
		all = append(all, o.Kind)
	}
	return all
}

func TestWhatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	longest, tooLong := strings.Repeat("长", h.MaxPrivateMessage), strings.Repeat("长", h.MaxPrivateMessage+1)
	var handed []h.PrivateMessage
	c := New(host(func(batch []h.PrivateMessage) ([]h.Sent, error) {
		handed = batch
		return []h.Sent{{Accepted: true}, {Temporary: true}}, nil
	}))
	got, err := c.Send(t.Context(), messages("", longest, tooLong, "hi"))
	if want := []campaign.OutcomeKind{permanent, accepted, permanent, temporary}; err != nil || fmt.Sprint(kinds(got)) != fmt.Sprint(want) {
		t.Errorf("%v, %v", kinds(got), err)
	}
	if len(handed) != 2 || handed[1] != (h.PrivateMessage{Key: "c1-3", From: "1", To: "12", Text: "hi"}) {
		t.Errorf("handed over %d messages", len(handed))
	}
	handed = nil
	if got, err := c.Send(t.Context(), messages("", tooLong)); err != nil || len(got) != 2 || handed != nil {
		t.Errorf("nothing to hand over: %v, %v, %v", got, err, handed)
	}
	if got, err := c.Send(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("nothing at all: %v, %v", got, err)
	}
}

// TestTwiceIsOnce sends over the reference host, whose answer is lost on the first try.
func TestTwiceIsOnce(t *testing.T) {
	t.Parallel()
	m := hosttest.NewMemory(hosttest.SmallSeed())
	lossy := host(func(batch []h.PrivateMessage) ([]h.Sent, error) {
		if _, err := m.SendMessages(t.Context(), batch); err != nil {
			t.Error(err)
		}
		panic("the answer is lost")
	})
	batch := messages("你好", "再见")
	first, err := New(lossy).Send(t.Context(), batch)
	if err != nil || fmt.Sprint(kinds(first)) != fmt.Sprint([]campaign.OutcomeKind{unknown, unknown}) {
		t.Fatalf("%v, %v", kinds(first), err)
	}
	c := New(m)
	if tr := c.Traits(); !tr.Idempotent || tr.BatchSize != 100 || c.Name() != h.ChannelMessage {
		t.Errorf("%s: %+v", c.Name(), tr)
	}
	again, err := c.Send(t.Context(), batch)
	if err != nil || fmt.Sprint(kinds(again)) != fmt.Sprint([]campaign.OutcomeKind{accepted, accepted}) {
		t.Fatalf("%v, %v", kinds(again), err)
	}
	if got := m.Delivered(); len(got) != 2 || got[0].Text != "你好" {
		t.Errorf("delivered %+v", got)
	}
}

package adapter_test

import (
	"errors"
	"slices"
	"testing"

	host "github.com/coursecrm/coursecrm/hostadapter"
)

func TestMessages(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 5)
	me := s.Learner(t, "13800000001")
	senders, err := a.MessageSenders(t.Context())
	if err != nil || len(senders) < 2 || senders[0].ID != "1" || senders[0].Name != "周敏" {
		t.Fatalf("senders %+v, %v", senders, err)
	}
	batch := []host.PrivateMessage{
		{Key: "a", From: senders[1].ID, To: idOf(me), Text: "你好 https://example.com/go/x"},
		{Key: "b", From: "1", To: "nobody", Text: "你好"},
		{Key: "c", From: "周敏", To: idOf(me), Text: "你好"},
		{Key: "d", From: "1", To: idOf(me), Text: ""},
	}
	want := []host.Sent{{Accepted: true}, {Failure: host.FailureInvalid}, {Failure: host.FailureRejected}, {Failure: host.FailureRejected}}
	for range 2 {
		if sent, err := a.SendMessages(t.Context(), batch); err != nil || !slices.Equal(sent, want) {
			t.Errorf("sent %+v, %v", sent, err)
		}
	}
	got, err := s.Messages(t.Context(), me, 10)
	if err != nil || len(got) != 1 || got[0].From != senders[1].Name {
		t.Errorf("arrived %+v, %v", got, err)
	}
	if err := s.DB().Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.SendMessages(t.Context(), batch); !errors.Is(err, host.ErrUnavailable) {
		t.Errorf("without a database: %v", err)
	}
	if _, err := a.MessageSenders(t.Context()); !errors.Is(err, host.ErrUnavailable) {
		t.Errorf("without a database: %v", err)
	}
}

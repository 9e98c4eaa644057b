package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func TestParseBounces(t *testing.T) {
	t.Parallel()
	one := func(event string) string { return `{"events":[` + event + `]}` }
	for body, want := range map[string][]h.Receipt{
		one(`{"key":"c1.2","event":"delivered"}`):                                       {{Key: "c1.2", Delivered: true}},
		one(`{"message_id":"<c1.2@mail.example.com>","event":"bounced","kind":"hard"}`): {{Key: "c1.2", Failure: h.FailureInvalid}},
		one(`{"key":"c1.2","event":"bounced","kind":"soft"}`):                           {{Key: "c1.2", Failure: h.FailureRejected}},
		one(`{"key":"c1.2","event":"bounced"}`):                                         {{Key: "c1.2", Failure: h.FailureRejected}},
		one(`{"key":"c1.2","event":"bounced","kind":"undetermined"}`):                   {{Key: "c1.2", Failure: h.FailureRejected}},
		one(`{"key":"c1.2","message_id":"<c9.9@x>","event":"complaint","more":[1]}`):    {{Key: "c1.2", Failure: h.FailureComplaint}},
		one(`{"key":"c1.2","event":"opened"},{"key":"c1.3","event":"delivered"}`):       {{Key: "c1.3", Delivered: true}},
		one(`{"event":"delivered"}`):                                                    {},
		one(`{"message_id":"nonsense","event":"delivered"}`):                            {},
		one(`{"key":"` + strings.Repeat("k", maxKey+1) + `","event":"delivered"}`):      {},
		one(``):   {},
		one(`{}`): {},
	} {
		if got, err := ParseBounces([]byte(body)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	many := strings.Repeat(`{"key":"c1.2","event":"delivered"},`, MaxEvents)
	if got, err := ParseBounces([]byte(one(strings.TrimSuffix(many, ",")))); err != nil || len(got) != MaxEvents {
		t.Errorf("%d receipts, %v", len(got), err)
	}
	for _, body := range []string{"", "null", "[]", "{}", `{"events":null}`, `{"events":{}}`, `{"events":[7]}`, `{"events":[{"key":7}]}`, "<xml/>",
		one(many + `{}`), `{"events":[]} {}`} {
		if got, err := ParseBounces([]byte(body)); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%.40s: %+v, %v", body, got, err)
		}
	}
}

// FuzzParseBounces: it ends, and each receipt says one thing about one message of the report.
func FuzzParseBounces(f *testing.F) {
	f.Add([]byte(`{"events":[{"key":"c1.2","event":"bounced","kind":"hard"},{"message_id":"<c1.3@x>","event":"complaint"}]}`))
	f.Add([]byte(`{"events":[{"key":"","event":"delivered"}],"events":[{}]}`))
	f.Add([]byte(strings.Repeat(`{"events":[`, 300)))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := ParseBounces(body)
		if err != nil {
			if len(list) > 0 || !errors.Is(err, fault.ErrInvalid) {
				t.Errorf("%d receipts and %v", len(list), err)
			}
			return
		}
		for _, r := range list {
			if r.Key == "" || len(r.Key) > maxKey || r.Delivered == (r.Failure != "") {
				t.Errorf("%+v", r)
			}
		}
		again, err := json.Marshal(map[string]any{"events": eventsOf(list)})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseBounces(again); err != nil || len(list) > 0 && !reflect.DeepEqual(got, list) {
			t.Errorf("%+v comes back as %+v, %v", list, got, err)
		}
	})
}

// eventsOf writes receipts as a mail service would.
func eventsOf(list []h.Receipt) []event {
	out := make([]event, len(list))
	for i, r := range list {
		out[i] = event{Key: r.Key, Event: "delivered"}
		switch r.Failure {
		case h.FailureInvalid:
			out[i].Event, out[i].Kind = "bounced", "hard"
		case h.FailureRejected:
			out[i].Event, out[i].Kind = "bounced", "soft"
		case h.FailureComplaint:
			out[i].Event = "complaint"
		}
	}
	return out
}

func ExampleParseBounces() {
	receipts, err := ParseBounces([]byte(`{"events": [{"message_id": "<c12.345@mail.example>", "event": "bounced", "kind": "hard"}]}`))
	fmt.Println(receipts[0].Key, receipts[0].Failure, err)
	// Output: c12.345 invalid <nil>
}

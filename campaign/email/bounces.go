package email

import (
	"encoding/json"
	"fmt"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// MaxEvents is how many events a report of bounces may hold.
const MaxEvents = 1000

// event is something a mail service tells of one message. The package comment describes it.
type event struct {
	Key       string `json:"key"`
	MessageID string `json:"message_id"`
	Event     string `json:"event"`
	Kind      string `json:"kind"`
}

// ParseBounces reads a report of a mail service, in the form that the package comment describes.
// Receipts are in the order of the events; an event that is not known or names no message of ours
// gives none. Who sent the report is for the caller to check.
//
// Errors: fault.ErrInvalid for what is not in that form, or holds more than [MaxEvents] events.
func ParseBounces(body []byte) ([]h.Receipt, error) {
	var report struct {
		Events []event `json:"events"`
	}
	if err := json.Unmarshal(body, &report); err != nil {
		return nil, fmt.Errorf("report of bounces: %w: not the JSON that is expected", fault.ErrInvalid)
	}
	if report.Events == nil {
		return nil, fmt.Errorf("report of bounces: %w: no events", fault.ErrInvalid)
	}
	if len(report.Events) > MaxEvents {
		return nil, fmt.Errorf("report of bounces: %w: %d events, at most %d", fault.ErrInvalid, len(report.Events), MaxEvents)
	}
	out := make([]h.Receipt, 0, len(report.Events))
	for _, e := range report.Events {
		if receipt, ok := e.receipt(); ok {
			out = append(out, receipt)
		}
	}
	return out, nil
}

// receipt translates an event.
func (e event) receipt() (r h.Receipt, ok bool) {
	if r.Key = e.Key; r.Key == "" {
		if r.Key, ok = KeyOf(e.MessageID); !ok {
			return r, false
		}
	}
	if len(r.Key) > maxKey {
		return r, false
	}
	switch e.Event {
	case "delivered":
		r.Delivered = true
	case "bounced":
		if r.Failure = h.FailureRejected; e.Kind == "hard" {
			r.Failure = h.FailureInvalid
		}
	case "complaint":
		r.Failure = h.FailureComplaint
	default:
		return r, false
	}
	return r, true
}

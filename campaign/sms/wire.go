package sms

import (
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// The bodies of the protocol; see the package comment.

type wireBatch struct {
	Messages []wireMessage `json:"messages"`
}

type wireMessage struct {
	Key      string      `json:"key"`
	To       string      `json:"to"`
	Text     string      `json:"text"`
	Template string      `json:"template,omitempty"`
	Params   []wireParam `json:"params,omitempty"`
}

type wireParam struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type wireAnswers struct {
	Messages []wireAnswer `json:"messages"`
}

type wireAnswer struct {
	Key    string     `json:"key"`
	Status wireStatus `json:"status"`
	ID     string     `json:"id"`
	Reason string     `json:"reason"`
}

// wireStatus is what became of a message.
type wireStatus string

const (
	statusAccepted  wireStatus = "accepted"
	statusTemporary wireStatus = "temporary"
	statusFailed    wireStatus = "failed"
	statusDelivered wireStatus = "delivered" // in receipts
)

type wireTemplate struct {
	Key  string `json:"key"`
	Name string `json:"name"`
	Text string `json:"text"`
}

type wireSubmitted struct {
	ID string `json:"id"`
}

type wireApprovals struct {
	Templates []wireApproval `json:"templates"`
}

type wireApproval struct {
	ID     string          `json:"id"`
	State  h.ApprovalState `json:"state"`
	Reason string          `json:"reason"`
}

type wireBalance struct {
	Parts *int64 `json:"parts"`
}

type wireCallback struct {
	Receipts  []wireAnswer   `json:"receipts"`
	Inbound   []wireInbound  `json:"inbound"`
	Templates []wireApproval `json:"templates"`
}

type wireInbound struct {
	From string    `json:"from"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// failure is our word for why a message failed. Only the two words that prove something about the
// number are believed to; whatever else is said is a rejection.
func failure(reason string) h.SendFailure {
	switch f := h.SendFailure(reason); f {
	case h.FailureInvalid, h.FailureComplaint:
		return f
	}
	return h.FailureRejected
}

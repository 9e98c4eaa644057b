package hostadapter

import "context"

// Sent is what became of one message that was handed to the host. Exactly one of Accepted,
// Temporary and Failure is set; none of them means that nobody knows whether it has left.
type Sent struct {
	Accepted  bool // taken; it will be delivered, or a receipt will say otherwise
	Temporary bool // not now: it has not left and may be handed over again
	Failure   SendFailure
	ID        string // the provider's name for an accepted message; may be empty
}

// SendFailure is why a message will never be delivered.
type SendFailure string

// Failures.
const (
	FailureRejected  SendFailure = "rejected"  // refused for another reason
	FailureInvalid   SendFailure = "invalid"   // no such number or account
	FailureComplaint SendFailure = "complaint" // the recipient has barred us
)

// PrivateMessage is a private message (私信) to a learner.
type PrivateMessage struct {
	Key  string // idempotency key: the same message has the same key, however often it is handed over
	From string // Staff.ID of the sender
	To   LearnerID
	Text string // plain text of 1 to MaxPrivateMessage characters; addresses in it are links
}

// MaxPrivateMessage is how many characters (runes) a private message has at most.
const MaxPrivateMessage = 2000

// MessageSender sends the host's private messages. Optional.
type MessageSender interface {
	// SendMessages delivers messages, at most 100, and says for each, in order, what became of it.
	// A message whose Key was delivered before is accepted again and not delivered a second time,
	// also when both are handed over at the same moment. A learner who is not there is
	// FailureInvalid, not an error.
	//
	// Any error: the same messages are handed over again later. ErrUnauthenticated: the host does
	// not let the CRM send, and staff are told so.
	SendMessages(ctx context.Context, batch []PrivateMessage) ([]Sent, error)
	// MessageSenders lists the staff in whose name messages may be sent; only ID and Name are read.
	MessageSenders(ctx context.Context) ([]Staff, error)
}

// SMS is one text message.
type SMS struct {
	Key      string // given back in receipts; idempotency key where SMSTraits.Idempotent says so
	Mobile   string // as in Learner.Mobile
	Text     string // the whole message with its signature, for the record
	Template string // the supplier's id of the template
	Params   []SMSParam
}

// SMSParam is a named value of a template.
type SMSParam struct{ Name, Value string }

// SMSTraits says what the host's supplier can do.
type SMSTraits struct {
	Signature  string  // as it stands in front of every message, without brackets: "启明网校"
	BatchSize  int     // messages SendSMS takes at most; 0: 100
	Rate       float64 // messages a second at most; 0: no limit
	Idempotent bool    // a Key is delivered once, however often it is handed over
	Receipts   bool    // the host passes receipts on (crm.CRM.Receipts)
	Approval   bool    // templates must be approved before they are used
	Price      int64   // of one part, in thousandths of a minor unit (4.5 分 is 4500); 0: not known
}

// SMSTemplate is a text that a supplier approves: fixed text with named parameters, written
// as {{name}}.
type SMSTemplate struct {
	Key  string // ours: submitting the same key and text again is the same submission
	Name string
	Text string // without the signature
}

// ApprovalState is where a submitted template stands.
type ApprovalState string

// States of approval.
const (
	ApprovalPending  ApprovalState = "pending"
	ApprovalApproved ApprovalState = "approved"
	ApprovalRejected ApprovalState = "rejected"
)

// Approval is the supplier's answer about a template.
type Approval struct {
	State  ApprovalState
	Reason string // of a rejection, in the supplier's words
}

// SMSGateway sends text messages over the host's own account with a supplier. Optional.
type SMSGateway interface {
	// SMSTraits is asked once, when the CRM starts.
	SMSTraits() SMSTraits
	// SendSMS hands messages over and says for each, in order, what became of it.
	//
	// ErrUnavailable: none has left, they are handed over again later. ErrUnauthenticated: none has
	// left, the supplier does not accept the account. Any other error, the context's too, means
	// that nobody knows what has left: without SMSTraits.Idempotent nothing is sent again.
	SendSMS(ctx context.Context, batch []SMS) ([]Sent, error)
	// SubmitSMSTemplate asks the supplier for approval and gives the supplier's id. A text that the
	// supplier does not want is no error: SMSApprovals tells why.
	SubmitSMSTemplate(ctx context.Context, t SMSTemplate) (id string, err error)
	// SMSApprovals tells where templates stand, at most 100; an absent one is not known to the
	// supplier.
	SMSApprovals(ctx context.Context, ids []string) (map[string]Approval, error)
	// SMSBalance is how many parts are left; negative: not known.
	SMSBalance(ctx context.Context) (int64, error)
}

// Receipt is what a provider tells later about an accepted message.
type Receipt struct {
	Key       string // of the message
	Delivered bool
	Failure   SendFailure // when not delivered
}

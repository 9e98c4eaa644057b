package shortlink

import "time"

// Kind of a hit.
type Kind string

// Kinds. Rates count human hits only; raw hits are shown beside them.
const (
	Human     Kind = "human"
	Bot       Kind = "bot"
	Prefetch  Kind = "prefetch"
	Duplicate Kind = "duplicate"
)

// Reason why a hit is not a person's.
type Reason string

// Reasons, in the order in which they are asked: a hit has the first that holds.
const (
	NoReason       Reason = ""
	ReasonMethod   Reason = "head"     // asked for the headers only
	ReasonNoAgent  Reason = "no_agent" // says nothing of itself
	ReasonAgent    Reason = "agent"    // says itself that it is a program
	ReasonPrefetch Reason = "prefetch" // a browser looking ahead
	ReasonTrap     Reason = "trap"     // followed the link that no person sees, or came along with who did
	ReasonBurst    Reason = "burst"    // many recipients' links from one network at once
	ReasonSweep    Reason = "sweep"    // all links of one message at once
	ReasonSoon     Reason = "soon"     // before anybody could have read the message
	ReasonRepeat   Reason = "repeat"   // the same recipient and link a moment ago
)

// Hit is a request for a code: what was seen of it, which never changes, and what it is taken
// for, which may.
//
// At and ID together are its identity: a hit that is kept twice is there once.
type Hit struct {
	ID       int64     // random
	At       time.Time // in microseconds, UTC
	Link     LinkID
	Campaign int64 // 0: of no campaign
	Ordinal  int64 // of the recipient within the campaign; 0 for links without recipients

	Head     bool    // asked for the headers only
	Ahead    bool    // said that it is looking ahead
	Agent    AgentID // 0: said nothing of itself
	Referrer string  // the host of the page it came from, lower case; empty: not said
	Network  string  // "203.0.113.0/24", "2001:db8:5::/48"; empty: not known, or not a public one
	Visitor  int64   // keyed hash of the address with a salt that is forgotten after the day; 0: not known

	Kind   Kind
	Reason Reason
}

// Verdict is what a hit is taken for.
type Verdict struct {
	Kind   Kind
	Reason Reason
}

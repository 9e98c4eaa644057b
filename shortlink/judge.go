package shortlink

import "time"

// Seen is a hit with what is known about its link and its recipient.
type Seen struct {
	Hit
	Program bool // its agent says that it is a program
	Trap    bool // its link is one that no person sees
	// Links is how many links the campaign's messages have, traps not counted. It is the same for
	// all hits of a campaign.
	Links int
	// Delivered is when the provider took the message; zero: not known.
	Delivered time.Time
}

// Times and numbers that tell machines from people. "Within" includes the bound.
const (
	// RepeatWithin: whoever follows a link again so soon is impatient, not interested twice.
	RepeatWithin = 10 * time.Second
	// TrapWithin: a program that follows the trap follows the other links of the message in the
	// same go, but not in the same instant: some wait for each page. Nobody else reads that message,
	// so the time may be long.
	TrapWithin = 10 * time.Second
	// BurstWithin and BurstPeople: a mail gateway looks at the links of all its mailboxes when they
	// come in, with one program from one network. So do people whom one address stands for, so
	// their number must be one that chance does not bring together.
	//
	// Of a send to 100,000 people 10,000 may follow a link, 10 a second at the height. A mobile
	// carrier puts ten thousands behind a /24; of a school of one city one network may have 2 % of
	// the people, and the commonest agent half of those: 0.1 hits a second. Ten within a second then
	// come together once in millions of years. Where a hall of 300 behind one network is told to open
	// the message now, and all do within a minute, 2.5 a second have the commonest agent: one or two
	// hits of such a hall are taken for a machine's. With five instead of ten it were half of them.
	BurstWithin = time.Second
	BurstPeople = 10
	// SweepWithin: nobody reads a page and goes back to the message for the next so fast.
	SweepWithin = 2 * time.Second
	// SoonWithin: a message takes a moment to arrive and to be read. Scanners look at a mail while it
	// is being handed over, before the provider says that it took it.
	SoonWithin = 3 * time.Second
)

// A verdict looks so far: it depends only on the hits from LookBack before its own hit to
// LookAhead after. Judging a hit together with these gives the same as judging it together with all
// hits there are.
const (
	LookBack  = RepeatWithin + TrapWithin // a repeat is one of a hit that may have come along with a trap's
	LookAhead = TrapWithin                // the longest of the times around a hit
)

// Judge tells what hits are taken for, in the order in which they are given, which does not matter
// otherwise; nor does giving a hit twice. What they were taken for before is not looked at.
//
// The first rule that holds counts, in the order of the Reasons. A hit repeats one that no other
// rule took for a machine's, also when that is itself a repeat: of hits 8 s apart all but the first
// are duplicates, for however long they go on. Were a repeat measured from the last human hit
// instead, a verdict would depend on where a chain began, any time ago.
func Judge(seen []Seen) []Verdict {
	t := newTimeline(seen)
	trapped, bursting, sweeping := t.trapped(), t.bursting(), t.sweeping()
	reasons := make([]Reason, len(seen))
	for i := range seen {
		s := &seen[i]
		switch {
		case s.alone() != NoReason:
			reasons[i] = s.alone()
		case trapped[i]:
			reasons[i] = ReasonTrap
		case bursting[i]:
			reasons[i] = ReasonBurst
		case sweeping[i]:
			reasons[i] = ReasonSweep
		case s.soon():
			reasons[i] = ReasonSoon
		}
	}
	t.repeats(reasons)
	out := make([]Verdict, len(seen))
	for i, r := range reasons {
		out[i] = Verdict{Kind: r.kind(), Reason: r}
	}
	return out
}

// alone gives the reason that the request alone tells.
func (s *Seen) alone() Reason {
	return Classify(s.Head, s.Ahead, Agent{ID: s.Agent, Program: s.Program}).Reason
}

// soon reports whether nobody could have read the message yet.
func (s *Seen) soon() bool {
	return !s.Delivered.IsZero() && s.At.Before(s.Delivered.Add(SoonWithin))
}

// kind is what a hit with this reason is.
func (r Reason) kind() Kind {
	switch r {
	case NoReason:
		return Human
	case ReasonPrefetch:
		return Prefetch
	case ReasonRepeat:
		return Duplicate
	}
	return Bot
}

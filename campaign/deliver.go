package campaign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Work is something a worker can do next. It is read from the database, so that a queue that
// lost everything is filled again.
type Work struct {
	Campaign   ID
	Chunk      int // -1: plan the campaign
	Generation int // grows with every claim; a task of an older generation is stale
}

// PlanChunk is the Chunk of work that plans.
const PlanChunk = -1

// Claim is a worker's hold on a chunk.
type Claim struct {
	Campaign Campaign
	Chunk    int
	Owner    string
	Link     shortlink.Link // zero: the campaign has none
}

// Attempt is the outcome of one delivery.
type Attempt struct {
	Ordinal    int64
	State      DeliveryState // Queued for another try
	Reason     Reason
	ProviderID string
	NextAt     time.Time // of another try
	Untried    bool      // it never came to a try: the provider could not be used at all
}

// Ledger is what sending needs of storage; storage.Campaigns implements it. Each method is one
// transaction.
type Ledger interface {
	// Due lists work that nobody holds.
	Due(ctx context.Context, now time.Time, limit int) ([]Work, error)
	// Plan freezes a campaign's audience into deliveries and chunks. Planning a campaign that is
	// not in the state Planning changes nothing.
	Plan(ctx context.Context, id ID, p segment.Predicate, now time.Time) error
	// Claim takes a chunk for ttl. Deliveries that a former holder left in flight become unknown.
	// False: somebody else holds it, or it is done, or the generation is stale.
	Claim(ctx context.Context, w Work, owner string, ttl time.Duration, now time.Time) (Claim, bool, error)
	// Take marks up to limit due deliveries of the chunk as sending and renews the claim.
	// fault.ErrConflict: the claim is lost, nothing was marked.
	Take(ctx context.Context, c Claim, limit int, ttl time.Duration, now time.Time) ([]Addressee, error)
	// Renew keeps a claim for ttl more. fault.ErrConflict: it is lost.
	Renew(ctx context.Context, c Claim, ttl time.Duration) error
	// Finish writes outcomes. An outcome also replaces "unknown", when the claim was lost while
	// the provider was answering.
	Finish(ctx context.Context, id ID, outcomes []Attempt, now time.Time) error
	// Release ends a claim. The chunk is done when it has no delivery left to send, and the
	// campaign when it has no chunk left; else the chunk is due again at retryAt or when its
	// next delivery is, whichever is later.
	Release(ctx context.Context, c Claim, stall Stall, retryAt, now time.Time) error
}

// Limits of sending.
const (
	ChunkSize  = 500 // deliveries in a chunk: a unit of work for the queue
	ClaimTTL   = 10 * time.Second
	maxTries   = 5 // of a delivery that fails temporarily
	firstRetry = 15 * time.Second
	stallRetry = 5 * time.Second
)

// Sender does the work. It is safe for concurrent use.
type Sender struct {
	ledger    Ledger
	segments  *segment.Service
	channels  map[h.Channel]Channel
	coder     *shortlink.Coder
	publicURL string // without a slash at the end
	site      string
	owner     string
	loc       *time.Location
	now       func() time.Time
	log       *slog.Logger
}

// SenderConfig is what a Sender needs.
type SenderConfig struct {
	Ledger    Ledger
	Segments  *segment.Service
	Channels  []Channel
	Coder     *shortlink.Coder
	PublicURL string // where short codes hang, without a slash at the end
	Site      string // the school's name
	Owner     string // names this process among the holders of claims
	Location  *time.Location
	Now       func() time.Time
	Log       *slog.Logger
}

// NewSender makes a sender.
func NewSender(c SenderConfig) *Sender {
	s := &Sender{ledger: c.Ledger, segments: c.Segments, channels: map[h.Channel]Channel{}, coder: c.Coder,
		publicURL: c.PublicURL, site: c.Site, owner: c.Owner, loc: c.Location, now: c.Now, log: c.Log}
	for _, ch := range c.Channels {
		s.channels[ch.Name()] = ch
	}
	return s
}

// Due lists work that nobody holds.
func (s *Sender) Due(ctx context.Context, limit int) ([]Work, error) {
	return s.ledger.Due(ctx, s.now(), limit)
}

// Do does one piece of work. Doing it twice, or at the same time as somebody else, sends nothing
// twice. Work that is stale or held elsewhere is no error.
func (s *Sender) Do(ctx context.Context, w Work) error {
	if w.Chunk == PlanChunk {
		return s.plan(ctx, w)
	}
	claim, ok, err := s.ledger.Claim(ctx, w, s.owner, ClaimTTL, s.now())
	if err != nil {
		return fmt.Errorf("claim chunk %d of campaign %d: %w", w.Chunk, w.Campaign, err)
	}
	if !ok {
		return nil
	}
	stall, retryAt, err := s.chunk(ctx, claim)
	// A worker that is told to stop gives its chunk back, so that another goes on at once.
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, s.ledger.Release(release, claim, stall, retryAt, s.now()))
}

func (s *Sender) plan(ctx context.Context, w Work) error {
	c, ok, err := s.ledger.Claim(ctx, w, s.owner, time.Minute, s.now())
	if err != nil || !ok {
		return err
	}
	p, err := s.segments.Compile(ctx, c.Campaign.Rule)
	if err != nil {
		return fmt.Errorf("plan campaign %d: %w", w.Campaign, err)
	}
	if err := s.ledger.Plan(ctx, w.Campaign, p, s.now()); err != nil {
		return fmt.Errorf("plan campaign %d: %w", w.Campaign, err)
	}
	s.log.InfoContext(ctx, "campaign: planned", "campaign", w.Campaign)
	return nil
}

// chunk sends a claimed chunk batch by batch until nothing of it is due.
func (s *Sender) chunk(ctx context.Context, c Claim) (Stall, time.Time, error) {
	ch, ok := s.channels[c.Campaign.Channel]
	if !ok {
		return StallUnreachable, s.now().Add(time.Minute), fmt.Errorf("campaign %d: this process has no channel %q", c.Campaign.ID, c.Campaign.Channel)
	}
	r, err := s.renderer(c)
	if err != nil {
		return NotStalled, s.now().Add(time.Minute), err
	}
	for ctx.Err() == nil {
		more, stall, err := s.batch(context.WithoutCancel(ctx), ch, r, c)
		switch {
		case err != nil:
			return NotStalled, time.Time{}, err
		case stall != NotStalled:
			return stall, s.now().Add(stallRetry), nil
		case !more:
			return NotStalled, time.Time{}, nil
		}
	}
	return NotStalled, time.Time{}, nil
}

// batchTimeout bounds sending one batch; settleTimeout bounds writing down what became of it, for
// which a restarting database is worth waiting: what is not written becomes unknown.
const (
	batchTimeout  = time.Minute
	settleTimeout = 30 * time.Second
)

// batch sends what is due next. It sees a batch through once it has begun, also when the worker
// is told to stop meanwhile: a message marked as sending that never leaves would be unknown.
func (s *Sender) batch(ctx context.Context, ch Channel, r *renderer, c Claim) (more bool, _ Stall, _ error) {
	batch, err := s.ledger.Take(ctx, c, ch.Traits().BatchSize, ClaimTTL, s.now())
	if err != nil || len(batch) == 0 {
		return false, NotStalled, err
	}
	sending, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	go s.hold(sending, c)
	outcomes, cause := s.send(sending, ch, r, batch)
	if err := s.settle(ctx, c.Campaign.ID, outcomes); err != nil {
		return false, NotStalled, fmt.Errorf("write outcomes of campaign %d: %w", c.Campaign.ID, err)
	}
	if cause != nil {
		s.log.WarnContext(ctx, "campaign: provider failing", "campaign", c.Campaign.ID, "err", cause)
		return false, stallOf(cause), nil
	}
	return true, NotStalled, nil
}

// hold renews the claim while a slow provider is being waited for, or another worker would judge
// that this one is dead and its messages unknown.
func (s *Sender) hold(ctx context.Context, c Claim) {
	ticker := time.NewTicker(ClaimTTL / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.ledger.Renew(ctx, c, ClaimTTL); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "campaign: claim not renewed", "campaign", c.Campaign.ID, "chunk", c.Chunk, "err", err)
			}
		}
	}
}

// settle writes outcomes, again and again while the database is away.
func (s *Sender) settle(ctx context.Context, id ID, outcomes []Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for {
		err := s.ledger.Finish(ctx, id, outcomes, s.now())
		if err == nil || !errors.Is(err, fault.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

func stallOf(err error) Stall {
	if errors.Is(err, ErrRefused) {
		return StallRefused
	}
	return StallUnreachable
}

// send hands a batch over and turns what the channel says into outcomes. cause is set when the
// provider took none; then all wait for another try.
func (s *Sender) send(ctx context.Context, ch Channel, r *renderer, batch []Addressee) (outcomes []Attempt, cause error) {
	var messages []Message
	var to []Addressee
	for _, a := range batch {
		m, reason := r.message(a)
		if reason != NoReason {
			outcomes = append(outcomes, Attempt{Ordinal: a.Ordinal, State: Failed, Reason: reason})
			continue
		}
		messages, to = append(messages, m), append(to, a)
	}
	if len(messages) == 0 {
		return outcomes, nil
	}
	answers, err := ch.Send(ctx, messages)
	if err != nil {
		for _, a := range to {
			outcomes = append(outcomes, Attempt{Ordinal: a.Ordinal, State: Queued, Reason: ReasonTemporary, NextAt: s.now(), Untried: true})
		}
		return outcomes, err
	}
	for i, a := range to {
		answer := Outcome{} // unknown, should a channel ever answer for fewer than it was given
		if i < len(answers) {
			answer = answers[i]
		}
		outcomes = append(outcomes, judge(a, answer, s.now()))
	}
	return outcomes, nil
}

// judge decides what becomes of a delivery. Temporary failures wait 15 s, 30 s, 1 min, 2 min.
func judge(a Addressee, o Outcome, now time.Time) Attempt {
	out := Attempt{Ordinal: a.Ordinal, ProviderID: o.ProviderID}
	switch o.Kind {
	case OutcomeAccepted:
		out.State = Accepted
	case OutcomePermanent:
		out.State, out.Reason = Failed, ReasonRejected
	case OutcomeTemporary:
		if a.Tries >= maxTries {
			out.State, out.Reason = Failed, ReasonGaveUp
		} else {
			out.State, out.Reason, out.NextAt = Queued, ReasonTemporary, now.Add(firstRetry<<(a.Tries-1))
		}
	default:
		out.State, out.Reason = Unknown, ReasonBroken
	}
	return out
}

// renderer makes the messages of one campaign.
type renderer struct {
	s             *Sender
	claim         Claim
	subject, body *Template
}

func (s *Sender) renderer(c Claim) (*renderer, error) {
	subject, err := ParseTemplate(c.Campaign.Subject, MaxSubject)
	if err != nil {
		return nil, fmt.Errorf("subject of campaign %d: %w", c.Campaign.ID, err)
	}
	body, err := ParseTemplate(c.Campaign.Body, MaxBody)
	if err != nil {
		return nil, fmt.Errorf("body of campaign %d: %w", c.Campaign.ID, err)
	}
	return &renderer{s: s, claim: c, subject: subject, body: body}, nil
}

// message renders for one recipient, or says why it cannot.
func (r *renderer) message(a Addressee) (Message, Reason) {
	if a.Contact == "" {
		return Message{}, ReasonContact
	}
	fill(a, r.s.site, r.s.loc)
	if r.claim.Link.ID != 0 {
		a.Values["link"] = r.s.publicURL + "/" + r.s.coder.Encode(r.claim.Link.First+shortlink.Number(a.Ordinal))
	}
	subject, err := r.subject.Render(a.Values)
	if err != nil {
		return Message{}, ReasonTemplate
	}
	text, err := r.body.Render(a.Values)
	if err != nil || strings.TrimSpace(text) == "" {
		return Message{}, ReasonTemplate
	}
	return Message{
		Key: "c" + strconv.FormatInt(int64(r.claim.Campaign.ID), 10) + "." + strconv.FormatInt(a.Ordinal, 10),
		To:  a.Contact, Subject: OneLine(subject), Text: text, HTML: HTML(text),
	}, NoReason
}

package campaign

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/shortlink"
)

// Limits of sending.
const (
	ChunkSize  = 500 // deliveries in a chunk: a unit of work for the queue
	ClaimTTL   = 10 * time.Second
	maxTries   = 5 // of a delivery that fails temporarily
	firstRetry = 15 * time.Second
	stallRetry = 5 * time.Second
	// maxWait is how long a claimed chunk waits for its turn at the channel's rate.
	maxWait = 2 * time.Second
	// rejecting is how many messages must be refused one after the other, and none taken, for the
	// campaign to stop before the whole list is burnt.
	rejecting = 10
)

// Sender does the work. It is safe for concurrent use.
type Sender struct {
	SenderConfig
	channels map[h.Channel]Channel
	again    []h.Channel // whose providers know a message by its key
}

// SenderConfig is what a Sender needs.
type SenderConfig struct {
	Ledger   Ledger
	Segments *segment.Service
	Channels []Channel
	Consent  h.ConsentSource // the host's own opt-outs; nil: it offers none
	Codes    Codes
	Settings Settings
	Owner    string // names this process among the holders of claims
	Now      func() time.Time
	Log      *slog.Logger
}

// Codes writes the codes of short links; shortlink.Ring does.
type Codes interface {
	// Encode gives the code of a number under a version of the key. fault.ErrUnavailable: the key
	// is not known here yet and cannot be asked for.
	Encode(ctx context.Context, key int, n shortlink.Number) (string, error)
}

// NewSender makes a sender.
func NewSender(c SenderConfig) *Sender {
	s := &Sender{SenderConfig: c, channels: map[h.Channel]Channel{}}
	for _, ch := range c.Channels {
		s.channels[ch.Name()] = ch
		if ch.Traits().Idempotent {
			s.again = append(s.again, ch.Name())
		}
	}
	return s
}

// Due lists work that nobody holds.
func (s *Sender) Due(ctx context.Context, limit int) ([]Work, error) {
	return s.Ledger.Due(ctx, s.Now(), limit)
}

// Do does one piece of work. Doing it twice, or at the same time as somebody else, sends nothing
// twice. Work that is stale or held elsewhere is no error.
func (s *Sender) Do(ctx context.Context, w Work) error {
	if w.Chunk == PlanChunk {
		return s.plan(ctx, w)
	}
	claim, ok, err := s.Ledger.Claim(ctx, w, s.Owner, ClaimTTL, s.again, s.Now())
	if err != nil {
		return fmt.Errorf("claim chunk %d of campaign %d: %w", w.Chunk, w.Campaign, err)
	}
	if !ok {
		return nil
	}
	var stall Stall
	var retryAt time.Time
	switch claim.Campaign.State {
	case CalledOff:
		err = s.Ledger.Drop(ctx, claim, s.Now())
	default:
		stall, retryAt, err = s.chunk(ctx, claim)
	}
	// A worker that is told to stop gives its chunk back, so that another goes on at once.
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, s.Ledger.Release(release, claim, stall, retryAt, s.Now()))
}

func (s *Sender) plan(ctx context.Context, w Work) error {
	claim, ok, err := s.Ledger.Claim(ctx, w, s.Owner, time.Minute, nil, s.Now())
	if err != nil || !ok {
		return err
	}
	c := claim.Campaign
	if late := s.Settings.current().LateAfter; c.State == Scheduled && late > 0 && s.Now().Sub(c.SendAt) > late {
		_, err := s.Ledger.Move(ctx, c.ID, Move{From: []State{Scheduled}, To: Late}, s.Now())
		return err
	}
	letter, err := s.letter(c)
	var people segment.Predicate
	if err == nil {
		people, err = s.Segments.Compile(ctx, c.Rule)
	}
	if errors.Is(err, fault.ErrInvalid) { // what it was launched with is gone; the page says so, and it is tried again
		_, moved := s.Ledger.Move(ctx, c.ID, Move{From: []State{c.State}, To: c.State, Stall: StallContent}, s.Now())
		return errors.Join(fmt.Errorf("plan campaign %d: %w", c.ID, err), moved)
	}
	if err != nil {
		return fmt.Errorf("plan campaign %d: %w", c.ID, err)
	}
	holding, done := context.WithCancel(ctx)
	defer done()
	go s.hold(holding, claim) // a large audience takes its time
	err = s.Ledger.Plan(ctx, c.ID, c.sieve(people, letter), letter.Links(), s.Now())
	if errors.Is(err, fault.ErrConflict) { // cancelled meanwhile, or planned by somebody quicker
		return nil
	}
	if err != nil {
		return fmt.Errorf("plan campaign %d: %w", c.ID, err)
	}
	s.Log.InfoContext(ctx, "campaign: planned", "campaign", c.ID)
	return nil
}

func (s *Sender) letter(c Campaign) (*Letter, error) {
	letter, problems := Compile(c.Channel, c.Content, c.Fill, s.Settings.current().Site)
	if len(problems) > 0 {
		return nil, fmt.Errorf("content of campaign %d: %w", c.ID, problems)
	}
	return letter, nil
}

func (c Campaign) sieve(people segment.Predicate, l *Letter) Sieve {
	return Sieve{People: people, Channel: c.Channel, Unticked: c.Unticked, CapDays: c.CapDays, Needs: l.Needs(), Control: c.Control,
		Key: c.Key, Campaign: c.ID, About: c.Rule.Offerings()}
}

// chunk sends a claimed chunk batch by batch until nothing of it is due.
func (s *Sender) chunk(ctx context.Context, c Claim) (Stall, time.Time, error) {
	ch, ok := s.channels[c.Campaign.Channel]
	if !ok {
		return StallUnreachable, s.Now().Add(time.Minute), fmt.Errorf("campaign %d: this process has no channel %q", c.Campaign.ID, c.Campaign.Channel)
	}
	r, err := s.writer(ctx, c)
	if err != nil {
		return NotStalled, s.Now().Add(time.Minute), err
	}
	for ctx.Err() == nil {
		if until, quiet := s.Settings.current().Quiet[c.Campaign.Channel].Until(s.Now(), s.Settings.Location); quiet && !c.Campaign.Direct {
			return StallQuiet, until, nil
		}
		wait, err := s.reserve(ctx, ch, size(ch.Traits(), c.Campaign.Direct))
		if err != nil || wait > 0 {
			return NotStalled, s.Now().Add(wait), err
		}
		more, stall, err := s.batch(context.WithoutCancel(ctx), ch, r, c)
		switch {
		case err != nil:
			return NotStalled, time.Time{}, err
		case stall != NotStalled:
			return stall, s.Now().Add(stallRetry), nil
		case !more:
			return NotStalled, time.Time{}, nil
		}
	}
	return NotStalled, time.Time{}, nil
}

// size is how many messages are handed over at once: never more than a second's worth, and of a
// message to one person one, so that it reserves no more of the channel's rate than it uses.
func size(t Traits, direct bool) int {
	switch {
	case direct:
		return 1
	case t.Rate > 0:
		return min(t.BatchSize, max(1, int(t.Rate)))
	}
	return t.BatchSize
}

// reserve waits for the channel's next turn. A turn that is far off is left to somebody later.
func (s *Sender) reserve(ctx context.Context, ch Channel, n int) (time.Duration, error) {
	t := ch.Traits()
	if t.Rate <= 0 || math.IsInf(t.Rate, 1) {
		return 0, nil
	}
	wait, err := s.Ledger.Reserve(ctx, ch.Name(), n, t.Rate, maxWait)
	if err != nil || wait <= 0 {
		return 0, err
	}
	if wait > maxWait {
		return wait, nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-timer.C:
		return 0, nil
	}
}

// batchTimeout bounds sending one batch; settleTimeout bounds writing down what became of it, for
// which a restarting database is worth waiting: what is not written becomes unknown.
const (
	batchTimeout  = time.Minute
	settleTimeout = 30 * time.Second
)

// batch sends what is due next. It sees a batch through once it has begun, also when the worker
// is told to stop meanwhile: a message marked as sending that never leaves would be unknown.
func (s *Sender) batch(ctx context.Context, ch Channel, r *writer, c Claim) (more bool, _ Stall, _ error) {
	limit := size(ch.Traits(), c.Campaign.Direct)
	taken, err := s.Ledger.Take(ctx, c, c.Campaign.sieve(segment.Predicate{}, r.letter), limit, ClaimTTL, s.Now())
	if errors.Is(err, fault.ErrConflict) { // paused, cancelled or somebody else's by now
		return false, NotStalled, nil
	}
	if err != nil || len(taken) == 0 {
		return false, NotStalled, err
	}
	batch := taken[:0:0]
	for _, a := range taken {
		if a.Late == "" {
			batch = append(batch, a)
		}
	}
	sending, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	go s.hold(sending, c)
	outcomes, stall := s.send(sending, ch, r, batch)
	if err := s.settle(ctx, c.Campaign.ID, outcomes); err != nil {
		return false, NotStalled, fmt.Errorf("write outcomes of campaign %d: %w", c.Campaign.ID, err)
	}
	if stall == StallRejecting || stall == StallUnanswered {
		s.Log.WarnContext(ctx, "campaign: paused before the whole list is burnt", "campaign", c.Campaign.ID, "why", stall)
		_, err := s.Ledger.Move(ctx, c.Campaign.ID, Move{From: []State{Sending}, To: Paused, Stall: stall}, s.Now())
		return false, NotStalled, err
	}
	// Fewer than asked for were all that is due: another turn would be reserved for nothing.
	return stall == NotStalled && len(taken) == limit, stall, nil
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
			if err := s.Ledger.Renew(ctx, c, ClaimTTL); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "campaign: claim not renewed", "campaign", c.Campaign.ID, "chunk", c.Chunk, "err", err)
			}
		}
	}
}

// settle writes outcomes, again and again while the database is away.
func (s *Sender) settle(ctx context.Context, id ID, outcomes []Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	for {
		err := s.Ledger.Finish(ctx, id, outcomes, s.Now())
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

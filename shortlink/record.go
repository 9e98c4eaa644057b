package shortlink

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// HitStore keeps hits; storage.Links implements it.
type HitStore interface {
	// Append keeps a batch whole or not at all, and durably: when it returns nil the hits stay. A
	// hit that is there already is left as it is, so a batch may be handed in any number of times.
	Append(ctx context.Context, b Batch) error
}

// Sizes and times of the recorder.
const (
	committers   = 2           // one batch is written while the visitors of another are answered
	appendWithin = time.Second // then the disk is asked instead
	awayFor      = time.Second // how long the database is left alone after it failed
)

// Recorder keeps hits durably before their visitors are sent on. Hits that come while a batch is
// being written share the next one, so the more come the fewer writes each costs (group commit).
// While the database is away batches go to the spool and from there to the database later.
//
// It is safe for concurrent use. It has goroutines only while there is something to write.
type Recorder struct {
	store HitStore
	spool *Spool
	now   func() time.Time
	log   *slog.Logger

	mu       sync.Mutex
	open     *pending
	writing  int
	failing  bool
	away     time.Time // while it is failing: until then nothing is tried
	begun    bool
	usual    int // how many hits a batch had lately
	draining bool
	closed   chan struct{}
	close    func()
}

// pending is a batch that visitors wait for.
type pending struct {
	Batch
	done chan struct{}
}

// NewRecorder makes a recorder. What earlier processes left in the spool is handed in with the
// first hit, or by Drain.
func NewRecorder(store HitStore, spool *Spool, now func() time.Time, log *slog.Logger) *Recorder {
	closed := make(chan struct{})
	return &Recorder{store: store, spool: spool, now: now, log: log, closed: closed, close: sync.OnceFunc(func() { close(closed) })}
}

// Record returns when the hit is kept: in the database, or on disk. When neither can, the log says
// so and the visitor goes on: their way is worth more than our count.
func (r *Recorder) Record(h Hit, a Agent) {
	<-r.add(h, a).done
}

func (r *Recorder) add(h Hit, a Agent) *pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.begun { // something may be left of an earlier process
		r.begun = true
		go r.drainSoon()
	}
	p := r.open
	if p == nil {
		p = &pending{done: make(chan struct{}), Batch: Batch{Hits: make([]Hit, 0, r.usual)}}
		r.open = p
	}
	p.add(h, a)
	if r.writing < committers {
		r.open = nil
		r.writing++
		go r.write(p)
	}
	return p
}

// write keeps a batch, and those that gathered meanwhile.
func (r *Recorder) write(p *pending) {
	for p != nil {
		r.keep(p.Batch)
		close(p.done)
		r.mu.Lock()
		r.usual = len(p.Hits)
		if p = r.open; p == nil {
			r.writing--
		}
		r.open = nil
		r.mu.Unlock()
	}
}

func (r *Recorder) keep(b Batch) {
	tried := r.mayTry()
	if tried && r.append(b) {
		return
	}
	err := r.spool.Save(b)
	if err == nil {
		r.drainSoon()
		return
	}
	if !tried && r.append(b) { // the database may be back, and the disk does not help
		return
	}
	r.log.Error("shortlink: hits are lost, neither the database nor the disk takes them", "hits", len(b.Hits), "err", err)
}

// append hands a batch to the database. When that fails the batch may be there all the same, if only
// the answer was lost: handing it in again is no harm.
func (r *Recorder) append(b Batch) bool {
	ctx, cancel := context.WithTimeout(context.Background(), appendWithin)
	defer cancel()
	err := r.store.Append(ctx, b)
	r.mu.Lock()
	r.failing = err != nil
	if r.failing {
		r.away = r.now().Add(awayFor)
	}
	r.mu.Unlock()
	if err != nil {
		r.log.Warn("shortlink: the database does not take hits, they go to disk until it does", "hits", len(b.Hits), "err", err)
	}
	return err == nil
}

// mayTry reports whether the database is to be asked. While it fails one batch in a while is the
// one that finds out, and the visitors of the others do not wait for it.
func (r *Recorder) mayTry() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.failing && now.Before(r.away) {
		return false
	}
	if r.failing {
		r.away = now.Add(awayFor)
	}
	return true
}

// drainSoon hands the spool in, every now and then until it is empty.
func (r *Recorder) drainSoon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.draining {
		r.draining = true
		go r.drainUntilEmpty()
	}
}

func (r *Recorder) drainUntilEmpty() {
	for {
		select {
		case <-r.closed:
			return
		case <-time.After(awayFor):
		}
		if r.Drain(context.Background()) && r.drained() {
			return
		}
	}
}

// drained ends the draining, unless more came to the spool meanwhile.
func (r *Recorder) drained() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.draining = !r.spool.Empty()
	return !r.draining
}

// Drain hands in what is in the spool, also what other processes of this machine left there, and
// reports whether it is empty now. Any number of processes may do so at once.
func (r *Recorder) Drain(ctx context.Context) bool {
	n, err := r.spool.Replay(func(b Batch) error {
		ctx, cancel := context.WithTimeout(ctx, 10*appendWithin)
		defer cancel()
		return r.store.Append(ctx, b)
	})
	if n > 0 {
		r.log.Info("shortlink: hits from disk are in the database", "hits", n)
	}
	if err != nil {
		r.log.Warn("shortlink: hits stay on disk", "err", err)
	}
	return err == nil
}

// lookEvery is how often Run looks for what other processes left.
const lookEvery = 10 * time.Second

// Run hands in what processes that are gone left in the spool, now and then until ctx ends, and
// returns nil. What this process puts there it hands in by itself.
func (r *Recorder) Run(ctx context.Context) error {
	for {
		r.Drain(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// Close ends the draining; what is in the spool stays there for the next process.
func (r *Recorder) Close() { r.close() }

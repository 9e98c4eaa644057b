// Package jobs runs background work on asynq. PostgreSQL holds what is to be done; the relay
// copies it into Redis and does so again whenever Redis has lost it. Tasks carry ids only.
package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/internal/fault"
)

const (
	queue     = "crm"
	taskChunk = "crm:chunk"

	relayEvery = 250 * time.Millisecond
	relayLeast = 50 * time.Millisecond
	relayBatch = 100
	idEvery    = 30 // seconds after which a task may be enqueued under a new id
)

// Runner moves due work through the queue. Any number of processes may run one.
type Runner struct {
	redis       asynq.RedisConnOpt
	sender      *campaign.Sender
	concurrency int
	log         *slog.Logger
	worked      chan struct{} // something was done, so something else may have become due
}

// New makes a runner; concurrency is how many chunks this process works on at once.
func New(redis asynq.RedisConnOpt, sender *campaign.Sender, concurrency int, log *slog.Logger) *Runner {
	return &Runner{redis: redis, sender: sender, concurrency: concurrency, log: log, worked: make(chan struct{}, 1)}
}

// Ping asks Redis whether it is there.
func Ping(redis asynq.RedisConnOpt) error {
	client := asynq.NewClient(redis)
	defer client.Close()
	if err := client.Ping(); err != nil {
		return errors.New("server Redis does not answer") // the client's own text may show the password
	}
	return nil
}

// Run works until ctx ends, finishes what is in flight and returns.
func (r *Runner) Run(ctx context.Context) error {
	server := asynq.NewServer(r.redis, asynq.Config{
		Concurrency: r.concurrency,
		Queues:      map[string]int{queue: 1},
		// asynq abandons a handler whose context ends, and Shutdown would not wait for it: chunks
		// are told to stop by chunk itself.
		BaseContext:       func() context.Context { return context.WithoutCancel(ctx) },
		TaskCheckInterval: 100 * time.Millisecond,
		ShutdownTimeout:   90 * time.Second,
		Logger:            &logger{r.log},
		LogLevel:          asynq.WarnLevel,
	})
	mux := asynq.NewServeMux()
	mux.HandleFunc(taskChunk, func(task context.Context, t *asynq.Task) error {
		task, cancel := context.WithCancel(task)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)() // between two batches the chunk stops and gives its claim back
		return r.chunk(task, t)
	})
	if err := server.Start(mux); err != nil { // a Redis that is away is no error; the server waits for it
		return fmt.Errorf("start queue: %w", err)
	}
	r.relay(ctx)
	server.Shutdown()
	return nil
}

// relay copies due work into the queue until ctx ends.
func (r *Runner) relay(ctx context.Context) {
	client := asynq.NewClient(r.redis)
	defer client.Close()
	failing := false
	for r.pause(ctx) {
		err := r.fill(ctx, client)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing { // once when it breaks and once when it mends
			failing = err != nil
			if failing {
				r.log.WarnContext(ctx, "jobs: relay failing, work waits in the database", "err", err)
			} else {
				r.log.InfoContext(ctx, "jobs: relay works again")
			}
		}
	}
}

func (r *Runner) fill(ctx context.Context, client *asynq.Client) error {
	work, err := r.sender.Due(ctx, relayBatch)
	if err != nil {
		return err
	}
	for _, w := range work {
		payload, err := json.Marshal(w)
		if err != nil {
			return err
		}
		// The id names the chunk, its generation and the half minute: enqueueing it again is
		// refused while it waits, a task that a dead worker took does not stand in its successor's
		// way, and neither does one whose worker died before it could claim the chunk: asynq keeps
		// that id taken for a minute and then archives it. A task too many finds nothing to claim.
		// Nothing is retried by the queue: what is still due is found here.
		_, err = client.EnqueueContext(ctx, asynq.NewTask(taskChunk, payload), asynq.Queue(queue), asynq.MaxRetry(0),
			asynq.TaskID(fmt.Sprintf("chunk:%d:%d:%d:%d", w.Campaign, w.Chunk, w.Generation, time.Now().Unix()/idEvery)))
		if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
			return fmt.Errorf("enqueue chunk: %w", err)
		}
	}
	return nil
}

// chunk does one piece of work. It always succeeds for asynq, which would archive a failed task
// and keep its id taken.
func (r *Runner) chunk(ctx context.Context, t *asynq.Task) error {
	var w campaign.Work
	if err := json.Unmarshal(t.Payload(), &w); err != nil {
		r.log.ErrorContext(ctx, "jobs: task without sense dropped", "type", t.Type())
		return nil
	}
	if err := r.sender.Do(ctx, w); err != nil && ctx.Err() == nil {
		level := slog.LevelError
		if errors.Is(err, fault.ErrUnavailable) { // the database is away, which it says itself
			level = slog.LevelWarn
		}
		r.log.Log(ctx, level, "jobs: chunk failed, it will be taken again", "campaign", w.Campaign, "chunk", w.Chunk, "err", err)
	}
	select {
	case r.worked <- struct{}{}:
	default: // somebody said so already
	}
	return nil
}

// pause waits for the next look: a while, or less when something was done. False: ctx ended.
func (r *Runner) pause(ctx context.Context) bool {
	least, most := time.NewTimer(relayLeast), time.NewTimer(relayEvery)
	defer least.Stop()
	defer most.Stop()
	select { // not after each chunk of many
	case <-ctx.Done():
		return false
	case <-least.C:
	}
	select {
	case <-ctx.Done():
		return false
	case <-r.worked:
	case <-most.C:
	}
	return true
}

// logger lends asynq our log.
type logger struct{ log *slog.Logger }

func (l *logger) Debug(args ...any) { l.log.Debug("asynq: " + fmt.Sprint(args...)) }
func (l *logger) Info(args ...any)  { l.log.Info("asynq: " + fmt.Sprint(args...)) }
func (l *logger) Warn(args ...any)  { l.log.Warn("asynq: " + fmt.Sprint(args...)) }
func (l *logger) Error(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }

// Fatal must not end the host's process.
func (l *logger) Fatal(args ...any) { l.log.Error("asynq: " + fmt.Sprint(args...)) }

package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/internal/fault"
)

// Inspector tells how the queue and its workers do. It implements health.Queues and is safe for
// concurrent use.
type Inspector struct{ asynq *asynq.Inspector }

// NewInspector opens a connection to Redis; Close ends it. It asks nothing yet.
func NewInspector(redis asynq.RedisConnOpt) *Inspector {
	return &Inspector{asynq.NewInspector(redis)}
}

// Close ends the connection.
func (i *Inspector) Close() error { return i.asynq.Close() }

// errAway is told of a Redis that does not answer; the client's own text may show the password.
var errAway = fmt.Errorf("server Redis does not answer: %w", fault.ErrUnavailable)

// Queue implements health.Queues. Workers of other queues in the same Redis are the host's own.
//
// Errors: fault.ErrUnavailable.
func (i *Inspector) Queue(ctx context.Context) (health.Queue, error) {
	type answer struct {
		queue health.Queue
		err   error
	}
	told := make(chan answer, 1) // the client knows no context; an answer that is late is dropped
	go func() {
		queue, err := i.queue()
		told <- answer{queue, err}
	}()
	select {
	case a := <-told:
		if a.err != nil {
			return health.Queue{}, errAway
		}
		return a.queue, nil
	case <-ctx.Done():
		return health.Queue{}, errors.Join(errAway, ctx.Err())
	}
}

func (i *Inspector) queue() (health.Queue, error) {
	var out health.Queue
	names, err := i.asynq.Queues()
	if err != nil {
		return out, err
	}
	if slices.Contains(names, queue) { // it is made with the first task
		info, err := i.asynq.GetQueueInfo(queue)
		if err != nil {
			return out, err
		}
		out.Pending, out.Active, out.Archived, out.Lag = info.Pending+info.Scheduled+info.Retry, info.Active, info.Archived, info.Latency
	}
	servers, err := i.asynq.Servers()
	if err != nil {
		return out, err
	}
	for _, s := range servers {
		if _, ours := s.Queues[queue]; ours {
			out.Workers = append(out.Workers, health.Worker{Host: s.Host, PID: s.PID, Busy: len(s.ActiveWorkers), Of: s.Concurrency, Started: s.Started})
		}
	}
	slices.SortFunc(out.Workers, func(a, b health.Worker) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), a.Started.Compare(b.Started))
	})
	return out, nil
}

package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"github.com/coursecrm/coursecrm/crm/health"
	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/internal/jobs"
	"github.com/coursecrm/coursecrm/internal/pgtest"
)

// TestInspector: before the first task, while a worker runs beside a host's own, and without Redis.
func TestInspector(t *testing.T) {
	t.Parallel()
	s, redis := newSite(t), pgtest.Redis(t)
	i := jobs.NewInspector(asynq.RedisClientOpt{Addr: redis})
	defer i.Close()
	if q, err := i.Queue(t.Context()); err != nil || q.Pending != 0 || len(q.Workers) != 0 {
		t.Errorf("nothing yet: %+v, %v", q, err)
	}
	own := asynq.NewServer(asynq.RedisClientOpt{Addr: redis}, asynq.Config{Concurrency: 1, Queues: map[string]int{"mails": 1}, LogLevel: asynq.FatalLevel})
	if err := own.Start(asynq.NewServeMux()); err != nil {
		t.Fatal(err)
	}
	defer own.Shutdown()
	stop := s.run(t, redis, "a")
	s.finish(t)
	var q health.Queue
	for end := time.Now().Add(30 * time.Second); len(q.Workers) == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) { // workers tell of themselves now and then
		var err error
		if q, err = i.Queue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(q.Workers) != 1 || q.Workers[0].Of != 4 || q.Workers[0].PID == 0 || q.Workers[0].Started.IsZero() || q.Archived != 0 {
		t.Errorf("%+v", q)
	}
	stop()
	nowhere := jobs.NewInspector(asynq.RedisClientOpt{Addr: "127.0.0.1:1"})
	defer nowhere.Close()
	if _, err := nowhere.Queue(t.Context()); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("without Redis: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := nowhere.Queue(over); !errors.Is(err, fault.ErrUnavailable) {
		t.Errorf("after patience: %v", err)
	}
}

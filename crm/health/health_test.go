package health

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// ward answers at once, or hangs.
type ward struct{ hang bool }

func (w ward) wait(ctx context.Context) error {
	if w.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (w ward) Database(ctx context.Context) (Database, error) {
	return Database{Version: "18.1"}, w.wait(ctx)
}
func (w ward) Keepers(ctx context.Context) ([]Keeper, error) {
	return []Keeper{{Name: "sync"}}, w.wait(ctx)
}
func (w ward) Backlog(ctx context.Context, _ time.Time) (Backlog, error) {
	return Backlog{Chunks: 2}, w.wait(ctx)
}
func (w ward) Runs(ctx context.Context) (Runs, error) { return Runs{}, w.wait(ctx) }
func (w ward) Queue(ctx context.Context) (Queue, error) {
	return Queue{Workers: []Worker{{Host: "a"}}}, w.wait(ctx)
}
func (w ward) Count() (waiting, refused int, err error) { return 1, 2, nil }

func TestReport(t *testing.T) {
	t.Parallel()
	r := NewService(ward{}, ward{}, ward{}, time.Now).Report(t.Context())
	if !r.Working() || r.Database.Value.Version != "18.1" || r.Backlog.Value.Chunks != 2 || r.Spool.Value != (Spool{1, 2}) || len(r.Keepers.Value) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestReportWaitsForNobodyLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		r := NewService(ward{}, ward{hang: true}, ward{}, time.Now).Report(t.Context())
		if time.Since(begun) != patience || r.Working() || r.Queue.OK() || !errors.Is(r.Queue.Err, context.DeadlineExceeded) || !r.Database.OK() {
			t.Errorf("after %v: %+v", time.Since(begun), r)
		}
	})
}

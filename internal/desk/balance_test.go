package desk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/internal/desk"
)

func TestBalanceAsksOnceAMinute(t *testing.T) {
	t.Parallel()
	var b desk.Balance
	now, asked := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), 0
	supplier := func(context.Context) (int64, error) {
		asked++
		if asked == 2 {
			return 0, errors.New("away")
		}
		return 100, nil
	}
	for _, step := range []struct {
		after time.Duration
		times int
		left  int64
		fails bool
	}{{0, 1, 100, false}, {59 * time.Second, 1, 100, false}, {time.Second, 2, 0, true}, {time.Second, 2, 0, true}, {time.Minute, 3, 100, false}} {
		now = now.Add(step.after)
		left, err := b.Ask(t.Context(), supplier, func() time.Time { return now })
		if left != step.left || (err != nil) != step.fails || asked != step.times {
			t.Errorf("after %v: %d, %v, asked %d times", step.after, left, err, asked)
		}
	}
}

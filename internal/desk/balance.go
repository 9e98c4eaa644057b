package desk

import (
	"context"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// balanceHolds is how long an answer of the supplier serves whoever only looks, which many do many times
// a day; a failure too, so that a supplier in trouble is left alone. balancePatience is how long it is
// waited for.
const (
	balanceHolds    = time.Minute
	balancePatience = 3 * time.Second
)

// Balance is the last answer of the SMS supplier. The zero value asks. It is safe for concurrent use:
// whoever comes while it is asked waits for that answer.
type Balance struct {
	mu   sync.Mutex
	at   time.Time
	left int64
	err  error
}

// Ask tells how many parts are left; negative: not known.
func (b *Balance) Ask(ctx context.Context, supplier func(context.Context) (int64, error), now func() time.Time) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if age := now().Sub(b.at); !b.at.IsZero() && age >= 0 && age < balanceHolds {
		return b.left, b.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), balancePatience) // for all who wait
	defer cancel()
	b.left, b.err = supplier(ctx)
	b.at = now()
	return b.left, b.err
}

// BalanceDays is for how many days a balance lasts at the rate of usage by day; 0: nothing was sent.
func BalanceDays(left int64, u home.Usage) int64 {
	sent := u.Of(hostadapter.ChannelSMS)
	if sent <= 0 {
		return 0
	}
	return left * int64(len(u.Periods)) / sent
}

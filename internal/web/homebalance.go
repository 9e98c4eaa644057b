package web

import (
	"context"
	"sync"
	"time"

	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/hostadapter"
)

// balanceView is what is left of the SMS that were paid for.
type balanceView struct {
	Known bool
	Left  int64
	Days  int64 // for which that lasts, at the rate of the last 30; 0: nothing was sent
}

func (w *Web) balanceView(q *request) (v balanceView, err error) {
	if w.Balance == nil {
		return v, nil
	}
	left, err := w.balance.ask(q.ctx(), w.Balance, w.Now)
	if err != nil { // a supplier that does not answer breaks no page
		w.Log.WarnContext(q.ctx(), "web: balance of SMS", "request", q.id, "err", err)
		return v, nil
	}
	if left < 0 {
		return v, nil
	}
	v.Known, v.Left = true, left
	u, err := w.Home.Usage(q.ctx(), home.ByDay)
	if err != nil {
		return v, err
	}
	if sent := u.Of(hostadapter.ChannelSMS); sent > 0 {
		v.Days = left * int64(len(u.Periods)) / sent
	}
	return v, nil
}

// balanceHolds is how long an answer of the supplier serves the first page, which many open many
// times a day; a failure too, so that a supplier in trouble is left alone.
const balanceHolds = time.Minute

// balance is the last answer of the SMS supplier. The zero value asks. It is safe for concurrent
// use: whoever comes while it is asked waits for that answer.
type balance struct {
	mu   sync.Mutex
	at   time.Time
	left int64
	err  error
}

func (b *balance) ask(ctx context.Context, supplier func(context.Context) (int64, error), now func() time.Time) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if age := now().Sub(b.at); !b.at.IsZero() && age >= 0 && age < balanceHolds {
		return b.left, b.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hostPatience) // for all who wait
	defer cancel()
	b.left, b.err = supplier(ctx)
	b.at = now()
	return b.left, b.err
}

// HomeBalance is the first page with what is left of SMS, beside the trend of some step.
func (p paths) HomeBalance(by home.Step) string {
	if by == home.ByDay {
		return p.to("/", values("balance", "1"))
	}
	return p.to("/", values("by", string(by), "balance", "1"))
}

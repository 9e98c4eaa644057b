package web

import (
	"github.com/coursecrm/coursecrm/crm/home"
	"github.com/coursecrm/coursecrm/internal/desk"
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
	left, err := w.balance.Ask(q.ctx(), w.Balance, w.Now)
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
	v.Days = desk.BalanceDays(left, u)
	return v, nil
}

// HomeBalance is the first page with what is left of SMS, beside the trend of some step.
func (p paths) HomeBalance(by home.Step) string {
	if by == home.ByDay {
		return p.to("/", values("balance", "1"))
	}
	return p.to("/", values("by", string(by), "balance", "1"))
}

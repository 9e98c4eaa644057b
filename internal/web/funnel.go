package web

import (
	"fmt"

	"github.com/coursecrm/coursecrm/campaign"
)

// funnelStep is a step from the people meant to the people who paid. Heights are linear in the
// number, so that steps can be compared by eye.
type funnelStep struct {
	Key   string
	N     int64
	Share float64 // of the step before; of clicks, of what was accepted
	Area  string  // points of the filled shape
	Line  string
}

// funnelTop and funnelFloor are the heights of the largest number and of none in the picture.
const (
	funnelTop   = 8.0
	funnelFloor = 72.0
)

// funnelSteps makes the steps; that of delivered messages only where the provider tells of them.
func funnelSteps(r campaign.Result, receipts bool) []funnelStep {
	steps := []funnelStep{{Key: "matched", N: r.Matched}, {Key: "accepted", N: r.AcceptedTotal()}}
	if receipts {
		steps = append(steps, funnelStep{Key: "delivered", N: r.ByState[campaign.Delivered]})
	}
	steps = append(steps, funnelStep{Key: "clicked", N: r.Clickers}, funnelStep{Key: "paid", N: r.Buyers})
	height := func(n int64) float64 {
		if r.Matched <= 0 || n <= 0 {
			return funnelFloor
		}
		// A few of very many would vanish; two units keep a line to be seen.
		return min(funnelFloor-(funnelFloor-funnelTop)*float64(min(n, r.Matched))/float64(r.Matched), funnelFloor-2)
	}
	for i := range steps {
		y := height(steps[i].N)
		next := y
		if i+1 < len(steps) {
			next = height(steps[i+1].N)
		}
		if i > 0 {
			before := steps[i-1].N
			if steps[i].Key == "clicked" || steps[i].Key == "delivered" { // receipts may come late or never, or say that it failed
				before = r.Taken()
			}
			steps[i].Share = share(steps[i].N, before)
		}
		steps[i].Line = fmt.Sprintf("0,%.1f 62,%.1f 100,%.1f", y, y, next)
		steps[i].Area = "0,72 " + steps[i].Line + " 100,72"
	}
	return steps
}

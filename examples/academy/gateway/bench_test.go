package gateway

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/coursecrm/coursecrm/campaign/sms"
)

// BenchmarkSend hands batches of a hundred over, from several workers.
func BenchmarkSend(b *testing.B) {
	g := start(b, func(c *Config) { c.Balance = 1 << 40 })
	client := connect(b, g)
	id := approve(b, client, text)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			batch := messages(id, 100, always(number))
			request := n.Add(1)
			for i := range batch {
				batch[i].Key = fmt.Sprint(request, "-", i)
			}
			if _, err := sms.New(client).Send(b.Context(), batch); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(100*n.Load())/b.Elapsed().Seconds(), "messages/s")
}

package storage

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/shortlink"
)

// BenchmarkJudgePass judges 20,000 hits of a campaign of 100,000 that are listed in batches of 20,
// each fourth of which turns out to be something else. Batches a second apart are a send at its
// height; of those within a moment most that is read is there for the others' sake.
func BenchmarkJudgePass(b *testing.B) {
	for name, within := range map[string]time.Duration{"in 2 s": 2 * time.Second, "in a quarter of an hour": 15 * time.Minute, "in a week": 7 * 24 * time.Hour} {
		b.Run(name, func(b *testing.B) {
			d := newDocket(b)
			d.do(b, `INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, sending_at, accepted_at)
				SELECT 1, o, o, 0, 'accepted', ?::timestamptz, ?::timestamptz FROM generate_series(100, 100000) o`, noon.Add(-time.Hour), noon.Add(-time.Hour))
			random := rand.New(rand.NewPCG(1, 1))
			var hits []shortlink.Hit
			for i := range 20_000 {
				h := visitAt(within*time.Duration(i)/20_000, 11, 100+random.Int64N(90_000))
				h.Network = ""
				if i%4 == 0 {
					h.Agent = 8
				}
				hits = append(hits, h)
			}
			d.keep(b, hits...)
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				d.do(b, "UPDATE crm_clicks SET kind = 'human', reason = ''")
				d.do(b, "VACUUM crm_clicks")
				d.do(b, "DELETE FROM crm_click_spans")
				d.do(b, `INSERT INTO crm_click_spans (from_at, to_at, hits) SELECT min(at), max(at), count(*)
					FROM (SELECT at, row_number() OVER (ORDER BY at) / 20 AS part FROM crm_clicks) c GROUP BY part`)
				b.StartTimer()
				p, err := d.Judge(b.Context(), testRules, 20_000)
				if err != nil || p.Hits < 19_000 || p.Changed < 4000 {
					b.Fatalf("%+v, %v", p, err)
				}
			}
		})
	}
}

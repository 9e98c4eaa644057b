package storage

import (
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/shortlink"
)

// millionClicks is a campaign to 600,000 people whose five links and a trap were followed a million
// times, by some 350,000 of them, and another campaign of the same days.
const millionClicks = `
	INSERT INTO crm_learners (host_id, nickname, status, marketable, content_hash, updated_at, written_at, province, mobile, email, register_source)
		SELECT 'u' || g, 'learner ' || g, 'active', true, 0, now(), now(), CASE WHEN g % 10 = 0 THEN '' ELSE 'province ' || (hashint8(g) & 31) END,
			'138' || g, 'learner' || g || '@mail.example', 'web' FROM generate_series(1, 600000) g;
	INSERT INTO crm_campaigns (key, name, channel, rule, content, state, by_id, by_name, launched_at, planned_at, tracked)
		SELECT n, 'c' || n, 'email', '{"all":[]}', '{}', 'done', '', '', '2026-11-01 10:00Z', '2026-11-01 10:00Z', true FROM generate_series(1, 2) n;
	INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, accepted_at)
		SELECT 1, g - 1, 1 + g * 7919 % 600000, g / 2000, 'accepted', timestamptz '2026-11-01 10:00Z' + g * interval '2 ms' FROM generate_series(1, 600000::bigint) g;
	INSERT INTO crm_links (campaign_id, kind, target, first, count, created_at)
		SELECT 1, CASE WHEN g = 6 THEN 'trap' ELSE 'campaign' END, 'https://learn.example/' || g, g * 1000000, 600000, now() FROM generate_series(1, 6) g;
	INSERT INTO crm_agents (id, text, program, device, app, os)
		SELECT g, 'agent ' || g, false, (ARRAY['phone', 'tablet', 'desktop'])[1 + g % 3], 'app ' || g % 25, 'os ' || g % 6 FROM generate_series(1, 300) g;
	CREATE TABLE crm_clicks_2026_11 PARTITION OF crm_clicks FOR VALUES FROM ('2026-11-01Z') TO ('2026-12-01Z');
	SELECT setseed(0.5);
	INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, agent, network, visitor, kind, reason)
		SELECT timestamptz '2026-11-01 10:00Z' + o * interval '2 ms' - ln(1 - late) * interval '20000 s' + CASE WHEN link < 0.1 THEN link * 200 ELSE 0 END * interval '1 day',
			n, CASE WHEN trap < 0.02 THEN 6 ELSE 1 + floor(link * link * 5)::bigint END, 1, o, 1 + (o + 1) * 7919 % 600000, 1 + (o * 31 + CASE WHEN kind < 0.1 THEN 7 ELSE 0 END) % 300,
			o % 250 || '.1.2.0/24', n, CASE WHEN trap < 0.02 THEN 'bot' WHEN kind < 0.72 THEN 'human' WHEN kind < 0.85 THEN 'bot' WHEN kind < 0.88 THEN 'prefetch' ELSE 'duplicate' END,
			CASE WHEN trap < 0.02 THEN 'trap' WHEN kind < 0.72 THEN '' WHEN kind < 0.85 THEN 'agent' WHEN kind < 0.88 THEN 'prefetch' ELSE 'repeat' END
		FROM (SELECT n, floor(power(random(), 1.3) * 450000)::bigint AS o, random() AS late, random() AS link, random() AS kind, random() AS trap FROM generate_series(1, 1000000) n) x ORDER BY 1;
	INSERT INTO crm_clicks (at, id, link_id, campaign_id, ordinal, learner_id, agent, visitor, kind)
		SELECT timestamptz '2026-11-02 10:00Z' + n * interval '1 s', n, 7, 2, n % 300000, 1 + n % 600000, 1, 5, 'human' FROM generate_series(1, 1000000) n;
	ANALYZE crm_learners; ANALYZE crm_deliveries; ANALYZE crm_clicks; ANALYZE crm_agents`

// BenchmarkClickStats reads the statistics of a million clicks, and what a result page asks every
// other second. It takes a minute to lay out.
func BenchmarkClickStats(b *testing.B) {
	db := open(b)
	if _, err := db.bun.ExecContext(b.Context(), millionClicks); err != nil {
		b.Fatal(err)
	}
	of := shortlink.Scope{Campaign: 1}
	links, campaigns := &Links{DB: db}, &Campaigns{DB: db, Currency: "CNY"}
	for name, ask := range map[string]func() error{
		"stats": func() error { _, err := shortlink.NewStatistics(links).Stats(b.Context(), of, time.UTC); return err },
		"visits": func() error {
			return links.EachVisit(b.Context(), of, func(shortlink.Survey) {}, func(shortlink.Visit) {})
		},
		"result": func() error {
			_, err := campaigns.Result(b.Context(), campaign.ID(1), campaign.AttributionWindow)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

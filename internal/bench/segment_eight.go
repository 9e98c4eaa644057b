package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coursecrm/coursecrm/segment"
)

// eightRule is the nested question with two conditions more.
const eightRule = `{"all": [{"field": "last_login", "op": "in_last", "value": 90, "unit": "day"},
	{"any": [{"field": "interest_tag", "op": "any_of", "value": [1, 4]},
		{"all": [{"field": "registered", "op": "before", "value": "{year ago}"},
			{"field": "activity", "of": {"type": ["view"], "within": {"last": 14, "unit": "day"}}, "op": "ge", "value": 2}]},
		{"field": "learning", "of": {"category": ["分类 5"]}, "op": "ge", "value": 1},
		{"field": "paid_total", "op": "ge", "value": 200000}]},
	{"none": [{"field": "bought", "op": "any_of", "value": [5]}, {"field": "contacted", "op": "in_last", "value": 10, "unit": "day"}]}]}`

// eightCounts counts, in one pass, people, the whole, whom of it each channel reaches, and each part
// of the rule, parents first. Sets of people who answer all conditions alike are put together
// before anything is counted, which spares asking a condition once for each count it is in.
var eightCounts = `
	SELECT sum(n), sum(n) FILTER (WHERE whole), sum(n) FILTER (WHERE whole AND email), sum(n) FILTER (WHERE whole AND sms), sum(n) FILTER (WHERE whole AND message),
		sum(n) FILTER (WHERE login), sum(n) FILTER (WHERE either), sum(n) FILTER (WHERE tag), sum(n) FILTER (WHERE old AND viewed), sum(n) FILTER (WHERE old),
		sum(n) FILTER (WHERE viewed), sum(n) FILTER (WHERE learning), sum(n) FILTER (WHERE spent), sum(n) FILTER (WHERE NOT bought AND NOT met), sum(n) FILTER (WHERE bought),
		sum(n) FILTER (WHERE met)
	FROM (
		SELECT *, tag OR old AND viewed OR learning OR spent AS either, login AND (tag OR old AND viewed OR learning OR spent) AND NOT bought AND NOT met AS whole
		FROM (
			SELECT coalesce(l.last_login_at BETWEEN {90d} AND {now}, false) AS login, l.tag_ids && '{1,4}' AS tag, coalesce(l.registered_at < {year ago}, false) AS old,
				a.learner_id IS NOT NULL AS viewed, e.learner_id IS NOT NULL AS learning, l.paid_total >= 200000 AS spent, l.bought_ids && '{5}' AS bought,
				d.learner_id IS NOT NULL AS met,
				l.usable_email IS NOT NULL AND l.consent_email <> 'denied' AND l.own_email <> 'denied' AND NOT l.dead_email AS email,
				l.usable_mobile IS NOT NULL AND l.consent_sms <> 'denied' AND l.own_sms <> 'denied' AND NOT l.dead_mobile AS sms, l.host_id IS NOT NULL AND l.consent_message <> 'denied' AND l.own_message <> 'denied' AS message, count(*) AS n
			FROM crm_learners l
			LEFT JOIN (SELECT a.learner_id FROM crm_activities a WHERE a.type = 'view' AND a.occurred_at BETWEEN {14d} AND {now} GROUP BY 1 HAVING count(*) >= 2) a ON a.learner_id = l.id
			LEFT JOIN (SELECT DISTINCT e.learner_id FROM crm_enrollments e WHERE e.offering_id = ANY (` + offeringsOf("分类 5") + `) AND ` + placed + `) e ON e.learner_id = l.id
			LEFT JOIN (SELECT DISTINCT d.learner_id FROM crm_campaigns c JOIN crm_deliveries d ON d.campaign_id = c.id WHERE (c.done_at IS NULL OR c.done_at >= {10d}) AND NOT d.direct AND ` + reached + `
				AND coalesce(d.accepted_at, d.sending_at) BETWEEN {10d} AND {now}) d ON d.learner_id = l.id
			WHERE {people}
			GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) sets) sets`

// eightPage is its first page, found by walking.
var eightPage = where(nested(`(SELECT count(*) FROM crm_activities a WHERE a.learner_id = l.id AND a.type = 'view' AND a.occurred_at BETWEEN {14d} AND {now}) >= 2`,
	` OR l.paid_total >= 200000`) + ` AND NOT EXISTS (SELECT FROM crm_deliveries d WHERE d.learner_id = l.id AND NOT d.direct AND ` + reached + `
	AND coalesce(d.accepted_at, d.sending_at) BETWEEN {10d} AND {now})`).page

// eight measures all counts of a rule of eight conditions together with its first page.
func (b *bench) eight(ctx context.Context, c *school, service *segment.Service) error {
	q, err := newQuestion("eight", eightRule, hand{eightCounts, eightPage}, hand{}, c.now)
	if err != nil {
		return err
	}
	const figures = 16
	ours := func() ([]int64, error) {
		n, page, err := service.Audience(ctx, segment.Query{Rule: q.rule, Limit: pageSize, Parts: true})
		out := append([]int64{n.All, n.Matched, n.Email, n.SMS, n.Message}, n.Members...)
		for _, p := range page.People {
			out = append(out, int64(p.ID))
		}
		return out, err
	}
	byHand := func() ([]int64, error) {
		out, into := make([]int64, figures), make([]any, figures)
		for i := range out {
			into[i] = &out[i]
		}
		if err := c.conn.QueryRow(ctx, q.hand.count).Scan(into...); err != nil {
			return nil, err
		}
		err := c.ids(ctx, q.hand.page, func(id int64) { out = append(out, id) })
		return out, err
	}
	var took [2][]time.Duration
	for round := range minRounds + 1 {
		var said [2][]int64
		for i, ask := range []func() ([]int64, error){ours, byHand} {
			began := time.Now()
			if said[i], err = ask(); err != nil {
				return fmt.Errorf("eight conditions: %w", err)
			}
			if round > 0 {
				took[i] = append(took[i], time.Since(began))
			}
		}
		if !slices.Equal(said[0], said[1]) {
			return fmt.Errorf("eight conditions: ours %v, by hand %v", said[0], said[1])
		}
	}
	b.atMost("eight conditions: all counts and a page", median(took[0])*1000, median(took[1])*1000, "ms", medianRatio)
	return nil
}

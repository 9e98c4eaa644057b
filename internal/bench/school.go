package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/storage"
)

// zone is where the school is.
const zone = "Asia/Shanghai"

// campaigns is how many there have been; each went to a fifth of the people.
const campaigns = 10

// school is a whole school in a database, as a first sync and two months of campaigns leave it.
type school struct {
	db   *storage.DB
	pool *sql.DB
	conn *pgx.Conn // for what is not asked through the product
	now  time.Time // the moment at which everything is asked
}

// raw opens a connection of pgx's own in the pool's schema.
func raw(ctx context.Context, pool *sql.DB) (*pgx.Conn, func(), error) {
	held, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	var conn *pgx.Conn
	err = held.Raw(func(c any) error {
		conn = c.(*stdlib.Conn).Conn()
		return nil
	})
	return conn, func() { held.Close() }, err
}

// newSchool loads one the fast way. done closes its connections.
func (b *bench) newSchool(ctx context.Context, schema string) (c *school, done func(), err error) {
	// One memory budget for all who ask, so that they differ in what they ask only.
	db, pool, err := b.database(ctx, schema, "work_mem", "64MB", "jit", "off")
	if err != nil {
		return nil, nil, err
	}
	conn, release, err := raw(ctx, pool)
	if err != nil {
		return nil, nil, err
	}
	s := newSynth(b)
	c = &school{db: db, pool: pool, conn: conn, now: s.now}
	done = func() {
		release()
		pool.Close()
	}
	defer func() {
		if err != nil {
			done()
		}
	}()
	began := time.Now()
	r := &reference{conn: conn, s: s}
	for _, feed := range []string{"offerings", "learners", "orders", "enrollments", "activities"} {
		if err := r.load(ctx, feed); err != nil {
			return nil, nil, fmt.Errorf("load %s: %w", feed, err)
		}
	}
	for _, step := range []func(context.Context) error{c.words, c.forget, c.facts, c.campaigns, c.tidy} {
		if err := step(ctx); err != nil {
			return nil, nil, err
		}
	}
	b.fact("… making the school", time.Since(began).Seconds(), "s")
	return c, done, nil
}

// words makes the tags of offerings what people are interested in.
func (c *school) words(ctx context.Context) error {
	_, err := c.conn.Exec(ctx, "UPDATE crm_offerings SET interest_ids = tag_ids")
	return err
}

// interests gives everybody the tags of what they bought or learn: as many as the formula gives, in a
// tenth of its time.
func (c *school) interests(ctx context.Context) error {
	if _, err := c.conn.Exec(ctx, `UPDATE crm_learners l SET tag_ids = t.ids FROM (
			SELECT l.id, (array_agg(DISTINCT tag))[1:8] AS ids FROM crm_learners l, unnest(l.bought_ids || l.enrolled_ids) o (id) JOIN crm_offerings f ON f.id = o.id, unnest(f.tag_ids) tag
			GROUP BY l.id) t WHERE t.id = l.id`); err != nil {
		return fmt.Errorf("make interests: %w", err)
	}
	return c.tidy(ctx)
}

// forget deletes one account in 211 as a tombstone of the host does.
func (c *school) forget(ctx context.Context) error {
	_, err := c.conn.Exec(ctx, `UPDATE crm_learners SET status = 'deleted', marketable = false, nickname = '', real_name = '', gender = '',
		birthday = NULL, mobile = '', email = '', usable_mobile = NULL, usable_email = NULL, last_login_at = NULL, register_source = '', device = '',
		locale = '', province = '', city = '', roles = '{}', consent_email = '' WHERE id % 211 = 0`)
	return err
}

func (c *school) facts(ctx context.Context) error {
	if err := c.tidy(ctx); err != nil {
		return err
	}
	p := &storage.Projection{DB: c.db, Currency: "CNY"}
	for {
		if n, err := p.ComputeFacts(ctx, true, c.now); err != nil || n == 0 {
			return err
		}
	}
}

// campaigns writes what ten campaigns of the last 60 days left. The tables' own code is measured
// elsewhere; here only the rows count.
func (c *school) campaigns(ctx context.Context) error {
	if _, err := c.conn.Exec(ctx, `
		INSERT INTO crm_campaigns (key, name, channel, rule, content, tracked, state, by_id, by_name, launched_at, planned_at, done_at)
			SELECT 'bench' || n, '营销 ' || n, CASE WHEN n % 2 = 0 THEN 'sms' ELSE 'email' END, '{"all": []}', '{}', true, 'done', '1', '陈',
				$1::timestamptz - make_interval(days => 66 - 6 * n, hours => 2), $1::timestamptz - make_interval(days => 66 - 6 * n, hours => 2), $1::timestamptz - make_interval(days => 66 - 6 * n)
			FROM generate_series(1, $2::int) n ORDER BY n`, c.now, campaigns); err != nil {
		return fmt.Errorf("make campaigns: %w", err)
	}
	for _, step := range []string{
		`INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, tries, sending_at, accepted_at, settled_at)
			SELECT c.id, d.ordinal, d.learner_id, CASE WHEN d.state = 'excluded' THEN -1 ELSE (d.ordinal / 500)::int END, d.state, '',
				CASE WHEN d.state = 'excluded' THEN 0 ELSE 1 END, CASE WHEN d.state <> 'excluded' THEN d.at END,
				CASE WHEN d.state IN ('accepted', 'delivered') THEN d.at + interval '1 second' END, d.at + interval '1 second'
			FROM (
				SELECT c.id AS campaign_id, l.id AS learner_id, row_number() OVER (PARTITION BY c.id ORDER BY l.id) - 1 AS ordinal,
					c.launched_at + (hashint8extended(l.id, c.id + 100) & 4095) * interval '1 second' AS at,
					CASE WHEN part < 93 THEN 'accepted' WHEN part < 95 THEN 'delivered' WHEN part < 96 THEN 'unknown' WHEN part < 98 THEN 'failed' ELSE 'excluded' END AS state
				FROM crm_campaigns c, crm_learners l, LATERAL (SELECT (hashint8extended(l.id, c.id + 200) & 65535) % 100 AS part) p
				WHERE (hashint8extended(l.id, c.id) & 65535) % 5 = 0 AND l.marketable
			) d JOIN crm_campaigns c ON c.id = d.campaign_id`,
		`INSERT INTO crm_links (campaign_id, target, first, count, created_at)
			SELECT c.id, 'https://example.com/', coalesce(sum(d.n) OVER (ORDER BY c.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), d.n, c.launched_at
			FROM crm_campaigns c JOIN (SELECT campaign_id, count(*) AS n FROM crm_deliveries GROUP BY 1) d ON d.campaign_id = c.id`,
		`INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT row_number() OVER (), k.id, d.campaign_id, d.ordinal, d.learner_id, d.accepted_at + part * interval '20 seconds', CASE WHEN part < 80 THEN 'human' ELSE 'bot' END
			FROM crm_deliveries d JOIN crm_links k USING (campaign_id),
				LATERAL (SELECT (hashint8extended(d.learner_id, d.campaign_id + 300) & 65535) % 1000 AS part) p
			WHERE d.accepted_at IS NOT NULL AND part < 100 ORDER BY d.campaign_id, d.ordinal`,
	} {
		if _, err := c.conn.Exec(ctx, step); err != nil {
			return fmt.Errorf("make deliveries and clicks: %w", err)
		}
	}
	return nil
}

// tidy leaves the tables as autovacuum does in time.
func (c *school) tidy(ctx context.Context) error {
	_, err := c.conn.Exec(ctx, "VACUUM ANALYZE")
	return err
}

package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/crm/home"
	reports "github.com/coursecrm/coursecrm/crm/report"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/storage"
)

// The bars of the first page.
const (
	homePageMost    = 50.0  // ms, p95 of the server's time
	homeQueriesMost = 30.0  // statements for a page
	staffPageMost   = 500.0 // ms, p95 with 200 staff at work
)

// smallCampaigns are sent besides the school's ten large ones.
const smallCampaigns = 990

// benchHome measures the first page, and what many staff wait for who work at once.
func benchHome(ctx context.Context, b *bench) error {
	c, done, err := b.newSchool(ctx, "home")
	if err != nil {
		return err
	}
	defer done()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	if err := c.busyYear(ctx, b); err != nil {
		return err
	}
	projections := &storage.Projection{DB: c.db, Currency: "CNY", Location: loc}
	for n := 1; n > 0; {
		if n, err = projections.ComputeFunnel(ctx, true, c.now); err != nil {
			return err
		}
	}
	if err := c.tidy(ctx); err != nil {
		return err
	}
	queries := &queryCounter{}
	pool, err := b.countedPool(queries)
	if err != nil {
		return err
	}
	defer pool.Close()
	redis, err := asynq.ParseRedisURI(b.stack.RedisURL)
	if err != nil {
		return err
	}
	product, err := crm.New(crm.Config{DB: pool, Redis: redis, Host: office{newSynth(b)}, BasePath: "/crm", PublicURL: "http://127.0.0.1/go", TimeZone: zone,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		return err
	}
	defer product.Close()
	keeper := &home.Keeper{Leases: c.db, Owner: "bench", Log: slog.New(slog.DiscardHandler), Service: home.NewService(
		&storage.Home{DB: c.db, Currency: "CNY", Location: loc}, home.Site{Location: loc, Currency: "CNY"}, time.Now)}
	if err := b.homeFigures(ctx, c, keeper); err != nil {
		return err
	}
	if err := b.homePage(ctx, product.Admin(), keeper, queries); err != nil {
		return err
	}
	if err := b.staffAtWork(ctx, c, product.Admin(), keeper); err != nil {
		return err
	}
	return b.reportPages(ctx, product.Admin(), &reports.Keeper{Books: &storage.Reports{DB: c.db, Currency: "CNY", Location: loc}, Leases: c.db, Owner: "bench",
		Now: time.Now, Log: slog.New(slog.DiscardHandler)})
}

// reportPages says what keeping the figures of reports costs after a long pause, and what each page does.
func (b *bench) reportPages(ctx context.Context, handler http.Handler, keeper *reports.Keeper) error {
	began := time.Now()
	if err := keeper.Tick(ctx); err != nil {
		return err
	}
	b.fact("reports: all figures of all campaigns, once", time.Since(began).Seconds(), "s")
	for _, page := range []string{"/reports", "/reports/offerings", "/reports/audience"} {
		var took []time.Duration
		for range 20 {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/crm"+page, nil)
			r.Header.Set("X-Staff", "1")
			w := httptest.NewRecorder()
			began := time.Now()
			handler.ServeHTTP(w, r)
			took = append(took, time.Since(began))
			if w.Code != http.StatusOK {
				return fmt.Errorf("%s answers %d", page, w.Code)
			}
		}
		b.fact("… "+page+", p95", quantile(took, 0.95)*1000, "ms")
	}
	return nil
}

// office is the school's host with staff who may do everything; who asks says a header.
type office struct{ *synth }

// Staff implements hostadapter.StaffAuthenticator.
func (o office) Staff(r *http.Request) (h.Staff, error) {
	id := r.Header.Get("X-Staff")
	return h.Staff{ID: id, Name: "员工 " + id, Permissions: h.AllPermissions(), Scope: h.ScopeAll}, nil
}

// queryCounter counts statements.
type queryCounter struct{ n atomic.Int64 }

// TraceQueryStart implements pgx.QueryTracer.
func (q *queryCounter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	q.n.Add(1)
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (q *queryCounter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// TraceBatchStart implements pgx.BatchTracer.
func (q *queryCounter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

// TraceBatchQuery implements pgx.BatchTracer.
func (q *queryCounter) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {
	q.n.Add(1)
}

// TraceBatchEnd implements pgx.BatchTracer.
func (q *queryCounter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// countedPool is the product's own pool, but for the counting.
func (b *bench) countedPool(q *queryCounter) (*sql.DB, error) {
	config, err := pgx.ParseConfig(b.stack.DatabaseURL)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["search_path"] = "home"
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.Tracer = q
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(24)
	pool.SetMaxIdleConns(12)
	return pool, nil
}

// busyYear adds small campaigns of a year, of which three are on their way, reminders of all staff,
// and the state of a sync that keeps up.
func (c *school) busyYear(ctx context.Context, b *bench) error {
	for _, step := range []struct {
		sql  string
		args []any
	}{
		{`INSERT INTO crm_campaigns (key, name, channel, rule, content, tracked, state, by_id, by_name, launched_at, planned_at, done_at)
			SELECT 'small' || n, '小营销 ' || n, (ARRAY['sms', 'email', 'message'])[1 + n % 3], '{"all": []}', '{}', true, CASE WHEN n > $2 - 3 THEN 'sending' ELSE 'done' END, '1', '陈', at, at, CASE WHEN n <= $2 - 3 THEN at END
			FROM (SELECT n, $1::timestamptz - ($2 - n) * interval '8 hours' - interval '2 hours' AS at FROM generate_series(1, $2::int) n) n`, []any{c.now, smallCampaigns}},
		{`INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, tries, sending_at, accepted_at, settled_at)
			SELECT c.id, n, 1 + (n * 211 + c.id * 1009) % $1, n / 500, CASE WHEN c.state = 'sending' AND n > $2 / 2 THEN 'queued' WHEN n % 9 = 0 THEN 'delivered' ELSE 'accepted' END, 1, c.launched_at,
				CASE WHEN c.state = 'done' OR n <= $2 / 2 THEN c.launched_at END, c.launched_at
			FROM crm_campaigns c, generate_series(0, $2::int - 1) n WHERE c.key LIKE 'small%'`, []any{int64(b.n(1_000_000)), max(b.n(2000), 20)}},
		{`INSERT INTO crm_chunks (campaign_id, chunk, done, generation)
			SELECT d.campaign_id, d.chunk, bool_and(d.state <> 'queued'), 1 FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id WHERE c.key LIKE 'small%' GROUP BY 1, 2`, nil},
		{`INSERT INTO crm_clicks (id, link_id, campaign_id, ordinal, learner_id, at, kind)
			SELECT 1000000000 + row_number() OVER (), 1, d.campaign_id, d.ordinal, d.learner_id, d.accepted_at + interval '10 minutes', 'human'
			FROM crm_deliveries d JOIN crm_campaigns c ON c.id = d.campaign_id WHERE c.key LIKE 'small%' AND d.accepted_at IS NOT NULL AND d.ordinal % 17 = 0`, nil},
		{`INSERT INTO crm_followups (learner_id, method, content, next_at, owner_id, owner_name, by_id, by_name, at)
			SELECT 1 + n * 37 % $2, 'phone', '约好回电', $1::timestamptz + (n % 200 - 40) * interval '1 hour', (n % 200)::text, '', '1', '', $1 FROM generate_series(1, 20000) n`, []any{c.now, int64(b.n(1_000_000))}},
		{`INSERT INTO crm_sync_feeds (feed, walk, rows, total, started_at, caught_up_at, last_ok_at)
			SELECT f, 'live', 1000, 1000, $1, $1, now() FROM unnest(ARRAY['learners', 'offerings', 'orders', 'enrollments']) f ON CONFLICT (feed, walk) DO UPDATE SET caught_up_at = EXCLUDED.caught_up_at, last_ok_at = EXCLUDED.last_ok_at`, []any{c.now}},
		{`INSERT INTO crm_query_counts (query_id, day, count) SELECT id, $1::date - n, 1000 + n FROM crm_queries, generate_series(0, 60) n`, []any{c.now}},
	} {
		if _, err := c.conn.Exec(ctx, step.sql, step.args...); err != nil {
			return fmt.Errorf("make a busy year: %w", err)
		}
	}
	return nil
}

// homeFigures says what keeping the figures costs.
func (b *bench) homeFigures(ctx context.Context, c *school, keeper *home.Keeper) error {
	var took []time.Duration
	for range minRounds + 1 {
		if _, err := c.conn.Exec(ctx, "DELETE FROM crm_home_figures"); err != nil {
			return err
		}
		began := time.Now()
		if err := keeper.Tick(ctx); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	b.fact("… counting all that was ever sent, once", took[0].Seconds(), "s")
	b.fact("… counting the figures, twice a minute", median(took[1:])*1000, "ms")
	return nil
}

// homePage asks for the page again and again.
func (b *bench) homePage(ctx context.Context, handler http.Handler, keeper *home.Keeper, queries *queryCounter) error {
	var took []time.Duration
	asked, most := int64(0), int64(0)
	for i := range 300 {
		if i%50 == 0 {
			if err := keeper.Tick(ctx); err != nil {
				return err
			}
		}
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/crm/", nil)
		r.Header.Set("X-Staff", fmt.Sprint(i%200))
		w, before := httptest.NewRecorder(), queries.n.Load()
		began := time.Now()
		handler.ServeHTTP(w, r)
		took = append(took, time.Since(began))
		asked = queries.n.Load() - before
		most = max(most, asked)
		if w.Code != http.StatusOK {
			text, _ := io.ReadAll(w.Body)
			return fmt.Errorf("the first page answers %d: %.200s", w.Code, text)
		}
	}
	took = took[20:] // connections are open by then
	b.fact("first page, median", median(took)*1000, "ms")
	b.below("first page, p95", quantile(took, 0.95)*1000, "ms", homePageMost)
	b.below("… statements for it, at most", float64(most), "", homeQueriesMost)
	return nil
}

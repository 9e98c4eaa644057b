package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

const (
	linkSchema = "links"
	linkRounds = 3
	linkTarget = "https://learn.example/courses/318"
)

// benchShortlink compares the redirect, every click of which is in the database before its visitor
// goes on, with a bare one that keeps nothing and with one that writes a row for each click.
func benchShortlink(ctx context.Context, b *bench) error {
	db, err := b.linkSchool(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-links-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	script, err := b.linkScript(ctx, db, dir)
	if err != nil {
		return err
	}
	servers := map[redirect]*redirector{}
	for _, kind := range []redirect{redirectBare, redirectInsert, redirectOurs} {
		r, err := b.startRedirector(ctx, kind, dir)
		if err != nil {
			return err
		}
		defer r.stop()
		servers[kind] = r
	}
	results := map[string][]wrkResult{}
	for round := range linkRounds + 1 {
		for _, c := range []struct {
			kind        redirect
			connections int
		}{{redirectBare, 64}, {redirectOurs, 64}, {redirectInsert, 64}, {redirectBare, 512}, {redirectOurs, 512}} {
			if err := db.empty(ctx); err != nil {
				return err
			}
			r, err := servers[c.kind].load(ctx, script, c.connections, b.linkSeconds())
			if err != nil {
				return err
			}
			clicks, err := db.clicks(ctx)
			if err != nil {
				return err
			}
			// wrk hangs up on the last request of each connection, which may be kept all the same.
			if more := clicks - r.requests; c.kind != redirectBare && (more < 0 || more > int64(c.connections)) {
				return fmt.Errorf("%s: %d clicks for %d redirects", c.kind, clicks, r.requests)
			}
			if round > 0 { // the first is for warmth
				name := fmt.Sprintf("%s%d", c.kind, c.connections)
				results[name] = append(results[name], r)
			}
		}
	}
	b.reportLinks(results)
	return nil
}

func (b *bench) linkSeconds() time.Duration {
	return min(max(time.Duration(10*b.scale*float64(time.Second)), time.Second), 5*time.Second)
}

func (b *bench) reportLinks(results map[string][]wrkResult) {
	speed := func(kind redirect, connections int) float64 {
		return middling(results[fmt.Sprintf("%s%d", kind, connections)], func(r wrkResult) float64 { return r.perSecond })
	}
	slowest := func(kind redirect, connections int) float64 {
		return middling(results[fmt.Sprintf("%s%d", kind, connections)], func(r wrkResult) float64 { return float64(r.p99) / float64(time.Millisecond) })
	}
	b.atLeast("durable redirect / bare, 64 connections", speed(redirectOurs, 64), speed(redirectBare, 64), "redirects/s", 0.4)
	b.atLeast("durable redirect / bare, 512 connections", speed(redirectOurs, 512), speed(redirectBare, 512), "redirects/s", 0.5)
	b.atLeast("durable redirect / one INSERT for each, 64 connections", speed(redirectOurs, 64), speed(redirectInsert, 64), "redirects/s", 3)
	b.below("99th percentile at 64 connections", slowest(redirectOurs, 64), "ms", 50)
	b.fact("… of the bare redirect", slowest(redirectBare, 64), "ms")
	b.fact("… at 512 connections", slowest(redirectOurs, 512), "ms")
}

// linkDB is the database that links lead through.
type linkDB struct {
	*storage.DB
	pool *sql.DB
}

// empty takes all clicks away. A judge looks at hits half a minute around new ones: a round would
// pay for those of the rounds before, which came that long ago only because rounds follow at once.
func (d *linkDB) empty(ctx context.Context) error {
	_, err := d.pool.ExecContext(ctx, "TRUNCATE crm_clicks")
	return err
}

// clicks counts them when all that were kept are taken in and judged: what one round leaves to be
// done is not done in the next one's time. It helps the product, which rests in between.
func (d *linkDB) clicks(ctx context.Context) (n int64, err error) {
	store, rules := &storage.Links{DB: d.DB}, shortlink.RulesOf(&shortlink.Agents{})
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, _, err := store.Admit(ctx, 100_000); err != nil {
			return 0, err
		}
		if _, err := store.Judge(ctx, rules, 100_000); err != nil {
			return 0, err
		}
		var left int64
		if err := d.pool.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM crm_hit_batches) + (SELECT count(*) FROM crm_click_spans)").Scan(&left); err != nil {
			return 0, err
		}
		if left == 0 {
			break
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("%d batches and spans are left", left)
		}
	}
	err = d.pool.QueryRowContext(ctx, "SELECT count(*) FROM crm_clicks").Scan(&n)
	return n, err
}

// linkSchool makes a campaign whose messages hold a link, without sending it.
func (b *bench) linkSchool(ctx context.Context) (*linkDB, error) {
	db, pool, err := b.database(ctx, linkSchema)
	if err != nil {
		return nil, err
	}
	for _, step := range []string{
		`INSERT INTO crm_campaigns (key, name, channel, rule, content, tracked, state, by_id, by_name, launched_at, planned_at, done_at)
			VALUES ('links', '营销', 'sms', '{"all": []}', '{}', true, 'done', '1', '陈', now() - interval '1 day', now() - interval '1 day', now() - interval '1 day')`,
		fmt.Sprintf(`INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, tries, sending_at, accepted_at, settled_at)
			SELECT c.id, n, n + 1, n / 500, 'accepted', '', 1, c.launched_at, c.launched_at, c.launched_at FROM crm_campaigns c, generate_series(0, %d) n`, b.recipients()-1),
		fmt.Sprintf(`INSERT INTO crm_links (campaign_id, target, first, count, created_at) SELECT id, '%s', 0, %d, launched_at FROM crm_campaigns`, linkTarget, b.recipients()),
		fmt.Sprintf(`UPDATE crm_link_numbers SET next = %d`, b.recipients()),
		`VACUUM ANALYZE crm_deliveries`,
	} {
		if _, err := pool.ExecContext(ctx, step); err != nil {
			return nil, fmt.Errorf("make a campaign: %w", err)
		}
	}
	return &linkDB{DB: db, pool: pool}, nil
}

func (b *bench) recipients() int { return max(b.n(1_000_000), 10_000) }

// linkScript writes what wrk asks for: codes of recipients in no order, from phones.
func (b *bench) linkScript(ctx context.Context, db *linkDB, dir string) (string, error) {
	keys, err := (&storage.Links{DB: db.DB}).Keys(ctx)
	if err != nil {
		return "", err
	}
	coder, err := shortlink.NewCoder(keys...)
	if err != nil {
		return "", err
	}
	var codes strings.Builder
	const asked = 50_000
	for i := range asked {
		code, err := coder.Encode(0, shortlink.Number(i*b.recipients()/asked))
		if err != nil {
			return "", err
		}
		codes.WriteString(code + "\n")
	}
	list := filepath.Join(dir, "codes")
	if err := os.WriteFile(list, []byte(codes.String()), 0o600); err != nil {
		return "", err
	}
	script := filepath.Join(dir, "load.lua")
	return script, os.WriteFile(script, []byte(fmt.Sprintf(wrkScript, list)), 0o600)
}

const wrkScript = `
local codes = {}
for line in io.lines(%q) do codes[#codes + 1] = line end
local agents = {
  "Mozilla/5.0 (Linux; Android 13; V2166A Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065 MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F35) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.47(0x18002f2c) NetType/4G Language/zh_CN",
  "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.4844.88 HuaweiBrowser/13.0.1.301 Mobile Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
}
local requests = {}
function init(args)
  math.randomseed(os.time() * 1000 + tonumber(tostring({}):sub(8), 16) %% 1000)
  for i = 1, 5000 do
    requests[i] = wrk.format("GET", "/go/" .. codes[math.random(#codes)], { ["User-Agent"] = agents[math.random(#agents)], ["Host"] = "learn.example" })
  end
end
local i = 0
function request()
  i = i %% #requests + 1
  return requests[i]
end
`

package proof

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/devstack"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/shortlink"
	"github.com/coursecrm/coursecrm/storage"
)

const roleRedirects = "redirects"

// redirect answers short links until the process is told to stop, or killed, and does the
// background work beside it.
func redirect(crm.Role) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	pool, err := openSchema(os.Getenv(envDatabase), os.Getenv(envSchema))
	if err != nil {
		return err
	}
	defer pool.Close()
	set := config(pool, hosttest.NewMemory(hosttest.Seed{}), os.Getenv(envRedis), "127.0.0.1:1", "")
	set.Links.SpoolDir = os.Getenv(envSpool)
	c, err := crm.New(set)
	if err != nil {
		return err
	}
	defer c.Close()
	server := &http.Server{Addr: os.Getenv(envListen), Handler: c.Public(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, crm.RoleWorkers) }()
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx)) // waits for visitors
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-ended
}

// crossing is a campaign's links, the processes that answer them, and the visitors who count.
type crossing struct {
	server  *devstack.Postgres
	redis   *devstack.Redis
	pool    *sql.DB
	spool   string
	codes   []string
	address [2]string
	process [2]*process
	ready   [2]chan struct{} // closed while the process answers; under mu

	mu       sync.Mutex
	asked    map[string]int // requests that were sent, answered or not
	answered map[string]int // redirects
	other    map[string]int // answers that are no redirect, and refused connections
	total    atomic.Int64   // of answered
}

const crossingCodes = 2000

func newCrossing(t *testing.T) *crossing {
	t.Helper()
	x := &crossing{server: pgtest.Server(t), redis: pgtest.RedisServer(t), spool: t.TempDir(), asked: map[string]int{}, answered: map[string]int{}, other: map[string]int{}}
	pool, db := schema(t, x.server.URL(), "crm")
	x.pool = pool
	for _, step := range []string{
		`INSERT INTO crm_campaigns (key, name, channel, rule, content, tracked, state, by_id, by_name, launched_at, planned_at, done_at)
			VALUES ('links', 'links', 'sms', '{"all": []}', '{}', true, 'done', '1', '1', now() - interval '1 day', now() - interval '1 day', now() - interval '1 day')`,
		fmt.Sprintf(`INSERT INTO crm_deliveries (campaign_id, ordinal, learner_id, chunk, state, reason, tries, sending_at, accepted_at, settled_at)
			SELECT c.id, n, n + 1, n / 500, 'accepted', '', 1, c.launched_at, c.launched_at, c.launched_at FROM crm_campaigns c, generate_series(0, %d) n`, crossingCodes-1),
		fmt.Sprintf(`INSERT INTO crm_links (campaign_id, target, first, count, created_at) SELECT id, 'https://learn.example/', 0, %d, launched_at FROM crm_campaigns`, crossingCodes),
		fmt.Sprintf(`UPDATE crm_link_numbers SET next = %d`, crossingCodes),
	} {
		if _, err := pool.ExecContext(t.Context(), step); err != nil {
			t.Fatal(err)
		}
	}
	ring, err := shortlink.NewRing(t.Context(), &storage.Links{DB: db}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for n := range shortlink.Number(crossingCodes) {
		code, err := ring.Encode(t.Context(), 0, n)
		if err != nil {
			t.Fatal(err)
		}
		x.codes = append(x.codes, code)
	}
	for i := range x.address {
		listener := listen(t)
		x.address[i], x.ready[i] = listener.Addr().String(), make(chan struct{})
		listener.Close()
		x.start(t, i)
	}
	return x
}

// count gives the clicks of each code.
func (x *crossing) count(t *testing.T) map[string]int {
	t.Helper()
	rows, err := x.pool.QueryContext(t.Context(), "SELECT ordinal, count(*) FROM crm_clicks GROUP BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[string]int{}
	for rows.Next() {
		var ordinal, n int
		if err := rows.Scan(&ordinal, &n); err != nil {
			t.Fatal(err)
		}
		got[x.codes[ordinal]] = n
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return got
}

// start begins one of the processes, and waits until it answers.
func (x *crossing) start(t *testing.T, i int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"="+roleRedirects, envDatabase+"="+x.server.URL(), envSchema+"=crm", envRedis+"="+x.redis.Addr(),
		envListen+"="+x.address[i], envSpool+"="+x.spool)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x.process[i] = &process{cmd}
	t.Cleanup(x.process[i].kill)
	waitFor(t, time.Minute, "it answers", func() bool {
		resp, err := http.Get("http://" + x.address[i] + "/go/")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return true
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	close(x.ready[i])
}

// down kills a process with kill -9. Visitors wait until it is started again.
func (x *crossing) down(i int) {
	x.mu.Lock()
	x.ready[i] = make(chan struct{})
	x.mu.Unlock()
	x.process[i].kill()
}

// up is closed while a process answers.
func (x *crossing) up(i int) chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.ready[i]
}

// visit sends visitors until stop is called, which waits for those on their way.
func (x *crossing) visit(visitors int) (stop func()) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: visitors},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ended := make(chan struct{})
	var wg sync.WaitGroup
	for v := range visitors {
		wg.Go(func() {
			for {
				select {
				case <-ended:
					return
				case <-x.up(v % len(x.address)):
				}
				select { // both may have been so
				case <-ended:
					return
				default:
				}
				x.one(client, x.address[v%len(x.address)], x.codes[rand.N(len(x.codes))])
			}
		})
	}
	return func() {
		close(ended)
		wg.Wait()
		client.CloseIdleConnections()
	}
}

func (x *crossing) one(client *http.Client, address, code string) {
	x.mu.Lock()
	x.asked[code]++
	x.mu.Unlock()
	// With a body, if an empty one, the client does not ask again by itself when a connection breaks.
	r, err := http.NewRequest(http.MethodGet, "http://"+address+"/go/"+code, io.NopCloser(strings.NewReader("")))
	if err != nil {
		panic(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0 Mobile Safari/537.36")
	resp, err := client.Do(r)
	if err != nil {
		x.mu.Lock()
		x.other["no answer"]++
		x.mu.Unlock()
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	x.mu.Lock()
	defer x.mu.Unlock()
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "https://learn.example/" {
		x.other[resp.Status]++
		return
	}
	x.answered[code]++
	x.total.Add(1)
}

// settled waits until neither the disk nor the table of batches holds clicks any more, and gives
// those that can be found.
func (x *crossing) settled(t *testing.T) map[string]int {
	t.Helper()
	waitFor(t, 2*time.Minute, "the spool is empty", func() bool { return spooled(t, x.spool) == 0 })
	waitFor(t, 2*time.Minute, "all clicks are taken in", func() bool {
		return text(t, x.pool, "SELECT count(*)::text FROM crm_hit_batches") == "0"
	})
	return x.count(t)
}

// TestClicksAreExact: every redirect is a click, and every click a redirect.
func TestClicksAreExact(t *testing.T) {
	t.Parallel()
	x := newCrossing(t)
	stop := x.visit(32)
	waitFor(t, time.Minute, "visitors are sent on", func() bool { return x.total.Load() > 2*clicksUntilKill })
	stop()
	if got := x.settled(t); !maps.Equal(got, x.answered) || len(x.other) > 0 {
		t.Errorf("%d clicks for %d redirects; %v", sum(got), sum(x.answered), x.other)
	}
	x.process[0].tell(t)
	x.process[1].tell(t)
}

// TestClicksKilled: processes that answer are killed with kill -9 in turn while visitors come.
// Whoever was sent on is counted; nobody is who did not ask.
func TestClicksKilled(t *testing.T) {
	t.Parallel()
	x := newCrossing(t)
	stop := x.visit(32)
	for i := range kills {
		until := x.total.Load() + clicksUntilKill + rand.N[int64](clicksUntilKill) // any moment is as good as another
		waitFor(t, time.Minute, "visitors are sent on", func() bool { return x.total.Load() > until })
		x.down(i % 2)
		x.start(t, i%2)
	}
	stop()
	x.holds(t, x.settled(t))
}

// holds compares clicks with requests of which some were never answered.
func (x *crossing) holds(t *testing.T, got map[string]int) {
	t.Helper()
	t.Logf("%d asked, %d answered, %d clicks, else %v", sum(x.asked), sum(x.answered), sum(got), x.other)
	for _, code := range x.codes {
		if got[code] < x.answered[code] || got[code] > x.asked[code] {
			t.Errorf("a code was asked for %d times, answered %d times, and has %d clicks", x.asked[code], x.answered[code], got[code])
		}
	}
}

// TestClicksWithoutDatabase: while PostgreSQL is away visitors are sent on, and afterwards every
// one of them is counted, once.
func TestClicksWithoutDatabase(t *testing.T) {
	t.Parallel()
	x := newCrossing(t)
	stop := x.visit(32)
	waitFor(t, time.Minute, "visitors are sent on", func() bool { return x.total.Load() > clicksUntilKill })
	if err := x.server.Kill(t.Context()); err != nil { // as a machine that loses its power
		t.Fatal(err)
	}
	before, went := x.total.Load(), time.Now()
	waitFor(t, databaseAway+time.Minute, "the database was away for long enough, and visitors were sent on meanwhile", func() bool {
		return time.Since(went) >= databaseAway && x.total.Load() > before+clicksUntilKill
	})
	during := x.total.Load() - before
	if err := x.server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	back := x.total.Load()
	waitFor(t, time.Minute, "visitors are sent on", func() bool { return x.total.Load() > back+clicksUntilKill })
	stop()
	got := x.settled(t)
	t.Logf("%d redirects, %d of them while the database was away for %v", sum(x.answered), during, databaseAway)
	if !maps.Equal(got, x.answered) || len(x.other) > 0 {
		t.Errorf("%d clicks for %d redirects; %v", sum(got), sum(x.answered), x.other)
	}
}

// TestClicksKilledWithoutDatabase: both at once; what is on disk outlives the process, and its
// successor hands it in.
func TestClicksKilledWithoutDatabase(t *testing.T) {
	t.Parallel()
	x := newCrossing(t)
	stop := x.visit(32)
	waitFor(t, time.Minute, "visitors are sent on", func() bool { return x.total.Load() > clicksUntilKill })
	if err := x.server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, time.Minute, "clicks are on disk", func() bool { return spooled(t, x.spool) > 5 })
	before := x.total.Load()
	waitFor(t, time.Minute, "visitors are sent on", func() bool { return x.total.Load() > before+clicksUntilKill/2 })
	x.down(0)
	x.down(1)
	stop()
	if err := x.server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	x.start(t, 0)
	x.holds(t, x.settled(t))
}

func sum(m map[string]int) (n int) {
	for _, k := range m {
		n += k
	}
	return n
}

// spooled counts the files that wait to be handed in.
func spooled(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries { // a directory for each installation
		files, err := filepath.Glob(filepath.Join(dir, e.Name(), "*.hits"))
		if err != nil {
			t.Fatal(err)
		}
		n += len(files)
	}
	return n
}

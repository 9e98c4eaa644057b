package proof

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/coursecrm/coursecrm/campaign"
	"github.com/coursecrm/coursecrm/campaign/email"
	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/seed"
	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/internal/projection"
	"github.com/coursecrm/coursecrm/segment"
	"github.com/coursecrm/coursecrm/storage"
)

// schema makes a schema with the CRM's tables in a database and gives a pool that works in it.
func schema(t testing.TB, address, name string) (*sql.DB, *storage.DB) {
	t.Helper()
	pool, err := openSchema(address, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	if _, err := pool.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	if err := crm.Migrate(t.Context(), crm.Config{DB: pool}); err != nil {
		t.Fatal(err)
	}
	db, err := storage.New(pool)
	if err != nil {
		t.Fatal(err)
	}
	return pool, db
}

// contents renders the projection without what may differ between two ways to the same end: our
// own ids and when a row was written.
func contents(t testing.TB, pool *sql.DB) map[string]string {
	t.Helper()
	refs := func(column string) string {
		return "ARRAY(SELECT type || host_id FROM crm_offerings WHERE id = ANY (" + column + ") ORDER BY 1)::text"
	}
	out := map[string]string{}
	for table, row := range map[string]string{
		"crm_learners": "(to_jsonb(r) - 'id' - 'written_at' - 'bought_ids' - 'enrolled_ids' - 'tag_ids')::text || " + refs("r.bought_ids") + " || " + refs("r.enrolled_ids") +
			" || ARRAY(SELECT name FROM crm_tags WHERE id = ANY (r.tag_ids) ORDER BY 1)::text",
		"crm_offerings": "(to_jsonb(r) - 'id' - 'written_at' - 'canonical_id' - 'tag_ids')::text || (SELECT type || host_id FROM crm_offerings WHERE id = r.canonical_id)",
		"crm_orders":    "(to_jsonb(r) - 'id' - 'written_at' - 'learner_id' - 'offering_ids')::text || (SELECT host_id FROM crm_learners WHERE id = r.learner_id)",
		"crm_order_items": "(to_jsonb(r) - 'order_id' - 'offering_id')::text || (SELECT host_id FROM crm_orders WHERE id = r.order_id)" +
			" || coalesce((SELECT type || host_id FROM crm_offerings WHERE id = r.offering_id), '')",
		"crm_refunds": "(to_jsonb(r) - 'order_id')::text || (SELECT host_id FROM crm_orders WHERE id = r.order_id)",
		"crm_enrollments": "(to_jsonb(r) - 'id' - 'written_at' - 'learner_id' - 'offering_id')::text || (SELECT host_id FROM crm_learners WHERE id = r.learner_id)" +
			" || (SELECT type || host_id FROM crm_offerings WHERE id = r.offering_id)",
		"crm_memberships": "(to_jsonb(r) - 'written_at' - 'learner_id')::text",
		"crm_activities":  "(to_jsonb(r) - 'id' - 'learner_id' - 'offering_id')::text || (SELECT host_id FROM crm_learners WHERE id = r.learner_id)",
	} {
		var count int
		var sum string
		if err := pool.QueryRowContext(t.Context(), "SELECT count(*), coalesce(md5(string_agg(md5(row), '' ORDER BY md5(row))), '') FROM (SELECT "+row+" AS row FROM "+table+" r) x").
			Scan(&count, &sum); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		out[table] = fmt.Sprint(count, " rows, ", sum)
	}
	return out
}

// TestFirstSyncKilled: kill -9 at random moments, and the tables are those of a sync that
// nobody disturbed.
func TestFirstSyncKilled(t *testing.T) {
	t.Parallel()
	server, redis := pgtest.Server(t), pgtest.Redis(t)
	fillSchool(t, server.URL(), recipients)
	whole, wholeDB := schema(t, server.URL(), "whole")
	killed, killedDB := schema(t, server.URL(), "killed")
	undisturbed := startWorker(t, crm.RoleSync, server.URL(), "whole", redis, "127.0.0.1:1")
	waitFirstSync(t, wholeDB, 5*time.Minute)
	undisturbed.kill()

	done := 0
	for rows := int64(0); done < kills; done++ {
		p := startWorker(t, crm.RoleSync, server.URL(), "killed", redis, "127.0.0.1:1")
		// It works when its first page is saved; from then on any moment is as good as another.
		now := waitRows(t, killedDB, rows)
		time.Sleep(rand.N(350 * time.Millisecond))
		p.kill()
		if now < rows {
			t.Errorf("after kill %d the sync went back from %d rows to %d", done, rows, now)
		}
		rows = rowsRead(t, killedDB)
		t.Logf("kill %d at %d rows", done+1, rows)
		if state(t, killedDB).FirstDone() {
			break
		}
	}
	if done < 5 {
		t.Errorf("the sync was over after %d kills: too few to mean anything", done)
	}
	p := startWorker(t, crm.RoleSync, server.URL(), "killed", redis, "127.0.0.1:1")
	waitFirstSync(t, killedDB, 5*time.Minute)
	p.kill()
	want, got := contents(t, whole), contents(t, killed)
	for table := range want {
		if got[table] != want[table] {
			t.Errorf("%s: killed %s, undisturbed %s", table, got[table], want[table])
		}
	}
}

func fillSchool(t testing.TB, address string, learners int) {
	t.Helper()
	db, err := school.Open(t.Context(), address, schoolSchema)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := school.CreateTables(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := seed.Fill(t.Context(), db, seed.Options{Learners: learners, Seed: 1, Now: time.Now().Add(-time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if err := school.CreateIndexes(t.Context(), db); err != nil {
		t.Fatal(err)
	}
}

func state(t testing.TB, db *storage.DB) projection.State {
	t.Helper()
	s, err := (&storage.Projection{DB: db}).State(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rowsRead(t testing.TB, db *storage.DB) int64 {
	t.Helper()
	s := state(t, db)
	n := s.Facts.Rows
	for _, fs := range s.Live {
		n += fs.Rows
	}
	return n
}

// waitRows waits until the sync has read more than rows.
func waitRows(t testing.TB, db *storage.DB, rows int64) int64 {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if n := rowsRead(t, db); n != rows {
			return n
		}
	}
	t.Fatalf("the sync stands at %d rows", rows)
	return 0
}

func waitFirstSync(t testing.TB, db *storage.DB, within time.Duration) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if state(t, db).FirstDone() {
			return
		}
	}
	t.Fatalf("first sync not over: %+v", state(t, db))
}

// mailbox is a mail server that counts what reaches whom.
type mailbox struct {
	mu  sync.Mutex
	got map[string]int
}

// NewSession implements smtp.Backend.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &letter{box: m}, nil }

// letter is one connection's conversation.
type letter struct {
	box *mailbox
	to  string
}

func (l *letter) Reset()                                    {}
func (l *letter) Logout() error                             { return nil }
func (l *letter) Mail(string, *smtp.MailOptions) error      { return nil }
func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error { l.to = to; return nil }
func (l *letter) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	l.box.mu.Lock()
	l.box.got[l.to]++
	l.box.mu.Unlock()
	time.Sleep(2 * time.Millisecond) // the answer is on its way: a kill here leaves an unknown
	return nil
}

func startMailbox(t testing.TB) (*mailbox, string) {
	t.Helper()
	box := &mailbox{got: map[string]int{}}
	server := smtp.NewServer(box)
	server.Domain, server.ErrorLog = "test", quiet{} // killed clients reset their connections
	listener := listen(t)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }() // it says that it was closed
	t.Cleanup(func() { server.Close(); <-done })
	return box, listener.Addr().String()
}

// TestCampaignKilled: two worker processes send to 20,000 people and are killed ten times.
func TestCampaignKilled(t *testing.T) {
	t.Parallel()
	const people = recipients
	server, redis := pgtest.Server(t), pgtest.Redis(t)
	box, mail := startMailbox(t)
	pool, db := schema(t, server.URL(), "crm")
	id := launch(t, db, people, mail)

	workers := [2]*process{}
	for i := range workers {
		workers[i] = startWorker(t, crm.RoleWorkers, server.URL(), "crm", redis, mail)
	}
	inFlight := 0
	for i := range kills {
		before := settled(t, pool, id)
		waitFor(t, time.Minute, "workers send", func() bool { return settled(t, pool, id) > before+500 })
		time.Sleep(rand.N(200 * time.Millisecond))
		i %= 2
		workers[i].kill()
		inFlight += 128 // four chunks a process, a batch of 32 each
		workers[i] = startWorker(t, crm.RoleWorkers, server.URL(), "crm", redis, mail)
	}
	waitFor(t, 10*time.Minute, "campaign is done", func() bool {
		return text(t, pool, "SELECT state FROM crm_campaigns WHERE id = $1", id) == "done"
	})
	counts := text(t, pool, `SELECT concat_ws(' ', count(*) FILTER (WHERE state = 'accepted'), count(*) FILTER (WHERE state = 'unknown'), count(*)) FROM crm_deliveries WHERE campaign_id = $1`, id)
	var accepted, unknown, all int
	if _, err := fmt.Sscan(counts, &accepted, &unknown, &all); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kills: %d accepted, %d unknown, at most %d in flight, %d addresses reached", kills, accepted, unknown, inFlight, len(box.got))
	if accepted+unknown != people || all != people {
		t.Errorf("%d accepted and %d unknown are not %d", accepted, unknown, people)
	}
	if unknown > inFlight {
		t.Errorf("%d unknown, but only %d can have been in flight", unknown, inFlight)
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.got) < accepted || len(box.got) > people {
		t.Errorf("%d addresses reached, %d accepted", len(box.got), accepted)
	}
	for to, n := range box.got {
		if n > 1 {
			t.Errorf("%s was reached %d times", to, n)
		}
	}
}

// launch fills the projection with people and launches a campaign to all of them.
func launch(t testing.TB, db *storage.DB, people int, mail string) campaign.ID {
	t.Helper()
	var rows hosttest.Seed
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	for i := range people {
		rows.Learners = append(rows.Learners, h.Learner{ID: h.LearnerID(fmt.Sprint(i)), Nickname: fmt.Sprint("u", i),
			Email: fmt.Sprintf("u%d@example.com", i), Status: h.LearnerActive, RegisteredAt: at, UpdatedAt: at})
	}
	syncer := projection.Syncer{Host: hosttest.NewMemory(rows), Store: &storage.Projection{DB: db, Currency: "CNY"}, Leases: db, Owner: "test",
		Contacts: projection.Contacts{UnverifiedEmail: true}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	if err := syncer.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	channel, err := email.New(email.Config{Addr: mail, From: "hello@mail.example.com", TLS: email.TLSNone})
	if err != nil {
		t.Fatal(err)
	}
	segments := segment.NewService(&storage.Segments{DB: db}, segment.DefaultCatalog(), segment.Site{Location: time.UTC, Currency: "CNY"}, time.Now)
	service := campaign.NewService(&storage.Campaigns{DB: db}, segments, []campaign.Channel{channel}, "启明网校", time.Now)
	id, err := service.Launch(t.Context(), campaign.Input{Key: "k", Name: "kill", Channel: h.ChannelEmail, Rule: segment.Everyone(),
		Subject: "{{ 用户名 }}", Body: "看看 {{ 链接 }}", LinkTarget: "https://learn.example/", By: h.Staff{ID: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func settled(t testing.TB, pool *sql.DB, id campaign.ID) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(text(t, pool, "SELECT count(*)::text FROM crm_deliveries WHERE campaign_id = $1 AND settled_at IS NOT NULL", id), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func text(t testing.TB, pool *sql.DB, query string, args ...any) string {
	t.Helper()
	var out string
	if err := pool.QueryRowContext(context.WithoutCancel(t.Context()), query, args...).Scan(&out); err != nil {
		t.Fatalf("%s: %v", strings.TrimSpace(query), err)
	}
	return out
}

func waitFor(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %v: %s", within, what)
}

// quiet keeps the mail server's complaints to itself.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

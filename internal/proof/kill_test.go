package proof

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/crm"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	"github.com/coursecrm/coursecrm/examples/academy/seed"
	"github.com/coursecrm/coursecrm/internal/pgtest"
	"github.com/coursecrm/coursecrm/internal/projection"
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

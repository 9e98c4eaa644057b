package storage

import (
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// TestLearnersComeInBetween: while a row is found to be of nobody, somebody else brings its learner. The
// row was not taken, and must not be taken for one that was. A trigger at the end of the statement that
// writes the rows holds the one up until the other is done.
func TestLearnersComeInBetween(t *testing.T) {
	t.Parallel()
	at := hosttest.SeedTime()
	for feed, c := range map[string]struct {
		table string
		batch projection.Batch
	}{
		"orders": {"crm_orders", projection.Batch{Orders: []projection.Order{
			{Order: h.Order{ID: "1", LearnerID: "9", Status: h.OrderPending, Currency: "CNY", CreatedAt: at, UpdatedAt: at}}}}},
		"enrollments": {"crm_enrollments", projection.Batch{Enrollments: []projection.Enrollment{
			{Enrollment: h.Enrollment{ID: "1", LearnerID: "9", Target: h.Target{Type: h.TargetCourse, ID: "1"}, Role: h.EnrolledStudent, Status: h.EnrollmentActive, JoinedAt: at, UpdatedAt: at}}}}},
		"memberships": {"crm_memberships", projection.Batch{Memberships: []projection.Membership{{Membership: h.Membership{LearnerID: "9", LevelID: "1", UpdatedAt: at}}}}},
	} {
		t.Run(feed, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			if _, err := db.bun.ExecContext(t.Context(), `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext(current_schema())); RETURN NULL; END $$;
				CREATE TRIGGER hold AFTER INSERT ON `+c.table+` FOR EACH STATEMENT EXECUTE FUNCTION hold()`); err != nil {
				t.Fatal(err)
			}
			holder, err := db.bun.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer holder.Rollback() //nolint:errcheck // it ends with the test
			if _, err := holder.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock(hashtext(current_schema()))"); err != nil {
				t.Fatal(err)
			}
			p, applied := &Projection{DB: db, Currency: "CNY"}, make(chan error, 1)
			c.batch.Now = at
			go func() {
				_, err := p.Apply(t.Context(), c.batch)
				applied <- err
			}()
			held := func() (n int) {
				if err := db.bun.NewRaw("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (classid::bigint << 32 | objid::bigint) = (hashtext(current_schema())::bigint & x'FFFFFFFFFFFFFFFF'::bigint)").Scan(t.Context(), &n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			for end := time.Now().Add(20 * time.Second); held() == 0; {
				if time.Now().After(end) {
					t.Fatal("nothing is held up")
				}
			}
			if _, err := p.Apply(t.Context(), projection.Batch{Now: at, Learners: []projection.Learner{{Learner: h.Learner{ID: "9", Status: h.LearnerActive, UpdatedAt: at}}}}); err != nil {
				t.Fatal(err)
			}
			if err := holder.Rollback(); err != nil {
				t.Fatal(err)
			}
			if err := <-applied; err != nil {
				t.Fatal(err)
			}
			var rows, waits int
			if err := db.bun.NewRaw("SELECT (SELECT count(*) FROM "+c.table+"), (SELECT count(*) FROM crm_sync_problems WHERE feed = ?)", feed).Scan(t.Context(), &rows, &waits); err != nil || rows+waits != 1 {
				t.Errorf("%d rows are kept and %d wait, of one: %v", rows, waits, err)
			}
		})
	}
}

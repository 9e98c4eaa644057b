package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/hostadapter/hosttest"
	"github.com/coursecrm/coursecrm/internal/projection"
)

// school is a host with a syncer on a database of the test's own.
type school struct {
	*hosttest.Memory
	db     *DB
	syncer *projection.Syncer
	now    time.Time
}

func newSchool(t testing.TB, seed hosttest.Seed) *school {
	t.Helper()
	s := &school{Memory: hosttest.NewMemory(seed), db: open(t), now: hosttest.SeedTime().Add(time.Hour)}
	s.SetNow(func() time.Time { return s.now })
	s.syncer = &projection.Syncer{
		Host: s.Memory, Store: &Projection{DB: s.db, Currency: "CNY"}, Leases: s.db, Owner: "test", Poll: 10 * time.Millisecond,
		Contacts: projection.Contacts{UnverifiedMobile: true, UnverifiedEmail: true},
		Log:      slog.New(slog.DiscardHandler), Now: func() time.Time { return s.now },
	}
	return s
}

// sync runs ticks until nothing is left to do.
func (s *school) sync(t testing.TB) {
	t.Helper()
	for range 3 {
		s.now = s.now.Add(2 * time.Minute)
		if err := s.syncer.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *school) state(t testing.TB) projection.State {
	t.Helper()
	state, err := s.syncer.Store.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// text reads one value.
func (s *school) text(t testing.TB, query string, args ...any) string {
	t.Helper()
	var out string
	if err := s.db.bun.NewRaw(query, args...).Scan(context.WithoutCancel(t.Context()), &out); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

// contents renders every table of the projection without what may differ between two ways to the
// same end: our own ids and when a row was written.
func (s *school) contents(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, q := range []string{
		`SELECT (to_jsonb(l) - 'id' - 'written_at' - 'bought_ids' - 'enrolled_ids' - 'tag_ids')::text
			|| ARRAY(SELECT type || host_id FROM crm_offerings WHERE id = ANY (l.bought_ids) ORDER BY 1)::text
			|| ARRAY(SELECT type || host_id FROM crm_offerings WHERE id = ANY (l.enrolled_ids) ORDER BY 1)::text
			|| ARRAY(SELECT name FROM crm_tags WHERE id = ANY (l.tag_ids) ORDER BY 1)::text FROM crm_learners l ORDER BY host_id`,
		`SELECT (to_jsonb(o) - 'id' - 'written_at' - 'canonical_id' - 'tag_ids' - 'interest_ids')::text || (SELECT type || host_id FROM crm_offerings WHERE id = o.canonical_id)
			|| ARRAY(SELECT name FROM crm_tags WHERE id = ANY (o.tag_ids) ORDER BY 1)::text FROM crm_offerings o ORDER BY type, host_id`,
		`SELECT (to_jsonb(o) - 'id' - 'written_at' - 'learner_id' - 'offering_ids')::text || (SELECT host_id FROM crm_learners WHERE id = o.learner_id)
			|| ARRAY(SELECT type || host_id FROM crm_offerings WHERE id = ANY (o.offering_ids) ORDER BY 1)::text FROM crm_orders o ORDER BY host_id`,
		`SELECT (to_jsonb(i) - 'order_id' - 'offering_id')::text || o.host_id || coalesce((SELECT type || host_id FROM crm_offerings WHERE id = i.offering_id), '-')
			FROM crm_order_items i JOIN crm_orders o ON o.id = i.order_id ORDER BY o.host_id, i.pos`,
		`SELECT (to_jsonb(r) - 'order_id')::text || o.host_id FROM crm_refunds r JOIN crm_orders o ON o.id = r.order_id ORDER BY o.host_id, r.pos`,
		`SELECT (to_jsonb(e) - 'id' - 'written_at' - 'learner_id' - 'offering_id')::text || (SELECT host_id FROM crm_learners WHERE id = e.learner_id)
			|| (SELECT type || host_id FROM crm_offerings WHERE id = e.offering_id) FROM crm_enrollments e ORDER BY host_id`,
		`SELECT (to_jsonb(m) - 'written_at' - 'learner_id')::text || (SELECT host_id FROM crm_learners WHERE id = m.learner_id) FROM crm_memberships m ORDER BY host_id`,
		`SELECT (to_jsonb(a) - 'id' - 'learner_id' - 'offering_id')::text || (SELECT host_id FROM crm_learners WHERE id = a.learner_id) FROM crm_activities a ORDER BY host_id`,
		`SELECT feed || host_id || reason FROM crm_sync_problems ORDER BY feed, host_id`,
	} {
		var rows []string
		if err := s.db.bun.NewRaw(q).Scan(t.Context(), &rows); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		fmt.Fprintf(&b, "%s\n%s\n", q, strings.Join(rows, "\n"))
	}
	return b.String()
}

func TestFirstSyncAtAnyPageSize(t *testing.T) {
	t.Parallel()
	var want string
	for _, size := range []int{0, 1, 7, 50} {
		s := newSchool(t, hosttest.SmallSeed())
		s.syncer.PageSize = size
		s.sync(t)
		if state := s.state(t); !state.FirstDone() {
			t.Fatalf("page size %d: not done: %+v", size, state)
		}
		got := s.contents(t)
		if want == "" {
			want = got
			if n := s.text(t, "SELECT count(*) FROM crm_orders"); n == "0" {
				t.Fatal("no orders")
			}
		}
		if got != want {
			t.Errorf("page size %d gives other contents:\n%s", size, firstDiff(want, got))
		}
	}
}

func firstDiff(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			return "- " + la[i] + "\n+ " + lb[i]
		}
	}
	return fmt.Sprintf("%d lines and %d lines", len(la), len(lb))
}

// TestFactsFollowTheFormulas compares the facts with a second computation from the host's own
// rows, written from the text of DOMAIN §3.
func TestFactsFollowTheFormulas(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	s.checkFacts(t)
}

func (s *school) checkFacts(t testing.TB) {
	t.Helper()
	seed := s.Snapshot()
	titles := map[h.Target]h.Offering{}
	for _, o := range seed.Offerings {
		titles[h.Target{Type: o.Type, ID: o.ID}] = o
	}
	canonical := func(target h.Target) h.Target {
		if o, ok := titles[target]; ok && o.OriginCourseID != "" {
			if _, ok := titles[h.Target{Type: h.TargetCourse, ID: o.OriginCourseID}]; ok {
				return h.Target{Type: h.TargetCourse, ID: o.OriginCourseID}
			}
		}
		return target
	}
	for _, l := range seed.Learners {
		if l.Deleted {
			continue
		}
		var count, refunds, open int
		var total int64
		bought, enrolled := map[string]bool{}, map[string]bool{}
		for _, o := range seed.Orders {
			if o.LearnerID != l.ID || o.Deleted {
				continue
			}
			money := o.PaidCash
			if o.Origin == h.OriginOffline && money == 0 {
				money = o.PayableAmount
			}
			if o.Status == h.OrderPending {
				open++
			}
			if !o.Status.Paid() || money <= 0 {
				continue
			}
			if o.Refunded > 0 {
				refunds++
			}
			if o.Currency == "CNY" {
				total += money - o.Refunded
			}
			if money > o.Refunded {
				count++
				for _, it := range o.Items {
					if it.Target.Type == h.TargetCourse || it.Target.Type == h.TargetClassroom {
						c := canonical(it.Target)
						bought[string(c.Type)+c.ID] = true
					}
				}
			}
		}
		for _, e := range seed.Enrollments {
			if e.LearnerID == l.ID && !e.Deleted && (e.Role == "" || e.Role == h.EnrolledStudent) && e.Status == h.EnrollmentActive &&
				(e.ExpiresAt.IsZero() || e.ExpiresAt.After(s.now)) {
				c := canonical(e.Target)
				enrolled[string(c.Type)+c.ID] = true
			}
		}
		want := fmt.Sprint(count, total, refunds, open, sorted(bought), sorted(enrolled))
		got := s.text(t, `SELECT concat_ws(' ', paid_order_count, paid_total, refund_count, open_order_count,
			'[' || array_to_string(ARRAY(SELECT type || host_id FROM crm_offerings WHERE id = ANY (bought_ids) ORDER BY (type || host_id) COLLATE "C"), ' ') || ']',
			'[' || array_to_string(ARRAY(SELECT type || host_id FROM crm_offerings WHERE id = ANY (enrolled_ids) ORDER BY (type || host_id) COLLATE "C"), ' ') || ']')
			FROM crm_learners WHERE host_id = ?`, string(l.ID))
		if got != want {
			t.Errorf("learner %s: facts %s, want %s", l.ID, got, want)
		}
	}
}

func sorted(set map[string]bool) []string {
	out := []string{}
	for k := range set {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func TestPushesInAnyOrderEndAlike(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	before := s.contents(t)
	events := eventsOf(s.Snapshot())
	slices.Reverse(events) // orders before the learners they touch, newer before older
	for _, e := range append(events, events...) {
		if err := s.syncer.Push(t.Context(), []h.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if after := s.contents(t); after != before {
		t.Errorf("repeated events changed something:\n%s", firstDiff(before, after))
	}
}

func eventsOf(seed hosttest.Seed) (events []h.Event) {
	for _, r := range seed.Offerings {
		events = append(events, h.Changed(r))
	}
	for _, r := range seed.Learners {
		events = append(events, h.Changed(r))
	}
	for _, r := range seed.Orders {
		events = append(events, h.Changed(r))
	}
	for _, r := range seed.Enrollments {
		events = append(events, h.Changed(r))
	}
	for _, r := range seed.Memberships {
		events = append(events, h.Changed(r))
	}
	for _, r := range seed.Activities {
		events = append(events, h.Changed(r))
	}
	return events
}

func TestOlderSnapshotNeverOverwrites(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	l := s.Snapshot().Learners[0]
	newer, older := l, l
	newer.Nickname, newer.UpdatedAt = "newer", s.now
	older.Nickname, older.UpdatedAt = "older", s.now.Add(-time.Second)
	for _, e := range []h.Learner{newer, older} {
		if err := s.syncer.Push(t.Context(), []h.Event{h.Changed(e)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.text(t, "SELECT nickname FROM crm_learners WHERE host_id = ?", string(l.ID)); got != "newer" {
		t.Errorf("nickname is %q", got)
	}
}

// TestNonsenseLosesOnlyThatRow feeds rows no CRM can take between good ones.
func TestNonsenseLosesOnlyThatRow(t *testing.T) {
	t.Parallel()
	seed := hosttest.SmallSeed()
	s := newSchool(t, seed)
	s.sync(t)
	good := seed.Orders[0]
	bad := map[projection.Reason]h.Order{}
	order := func(reason projection.Reason, change func(*h.Order)) {
		o := good
		o.ID, o.SN, o.UpdatedAt = "bad-"+string(reason.Code()), "", s.now
		change(&o)
		bad[reason] = o
	}
	order("status: unknown_value", func(o *h.Order) { o.Status = "paying" })
	order("learner_id: unknown_learner", func(o *h.Order) { o.LearnerID = "nobody" })
	order("created_at: impossible_time", func(o *h.Order) { o.CreatedAt = s.now.AddDate(500, 0, 0) })
	order("paid_cash: negative_money", func(o *h.Order) { o.PaidCash = -1 })
	for _, o := range bad {
		s.PutOrders(o)
	}
	later := good
	later.ID, later.SN, later.UpdatedAt = "good", "", s.now.Add(time.Second)
	s.PutOrders(later)
	s.sync(t)
	if got := s.text(t, "SELECT count(*) FROM crm_orders WHERE host_id = 'good'"); got != "1" {
		t.Error("a good row behind bad ones was lost")
	}
	rows, next, err := (&Projection{DB: s.db, Currency: "CNY"}).ProblemRows(t.Context(), "", 100)
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	seen := map[projection.Reason]string{}
	for _, r := range rows {
		seen[r.Reason] = r.HostID
		if r.Tries < 2 {
			t.Errorf("%s was not tried again", r.HostID)
		}
	}
	for reason, o := range bad {
		if seen[reason] != o.ID {
			t.Errorf("%q is not listed: %v", reason, seen)
		}
	}
	// The cause goes away: the learner arrives, and the order is taken without the host's help.
	nobody := seed.Learners[0]
	nobody.ID, nobody.UpdatedAt = "nobody", s.now
	s.PutLearners(nobody)
	s.sync(t)
	if got := s.text(t, "SELECT count(*) FROM crm_orders WHERE host_id = 'bad-unknown_learner'"); got != "1" {
		t.Error("the order of a learner who came later was not taken")
	}
}

func TestDeletedLearnerIsWiped(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	id := h.LearnerID(s.text(t, "SELECT host_id FROM crm_learners WHERE paid_order_count > 0 AND real_name <> '' LIMIT 1"))
	count := s.text(t, "SELECT paid_order_count FROM crm_learners WHERE host_id = ?", string(id))
	s.DeleteLearner(id)
	s.sync(t)
	if got := s.text(t, `SELECT nickname || real_name || mobile || email || city || coalesce(usable_email, '') || coalesce(usable_mobile, '')
		|| coalesce(custom::text, '') || status FROM crm_learners WHERE host_id = ?`, string(id)); got != "deleted" {
		t.Errorf("left of a deleted learner: %q", got)
	}
	if got := s.text(t, "SELECT paid_order_count FROM crm_learners WHERE host_id = ?", string(id)); got != count {
		t.Errorf("counts changed from %s to %s", count, got)
	}
}

func TestHostFailures(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	for _, c := range []struct {
		err  error
		want projection.Failure
	}{
		{fmt.Errorf("down: %w", h.ErrUnavailable), projection.FailureUnavailable},
		{errors.New("any"), projection.FailureHost},
	} {
		s.Fail("orders", c.err)
		s.sync(t)
		if fs := s.state(t).Feed(projection.Orders); fs.Failure != c.want || fs.RetryAt.Before(s.now) {
			t.Errorf("%v: %+v", c.err, fs)
		}
	}
	s.Clear("orders")
	s.Panic("orders")
	s.sync(t)
	if fs := s.state(t).Feed(projection.Orders); fs.Failure != projection.FailurePanic {
		t.Errorf("panic: %+v", fs)
	}
	s.Clear("orders")
	s.sync(t)
	if fs := s.state(t).Feed(projection.Orders); fs.Failure != "" || fs.CaughtUpAt.IsZero() {
		t.Errorf("after the host recovered: %+v", fs)
	}
	s.checkFacts(t)
}

func TestExpiredCursorStartsOver(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	before := s.contents(t)
	s.ExpireCursors()
	s.sync(t)
	if failing := s.state(t).Failing(); len(failing) > 0 {
		t.Errorf("failing: %+v", failing)
	}
	if after := s.contents(t); after != before {
		t.Errorf("contents changed:\n%s", firstDiff(before, after))
	}
}

// TestExpiryChangesFacts: nothing but time passes, and a place in a course ends.
func TestExpiryChangesFacts(t *testing.T) {
	t.Parallel()
	s := newSchool(t, hosttest.SmallSeed())
	s.sync(t)
	e := s.Snapshot().Enrollments[0]
	e.ID, e.Status, e.Role, e.UpdatedAt, e.ExpiresAt, e.Deleted = "soon", h.EnrollmentActive, h.EnrolledStudent, s.now, s.now.Add(30*time.Minute), false
	e.ExitedAt, e.ExitReason = time.Time{}, ""
	s.PutEnrollments(e)
	s.sync(t)
	s.checkFacts(t)
	s.now = s.now.Add(time.Hour)
	s.sync(t)
	s.checkFacts(t)
}

func TestOneProcessSyncs(t *testing.T) {
	t.Parallel()
	db := open(t)
	ctx := t.Context()
	for _, step := range []struct {
		owner string
		want  bool
	}{{"a", true}, {"b", false}, {"a", true}} {
		if got, err := db.Acquire(ctx, "sync", step.owner, time.Minute); err != nil || got != step.want {
			t.Errorf("%s: %v, %v", step.owner, got, err)
		}
	}
	if err := db.Release(ctx, "sync", "a"); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Acquire(ctx, "sync", "b", time.Millisecond); err != nil || !got {
		t.Errorf("after release: %v, %v", got, err)
	}
	until(t, "the lease ends", func() bool {
		got, err := db.Acquire(ctx, "sync", "c", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return got
	})
}

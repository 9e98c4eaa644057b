package hosttest

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

// follow reads what changed since a cursor.
func follow(t *testing.T, m *Memory, after h.Cursor) ([]h.Learner, h.Cursor) {
	t.Helper()
	p, err := m.Learners(t.Context(), after, 100)
	if err != nil {
		t.Fatal(err)
	}
	return p.Items, p.Next
}

func TestMemoryChangesAreFedToFollowers(t *testing.T) {
	t.Parallel()
	m := NewMemory(SmallSeed())
	m.SetNow(func() time.Time { return time.Time{} }) // even when the clock is far behind
	_, end := follow(t, m, "")
	step := func(name string, change func(), check func(h.Learner) bool) {
		t.Helper()
		change()
		rows, next := follow(t, m, end)
		if len(rows) != 1 || !check(rows[0]) {
			t.Errorf("%s: got %+v", name, rows)
		}
		end = next
	}
	step("put", func() { m.PutLearners(h.Learner{ID: "61", Nickname: "new"}) }, func(l h.Learner) bool { return l.Nickname == "new" })
	step("touch", func() { m.TouchLearner("12") }, func(l h.Learner) bool { return l.ID == "12" && l.Mobile == "19900000012" })
	step("delete", func() { m.DeleteLearner("12") }, func(l h.Learner) bool { return l.ID == "12" && l.Deleted && l.Mobile == "" })

	m.TouchLearner("nobody")
	m.DeleteLearner("nobody")
	m.VanishLearner("13")
	m.SetConsent("14", h.Consent{h.ChannelSMS: h.ConsentDenied})
	m.PutLearners(h.Learner{ID: "15", UpdatedAt: SeedTime().AddDate(-1, 0, 0)}) // the caller's own time
	if rows, _ := follow(t, m, end); len(rows) != 0 {
		t.Errorf("what tells nobody was fed: %+v", rows)
	}
	all, _ := follow(t, m, "")
	if len(all) != 60 || all[0].ID != "15" {
		t.Errorf("got %d learners, first %s", len(all), all[0].ID)
	}
	answer, err := m.Consents(t.Context(), []h.LearnerID{"13", "14", "16"})
	if err != nil || len(answer) != 1 || answer["14"][h.ChannelSMS] != h.ConsentDenied {
		t.Errorf("consents: %v, %v", answer, err)
	}
}

func TestMemoryChangesOfEveryKind(t *testing.T) {
	t.Parallel()
	m := NewMemory(SmallSeed())
	ctx := t.Context()
	ends := func() [5]h.Cursor {
		t.Helper()
		var next [5]h.Cursor
		for i, end := range []func() (h.Cursor, error){
			func() (h.Cursor, error) { p, err := m.Offerings(ctx, "", 999); return p.Next, err },
			func() (h.Cursor, error) { p, err := m.Orders(ctx, "", 999); return p.Next, err },
			func() (h.Cursor, error) { p, err := m.Enrollments(ctx, "", 999); return p.Next, err },
			func() (h.Cursor, error) { p, err := m.Memberships(ctx, "", 999); return p.Next, err },
			func() (h.Cursor, error) { p, err := m.Activities(ctx, "", 999); return p.Next, err },
		} {
			c, err := end()
			if err != nil {
				t.Fatal(err)
			}
			next[i] = c
		}
		return next
	}
	before := ends()
	m.TouchOffering(course(1))
	m.TouchOrder("990")
	m.TouchEnrollment("90")
	m.TouchMembership("9")
	m.PutActivities(h.Activity{EventID: "999", LearnerID: "9", Type: h.ActivityLogin})
	touched := ends()
	m.DeleteOffering(course(1))
	m.DeleteOrder("990")
	m.DeleteEnrollment("90")
	m.DeleteMembership("9")
	deleted := ends()
	for i := range before {
		if before[i] == touched[i] || i < 4 && touched[i] == deleted[i] {
			t.Errorf("feed %d: a change left the end where it was", i)
		}
	}
	m.PutOfferings(h.Offering{Type: h.TargetCourse, ID: "900"})
	m.PutOrders(h.Order{ID: "900"})
	m.PutEnrollments(h.Enrollment{ID: "900"})
	m.PutMemberships(h.Membership{LearnerID: "60"})
	more := m.Snapshot()
	m.VanishOffering(course(900))
	m.VanishOrder("900")
	m.VanishEnrollment("900")
	m.VanishMembership("60")
	m.VanishActivity("999")
	less := m.Snapshot()
	if len(more.Offerings)+len(more.Orders)+len(more.Enrollments)+len(more.Memberships)+len(more.Activities) !=
		5+len(less.Offerings)+len(less.Orders)+len(less.Enrollments)+len(less.Memberships)+len(less.Activities) {
		t.Error("vanished rows are still there")
	}
	if more.Orders[0].ID != "1000" || m.OfferingURL(course(1)) != "" || m.OfferingURL(classroom(1)) == "" {
		t.Errorf("first order %s, links %q and %q", more.Orders[0].ID, m.OfferingURL(course(1)), m.OfferingURL(classroom(1)))
	}
}

func TestMemorySharesNothing(t *testing.T) {
	t.Parallel()
	mine := h.Learner{ID: "1", Roles: []h.Role{h.RoleStaff}, UpdatedAt: SeedTime()}
	m := NewMemory(Seed{Learners: []h.Learner{mine}})
	mine.Roles[0] = "changed by the giver"
	rows, _ := follow(t, m, "")
	rows[0].Roles[0] = "changed by a reader"
	if rows, _ = follow(t, m, ""); rows[0].Roles[0] != h.RoleStaff {
		t.Errorf("roles are %q", rows[0].Roles)
	}
}

func TestMemoryNanosecondsAreNotLost(t *testing.T) {
	t.Parallel()
	m := NewMemory(Seed{Learners: []h.Learner{{ID: "1", UpdatedAt: SeedTime().Add(999)}, {ID: "2", UpdatedAt: SeedTime().Add(1)}}})
	for after := h.Cursor(""); ; {
		p, err := m.Learners(t.Context(), after, 1)
		if err != nil || after != "" && p.More {
			t.Fatalf("walk has no end: %+v, %v", p, err)
		}
		if after = p.Next; !p.More {
			return
		}
	}
}

func TestMemoryFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(SmallSeed())
		ask := func(ctx context.Context) error { _, err := m.Orders(ctx, "", 10); return err }

		m.Fail(FeedOrders, h.ErrUnavailable)
		if err := ask(t.Context()); !errors.Is(err, h.ErrUnavailable) {
			t.Errorf("fail: %v", err)
		}
		if _, err := m.Learners(t.Context(), "", 10); err != nil {
			t.Errorf("another feed: %v", err)
		}
		m.Fail(FeedOrders, nil)
		if err := ask(t.Context()); err != nil {
			t.Errorf("cleared: %v", err)
		}

		m.Hang(FeedOrders)
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := ask(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("hang: %v", err)
		}
		go func() { time.Sleep(time.Second); m.Clear(FeedOrders) }()
		if err := ask(t.Context()); err != nil {
			t.Errorf("hang, cleared: %v", err)
		}

		m.Panic(FeedOrders)
		if _, err := guard(func() (any, error) { return nil, ask(t.Context()) }); err == nil || !strings.Contains(err.Error(), "told to panic") {
			t.Errorf("panic: %v", err)
		}
		m.Clear(FeedOrders)

		if got := m.Calls(FeedOrders); got != 5 {
			t.Errorf("%d calls", got)
		}
		if _, err := guard(func() (any, error) { m.Hang("nothing"); return nil, nil }); err == nil {
			t.Error("an unknown feed was taken")
		}
	})
}

func TestMemoryExpireCursors(t *testing.T) {
	t.Parallel()
	m := NewMemory(SmallSeed())
	_, old := follow(t, m, "")
	m.ExpireCursors()
	if _, err := m.Learners(t.Context(), old, 10); !errors.Is(err, h.ErrCursorExpired) {
		t.Errorf("old cursor: %v", err)
	}
	_, fresh := follow(t, m, "")
	if rows, _ := follow(t, m, fresh); len(rows) != 0 {
		t.Errorf("new cursor: %d rows", len(rows))
	}
	for _, limit := range []int{0, -1, h.MaxPage + 1} {
		if _, err := m.Learners(t.Context(), "", limit); err == nil {
			t.Errorf("limit %d was taken", limit)
		}
	}
	for _, c := range []h.Cursor{"7." + fresh, "-1." + fresh, "1.!", "x"} {
		if _, err := m.Learners(t.Context(), c, 10); !errors.Is(err, h.ErrInvalidCursor) {
			t.Errorf("cursor %q: %v", c, err)
		}
	}
}

func TestMemoryStaff(t *testing.T) {
	t.Parallel()
	m := NewMemory(Seed{})
	r := httptest.NewRequest("GET", "/", nil)
	if _, err := m.Staff(r); !errors.Is(err, h.ErrUnauthenticated) {
		t.Errorf("by default: %v", err)
	}
	m.SetStaff(StaffAlways(h.Staff{ID: "7", Permissions: h.AllPermissions()}))
	if s, err := m.Staff(r); err != nil || s.ID != "7" {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestMemoryChangedWhileRead(t *testing.T) {
	t.Parallel()
	m := NewMemory(SmallSeed())
	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for range 50 {
				m.TouchLearner("12")
				m.PutOrders(h.Order{ID: "1"})
				m.Snapshot()
				m.ExpireCursors()
				m.Fail(FeedOrders, h.ErrUnavailable)
				m.Clear(FeedOrders)
			}
		})
	}
	for range 50 {
		for _, err := range h.All(t.Context(), m.Orders) {
			if err != nil && !errors.Is(err, h.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		if _, err := m.Totals(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	writers.Wait()
}

// BenchmarkMemory walks 100,000 learners in pages of 1,000.
func BenchmarkMemory(b *testing.B) {
	rows := make([]h.Learner, 100_000)
	for i := range rows {
		rows[i] = plainLearner(i + 1)
	}
	m := NewMemory(Seed{Learners: rows})
	for b.Loop() {
		m.TouchLearner("7") // so that the order is made anew
		n := 0
		for after := h.Cursor(""); ; {
			p, err := m.Learners(b.Context(), after, 1000)
			if err != nil {
				b.Fatal(err)
			}
			n += len(p.Items)
			if after = p.Next; !p.More {
				break
			}
		}
		if n != len(rows) {
			b.Fatalf("%d rows", n)
		}
	}
}

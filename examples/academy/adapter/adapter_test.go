package adapter_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/examples/academy/adapter"
	"github.com/coursecrm/coursecrm/examples/academy/internal/schooltest"
	"github.com/coursecrm/coursecrm/examples/academy/school"
	host "github.com/coursecrm/coursecrm/hostadapter"
)

// Every optional source is offered.
var (
	_ host.HostAdapter      = (*adapter.Adapter)(nil)
	_ host.MembershipSource = (*adapter.Adapter)(nil)
	_ host.ActivitySource   = (*adapter.Adapter)(nil)
	_ host.ConsentSource    = (*adapter.Adapter)(nil)
	_ host.TotalsSource     = (*adapter.Adapter)(nil)
	_ host.LinkSource       = (*adapter.Adapter)(nil)
	_ host.MessageSender    = (*adapter.Adapter)(nil)
)

func newAdapter(t *testing.T, learners int) (*schooltest.School, *adapter.Adapter) {
	t.Helper()
	s := schooltest.New(t, learners)
	return s, &adapter.Adapter{School: s.School, Now: s.Now}
}

// TestEachRowOnce walks every feed at several page sizes.
func TestEachRowOnce(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 400)
	walk(t, s, "users", a.Learners, func(l host.Learner) (time.Time, string) { return l.UpdatedAt, string(l.ID) })
	walk(t, s, "offerings", a.Offerings, func(o host.Offering) (time.Time, string) { return o.UpdatedAt, string(o.Type) + o.ID })
	walk(t, s, "orders", a.Orders, func(o host.Order) (time.Time, string) { return o.UpdatedAt, o.ID })
	walk(t, s, "enrollments", a.Enrollments, func(e host.Enrollment) (time.Time, string) { return e.UpdatedAt, e.ID })
	walk(t, s, "memberships", a.Memberships, func(m host.Membership) (time.Time, string) { return m.UpdatedAt, string(m.LearnerID) })
	walk(t, s, "activities WHERE user_id IS NOT NULL", a.Activities, func(x host.Activity) (time.Time, string) { return x.OccurredAt, x.EventID })
}

func walk[T any](t *testing.T, s *schooltest.School, from string, feed func(context.Context, host.Cursor, int) (host.Page[T], error), key func(T) (time.Time, string)) {
	t.Helper()
	want := schooltest.Value[int](t, s.School, "SELECT count(*) FROM "+from)
	for _, limit := range []int{7, 100, host.MaxPage} {
		seen, last := map[string]bool{}, time.Time{}
		for after := host.Cursor(""); ; {
			page, err := feed(t.Context(), after, limit)
			if err != nil {
				t.Fatalf("%s: %v", from, err)
			}
			for _, row := range page.Items {
				at, id := key(row)
				if seen[id] || at.Before(last) || at.Location() != time.UTC {
					t.Fatalf("%s: row %s at %v after %v, seen before: %v", from, id, at, last, seen[id])
				}
				seen[id], last = true, at
			}
			if len(page.Items) > limit || page.Next == "" {
				t.Fatalf("%s: page of %d, next %q", from, len(page.Items), page.Next)
			}
			after = page.Next
			if !page.More {
				break
			}
		}
		if len(seen) != want || want == 0 {
			t.Errorf("%s: %d rows at %d a page, want %d", from, len(seen), limit, want)
		}
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 5)
	for _, bad := range []host.Cursor{"?", "AAAA", host.CursorAt(schooltest.Noon, "x")} {
		if _, err := a.Learners(t.Context(), bad, 10); !errors.Is(err, host.ErrInvalidCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Orders(ended, "", 10); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	me := s.Learner(t, "13800000001") // changed at the clock's now
	a.Settle = time.Second
	if has(t, a, me) {
		t.Error("a row of this moment is in the feed")
	}
	s.Pass(2 * time.Second)
	if !has(t, a, me) {
		t.Error("a settled row is not in the feed")
	}
}

func has(t *testing.T, a *adapter.Adapter, id int64) bool {
	t.Helper()
	for l, err := range host.All(t.Context(), a.Learners) {
		if err != nil {
			t.Fatal(err)
		}
		if l.ID == idOf(id) {
			return true
		}
	}
	return false
}

func TestStaff(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 1)
	me := s.Learner(t, "13800000001")
	ask := func(user int64) (host.Staff, error) {
		r := httptest.NewRequest(http.MethodGet, "/admin/crm/segments?page=2", nil)
		if user != 0 {
			token, err := s.Login(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			r.AddCookie(&http.Cookie{Name: school.SessionCookie, Value: token})
		}
		return a.Staff(r)
	}
	nobody, err := ask(0)
	if !errors.Is(err, host.ErrUnauthenticated) || nobody.LoginURL != "/login?next=%2Fadmin%2Fcrm%2Fsegments%3Fpage%3D2" {
		t.Errorf("nobody: %+v, %v", nobody, err)
	}
	operator, err := ask(school.OperatorID)
	if err != nil || operator.Name != "周敏" || operator.Scope != host.ScopeAll || len(operator.Permissions) != len(host.AllPermissions()) {
		t.Errorf("operator: %+v, %v", operator, err)
	}
	viewer, err := ask(school.ViewerID)
	if err != nil || !viewer.May(host.PermView) || viewer.May(host.PermContactView) || viewer.May(host.PermCampaignSend) || viewer.May(host.PermExport) {
		t.Errorf("viewer: %+v, %v", viewer, err)
	}
	learner, err := ask(me)
	if err != nil || len(learner.Permissions) > 0 {
		t.Errorf("learner: %+v, %v", learner, err)
	}
}

func TestStaffMembers(t *testing.T) {
	t.Parallel()
	_, a := newAdapter(t, 3)
	list, err := a.StaffMembers(t.Context())
	if err != nil || len(list) != 2 || list[0].Name != "周敏" || !list[0].May(host.PermSettings) || list[1].May(host.PermSettings) || list[1].Scope != host.ScopeAll {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestConsentsTotalsLinks(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 300)
	me := s.Learner(t, "13800000001")
	yes, no := school.Consent{}, school.Consent{}
	yes.SMS.Bool, yes.SMS.Valid = true, true
	no.Email.Valid = true
	yes.Email = no.Email
	if err := s.SetConsent(t.Context(), me, yes); err != nil {
		t.Fatal(err)
	}
	got, err := a.Consents(t.Context(), []host.LearnerID{idOf(me), "999999", "nobody"})
	c := got[idOf(me)]
	if err != nil || len(got) != 1 || len(c) != 2 || c[host.ChannelSMS] != host.ConsentGranted || c[host.ChannelEmail] != host.ConsentDenied {
		t.Errorf("consents %v, %v", got, err)
	}
	totals, err := a.Totals(t.Context())
	if err != nil || totals.Learners < 300 || totals.Offerings == 0 || totals.Activities == 0 {
		t.Errorf("totals %+v, %v", totals, err)
	}
	for target, want := range map[host.Target]string{{Type: host.TargetCourse, ID: "7"}: "/courses/7", {Type: host.TargetClassroom, ID: "7"}: "/classrooms/7", {Type: host.TargetMembership, ID: "1"}: ""} {
		if got := a.OfferingURL(target); got != want {
			t.Errorf("%v: %q, want %q", target, got, want)
		}
	}
	if got := a.LearnerURL("12"); got != "/admin/users/12" {
		t.Errorf("learner's page %q", got)
	}
}

// crm remembers what it was told.
type crm struct{ events []host.Event }

func (c *crm) Notify(_ context.Context, events ...host.Event) error {
	c.events = append(c.events, events...)
	return errors.New("told, but it failed")
}

func TestPush(t *testing.T) {
	t.Parallel()
	s, a := newAdapter(t, 0)
	var told crm
	var logged strings.Builder
	s.OnChange = a.Push(&told, slog.New(slog.NewTextHandler(&logged, nil)))
	ctx := t.Context()
	me, err := s.Register(ctx, "小测", "13800000001")
	if err != nil {
		t.Fatal(err)
	}
	order, err := s.PlaceOrder(ctx, me, school.Target{Type: school.TypeClassroom, ID: 2})
	if err == nil {
		err = s.Pay(ctx, me, order)
	}
	if err == nil {
		err = s.SetPrice(ctx, 3, 100)
	}
	if err == nil {
		err = s.Record(ctx, me, school.KindAsk, school.Target{Type: school.TypeCourse, ID: 3}, "有作业吗？")
	}
	if err == nil {
		err = s.DeleteUser(ctx, me)
	}
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range told.events {
		kinds = append(kinds, kindOf(e))
	}
	want := []string{"learner", "order pending", "order fulfilled", "enrollment", "enrollment", "enrollment", "enrollment", "enrollment", "offering", "activity", "learner deleted"}
	if !slices.Equal(kinds, want) {
		t.Errorf("told %q\nwant %q", kinds, want)
	}
	if log := logged.String(); !strings.Contains(log, "told, but it failed") || strings.Contains(log, "13800000001") || strings.Contains(log, "小测") {
		t.Errorf("log: %s", log)
	}
	a.Push(nil, slog.New(slog.DiscardHandler))(ctx, school.Change{Users: []int64{me}}) // does nothing
}

func kindOf(e host.Event) string {
	switch {
	case e.Learner != nil && e.Learner.Deleted:
		return "learner deleted"
	case e.Learner != nil:
		return "learner"
	case e.Offering != nil:
		return "offering"
	case e.Order != nil:
		return "order " + string(e.Order.Status)
	case e.Enrollment != nil:
		return "enrollment"
	case e.Activity != nil:
		return "activity"
	}
	return "?"
}

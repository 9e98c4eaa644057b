package hosttest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

func TestMemoryPasses(t *testing.T) {
	t.Parallel()
	Run(t, func(_ *testing.T, seed Seed) h.HostAdapter { return NewMemory(seed) })
}

// required hides every optional source.
type required struct{ h.HostAdapter }

func TestOptionalSourcesAreSkippedOutLoud(t *testing.T) {
	t.Parallel()
	r := record(func(t reporter) {
		run(t, Options{}, func(seed Seed) h.HostAdapter { return required{NewMemory(seed)} })
	})
	if len(r.failed) > 0 {
		t.Errorf("failed:%s", r.failures())
	}
	for group, source := range map[string]string{
		"Memberships": "MembershipSource", "Activities": "ActivitySource", "Consents": "ConsentSource",
		"Totals": "TotalsSource", "Links": "LinkSource", "Messages": "MessageSender", "SMS": "SMSGateway",
	} {
		if got, want := r.skipped[group], "host does not offer hostadapter."+source; got != want {
			t.Errorf("%s: skipped with %q, want %q", group, got, want)
		}
	}
	if len(r.skipped) != 7 {
		t.Errorf("skipped: %v", r.skipped)
	}
}

// retrying is a wrapper as real ones are: the sources lie behind Unwrap.
type retrying struct {
	h.HostAdapter
	inner h.HostAdapter
}

func (r retrying) Unwrap() h.HostAdapter { return r.inner }

func TestWrappedHostIsTestedWhole(t *testing.T) {
	t.Parallel()
	r := record(func(t reporter) {
		run(t, Options{SMS: trial}, func(seed Seed) h.HostAdapter {
			m := whole(seed)
			return retrying{required{m}, m}
		})
	})
	if len(r.failed)+len(r.skipped) > 0 {
		t.Errorf("skipped %v, failed:%s", r.skipped, r.failures())
	}
}

// byNumber is a sound host that orders ids as numbers and makes another kind of cursor.
type byNumber struct{ *Memory }

func (b byNumber) Orders(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
	rows := b.Snapshot().Orders
	number := func(o h.Order) int { n, _ := strconv.Atoi(o.ID); return n }
	slices.SortFunc(rows, func(x, y h.Order) int {
		return cmp.Or(x.UpdatedAt.Compare(y.UpdatedAt), cmp.Compare(number(x), number(y)))
	})
	from, err := strconv.Atoi(cmp.Or(string(after), "0"))
	if err != nil || from > len(rows) {
		return h.Page[h.Order]{}, h.ErrInvalidCursor
	}
	until := min(from+limit, len(rows))
	return h.Page[h.Order]{Items: rows[from:until], Next: h.Cursor(strconv.Itoa(until)), More: until < len(rows)}, ctx.Err()
}

func TestAnotherOrderOfIDsPasses(t *testing.T) {
	t.Parallel()
	Run(t, func(_ *testing.T, seed Seed) h.HostAdapter { return byNumber{NewMemory(seed)} })
}

func TestOptions(t *testing.T) {
	t.Parallel()
	ids := func(kind, id string) string { return kind + ":" + id }
	host := func(seed Seed) h.HostAdapter { // chooses ids, keeps no coupons and no tombstones of orders
		seed = translate(seed, ids)
		for i := range seed.Orders {
			seed.Orders[i].Coupon = ""
			seed.Orders[i].Items = slices.Clone(seed.Orders[i].Items)
			for j := range seed.Orders[i].Items {
				seed.Orders[i].Items[j].Title = ""
			}
		}
		seed.Orders = slices.DeleteFunc(seed.Orders, func(o h.Order) bool { return o.Deleted })
		return NewMemory(seed)
	}
	sound := Options{
		IDs:    ids,
		Ignore: []string{"Order.Coupon", "Order.Items.Title"},
		Skip:   []string{"Orders/tombstones are fed", "Links"},
	}
	if r := record(func(t reporter) { run(t, sound, host) }); len(r.failed) > 0 {
		t.Errorf("failed:%s", r.failures())
	}
	if r := record(func(t reporter) { run(t, Options{IDs: ids}, host) }); len(r.failed) != 2 {
		t.Errorf("without Ignore and Skip: want two checks failed, got:%s", r.failures())
	}
	if r := record(func(t reporter) { run(t, Options{}, host) }); r.failed["Learners/each row once at any page size"] == "" {
		t.Errorf("without IDs: failed only:%s", r.failures())
	}
	for _, wrong := range []Options{
		{Ignore: []string{"Order.Nothing"}}, {Ignore: []string{"Order"}}, {Ignore: []string{"Nobody.ID"}}, {Ignore: []string{"Order.SN.X"}},
		{Skip: []string{"Orders/nothing"}}, {Skip: []string{"Nobody"}},
	} {
		r := record(func(t reporter) { run(t, wrong, host) })
		if !strings.HasPrefix(r.failed[""], "hosttest: Options.") {
			t.Errorf("%+v was taken", wrong)
		}
	}
}

func TestEveryCheckNameExists(t *testing.T) {
	t.Parallel()
	r := record(func(t reporter) {
		run(t, Options{}, func(seed Seed) h.HostAdapter { return whole(seed) })
	})
	for _, name := range checkNames() {
		if !r.ran[name] {
			t.Errorf("Options.Skip takes %q, but no such check ran", name)
		}
	}
	for name := range r.ran {
		if !slices.Contains(checkNames(), name) {
			t.Errorf("check %q cannot be skipped", name)
		}
	}
}

func TestHangingHostIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &feedCase[h.Order]{kind: orderKind, read: func(context.Context, h.Cursor, int) (h.Page[h.Order], error) {
			time.Sleep(time.Hour)
			return h.Page[h.Order]{}, context.Canceled
		}}
		if r := record(c.checkContext); !strings.Contains(r.failed[""], "no answer in") {
			t.Errorf("failed:%s", r.failures())
		}
		time.Sleep(2 * time.Hour) // let the host wake up: a bubble wants no goroutine left behind
	})
}

func TestSmallSeed(t *testing.T) {
	t.Parallel()
	if d := diff("Seed", SmallSeed(), SmallSeed()); len(d) > 0 {
		t.Errorf("two calls differ: %v", d)
	}
	seed := SmallSeed()
	t.Logf("%d learners, %d offerings, %d orders, %d enrollments, %d memberships, %d activities", len(seed.Learners),
		len(seed.Offerings), len(seed.Orders), len(seed.Enrollments), len(seed.Memberships), len(seed.Activities))
	learners, offerings, orders := map[h.LearnerID]bool{"": true}, map[h.Target]bool{}, map[string]bool{"": true}
	for _, l := range seed.Learners {
		learners[l.ID] = !l.Deleted
	}
	for _, o := range seed.Offerings {
		offerings[h.Target{Type: o.Type, ID: o.ID}] = !o.Deleted
	}
	for _, o := range seed.Orders {
		orders[o.ID] = !o.Deleted
		if !learners[o.LearnerID] {
			t.Errorf("order %s: no learner %s", o.ID, o.LearnerID)
		}
		due := int64(0)
		for _, item := range o.Items {
			due += item.Amount
			if item.Target.Type != h.TargetMembership && item.Target.Type != h.TargetOther && !offerings[item.Target] {
				t.Errorf("order %s: no offering %v", o.ID, item.Target)
			}
		}
		if due != o.PayableAmount {
			t.Errorf("order %s: items add up to %d of %d", o.ID, due, o.PayableAmount)
		}
		wholeSecondsByNow(t, "order "+o.ID, o.UpdatedAt)
	}
	for _, e := range seed.Enrollments {
		if !learners[e.LearnerID] || !offerings[e.Target] || !orders[e.OrderID] {
			t.Errorf("enrollment %s points to what is not there: %s, %v, order %q", e.ID, e.LearnerID, e.Target, e.OrderID)
		}
		wholeSecondsByNow(t, "enrollment "+e.ID, e.UpdatedAt)
	}
	for _, a := range seed.Activities {
		if !learners[a.LearnerID] || a.Target != (h.Target{}) && !offerings[a.Target] {
			t.Errorf("activity %s points to what is not there", a.EventID)
		}
		wholeSecondsByNow(t, "activity "+a.EventID, a.OccurredAt)
	}
}

func wholeSecondsByNow(t *testing.T, of string, at time.Time) {
	t.Helper()
	if at.After(SeedTime()) || !at.Equal(at.Truncate(time.Second)) {
		t.Errorf("%s: %v", of, at)
	}
}

package hosttest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	h "github.com/coursecrm/coursecrm/hostadapter"
)

type orderFeed = func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error)

// badOrders is the reference host with another order feed.
type badOrders struct {
	*Memory
	feed orderFeed
}

func (b badOrders) Orders(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
	return b.feed(ctx, after, limit)
}

// behind is the reference host's cursor behind an order.
func behind(o h.Order) h.Cursor { return seal(0, h.CursorAt(o.UpdatedAt, o.ID)) }

// pages changes each page on its way out.
func pages(change func(m *Memory, p *h.Page[h.Order], after h.Cursor, limit int)) func(*Memory) orderFeed {
	return func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			p, err := m.Orders(ctx, after, limit)
			if err == nil {
				change(m, &p, after, limit)
			}
			return p, err
		}
	}
}

// rows changes each order on its way out.
func rows(change func(o *h.Order)) func(*Memory) orderFeed {
	return pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		for i := range p.Items {
			change(&p.Items[i])
		}
	})
}

// sorted feeds all rows in an order of its own.
func sorted(order func(a, b h.Order) int) func(*Memory) orderFeed { return sortedBehind(order, order) }

// sortedBehind feeds in one order what comes behind the cursor's row in another.
func sortedBehind(order, compare func(a, b h.Order) int) func(*Memory) orderFeed {
	return func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			inner, _, err := m.unseal(after)
			if err != nil {
				return h.Page[h.Order]{}, err
			}
			at, id, err := inner.After()
			if err != nil {
				return h.Page[h.Order]{}, err
			}
			all := m.Snapshot().Orders
			slices.SortStableFunc(all, order)
			if after != "" {
				last := h.Order{ID: id, UpdatedAt: at}
				all = slices.DeleteFunc(all, func(o h.Order) bool { return compare(o, last) <= 0 })
			}
			p := h.Page[h.Order]{Items: all[:min(limit, len(all))], Next: after, More: len(all) > limit}
			if n := len(p.Items); n > 0 {
				p.Next = behind(p.Items[n-1])
			}
			return p, ctx.Err()
		}
	}
}

const once = "each row once at any page size"

// brokenOrders are hosts broken on purpose, each with the check that must notice.
var brokenOrders = []struct {
	name, check string
	feed        func(*Memory) orderFeed
}{
	{"lost last page", once, pages(func(m *Memory, p *h.Page[h.Order], _ h.Cursor, limit int) {
		next, _ := m.Orders(context.Background(), p.Next, limit)
		p.More = p.More && next.More
	})},
	{"lost last row", once, pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		if n := len(p.Items); !p.More && n > 0 {
			p.Items = p.Items[:n-1]
		}
	})},
	{"repeated row", once, pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		if n := len(p.Items); p.More && n > 1 {
			p.Next = behind(p.Items[n-2])
		}
	})},
	{"row from nowhere", once, pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, limit int) {
		if n := len(p.Items); !p.More && n > 0 && n < limit {
			ghost := p.Items[n-1]
			ghost.ID = "5"
			p.Items = append(p.Items, ghost)
		}
	})},
	{"cursor by time alone", once, sorted(func(a, b h.Order) int { return a.UpdatedAt.Compare(b.UpdatedAt) })},
	{"numbers ordered as numbers, compared as text", once, sortedBehind(func(a, b h.Order) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(a.ID, b.ID))
	}, func(a, b h.Order) int {
		return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), strings.Compare(a.ID, b.ID))
	})},
	{"stuck cursor", "cursor moves while there is more", pages(func(_ *Memory, p *h.Page[h.Order], after h.Cursor, limit int) {
		if after != "" && p.More && limit == 3 {
			p.Next = after
		}
	})},
	{"more at the end for ever", "cursor moves while there is more", pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		p.More = true
	})},
	{"cursor goes in a circle", "cursor moves while there is more", pages(func(_ *Memory, p *h.Page[h.Order], after h.Cursor, _ int) {
		if after != "" && p.More {
			p.Next = ""
		}
	})},
	{"page larger than limit", "limit is respected", func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			return m.Orders(ctx, after, min(limit+1, h.MaxPage))
		}
	}},
	{"no next on the last page", "next is set at the end", pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		if !p.More {
			p.Next = ""
		}
	})},
	{"no next on an empty page", "next is set at the end", pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		if len(p.Items) == 0 {
			p.Next = ""
		}
	})},
	{"remembers where it was", "resume from every cursor", func(m *Memory) orderFeed {
		var mu sync.Mutex
		var place h.Cursor
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			mu.Lock()
			defer mu.Unlock()
			if after != "" && !strings.ContainsAny(string(after), "!?% ") && utf8.ValidString(string(after)) {
				after = place
			}
			p, err := m.Orders(ctx, after, limit)
			if err == nil {
				place = p.Next
			}
			return p, err
		}
	}},
	{"one at a time", "walks side by side", func(m *Memory) orderFeed {
		var inside atomic.Int32
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			defer inside.Add(-1)
			inside.Add(1)
			time.Sleep(100 * time.Microsecond)
			if inside.Load() > 1 {
				return h.Page[h.Order]{}, errors.New("driver: bad connection")
			}
			return m.Orders(ctx, after, limit)
		}
	}},
	{"cursor is not read again", "resume from every cursor", func(m *Memory) orderFeed {
		var mu sync.Mutex
		used := map[h.Cursor]bool{}
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			mu.Lock()
			again := used[after]
			used[after] = true
			mu.Unlock()
			if again && limit == h.MaxPage && after != "" {
				return h.Page[h.Order]{Next: after}, ctx.Err()
			}
			return m.Orders(ctx, after, limit)
		}
	}},
	{"in the order of ids", "in the order of time", sorted(func(a, b h.Order) int { return strings.Compare(a.ID, b.ID) })},
	{"newest first", "in the order of time", sorted(func(a, b h.Order) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), strings.Compare(a.ID, b.ID))
	})},
	{"rows of one second in any order", "same order on every walk", func(m *Memory) orderFeed {
		var mu sync.Mutex
		calls := 0
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			p, err := m.Orders(ctx, after, limit)
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%2 == 0 && !p.More {
				slices.Reverse(p.Items)
				slices.SortStableFunc(p.Items, func(a, b h.Order) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
			}
			return p, err
		}
	}},
	{"lost field", "rows are those of the seed", rows(func(o *h.Order) { o.Coupon = "" })},
	{"amounts in yuan", "rows are those of the seed", rows(func(o *h.Order) { o.PaidCash /= 100 })},
	{"refunds left out", "rows are those of the seed", rows(func(o *h.Order) { o.Refunds = nil })},
	{"one item too many", "rows are those of the seed", rows(func(o *h.Order) { o.Items = append(o.Items, o.Items...) })},
	{"tombstones left out", "tombstones are fed", pages(func(_ *Memory, p *h.Page[h.Order], _ h.Cursor, _ int) {
		p.Items = slices.DeleteFunc(p.Items, func(o h.Order) bool { return o.Deleted })
	})},
	{"tombstones look alive", "tombstones are fed", rows(func(o *h.Order) { o.Deleted = false })},
	{"everything is deleted", "tombstones are fed", rows(func(o *h.Order) { o.Deleted = true })},
	{"local time", "times are UTC", rows(func(o *h.Order) { o.CreatedAt = o.CreatedAt.In(time.FixedZone("CST", 8*3600)) })},
	{"zero is 1970", "times are UTC", rows(func(o *h.Order) {
		if o.ClosedAt.IsZero() {
			o.ClosedAt = time.Unix(0, 0).UTC()
		}
	})},
	{"times in a list", "times are UTC", rows(func(o *h.Order) {
		for i := range o.Refunds {
			o.Refunds[i].RequestedAt = o.Refunds[i].RequestedAt.In(time.FixedZone("", 3600))
		}
	})},
	{"no learner", "required fields are set", rows(func(o *h.Order) { o.LearnerID = "" })},
	{"no UpdatedAt", "required fields are set", rows(func(o *h.Order) { o.UpdatedAt = time.Time{} })},
	{"quantity 0", "required fields are set", rows(func(o *h.Order) {
		for i := range o.Items {
			o.Items[i].Quantity = 0
		}
	})},
	{"status of its own words", "words are known", rows(func(o *h.Order) { o.Status = "success" })},
	{"refund status of its own words", "words are known", rows(func(o *h.Order) {
		for i := range o.Refunds {
			o.Refunds[i].Status = "ok"
		}
	})},
	{"negative money", "money is sound", rows(func(o *h.Order) { o.Refunded = -o.Refunded })},
	{"no currency", "money is sound", rows(func(o *h.Order) { o.Currency = "" })},
	{"currency sign", "money is sound", rows(func(o *h.Order) { o.Currency = "¥" })},
	{"ignored context", "cancelled context", func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			return m.Orders(context.WithoutCancel(ctx), after, limit)
		}
	}},
	{"context's error hidden", "cancelled context", func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			if ctx.Err() != nil {
				return h.Page[h.Order]{}, h.ErrUnavailable
			}
			return m.Orders(ctx, after, limit)
		}
	}},
	{"garbage answered with page one", "garbage cursor", func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			p, err := m.Orders(ctx, after, limit)
			if errors.Is(err, h.ErrInvalidCursor) {
				return m.Orders(ctx, "", limit)
			}
			return p, err
		}
	}},
	{"garbage panics", "garbage cursor", func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			p, err := m.Orders(ctx, after, limit)
			if errors.Is(err, h.ErrInvalidCursor) {
				panic(err)
			}
			return p, err
		}
	}},
	{"panic without data", emptyHost, pages(func(_ *Memory, p *h.Page[h.Order], after h.Cursor, _ int) {
		if after == "" {
			_ = p.Items[0]
		}
	})},
	{"error without data", emptyHost, func(m *Memory) orderFeed {
		return func(ctx context.Context, after h.Cursor, limit int) (h.Page[h.Order], error) {
			p, err := m.Orders(ctx, after, limit)
			if err == nil && len(p.Items) == 0 && after == "" {
				err = errors.New("sql: no rows in result set")
			}
			return p, err
		}
	}},
	{"always panics", once, func(*Memory) orderFeed {
		return func(context.Context, h.Cursor, int) (h.Page[h.Order], error) { panic("no database") }
	}},
}

func TestBrokenOrdersFail(t *testing.T) {
	t.Parallel()
	for _, broken := range brokenOrders {
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			expectFailure(t, "Orders/", "Orders/"+broken.check, func(seed Seed) h.HostAdapter {
				m := NewMemory(seed)
				return badOrders{m, broken.feed(m)}
			})
		})
	}
}

// expectFailure wants the named check to fail, and nothing that does not begin with within.
func expectFailure(t *testing.T, within, check string, host func(Seed) h.HostAdapter) {
	t.Helper()
	r := record(func(t reporter) { run(t, Options{}, host) })
	if r.failed[check] == "" {
		t.Errorf("%q did not fail; failed:%s", check, r.failures())
	}
	for path := range r.failed {
		if !strings.HasPrefix(path, within) {
			t.Errorf("%q failed, but nothing is wrong there: %s", path, r.failed[path])
		}
	}
	t.Logf("failed:%s", r.failures())
}

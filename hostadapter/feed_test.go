package hostadapter_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/coursecrm/coursecrm/hostadapter"
)

func FuzzCursor(f *testing.F) {
	f.Add(int64(0), "", "")
	f.Add(int64(1_767_225_600_000_001), "42", "AAAAAAAAAAA")
	f.Add(int64(-1), "course-v1:edX+DemoX+Demo", "not-a-cursor")
	f.Add(int64(math.MaxInt64), "\x00\xff", "%%%")
	f.Add(int64(math.MinInt64), "学员", "AAAA")
	f.Fuzz(func(t *testing.T, micros int64, id, text string) {
		at := time.UnixMicro(micros)
		cursor := hostadapter.CursorAt(at, id)
		gotAt, gotID, err := cursor.After()
		// After may refuse what no host has: a time outside 1970 to 9999, an id that is not text.
		plain := at.UTC().Year() >= 1970 && at.UTC().Year() <= 9999 && micros >= 0 && id != "" && !containsControl(id)
		switch {
		case err != nil && plain:
			t.Fatalf("CursorAt(%v, %q) = %q, which After refuses: %v", at, id, cursor, err)
		case err == nil && (!gotAt.Equal(at) || gotID != id):
			t.Fatalf("CursorAt(%v, %q) decodes to %v, %q", at, id, gotAt, gotID)
		case err == nil && gotAt.Location() != time.UTC:
			t.Fatalf("After gives a time in %v", gotAt.Location())
		}

		gotAt, gotID, err = hostadapter.Cursor(text).After()
		if err != nil {
			if !errors.Is(err, hostadapter.ErrInvalidCursor) {
				t.Fatalf("After of %q: %v is not ErrInvalidCursor", text, err)
			}
			return
		}
		if againAt, againID, err := hostadapter.CursorAt(gotAt, gotID).After(); text != "" && (err != nil || !againAt.Equal(gotAt) || againID != gotID) {
			t.Fatalf("%q decodes to %v, %q, and that to %v, %q, %v", text, gotAt, gotID, againAt, againID, err)
		}
	})
}

func containsControl(id string) bool {
	return slices.ContainsFunc([]rune(id), func(r rune) bool { return r < ' ' || r == '\uFFFD' })
}

func TestCursorKeepsMicroseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 30, 8, 0, 0, 123_456_789, time.FixedZone("CST", 8*3600))
	got, id, err := hostadapter.CursorAt(at, "42").After()
	if want := at.UTC().Truncate(time.Microsecond); err != nil || id != "42" || got != want {
		t.Errorf("got %v, %q, %v; want %v", got, id, err, want)
	}
}

func TestZeroCursorIsTheBeginning(t *testing.T) {
	t.Parallel()
	at, id, err := hostadapter.Cursor("").After()
	if err != nil || id != "" || at.Unix() != 0 || at.Location() != time.UTC {
		t.Errorf("got %v, %q, %v", at, id, err)
	}
}

func TestHostileCursors(t *testing.T) {
	t.Parallel()
	for _, c := range []hostadapter.Cursor{"!", "AAAA", "AAAAAAAAAA", "a b", "AAAAAAAAAAA=", "AAAAAAAA+/AA", "\x00", "零"} {
		if at, id, err := c.After(); !errors.Is(err, hostadapter.ErrInvalidCursor) {
			t.Errorf("%q: got %v, %q, %v", c, at, id, err)
		}
	}
}

// numbers feeds 0 to 9 in pages of three and counts its calls.
func numbers(calls *int, last func(hostadapter.Page[int]) (hostadapter.Page[int], error)) func(context.Context, hostadapter.Cursor, int) (hostadapter.Page[int], error) {
	return func(_ context.Context, after hostadapter.Cursor, _ int) (hostadapter.Page[int], error) {
		*calls++
		from := 0
		if after != "" {
			if _, err := fmt.Sscan(string(after), &from); err != nil {
				return hostadapter.Page[int]{}, hostadapter.ErrInvalidCursor
			}
		}
		page := hostadapter.Page[int]{}
		for n := from; n < min(from+3, 10); n++ {
			page.Items = append(page.Items, n)
		}
		page.Next, page.More = hostadapter.Cursor(fmt.Sprint(from+len(page.Items))), from+3 < 10
		if from >= 6 {
			return last(page)
		}
		return page, nil
	}
}

func sound(p hostadapter.Page[int]) (hostadapter.Page[int], error) { return p, nil }

func TestAll(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tc := range []struct {
		name     string
		last     func(hostadapter.Page[int]) (hostadapter.Page[int], error) // pages from 6 on
		stopAt   int                                                        // -1: never
		items    int
		calls    int
		wantsErr bool
	}{
		{"to the end", sound, -1, 10, 4, false},
		{"stops where the reader stops", sound, 4, 5, 2, false},
		{"stops on the first row", sound, 0, 1, 1, false},
		{"an error comes once, last", func(hostadapter.Page[int]) (hostadapter.Page[int], error) {
			return hostadapter.Page[int]{Items: []int{99}, More: true}, broken
		}, -1, 6, 3, true},
		{"a cursor that does not move", func(p hostadapter.Page[int]) (hostadapter.Page[int], error) {
			p.Next, p.More = "6", true
			return p, nil
		}, -1, 9, 3, true},
		{"an empty page in between", func(p hostadapter.Page[int]) (hostadapter.Page[int], error) {
			return hostadapter.Page[int]{Next: p.Next, More: p.More}, nil
		}, -1, 6, 4, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			calls, items, errs := 0, []int{}, 0
			for n, err := range hostadapter.All(t.Context(), numbers(&calls, tc.last)) {
				if err != nil {
					if errs++; n != 0 {
						t.Errorf("an error came with %d", n)
					}
					continue // All must end by itself
				}
				if errs > 0 {
					t.Errorf("%d came after an error", n)
				}
				items = append(items, n)
				if n == tc.stopAt {
					break
				}
			}
			if len(items) != tc.items || !slices.IsSorted(items) || calls != tc.calls || (errs == 1) != tc.wantsErr || errs > 1 {
				t.Errorf("got %v in %d calls with %d errors; want %d items in %d calls", items, calls, errs, tc.items, tc.calls)
			}
		})
	}
}

func TestKeysetPage(t *testing.T) {
	t.Parallel()
	type row struct {
		at time.Time
		id string
	}
	at := time.Date(2026, 6, 30, 8, 0, 0, 0, time.UTC)
	all := []row{{at, "1"}, {at, "2"}, {at.Add(time.Second), "3"}}
	const after = hostadapter.Cursor("before")
	for _, tc := range []struct {
		name  string
		rows  int
		limit int
		items int
		next  hostadapter.Cursor
		more  bool
	}{
		{"no rows: stay", 0, 2, 0, after, false},
		{"fewer than the limit", 1, 2, 1, hostadapter.CursorAt(at, "1"), false},
		{"as many as the limit", 2, 2, 2, hostadapter.CursorAt(at, "2"), false},
		{"one more than the limit: it stays out", 3, 2, 2, hostadapter.CursorAt(at, "2"), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := hostadapter.KeysetPage(all[:tc.rows], after, tc.limit, func(r row) (time.Time, string) { return r.at, r.id })
			if len(p.Items) != tc.items || p.Next != tc.next || p.More != tc.more {
				t.Errorf("got %+v", p)
			}
		})
	}
}

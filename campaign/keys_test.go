package campaign

import (
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	keys := NewKeys([]byte("secret"))
	for _, id := range []ID{1, 12, 1<<63 - 1} {
		for _, ordinal := range []int64{0, 7, 1<<63 - 1} {
			if gotID, got, ok := keys.Parse(keys.Of(id, ordinal)); !ok || gotID != id || got != ordinal {
				t.Errorf("%s reads as %d, %d, %v", keys.Of(id, ordinal), gotID, got, ok)
			}
		}
	}
	if id, n, ok := keys.Parse(keys.OfTest(12)); !ok || id != 0 || n != 12 {
		t.Errorf("%s reads as %d, %d, %v", keys.OfTest(12), id, n, ok)
	}
	mark := strings.TrimPrefix(keys.OfTest(1), "t1")
	for _, key := range []string{"", mark, "c", "t", "c" + mark, "t" + mark, "c1.2", "t1", "c1" + mark, "c1." + mark, "c.2" + mark, "c0.2" + mark, "c-1.2" + mark, "c01.2" + mark, "c1.02" + mark, "c+1.2" + mark,
		"c1.2.3" + mark, "c1.9223372036854775808" + mark, "c1.２" + mark, "x1.2" + mark, "C1.2" + mark, " c1.2" + mark, "c1.2" + mark + " ", "t-1" + mark, "t1.2" + mark, "c1.2" + mark + mark,
		NewKeys([]byte("another")).Of(1, 2), NewKeys(nil).OfTest(1)} {
		if id, n, ok := keys.Parse(key); ok {
			t.Errorf("%q reads as %d, %d", key, id, n)
		}
	}
}

// FuzzKeys: what is understood was written by us, and in no other way.
func FuzzKeys(f *testing.F) {
	keys := NewKeys([]byte("secret"))
	f.Add(keys.Of(12, 345))
	f.Add(keys.OfTest(9))
	f.Add("c1.2")
	f.Fuzz(func(t *testing.T, key string) {
		id, n, ok := keys.Parse(key)
		if !ok {
			return
		}
		if n < 0 || id < 0 || id == 0 && keys.OfTest(n) != key || id > 0 && keys.Of(id, n) != key {
			t.Errorf("%q reads as %d, %d", key, id, n)
		}
	})
}

package shortlink

import (
	"fmt"
	"testing"
)

func TestCodesAreAPermutation(t *testing.T) {
	t.Parallel()
	c := NewCoder([]byte("secret"))
	seen := make(map[string]Number, 200_000)
	for i := range Number(100_000) {
		for _, n := range []Number{i, Numbers - 1 - i} {
			code := c.Encode(n)
			if len(code) != CodeLen {
				t.Fatalf("code %q", code)
			}
			if other, dup := seen[code]; dup {
				t.Fatalf("%d and %d share code %q", n, other, code)
			}
			seen[code] = n
			if back, err := c.Decode(code); err != nil || back != n {
				t.Fatalf("%d → %q → %d, %v", n, code, back, err)
			}
		}
	}
}

// TestNeighboursDiffer: a recipient must not find the next one's code by counting.
func TestNeighboursDiffer(t *testing.T) {
	t.Parallel()
	c := NewCoder([]byte("secret"))
	const n = 20_000
	var same [CodeLen]int
	for i := range Number(n) {
		a, b := c.Encode(i), c.Encode(i+1)
		for p := range CodeLen {
			if a[p] == b[p] {
				same[p]++
			}
		}
	}
	for p, k := range same {
		if got := float64(k) / n; got > 2.0/62 {
			t.Errorf("position %d is equal in %.3f of neighbours", p, got)
		}
	}
}

func TestSecretsGiveOtherCodes(t *testing.T) {
	t.Parallel()
	if a, b := NewCoder([]byte("a")).Encode(1), NewCoder([]byte("b")).Encode(1); a == b {
		t.Errorf("both secrets give %q", a)
	}
}

func FuzzCode(f *testing.F) {
	f.Add("00000000")
	f.Add("zzzzzzzz")
	f.Add("../../..")
	f.Add("课程课程")
	c := NewCoder([]byte("secret"))
	f.Fuzz(func(t *testing.T, code string) {
		n, err := c.Decode(code)
		if err != nil {
			return
		}
		if n < 0 || n >= Numbers || c.Encode(n) != code {
			t.Fatalf("%q → %d → %q", code, n, c.Encode(n))
		}
	})
}

func ExampleCoder() {
	c := NewCoder([]byte("the installation's secret"))
	code := c.Encode(42)
	n, err := c.Decode(code)
	fmt.Println(len(code), n, err)
	// Output: 8 42 <nil>
}

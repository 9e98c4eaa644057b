package shortlink

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func newCoder(t testing.TB, keys ...Key) *Coder {
	t.Helper()
	c, err := NewCoder(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// someKeys gives keys that are the same in every run.
func someKeys(versions ...int) []Key {
	var keys []Key
	for _, v := range versions {
		keys = append(keys, Key{Version: v, Secret: bytes.Repeat([]byte{byte(v + 1)}, 32)})
	}
	return keys
}

func allVersions() []int {
	all := make([]int, KeyVersions)
	for i := range all {
		all[i] = i
	}
	return all
}

func mustEncode(t testing.TB, c *Coder, version int, n Number) string {
	t.Helper()
	code, err := c.Encode(version, n)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestKeysOfACoder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys []Key
		ok   bool
	}{
		"first":            {someKeys(0), true},
		"all":              {someKeys(allVersions()...), true},
		"in another order": {someKeys(3, 0), true},
		"none":             {nil, false},
		"no first":         {someKeys(1), false},
		"twice":            {someKeys(0, 2, 2), false},
		"below":            {someKeys(0, -1), false},
		"above":            {someKeys(0, KeyVersions), false},
		"no secret":        {[]Key{{Version: 0}}, false},
	} {
		if _, err := NewCoder(c.keys...); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	c := newCoder(t, someKeys(0, 1, 15)...)
	random := rand.New(rand.NewPCG(5, 8))
	numbers := []Number{0, 1, halfOfNumbers - 1, halfOfNumbers, Numbers - 2, Numbers - 1}
	for range 50_000 {
		numbers = append(numbers, Number(random.Int64N(int64(Numbers))))
	}
	for _, version := range []int{0, 1, 15} {
		for _, n := range numbers {
			code := mustEncode(t, c, version, n)
			if len(code) != CodeLen || strings.Trim(code, alphabet) != "" {
				t.Fatalf("code %q", code)
			}
			for _, spelling := range []string{code, strings.ToUpper(code), strings.ToUpper(code[:3]) + code[3:]} {
				if v, back, err := c.Decode(spelling); err != nil || v != version || back != n {
					t.Fatalf("%d of %d → %q → %d of %d, %v", n, version, spelling, back, v, err)
				}
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	c := newCoder(t, someKeys(0, 1)...)
	for _, version := range []int{-1, 2, 15, KeyVersions, 1 << 40} {
		if code, err := c.Encode(version, 1); !errors.Is(err, ErrKey) || code != "" {
			t.Errorf("version %d gives %q, %v", version, code, err)
		}
	}
	for _, n := range []Number{-1, Numbers, 1 << 62} {
		if code, err := c.Encode(0, n); err == nil || errors.Is(err, ErrKey) || code != "" {
			t.Errorf("number %d gives %q, %v", n, code, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	c := newCoder(t, someKeys(0)...)
	for _, code := range []string{
		"", "a", "1234567", "123456789", "../../..", "12 45678", "1234567\n", "\x00\x00\x00\x00\x00\x00\x00\x00",
		"课程课程", "１２３４", "kkkkk\u212a", "\u017f234567", "abcdefg_", strings.Repeat("a", 10<<10),
	} {
		if v, n, err := c.Decode(code); !errors.Is(err, ErrMalformed) || v != 0 || n != 0 {
			t.Errorf("%.20q gives %d of %d, %v", code, n, v, err)
		}
	}
}

// TestStrangersCodes: a text that nobody made is of some version, each being as likely.
func TestStrangersCodes(t *testing.T) {
	t.Parallel()
	all, first := newCoder(t, someKeys(allVersions()...)...), newCoder(t, someKeys(0)...)
	random := rand.New(rand.NewPCG(3, 6))
	var count [KeyVersions]int
	for range 64_000 {
		var text [CodeLen]byte
		for i := range text {
			text[i] = alphabet[random.IntN(len(alphabet))]
		}
		code := string(text[:])
		version, n, err := all.Decode(code)
		if err != nil || mustEncode(t, all, version, n) != code {
			t.Fatalf("%q → %d of %d, %v", code, n, version, err)
		}
		count[version]++
		got, m, err := first.Decode(code)
		if got != version || version == 0 && (err != nil || m != n) || version != 0 && (!errors.Is(err, ErrKey) || m != 0) {
			t.Fatalf("%q of version %d: %d of %d, %v without its key", code, version, m, got, err)
		}
	}
	for version, k := range count {
		if k < 3700 || k > 4300 { // 4000, and five sigma
			t.Errorf("%d of 64,000 texts are of version %d", k, version)
		}
	}
}

func TestSecretsGiveOtherCodes(t *testing.T) {
	t.Parallel()
	a, b := newCoder(t, Key{Secret: []byte("a")}), newCoder(t, Key{Secret: []byte("b")})
	same := 0
	for n := range Number(1000) {
		if mustEncode(t, a, 0, n) == mustEncode(t, b, 0, n) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("two secrets share %d of 1000 codes", same)
	}
}

// TestNewKeysKeepCodes: a code is what it was, whatever keys come after.
func TestNewKeysKeepCodes(t *testing.T) {
	t.Parallel()
	before, after := newCoder(t, someKeys(0, 1)...), newCoder(t, someKeys(0, 1, 2)...)
	for n := range Number(1000) {
		for version := range 2 {
			if mustEncode(t, before, version, n) != mustEncode(t, after, version, n) {
				t.Fatalf("%d of %d has another code", n, version)
			}
		}
	}
	// Codes that have been sent must lead there in the next release too.
	for code, n := range map[string]Number{"0ljta711": 0, "rsbgsnzf": 1, "y9lwv9jo": Numbers - 1} {
		if got := mustEncode(t, after, 1, n); got != code {
			t.Errorf("%d of 1 is %q now, was %q", n, got, code)
		}
	}
}

func FuzzCode(f *testing.F) {
	for _, text := range []string{"00000000", "zzzzzzzz", "ZZZZZZZZ", "../../..", "课程课程", "kkkkk\u212a", ""} {
		f.Add(text)
	}
	all, first := newCoder(f, someKeys(allVersions()...)...), newCoder(f, someKeys(0)...)
	f.Fuzz(func(t *testing.T, code string) {
		version, n, err := all.Decode(code)
		wellFormed := len(code) == CodeLen && strings.Trim(code, alphabet+strings.ToUpper(alphabet)) == ""
		if wellFormed != (err == nil) {
			t.Fatalf("%q: %v", code, err)
		}
		if err != nil {
			return
		}
		if version < 0 || version >= KeyVersions || n < 0 || n >= Numbers || mustEncode(t, all, version, n) != strings.ToLower(code) {
			t.Fatalf("%q → %d of %d", code, n, version)
		}
		if _, m, err := first.Decode(code); version == 0 && (err != nil || m != n) || version != 0 && (!errors.Is(err, ErrKey) || m != 0) {
			t.Fatalf("%q of version %d: %d, %v without its key", code, version, m, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	c := newCoder(b, someKeys(0, 1)...)
	b.ReportAllocs()
	for n := Number(0); b.Loop(); n++ {
		if _, err := c.Encode(1, n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	c := newCoder(b, someKeys(0, 1)...)
	code := mustEncode(b, c, 1, 1<<33)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.Decode(code); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleCoder() {
	c, err := NewCoder(Key{Version: 0, Secret: []byte("32 random bytes, kept for ever")})
	if err != nil {
		fmt.Println(err)
		return
	}
	code, _ := c.Encode(0, 42)
	version, n, err := c.Decode(strings.ToUpper(code)) // as somebody typed it
	fmt.Println(len(code), version, n, err)

	_, _, err = c.Decode("../../etc")
	fmt.Println(err)
	// Output:
	// 8 0 42 <nil>
	// shortlink: not a code
}

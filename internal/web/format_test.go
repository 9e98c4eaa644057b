package web

import (
	"strings"
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	l := testLocale(t, zhCN)
	yen := *l
	yen.currency = "JPY"
	for _, tt := range []struct{ got, want string }{
		{l.Num(0), "0"}, {l.Num(999), "999"}, {l.Num(1000), "1,000"}, {l.Num(int64(-58632)), "-58,632"}, {l.Num(uint8(7)), "7"}, {l.Num("x"), "x"},
		{l.Pct(0.122), "12.2%"}, {l.Pct(0), "0%"}, {l.Pct(1), "100%"}, {l.Pct(0.00001), "<0.1%"}, {l.Pct(0.9999), "99.9%"}, {l.Pct(0.5), "50.0%"}, {l.Pct(-1), "0%"},
		{l.Pct(l.Of(1, 0)), "0%"}, {l.Pct(l.Of(int64(1), 3)), "33.3%"},
		{l.Money(128000), "¥1,280.00"}, {l.Money(0), "¥0.00"}, {l.Money(-5), "-¥0.05"}, {l.Money(int64(99)), "¥0.99"}, {l.MoneyIn(128000, "USD"), "$1,280.00"},
		{l.MoneyIn(128000, "XTS"), "XTS 1,280.00"}, {l.MoneyIn(1280, "KWD"), "KWD 1.280"}, {yen.Money(1280), "¥1,280"},
		{l.Sum(38642000), "¥386,420"}, {l.Sum(49), "¥0"}, {l.Sum(50), "¥1"}, {l.Sum(-38642000), "-¥386,420"}, {yen.Sum(1280), "¥1,280"},
		{minorText(1250, 2), "12.50"}, {minorText(1200, 2), "12"}, {minorText(-5, 2), "-0.05"}, {minorText(7, 0), "7"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestMinorUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		digits int
		want   int64
		ok     bool
	}{
		{"12", 2, 1200, true}, {"12.5", 2, 1250, true}, {"12.50", 2, 1250, true}, {"-0.05", 2, -5, true}, {"¥99", 2, 9900, true}, {"7", 0, 7, true},
		{"12.505", 2, 0, false}, {"7.1", 0, 0, false}, {"12.", 2, 0, false}, {".5", 2, 0, false}, {"", 2, 0, false}, {"1e3", 2, 0, false},
		{"--1", 2, 0, false}, {"92233720368547758.08", 2, 0, false}, {"0x10", 2, 0, false}, {"1_000", 2, 0, false}, {"1 000", 2, 0, false},
	} {
		got, ok := minor(tt.text, tt.digits)
		if ok != tt.ok || (ok && got != tt.want) {
			t.Errorf("%q: %d, %v", tt.text, got, ok)
		}
		if ok && tt.digits == 2 {
			if again, _ := minor(minorText(got, 2), 2); again != got {
				t.Errorf("%q: not the same again", tt.text)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	zh, english := testLocale(t, zhCN), testLocale(t, en)
	now := zh.now() // 2026-11-20 20:05 at the school
	at := func(s string) time.Time {
		got, err := time.ParseInLocation("2006-01-02 15:04", s, zh.loc)
		if err != nil {
			t.Fatal(err)
		}
		return got.UTC()
	}
	for _, tt := range []struct{ got, want string }{
		{zh.moment(at("2026-11-20 09:41")), "今天 09:41"}, {zh.moment(at("2026-11-19 22:30")), "昨天 22:30"}, {zh.moment(at("2026-11-21 00:00")), "明天 00:00"},
		{zh.moment(at("2026-11-18 19:52")), "11-18 19:52"}, {zh.moment(at("2026-09-02 21:17")), "2026-09-02"}, {zh.moment(at("2027-03-18 00:00")), "2027-03-18"},
		{english.moment(at("2026-11-20 09:41")), "Today 09:41"}, {english.moment(at("2026-11-18 19:52")), "18 Nov 19:52"},
		{zh.moment(now.UTC()), "今天 20:05"},
		{string(zh.When(at("2026-11-20 09:41"), "none.never")), `<time datetime="2026-11-20T09:41:00+08:00">今天 09:41</time>`},
		{string(zh.When(time.Time{}, "none.never")), `<span class="crm-muted">从未</span>`},
		{string(zh.Date(at("2026-11-20 00:30"), "none.never")), `<time datetime="2026-11-20T00:30:00+08:00">2026-11-20</time>`},
		{string(zh.Stamp(at("2026-11-20 19:30"))), `<time datetime="2026-11-20T19:30:00+08:00">2026-11-20 19:30</time>`},
		{zh.Today(), "2026 年 11 月 20 日 周五"}, {english.Today(), "Friday, 20 November 2026"},
		{zh.Ago(now.Add(-12 * time.Second)), "12 秒前"}, {zh.Ago(now.Add(-18 * time.Minute)), "18 分钟前"}, {zh.Ago(now.Add(time.Hour)), "0 秒前"},
		{zh.Ago(now.Add(-30 * time.Hour)), "30 小时前"}, {english.Ago(now.AddDate(0, 0, -79)), "79 days ago"},
		{zh.Duration(126 * time.Second), "2 分 6 秒"}, {zh.Duration(86 * time.Millisecond), "86 毫秒"}, {zh.Duration(0), "1 毫秒"}, {zh.Duration(time.Hour), "1 小时"},
		{zh.Duration(25*time.Hour + 3*time.Second), "1 天 1 小时"}, {zh.Duration(59500 * time.Millisecond), "1 分"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{0: `width="0.0%"`, 0.5: `width="50.0%"`, 2: `width="100.0%"`, -1: `width="0.0%"`} {
		if got := string(bar(share, "s bad", `"><b>`)); !strings.Contains(got, want) || strings.Contains(got, "<b>") || !strings.Contains(got, `class="crm-p-bad"`) {
			t.Errorf("%v: %s", share, got)
		}
	}
}

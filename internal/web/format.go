package web

import (
	"fmt"
	"html/template"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/coursecrm/coursecrm/campaign"
)

// locale writes numbers, sums and times in one language, in the site's currency and time zone.
type locale struct {
	lang     string
	messages messages
	loc      *time.Location
	currency string
	now      func() time.Time
}

// whole64 gives the value of any whole number, named types included.
func whole64(a any) (int64, bool) {
	v := reflect.ValueOf(a)
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), true //nolint:gosec // counts are far below the edge
	}
	return 0, false
}

// Num writes a whole number: 58,632.
func (l *locale) Num(a any) string {
	n, ok := whole64(a)
	if !ok {
		return fmt.Sprint(a)
	}
	return thousands(strconv.FormatInt(n, 10))
}

func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	s, fraction, point := strings.Cut(s, ".")
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if point {
		s += "." + fraction
	}
	return sign + s
}

// Pct writes a share with one decimal: 12.2%. All of it is 100%. Something is never 0.0%, and
// less than all never 100%.
func (l *locale) Pct(share float64) string {
	if math.IsNaN(share) || share <= 0 {
		return "0%"
	}
	if share == 1 {
		return "100%"
	}
	p := math.Round(share*1000) / 10
	switch {
	case p < 0.1:
		return "<0.1%"
	case share < 1 && p >= 100:
		p = 99.9
	}
	return strconv.FormatFloat(p, 'f', 1, 64) + "%"
}

// Of gives a share of a whole; of nothing it is 0.
func (l *locale) Of(part, whole any) float64 {
	p, _ := whole64(part)
	w, _ := whole64(whole)
	if w <= 0 {
		return 0
	}
	return float64(p) / float64(w)
}

var symbols = map[string]string{"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$", "KRW": "₩"}

// minorDigits is how many digits of an amount stand behind the point (ISO 4217).
func minorDigits(currency string) int { return campaign.MinorDigits(currency) }

// Money writes a sum exactly, for records: ¥1,280.00.
func (l *locale) Money(minor any) string { return l.MoneyIn(minor, l.currency) }

// MoneyIn is Money in another currency than the site's.
func (l *locale) MoneyIn(minor any, currency string) string {
	n, _ := whole64(minor)
	return moneySign(n, currency) + thousands(decimal(abs(n), minorDigits(currency), false))
}

// Price writes a price in thousandths of a minor unit, with as many digits as it has: ¥0.045.
func (l *locale) Price(thousandths any) string {
	n, _ := whole64(thousandths)
	digits := minorDigits(l.currency)
	text := decimal(abs(n), digits+3, false)
	for len(text) > 0 && strings.Contains(text, ".") && text[len(text)-1] == '0' && len(text)-strings.IndexByte(text, '.') > digits+1 {
		text = text[:len(text)-1]
	}
	return moneySign(n, l.currency) + thousands(text)
}

// Sum writes a sum without its minor units, for totals: ¥386,420.
func (l *locale) Sum(minor any) string {
	n, _ := whole64(minor)
	whole := int64(math.Round(float64(abs(n)) / math.Pow10(minorDigits(l.currency))))
	return moneySign(n, l.currency) + thousands(strconv.FormatInt(whole, 10))
}

func moneySign(n int64, currency string) string {
	symbol, ok := symbols[currency]
	if !ok {
		symbol = currency + " "
	}
	if n < 0 {
		return "-" + symbol
	}
	return symbol
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

// decimal writes minor units as a number; short drops zeros behind the point.
func decimal(n int64, digits int, short bool) string {
	unit := int64(math.Pow10(digits))
	if digits == 0 || (short && n%unit == 0) {
		return strconv.FormatInt(n/unit, 10)
	}
	return fmt.Sprintf("%d.%0*d", n/unit, digits, n%unit)
}

// Duration writes a span in its two largest units: 2 分 6 秒. Below a second: 86 毫秒.
func (l *locale) Duration(d time.Duration) string {
	if d < time.Second {
		return l.T("dur.ms", max(d.Milliseconds(), 1))
	}
	s := int64(d.Round(time.Second) / time.Second)
	parts := []struct {
		key  string
		size int64
	}{{"dur.day", 86400}, {"dur.hour", 3600}, {"dur.min", 60}, {"dur.sec", 1}}
	for i, p := range parts {
		if s < p.size {
			continue
		}
		text := l.T(p.key, s/p.size)
		if rest := s % p.size; i+1 < len(parts) && rest >= parts[i+1].size {
			text += " " + l.T(parts[i+1].key, rest/parts[i+1].size)
		}
		return text
	}
	return l.T("dur.sec", 0)
}

// Ago writes how long something is past, in one unit: 12 秒前.
func (l *locale) Ago(t time.Time) string {
	d := max(l.now().Sub(t), 0)
	switch {
	case d < time.Minute:
		return l.T("ago.sec", int64(d/time.Second))
	case d < time.Hour:
		return l.T("ago.min", int64(d/time.Minute))
	case d < 48*time.Hour:
		return l.T("ago.hour", int64(d/time.Hour))
	}
	return l.T("ago.day", int64(d/(24*time.Hour)))
}

// closeBy is how far a moment may be away to be written without its year.
const closeBy = 60 * 24 * time.Hour

// moment writes a time: 今天 09:41, 昨天 22:30, 11-18 19:52, else 2026-09-02.
func (l *locale) moment(t time.Time) string {
	t = t.In(l.loc)
	now := l.now().In(l.loc)
	clock := t.Format("15:04")
	switch day(t).Sub(day(now)) / (24 * time.Hour) {
	case 0:
		return l.T("time.today", clock)
	case -1:
		return l.T("time.yesterday", clock)
	case 1:
		return l.T("time.tomorrow", clock)
	}
	if d := now.Sub(t); d > closeBy || d < -closeBy {
		return t.Format("2006-01-02")
	}
	if l.lang == en {
		return t.Format("2 Jan 15:04")
	}
	return t.Format("01-02 15:04")
}

// day is the calendar day of t as a UTC date, so that days differ by 24 hours also where clocks
// change.
func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// When writes a moment as a <time>; a missing one as the word of the key, muted.
func (l *locale) When(t time.Time, none string) template.HTML {
	if t.IsZero() {
		return l.muted(none)
	}
	return l.timeTag(t, l.moment(t))
}

// Date writes the day alone.
func (l *locale) Date(t time.Time, none string) template.HTML {
	if t.IsZero() {
		return l.muted(none)
	}
	return l.timeTag(t, t.In(l.loc).Format("2006-01-02"))
}

// Clock writes the time of day to the second: 14:32:08.
func (l *locale) Clock(t time.Time) string { return t.In(l.loc).Format("15:04:05") }

// Stamp writes day and time in full, for records: 2026-11-20 19:30.
func (l *locale) Stamp(t time.Time) template.HTML {
	return l.timeTag(t, l.stampText(t))
}

// stampText is the same for sentences of the message files, which hold no markup.
func (l *locale) stampText(t time.Time) string { return t.In(l.loc).Format("2006-01-02 15:04") }

func (l *locale) timeTag(t time.Time, text string) template.HTML {
	return template.HTML(`<time datetime="` + t.In(l.loc).Format(time.RFC3339) + `">` + //nolint:gosec // escaped here
		template.HTMLEscapeString(text) + `</time>`)
}

func (l *locale) muted(key string) template.HTML {
	return template.HTML(`<span class="crm-muted">` + template.HTMLEscapeString(l.T(key)) + `</span>`) //nolint:gosec // escaped here
}

// Today writes the date with the weekday: 2026 年 11 月 20 日 周五.
func (l *locale) Today() string {
	t := l.now().In(l.loc)
	if l.lang == en {
		return t.Format("Monday, 2 January 2006")
	}
	return t.Format("2006 年 1 月 2 日 ") + l.TK("weekday", int(t.Weekday()))
}

package sheet

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Cell is one value of a table. The zero value is an empty cell.
type Cell struct {
	kind   kind
	text   string
	number int64 // whole, or minor units
	digits int
	at     time.Time // in the zone in which it is shown
}

type kind uint8

const (
	empty kind = iota
	text
	whole
	money
	moment
)

// Text makes a cell of text, of any content and length. Line ends become \n, characters that XML
// forbids are dropped, and broken UTF-8 becomes U+FFFD.
func Text(s string) Cell { return Cell{kind: text, text: clean(s)} }

// Int makes a cell of a whole number. Spreadsheets keep 15 digits of a number, so an id belongs
// into [Text].
func Int(n int64) Cell { return Cell{kind: whole, number: n} }

// Money makes a cell of a sum: minor units of a currency with that many digits behind the point,
// so Money(128000, 2) is 1280.00. Digits below zero count as zero. The currency belongs into the
// header.
func Money(minor int64, digits int) Cell {
	return Cell{kind: money, number: minor, digits: max(digits, 0)}
}

// Time makes a cell of a moment as clocks in loc show it, to the second; nil is UTC. The zero
// time makes an empty cell.
func Time(t time.Time, loc *time.Location) Cell {
	if t.IsZero() {
		return Cell{}
	}
	if loc == nil {
		loc = time.UTC
	}
	return Cell{kind: moment, at: t.In(loc)}
}

// timeLayout is read as a date and time by spreadsheets in any language.
const timeLayout = "2006-01-02 15:04:05"

// String is the cell as plain text, without any protection against formulas.
func (c Cell) String() string {
	switch c.kind {
	case text:
		return c.text
	case whole:
		return strconv.FormatInt(c.number, 10)
	case money:
		return decimal(c.number, c.digits)
	case moment:
		return c.at.Format(timeLayout)
	case empty:
	}
	return ""
}

// decimal sets the point by moving digits, not by dividing: sums stay exact.
func decimal(minor int64, digits int) string {
	s, sign := strconv.FormatInt(minor, 10), ""
	if minor < 0 {
		s, sign = s[1:], "-"
	}
	if digits == 0 {
		return sign + s
	}
	if missing := digits + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// clean is the same for both formats, so that what guard looks at is what a reader will see.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.Contains(s, "\r") {
		s = lineEnds.Replace(s)
	}
	return strings.Map(func(r rune) rune {
		if (r < ' ' && r != '\t' && r != '\n') || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
}

// guard puts an apostrophe before text that a spreadsheet would run as a formula. Spaces and
// invisible characters before it do not help an attacker, nor do the full-width forms, which
// East Asian editions of Excel accept.
func guard(s string) string {
	rest := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	if strings.ContainsAny(s[:len(s)-len(rest)], "\t\n") {
		return "'" + s
	}
	if first, _ := utf8.DecodeRuneInString(rest); strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}

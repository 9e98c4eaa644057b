package campaign

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid"
)

// Liquid evaluates single expressions and conditions, which expression.go has read and written
// anew with numbers for names. What stands around them never passes through it, so a value cannot
// be read as a template, and an output is escaped after its filters saw the true text.

// maxValue bounds what a filter makes, in bytes: a chain of them would else multiply a text.
const maxValue = 10_000

var errValueLong = errors.New("value too long")

// filterArguments says how many arguments a filter takes, at least and at most. Filters of arrays
// are left out, nothing is one; and those of markup: outputs are escaped anyway.
var filterArguments = map[string][2]int{
	"default": {1, 1}, "append": {1, 1}, "prepend": {1, 1}, "replace": {2, 2}, "replace_first": {2, 2},
	"remove": {1, 1}, "remove_first": {1, 1}, "truncate": {0, 2}, "slice": {1, 2}, "date": {1, 1},
	"upcase": {0, 0}, "downcase": {0, 0}, "capitalize": {0, 0}, "strip": {0, 0}, "lstrip": {0, 0}, "rstrip": {0, 0},
	"size": {0, 0}, "plus": {1, 1}, "minus": {1, 1}, "times": {1, 1}, "divided_by": {1, 1}, "round": {0, 1}, "floor": {0, 0}, "ceil": {0, 0},
}

func arguments(filter string) (least, most int, ok bool) {
	n, ok := filterArguments[filter]
	return n[0], n[1], ok
}

// engine is Liquid with filters that fail instead of panicking and make no long texts.
var engine = sync.OnceValue(func() *liquid.Engine {
	e := liquid.NewEngine()
	e.RegisterFilter("append", func(s, suffix string) (string, error) { return short(s + suffix) })
	e.RegisterFilter("prepend", func(s, prefix string) (string, error) { return short(prefix + s) })
	e.RegisterFilter("replace", func(s, from, to string) (string, error) { return replace(s, from, to, -1) })
	e.RegisterFilter("replace_first", func(s, from, to string) (string, error) { return replace(s, from, to, 1) })
	e.RegisterFilter("remove", func(s, from string) (string, error) { return replace(s, from, "", -1) })
	e.RegisterFilter("remove_first", func(s, from string) (string, error) { return replace(s, from, "", 1) })
	e.RegisterFilter("capitalize", capitalize)
	e.RegisterFilter("truncate", func(s string, length func(int) int, end func(string) string) string {
		return truncate(s, length(50), end("..."))
	})
	e.RegisterFilter("slice", func(s string, start int, length func(int) int) string { return slice(s, start, length(1)) })
	e.RegisterFilter("date", formatDate)
	e.RegisterFilter("round", func(n float64, places func(int) int) float64 {
		scale := math.Pow10(min(max(places(0), 0), 9))
		return math.Floor(n*scale+0.5) / scale
	})
	for name, f := range map[string]func(a, b float64) float64{
		"plus":  func(a, b float64) float64 { return a + b },
		"minus": func(a, b float64) float64 { return a - b },
		"times": func(a, b float64) float64 { return a * b },
	} {
		e.RegisterFilter(name, func(a, b float64) (string, error) { return number(f(a, b)) })
	}
	e.RegisterFilter("divided_by", func(a, b float64) (string, error) { return number(a / b) })
	return e
})

func short(s string) (string, error) {
	if len(s) > maxValue {
		return "", errValueLong
	}
	return s, nil
}

func number(f float64) (string, error) {
	if math.IsNaN(f) || math.Abs(f) > 1e15 {
		return "", errors.New("no number")
	}
	return strconv.FormatFloat(f, 'f', -1, 64), nil
}

func replace(s, from, to string, n int) (string, error) {
	count := strings.Count(s, from)
	if n >= 0 {
		count = min(count, n)
	}
	if len(s)+count*len(to) > maxValue {
		return "", errValueLong
	}
	return strings.Replace(s, from, to, n), nil
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

// truncate shortens a text to n characters, the end that says so included.
func truncate(s string, n int, end string) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return firstRunes(s, max(n-utf8.RuneCountInString(end), 0)) + end
}

func slice(s string, start, n int) string {
	r := []rune(s)
	if start < 0 {
		start += len(r)
	}
	if start < 0 || start >= len(r) || n <= 0 {
		return ""
	}
	return string(r[start:min(len(r), start+min(n, len(r)))])
}

var dateWords = map[byte]string{'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'b': "Jan", 'B': "January", 'F': "2006-01-02"}

// formatDate writes a date (2026-11-30) in another way, with the strftime words of dateWords; a dash
// leaves a leading zero out: %-m月%-d日. What is no date stays as it is.
func formatDate(s, format string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		bare := format[i] == '-' && i+1 < len(format)
		if bare {
			i++
		}
		layout, ok := dateWords[format[i]]
		switch {
		case !ok:
			b.WriteByte(format[i])
		case bare:
			b.WriteString(strings.TrimLeft(t.Format(layout), "0 "))
		default:
			b.WriteString(t.Format(layout))
		}
	}
	return b.String()
}

// evaluator is a compiled expression or choice. It is safe for concurrent use.
type evaluator struct{ t *liquid.Template }

// compileLiquid compiles text that was made by this package.
func compileLiquid(source string) (out evaluator, err error) {
	defer func() { // Liquid panics on some of what it cannot read
		if recover() != nil {
			err = &TemplateError{Err: ErrTemplateSyntax}
		}
	}()
	t, serr := engine().ParseString(source)
	if serr != nil {
		return evaluator{}, &TemplateError{Err: ErrTemplateSyntax}
	}
	return evaluator{t}, nil
}

// text evaluates for one person.
func (e evaluator) text(bindings liquid.Bindings) (out string, err error) {
	defer func() { // and on values of the wrong kind
		if recover() != nil {
			err = &TemplateError{Err: ErrTemplateSyntax}
		}
	}()
	out, serr := e.t.RenderString(bindings)
	if serr != nil {
		return "", &TemplateError{Err: ErrTemplateSyntax}
	}
	if len(out) > 2*maxValue {
		return "", &TemplateError{Err: ErrTemplateTooLong}
	}
	return out, nil
}

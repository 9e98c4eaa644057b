package web

import (
	"math"
	"strconv"
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// value reads what was typed. Full-width digits, which Chinese keyboards make, are digits.
func (d *draft) value(f segment.Field, s valueShape, digits int) (any, bool) {
	switch s {
	case shapeNone, shapeCalendar:
		return nil, true
	case shapeText:
		text := strings.TrimSpace(strings.Join(d.Values, ""))
		return text, text != ""
	case shapeDate:
		date := strings.TrimSpace(strings.Join(d.Values, ""))
		return date, date != ""
	case shapeDates:
		return d.Values, len(d.Values) == 2 && d.Values[0] != "" && d.Values[1] != ""
	case shapeList:
		if f.Type == segment.Word || f.Type == segment.Words {
			return d.Values, len(d.Values) > 0
		}
		list, ok := wholes(d.Values)
		return list, ok && len(list) > 0
	case shapeReal, shapeReals:
		return typed(d.Values, s, decimalOf)
	case shapeMoney, shapeMoneys:
		return typed(d.Values, s, func(v string) (int64, bool) { return minor(v, digits) })
	}
	return typed(d.Values, s, whole)
}

// typed reads one number, or two.
func typed[T int64 | float64](vals []string, s valueShape, read func(string) (T, bool)) (any, bool) {
	list := make([]T, 0, 2)
	for _, v := range vals {
		n, ok := read(number(v))
		if !ok {
			return nil, false
		}
		list = append(list, n)
	}
	if s.pair() {
		return list, len(list) == 2
	}
	if len(list) != 1 {
		return nil, false
	}
	return list[0], true
}

// number is what was typed as a number, without its thousands' marks.
func number(v string) string {
	return strings.ReplaceAll(halfWidth(strings.TrimSpace(v)), ",", "")
}

func whole(v string) (int64, bool) {
	n, err := strconv.ParseInt(v, 10, 64)
	return n, err == nil
}

// decimalOf reads a number with a fraction, written out: no exponent, no infinity.
func decimalOf(v string) (float64, bool) {
	if strings.Trim(v, "-.0123456789") != "" || v == "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(v, 64)
	return n, err == nil
}

// minor reads an amount typed in major units: "12.5" is 1250 minor units. More digits than the
// currency has are refused rather than rounded.
func minor(v string, digits int) (int64, bool) {
	negative := strings.HasPrefix(v, "-")
	v = strings.TrimPrefix(strings.TrimPrefix(v, "-"), "¥")
	units, fraction, point := strings.Cut(v, ".")
	if len(fraction) > digits || (point && fraction == "") || units == "" || strings.ContainsAny(v, "+-eE_xX ") {
		return 0, false
	}
	n, err := strconv.ParseInt(units+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil || n == math.MinInt64 {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '．':
			return '.'
		case r == '，':
			return ','
		case r == '￥':
			return '¥'
		}
		return r
	}, s)
}

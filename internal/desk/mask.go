package desk

import (
	"strings"

	"github.com/coursecrm/coursecrm/segment"
)

// MaskMobile hides the middle of a number: 138****5621. A short one is hidden whole, since its
// ends would be most of it.
func MaskMobile(s string) string {
	r := []rune(s)
	switch {
	case len(r) == 0:
		return ""
	case len(r) < 9:
		return "****"
	}
	return string(r[:3]) + "****" + string(r[len(r)-4:])
}

// MaskEmail keeps the first character and the domain: a***@example.com.
func MaskEmail(s string) string {
	if s == "" {
		return ""
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return "***"
	}
	return string([]rune(s)[:1]) + "***" + s[at:]
}

// MaskEntry hides what may be somebody's contact in a list of people. What was read as an id may
// be a number that was typed wrong.
func MaskEntry(e segment.IDEntry) string {
	switch {
	case e.Kind == segment.KindEmail:
		return MaskEmail(e.Value)
	case e.Kind == segment.KindMobile, strings.Trim(e.Value, "0123456789+-()") == "" && len(e.Value) > 6:
		return MaskMobile(e.Value)
	}
	return e.Value
}

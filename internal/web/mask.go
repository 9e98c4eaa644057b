package web

import "strings"

// maskMobile hides the middle of a number: 138****5621. A short one is hidden whole, since its
// ends would be most of it.
func maskMobile(s string) string {
	r := []rune(s)
	switch {
	case len(r) == 0:
		return ""
	case len(r) < 9:
		return "****"
	}
	return string(r[:3]) + "****" + string(r[len(r)-4:])
}

// maskEmail keeps the first character and the domain: a***@example.com.
func maskEmail(s string) string {
	if s == "" {
		return ""
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return "***"
	}
	return string([]rune(s)[:1]) + "***" + s[at:]
}

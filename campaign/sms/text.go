package sms

import (
	"strings"
	"unicode/utf8"
)

// clip makes somebody else's words fit to be kept and shown: UTF-8 without NUL, at most limit
// characters.
func clip(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}

// named tells whether an id or a key can be kept: 1 to limit bytes of UTF-8 without controls.
func named(id string, limit int) bool {
	return id != "" && len(id) <= limit && utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' })
}

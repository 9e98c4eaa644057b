package shortlink

import "strings"

// Lengths of the name of a free link.
const (
	MinSlug = 3
	MaxSlug = 40
)

// reserved are the names that stand for something else below the public address.
var reserved = map[string]bool{"static": true, "callbacks": true}

// IsSlug reports whether a text may name a free link: small letters, digits and single hyphens
// between them, and not of the form of a code, so that nobody's code is ever taken for a name.
func IsSlug(s string) bool {
	if len(s) < MinSlug || len(s) > MaxSlug || reserved[s] || s[0] == '-' || s[len(s)-1] == '-' || strings.Contains(s, "--") {
		return false
	}
	plain := true
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '-':
			plain = false
		default:
			return false
		}
	}
	return !plain || len(s) != CodeLen
}

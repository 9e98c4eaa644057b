package email

import (
	"fmt"
	"strconv"
	"strings"
)

// maxKey bounds a message's key, in bytes.
const maxKey = 200

// messageID names a message the same way at every try. What RFC 5322 does not let stand in the
// part before the @ is written as "=" and two hexadecimal digits.
func messageID(key, domain string) string {
	var b strings.Builder
	for i := range len(key) {
		c := key[i]
		dot := c == '.' && i > 0 && i < len(key)-1 && key[i-1] != '.'
		if dot || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String() + "@" + domain
}

// KeyOf gives the key of the message that had a Message-ID, with or without the angle brackets.
// False: it is none that this package writes. It does not look at the domain.
func KeyOf(id string) (key string, ok bool) {
	id = strings.TrimSpace(id)
	if inner, open := strings.CutPrefix(id, "<"); open {
		if id, ok = strings.CutSuffix(inner, ">"); !ok {
			return "", false
		}
	}
	local, domain, ok := strings.Cut(id, "@")
	if !ok || domain == "" || local == "" {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(local); i++ {
		if local[i] != '=' {
			b.WriteByte(local[i])
			continue
		}
		c, err := strconv.ParseUint(local[min(i+1, len(local)):min(i+3, len(local))], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		i += 2
	}
	// Only what messageID itself would write is ours, so that one message has one name.
	if key = b.String(); len(key) > maxKey || messageID(key, domain) != id {
		return "", false
	}
	return key, true
}

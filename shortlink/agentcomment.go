package shortlink

import "strings"

// comment writes what stands in parentheses, of which the last may be missing.
//
// Behind a version without a space it is more of the version, as in "8.0.47(0x28002F30)", or the
// model, as in "Apple(iPhone 12 Pro)", and goes. Where it tells of an Android or Harmony device
// only the parts that are known stay: the others are the model and the language.
func (s *shaper) comment(t string, depth int, attached, closed bool) {
	if n := len(s.out); attached && n > 0 && s.out[n-1] == '#' && !strings.ContainsAny(t, ";(") {
		return
	}
	if strings.Contains(t, "__") { // Weibo's: model, version and system in one
		t = "#"
	}
	parts := segments(t)
	device := false
	for _, p := range parts {
		device = device || isDevice(p)
	}
	before, space := len(s.out), s.space
	s.space = space || !attached
	s.put("(")
	last := ""
	for _, p := range parts {
		if device && !isKnown(p) {
			continue
		}
		at := len(s.out)
		if last != "" {
			s.mark(';')
		}
		from := len(s.out)
		s.text(p, depth)
		text := strings.Trim(string(s.out[from:]), " ;,")
		if text == "" || text == last {
			s.out = s.out[:at]
			continue
		}
		last = text
	}
	if last == "" {
		s.out, s.space = s.out[:before], true
		return
	}
	if closed {
		s.out = append(s.out, ')')
	}
	s.space = true
}

// segments splits a comment at its semicolons, not at those of comments within.
func segments(t string) []string {
	var out []string
	depth, from := 0, 0
	for i := range len(t) {
		switch t[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ';':
			if depth == 0 {
				out, from = append(out, t[from:i]), i+1
			}
		}
	}
	return append(out, t[from:])
}

func isDevice(part string) bool {
	switch firstWord(part) {
	case "android", "harmonyos", "openharmony":
		return true
	}
	return false
}

// isKnown tells the parts of a device's comment that stay. A part with a slash names a program,
// unless it is the build of the system.
func isKnown(part string) bool {
	part = strings.TrimSpace(part)
	switch word := firstWord(part); word {
	case "android", "harmonyos", "openharmony", "linux", "windows", "compatible", "rv", "hmscore", "gmscore":
		return true
	case "u", "wv", "mobile", "tablet", "phone", "pc", "tv":
		return len(part) == len(word)
	}
	return strings.ContainsRune(part, '/') && !strings.Contains(lower(part), "build/")
}

// firstWord gives the letters at the start, lower case.
func firstWord(t string) string {
	t = strings.TrimSpace(t)
	for i := range len(t) {
		if c := t[i] | 0x20; c < 'a' || c > 'z' {
			return lower(t[:i])
		}
	}
	return lower(t)
}

package shortlink

import "strings"

// product writes the word at i with what stands behind its slashes, colons and equals signs:
// names as they are, the last as "#". It gives the index behind.
func (s *shaper) product(t string, i int) int {
	j := wordEnd(t, i)
	name := agentWord(t[i:j])
	if strings.HasPrefix(t[j:], "://") {
		s.put(name + "://#")
		return j + addressLen(t[j:])
	}
	if j == len(t) || !isSeparator(t[j]) {
		s.bare(name)
		return j
	}
	s.put(name)
	for j < len(t) && isSeparator(t[j]) {
		sep := t[j]
		for j < len(t) && isSeparator(t[j]) {
			j++
		}
		end := valueEnd(t, j, sep)
		value := t[j:end]
		j = end
		switch {
		case value == "":
		case sep == '/' && j+1 < len(t) && t[j] == '/' && isWord(t[j+1]):
			s.out = append(append(s.out, sep), agentWord(value)...)
		default:
			s.out = append(s.out, sep, '#')
			return j
		}
	}
	return j
}

// bare writes a word with nothing behind it; one number after another says no more than the first.
func (s *shaper) bare(name string) {
	n := len(s.out)
	if name == "" || name == "#" && s.space && n > 0 && s.out[n-1] == '#' {
		return
	}
	s.put(name)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isNumber(c) || c >= 0x80 || strings.IndexByte("._+%@-", c) >= 0
}

// isNumber accepts "#" too: in a shape it stands for a number.
func isNumber(c byte) bool { return c >= '0' && c <= '9' || c == '#' }

func isSeparator(c byte) bool { return c == '/' || c == ':' || c == '=' }

// joins reports whether the comma at j is within a number, as in "iPhone15,2".
func joins(t string, j int) bool {
	return t[j] == ',' && j > 0 && isNumber(t[j-1]) && j+1 < len(t) && isNumber(t[j+1])
}

func wordEnd(t string, i int) int {
	for i < len(t) && (isWord(t[i]) || joins(t, i)) {
		i++
	}
	return i
}

// valueEnd is where the value at i ends. After a slash another slash ends it: what was a value is
// a name then.
func valueEnd(t string, i int, sep byte) int {
	for i < len(t) && t[i] > ' ' && t[i] != 0x7f && strings.IndexByte("();[]<>\"'", t[i]) < 0 &&
		(t[i] != ',' || joins(t, i)) && (t[i] != '/' || sep != '/') {
		i++
	}
	return i
}

func addressLen(t string) int {
	if i := strings.IndexAny(t, " ();,[]<>\"'\t\r\n"); i >= 0 {
		return i
	}
	return len(t)
}

const mailbox = "x@x.xx"

// agentWord gives a word without its numbers: "MJ12bot" is "MJ#bot". What looks like an id, a
// model or a language is "#", a mailbox always the same, and a word of punctuation nothing.
func agentWord(word string) string {
	word = strings.Trim(word, "._+%-@")
	switch {
	case word == "":
		return ""
	case isMailbox(word):
		return mailbox
	case strings.ContainsFunc(word, func(r rune) bool { return r >= 0x80 || r == '@' }):
		return "#"
	case strings.ContainsAny(word, "0123456789#"):
		return numbered(word)
	case len(word) > maxWord || isLocale(word):
		return "#"
	}
	return word
}

func isMailbox(word string) bool {
	name, domain, found := strings.Cut(word, "@")
	dot := strings.LastIndexByte(domain, '.')
	return found && name != "" && dot > 0 && len(domain)-dot > 2 && !strings.ContainsAny(domain[dot:]+name[:1], "0123456789_#") &&
		!strings.ContainsAny(domain, "_@")
}

// numbered gives a word that has numbers. It is a name with a version or the like when it has at
// most two numbers and letters together that are not of an id's or a model's sort: three where some
// are small, or five.
func numbered(word string) string {
	out, numbers := make([]byte, 0, maxWord), 0
	for i := 0; i < len(word); i++ {
		if !isNumber(word[i]) {
			out = append(out, word[i])
			continue
		}
		for i+1 < len(word) && (isNumber(word[i+1]) || i+2 < len(word) && strings.IndexByte("._,-", word[i+1]) >= 0 && isNumber(word[i+2])) {
			i++
		}
		out = append(out, '#')
		numbers++
	}
	if name := string(out); numbers <= 2 && len(name) <= maxWord && isName(name) {
		return name
	}
	return "#"
}

// isName accepts "#SE" and "#EE" too, which is how 360's browsers name themselves.
func isName(word string) bool {
	if word == "#SE" || word == "#EE" {
		return true
	}
	run, small, plain := 0, false, false
	for i := range len(word) {
		c := word[i]
		switch {
		case c >= 'a' && c <= 'z':
			run, small, plain = run+1, true, plain || c > 'f'
		case c >= 'A' && c <= 'Z':
			run, plain = run+1, plain || c > 'F'
		default:
			run, small, plain = 0, false, false
		}
		if plain && (run >= 3 && small || run >= 5) {
			return true
		}
	}
	return false
}

// isLocale knows the forms "zh-cn", "zh_CN" and "zh-Hans-CN".
func isLocale(word string) bool {
	if len(word) < 5 || len(word) > 10 || !letters(word[:2], 'a', 'z') || word[2] != '-' && word[2] != '_' {
		return false
	}
	region := word[3:]
	if len(region) >= 4 { // the script first
		switch strings.ToLower(region[:4]) {
		case "hans", "hant", "latn":
		default:
			return false
		}
		region = strings.TrimLeft(region[4:], "-_")
	}
	return region == "" || len(region) == 2 && (letters(region, 'a', 'z') || letters(region, 'A', 'Z'))
}

func letters(word string, from, to byte) bool {
	for i := range len(word) {
		if word[i] < from || word[i] > to {
			return false
		}
	}
	return true
}

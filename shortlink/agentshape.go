package shortlink

import "strings"

const (
	maxShape  = 300  // bytes of a shape
	maxHeader = 1024 // bytes of a header that are read; browsers' are below 700
	maxNested = 2    // comments within comments
	maxWord   = 32   // bytes of a word that is not an id
)

// agentShape gives the words of a User-Agent header without what tells people apart (Agent says
// what that is). It gives the same again for its own result: it is repeated until nothing changes,
// which is the second time but for headers that nobody sends.
func agentShape(header string) string {
	text := header[:min(len(header), maxHeader)]
	for {
		s := shaper{out: make([]byte, 0, maxShape)}
		s.text(text, 0)
		out := s.cut()
		if out == text {
			return text
		}
		text = out
	}
}

// shaper writes the shape of a text.
type shaper struct {
	out   []byte
	space bool // before the next word
}

// cut ends the shape between two words where it is too long.
func (s *shaper) cut() string {
	out := s.out
	if len(out) > maxShape {
		out = out[:maxShape]
		for i := len(out) - 1; i > 0; i-- {
			if out[i] == ' ' {
				out = out[:i]
				break
			}
		}
	}
	return strings.TrimRight(string(out), " ;,(")
}

func (s *shaper) text(t string, depth int) {
	for i := 0; i < len(t) && len(s.out) <= maxShape; {
		switch c := t[i]; {
		case c == '(' && depth < maxNested:
			end := closing(t, i)
			s.comment(t[i+1:end], depth+1, i > 0 && t[i-1] > ' ', end < len(t))
			i = end + 1
		case c == ';' || c == ',':
			s.mark(c)
			i++
		case isWord(c):
			i = s.product(t, i)
		default:
			s.space = true
			i++
		}
	}
}

// closing is the index of the parenthesis that closes the one at i, or of the end of the text.
func closing(t string, i int) int {
	depth := 0
	for j := i; j < len(t); j++ {
		switch t[j] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return len(t)
}

// mark writes a separator after a word, once.
func (s *shaper) mark(c byte) {
	if n := len(s.out); n > 0 && !strings.ContainsRune("(;, ", rune(s.out[n-1])) {
		s.out = append(s.out, c)
	}
	s.space = true
}

func (s *shaper) put(text string) {
	if n := len(s.out); s.space && n > 0 && s.out[n-1] != '(' {
		s.out = append(s.out, ' ')
	}
	s.space = false
	s.out = append(s.out, text...)
}

package shortlink

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"strings"
)

// agentList is the list of programs. It is data: what it says and how, it says itself.
//
//go:embed agents.txt
var agentList string

// agentCode is part of the rules' version: raise it whenever agentShape or agentRules.program
// come to other results than before.
const agentCode = 1

// agentRules tell programs from people by the shape of their agents. They do not change once they
// are made.
type agentRules struct {
	rules    []agentRule // the first that matches decides
	browsers []string    // an agent with none of these words is no browser's
	version  string
}

type agentRule struct {
	words  string // as in a shape, lower case
	start  bool   // only where the agent starts
	end    bool   // only where it ends
	person bool
}

// builtin are the rules that the package brings.
var builtin = func() *agentRules {
	rules, err := parseAgentRules(agentList, nil)
	if err != nil {
		panic(err) // a test reads the same list
	}
	return rules
}()

// RulesVersion names the rules by which ReadAgent tells programs from people: when it is another
// one, what was judged by them has to be judged again. It is short and printable.
func RulesVersion() string { return builtin.version }

// parseAgentRules reads a list, with the lines of extra before its own.
func parseAgentRules(list string, extra []string) (*agentRules, error) {
	r := &agentRules{}
	for _, line := range append(extra[:len(extra):len(extra)], strings.Split(list, "\n")...) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := r.add(line); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q", list, extra)))
	r.version = fmt.Sprintf("agents-%d-%x", agentCode, sum[:6])
	return r, nil
}

// add reads one line.
func (r *agentRules) add(line string) error {
	text, browser := strings.CutPrefix(line, "?")
	text, person := strings.CutPrefix(text, "!")
	text, start := strings.CutPrefix(text, "^")
	text, end := strings.CutSuffix(text, "$")
	if len(text) < 3 || len(text) > 100 || strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
		return fmt.Errorf("agent pattern %q: needs 3 to 100 printable characters of ASCII", line)
	}
	if browser && (person || start || end) {
		return fmt.Errorf("agent pattern %q: ? takes no other mark", line)
	}
	words := lower(patternNumbers(text))
	if browser {
		r.browsers = append(r.browsers, words)
		return nil
	}
	r.rules = append(r.rules, agentRule{words: words, start: start, end: end, person: person})
	return nil
}

// patternNumbers writes numbers as shapes have them.
func patternNumbers(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if !isNumber(text[i]) {
			out.WriteByte(text[i])
			continue
		}
		for i+1 < len(text) && isNumber(text[i+1]) {
			i++
		}
		out.WriteByte('#')
	}
	return out.String()
}

// program reports whether an agent names a program. Its shape is in lower case.
func (r *agentRules) program(shape string) bool {
	for _, rule := range r.rules {
		if rule.matches(shape) {
			return !rule.person
		}
	}
	for _, b := range r.browsers {
		if strings.Contains(shape, b) {
			return false
		}
	}
	return true
}

func (r *agentRule) matches(shape string) bool {
	switch {
	case r.start && r.end:
		return shape == r.words
	case r.start:
		return strings.HasPrefix(shape, r.words)
	case r.end:
		return strings.HasSuffix(shape, r.words)
	}
	return strings.Contains(shape, r.words)
}

// lower gives ASCII letters in lower case.
func lower(text string) string { return strings.ToLower(text) }

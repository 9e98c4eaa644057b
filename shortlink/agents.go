package shortlink

import (
	"fmt"
	"strings"
	"sync"
)

// maxKnown is how many headers a reader remembers: 6 MB at most.
const maxKnown = 4096

// Agents reads User-Agent headers and remembers what it read. The zero value reads as ReadAgent
// does. It is safe for concurrent use.
type Agents struct {
	rules *agentRules // nil: those of the package
	mu    sync.RWMutex
	known map[string]Agent
}

// NewAgents makes a reader with patterns of the host's own, which come before those of the
// package. A pattern is a part of what programs call themselves, whatever its case, of 3 to 100
// printable characters of ASCII: "examplebot". With "!" before it, it is a part of what people's
// apps call themselves, whatever else they say: "!exampleapp". With "^" before it (behind a "!")
// the agent has to start with it, with "$" after it to end with it. Patterns are held against
// Agent.Text, where every number is "#" and what follows a last slash too: "examplebot 2" matches
// "examplebot 3", and "net/wifi" matches nothing.
//
// Errors: names the first that is no pattern.
func NewAgents(extra []string) (*Agents, error) {
	for _, line := range extra {
		if text := strings.TrimSpace(line); text == "" || text[0] == '#' || text[0] == '?' {
			return nil, fmt.Errorf("agent pattern %q: is empty, a remark or a browser's", line)
		}
	}
	rules, err := parseAgentRules(agentList, extra)
	if err != nil {
		return nil, err
	}
	return &Agents{rules: rules}, nil
}

// Version names the rules of the reader, as RulesVersion does those of the package.
func (a *Agents) Version() string { return a.use().version }

func (a *Agents) use() *agentRules {
	if a.rules == nil {
		return builtin
	}
	return a.rules
}

// Read reads a User-Agent header, or the text of an agent again.
func (a *Agents) Read(userAgent string) Agent {
	userAgent = userAgent[:min(len(userAgent), maxHeader)] // no more is read anyway
	a.mu.RLock()
	agent, found := a.known[userAgent]
	a.mu.RUnlock()
	if found {
		return agent
	}
	agent = readAgent(a.use(), userAgent)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) >= maxKnown {
		a.known = make(map[string]Agent)
	}
	a.known[strings.Clone(userAgent)] = agent
	return agent
}

package campaign

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/coursecrm/coursecrm/internal/fault"
	"github.com/coursecrm/coursecrm/shortlink"
)

// address is where a link leads or an image lies: {{ 链接 }} or {{ 退订链接 }} alone, or a fixed
// address, in which values that are the same for everybody may stand. A learner's values may not:
// addresses land in logs.
type address struct {
	symbol int // of link or unsubscribe; -1: fixed
	fixed  string
}

var (
	wholeHost = regexp.MustCompile(`^https?://[^/?#\s]+[/?#]`)
	plusSigns = strings.NewReplacer("+", "%20")
)

// readAddress reads the pieces of an address. The problem is nil when it is right.
func (t *tree) readAddress(pieces []piece) (address, *fault.Problem) {
	if len(pieces) == 1 && pieces[0].out != nil && len(pieces[0].out.filters) == 0 {
		if v := pieces[0].out.head.variable; v >= 0 && isLink(t.syms.list[v].scope) {
			return address{symbol: v}, nil
		}
	}
	var b strings.Builder
	for _, p := range flat(pieces) {
		if p.out == nil && p.tag == nil {
			b.WriteString(p.text)
			continue
		}
		if p.tag != nil || len(p.out.filters) > 0 || p.out.head.variable < 0 || !wholeHost.MatchString(b.String()) {
			return address{}, &fault.Problem{Key: "problem.url_template"}
		}
		v := p.out.head.variable
		if !t.fixed[v] || isLink(t.syms.list[v].scope) {
			return address{}, &fault.Problem{Key: "problem.url_variable", Args: []any{p.out.written}}
		}
		b.WriteString(plusSigns.Replace(url.QueryEscape(t.values[v])))
	}
	fixed := strings.TrimSpace(b.String())
	if !fixedAddress(fixed) {
		return address{}, &fault.Problem{Key: "problem.url"}
	}
	return address{symbol: -1, fixed: fixed}, nil
}

// flat takes the addresses that markdown.go has found in a text apart again.
func flat(pieces []piece) []piece {
	var out []piece
	for _, p := range pieces {
		if p.bare != nil {
			out = append(out, p.bare...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// fixedAddress reports whether a link may lead to an address.
func fixedAddress(s string) bool {
	return shortlink.CheckTarget(s) == nil && !strings.ContainsFunc(s, breaksLine)
}

func isLink(s Scope) bool { return s == ScopeLink || s == ScopeUnsubscribe }

// targets collects the addresses that become short links.
type targets []string

// number gives an address its number.
func (t *targets) number(address string) int {
	if i := slices.Index(*t, address); i >= 0 {
		return i
	}
	*t = append(*t, address)
	return len(*t) - 1
}

// pieces is the place of an address in a mail: a short one, or the person's own.
func (a address) pieces(t *targets) []piece {
	if a.symbol >= 0 {
		return []piece{{out: &output{head: operand{variable: a.symbol}}}}
	}
	return []piece{{target: t.number(a.fixed) + 1}}
}

package campaign

import (
	"html"
	"strconv"
	"strings"

	"github.com/osteele/liquid"
)

// renderer writes trees for one person.
type renderer struct {
	values   []string // by symbol number; empty: missing
	links    []string // by target number
	html     bool
	limit    int             // bytes
	bindings liquid.Bindings // made when Liquid is first needed
	b        strings.Builder
}

// write renders nodes. What grows past the limit is an error: nobody gets half a message.
func (r *renderer) write(nodes []node) error {
	for i := range nodes {
		n := &nodes[i]
		switch n.kind {
		case staticNode:
			r.b.WriteString(n.text)
		case valueNode:
			if v := r.values[n.number]; v != "" {
				r.text(v)
			} else {
				r.text(n.text)
			}
		case targetNode:
			r.text(r.links[n.number])
		case exprNode:
			s, err := n.expr.text(r.bound())
			if err != nil {
				return err
			}
			r.text(s)
		case hasNode:
			branch := n.branches[1]
			if r.values[n.number] != "" {
				branch = n.branches[0]
			}
			if err := r.write(branch); err != nil {
				return err
			}
		case branchNode:
			s, err := n.expr.text(r.bound())
			if err != nil {
				return err
			}
			if at, err := strconv.Atoi(strings.TrimSpace(s)); err == nil && at < len(n.branches) {
				if err := r.write(n.branches[at]); err != nil {
					return err
				}
			}
		}
		if r.b.Len() > r.limit {
			return &TemplateError{Err: ErrTemplateTooLong}
		}
	}
	return nil
}

func (r *renderer) text(s string) {
	if r.html {
		s = html.EscapeString(s)
	}
	r.b.WriteString(s)
}

func (r *renderer) bound() liquid.Bindings {
	if r.bindings == nil {
		r.bindings = bindings(r.values)
	}
	return r.bindings
}

// bindings gives Liquid the values under the names that expressions were written with. A missing
// one is nil, so that | default: works.
func bindings(values []string) liquid.Bindings {
	out := make(liquid.Bindings, len(values))
	for i, v := range values {
		if v != "" {
			out["v"+strconv.Itoa(i)] = v
		}
	}
	return out
}

// render renders nodes as a text of at most limit bytes; guess is how many it may be.
func (r *renderer) render(nodes []node, asHTML bool, limit, guess int) (string, error) {
	r.b, r.html, r.limit = strings.Builder{}, asHTML, limit
	r.b.Grow(guess)
	err := r.write(nodes)
	return r.b.String(), err
}

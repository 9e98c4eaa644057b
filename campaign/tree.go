package campaign

import (
	"html"
	"strconv"
	"strings"

	"github.com/osteele/liquid"
)

// node is a part of a compiled template. The zero node is empty text.
type node struct {
	kind     nodeKind
	text     string // static text, already escaped; of valueNode: what stands for a missing value
	number   int    // of the symbol, or of the target
	expr     evaluator
	branches [][]node
}

type nodeKind int

const (
	staticNode nodeKind = iota
	valueNode           // a variable as it is, or text
	exprNode            // expr's text
	targetNode          // the short address of a target
	hasNode             // branches[0] when the variable has a value, else branches[1]
	branchNode          // branches[what expr says]; none when it says nothing
)

// maxNesting bounds conditions within conditions.
const maxNesting = 20

// tree builds nodes from pieces.
type tree struct {
	syms     *symbols
	values   []string // by symbol number: what is the same for everybody
	fixed    []bool   // by symbol number: values has it
	html     bool     // texts and outputs are escaped
	allSlow  bool     // tests: everything goes through Liquid
	pieces   []piece
	bindings liquid.Bindings
}

// build makes nodes of pieces. In HTML each branch of a condition must close what it opens, or the
// mail would fall apart for some.
func (t tree) build(pieces []piece) ([]node, error) {
	t.pieces = pieces
	nodes, end, err := t.sequence(0)
	if err == nil && end != nil {
		err = &TemplateError{Err: ErrTemplateSyntax, Word: end.word}
	}
	return nodes, err
}

// sequence builds up to a tag that is none of its own.
func (t *tree) sequence(nesting int) (out []node, end *tag, err error) {
	depth := 0
	for len(t.pieces) > 0 {
		p := t.pieces[0]
		t.pieces = t.pieces[1:]
		var n node
		switch {
		case p.tag == nil && p.out == nil:
			if depth += p.depth; depth < 0 {
				return nil, nil, &TemplateError{Err: ErrTemplateSplit}
			}
			switch {
			case p.target > 0:
				n = node{kind: targetNode, number: p.target - 1}
			case p.markup:
				n.text = p.text
			default:
				n = t.static(p.text)
			}
		case p.out != nil:
			n, err = t.output(p.out)
		case p.tag.word == "if" || p.tag.word == "unless" || p.tag.word == "case":
			n, err = t.branch(p.tag, nesting+1)
		default:
			end = p.tag
		}
		if err != nil {
			return nil, nil, err
		}
		if end != nil {
			break
		}
		out = appendNode(out, n)
	}
	if depth != 0 {
		return nil, nil, &TemplateError{Err: ErrTemplateSplit}
	}
	return out, end, nil
}

// appendNode joins neighbouring static texts.
func appendNode(out []node, n node) []node {
	if last := len(out) - 1; n.kind == staticNode && last >= 0 && out[last].kind == staticNode {
		out[last].text += n.text
		return out
	}
	return append(out, n)
}

func (t *tree) output(o *output) (node, error) {
	v := o.head.variable
	switch {
	case t.allSlow:
	case v >= 0 && len(o.filters) == 0:
		if t.fixed[v] {
			return t.static(t.values[v]), nil
		}
		return node{kind: valueNode, number: v}, nil
	case v >= 0 && len(o.filters) == 1 && o.filters[0].name == "default" && o.filters[0].args[0].text != "":
		if t.fixed[v] && t.values[v] != "" {
			return t.static(t.values[v]), nil
		}
		return node{kind: valueNode, number: v, text: o.filters[0].args[0].text}, nil
	}
	e, err := compileLiquid("{{ " + o.source() + " }}")
	if err != nil {
		return node{}, err
	}
	for _, v := range o.vars() {
		if !t.fixed[v] {
			return node{kind: exprNode, expr: e}, nil
		}
	}
	text, err := e.text(t.bindings)
	return t.static(text), err
}

func (t *tree) static(text string) node {
	if t.html {
		text = html.EscapeString(text)
	}
	return node{text: text}
}

// branch builds a condition up to its end tag. Liquid is asked for the number of the branch.
func (t *tree) branch(first *tag, nesting int) (node, error) {
	if nesting > maxNesting {
		return node{}, &TemplateError{Err: ErrTemplateSyntax}
	}
	var choice strings.Builder
	n := node{kind: branchNode}
	choice.WriteString("{% " + first.word + " " + first.source + " %}")
	if first.word != "case" {
		choice.WriteString("0")
	}
	tag, others := first, false
	for {
		nodes, end, err := t.sequence(nesting)
		if err == nil && end == nil {
			err = &TemplateError{Err: ErrTemplateSyntax, Word: first.word}
		}
		if err != nil {
			return node{}, err
		}
		switch {
		case tag.word != "case":
			n.branches = append(n.branches, nodes)
		case !blank(nodes): // between case and when
			return node{}, &TemplateError{Err: ErrTemplateSyntax, Word: first.word}
		}
		if end.word == "end"+first.word {
			choice.WriteString("{% " + end.word + " %}")
			break
		}
		if others || !follows(first.word, end.word) {
			return node{}, &TemplateError{Err: ErrTemplateSyntax, Word: end.word}
		}
		others = end.word == "else"
		choice.WriteString("{% " + end.word + " " + end.source + " %}" + strconv.Itoa(len(n.branches)))
		tag = end
	}
	if first.plain && first.word != "case" && len(n.branches) <= 2 && (len(n.branches) == 1 || others) && !t.allSlow {
		if n.branches = append(n.branches, nil)[:2]; first.word == "unless" {
			n.branches[0], n.branches[1] = n.branches[1], n.branches[0]
		}
		return node{kind: hasNode, number: first.vars[0], branches: n.branches}, nil
	}
	var err error
	n.expr, err = compileLiquid(choice.String())
	return n, err
}

// blank reports whether nodes say nothing, whoever reads them.
func blank(nodes []node) bool {
	for _, n := range nodes {
		if n.kind != staticNode || strings.TrimSpace(n.text) != "" {
			return false
		}
	}
	return true
}

// follows reports whether a tag may divide a block.
func follows(block, word string) bool {
	switch word {
	case "else":
		return true
	case "elsif":
		return block == "if"
	default:
		return word == "when" && block == "case"
	}
}

package campaign

import "github.com/coursecrm/coursecrm/internal/fault"

// builder turns a script into the trees of a letter.
type builder struct {
	*script
	letter *Letter
	site   Site
	tree   tree
	built  []builtField
}

// builtField is a tree to be tried.
type builtField struct {
	field string
	nodes []node
	html  bool
}

// build makes the tree of a field as text.
func (b *builder) build(field string) []node { return b.nodes(field, b.pieces[field], false) }

// nodes makes a tree; one that cannot be made is empty, and the problem is filed.
func (b *builder) nodes(field string, pieces []piece, asHTML bool) []node {
	t := b.tree
	t.html = asHTML
	nodes, err := t.build(pieces)
	if err != nil {
		b.file(field, err)
		return nil
	}
	b.built = append(b.built, builtField{field, nodes, asHTML})
	for _, n := range nodes {
		i := 1
		if asHTML {
			i = 0
		}
		b.letter.size[i] += len(n.text) + 32
	}
	return nodes
}

// try renders each field for somebody: a filter that fails for everybody is found now.
func (b *builder) try() {
	l := b.letter
	sample := Values{"nickname": "示例", "real_name": "示例", "member_level": "示例", "member_expires": "2026-01-31", "open_title": "示例", "open_amount": "99.00", "unsubscribe": "https://example.com/"}
	links := make([]string, max(len(l.targets), 1))
	for i := range links {
		links[i] = "https://example.com/"
	}
	r := &renderer{values: l.resolve(sample, links), links: links}
	for _, f := range b.built {
		if _, err := r.render(f.nodes, f.html, maxMail/2, 0); err != nil {
			b.file(f.field, err)
		}
	}
}

// address reads the address of a field; false: it has none, or a wrong one.
func (b *builder) address(field string) (address, bool) {
	pieces, ok := b.pieces[field]
	if !ok {
		return address{}, false
	}
	a, problem := b.tree.readAddress(pieces)
	if problem != nil {
		b.problem(field, *problem)
		return address{}, false
	}
	return a, true
}

func (b *builder) problem(field string, p fault.Problem) { b.problems.Add(field, p.Key, p.Args...) }

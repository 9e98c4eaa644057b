package audit

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// TestActionsAreAllListed reads the constants: pages let staff choose among the list.
func TestActionsAreAllListed(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "audit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	list, found := Actions(), 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		if found++; !slices.Contains(list, Action(text)) {
			t.Errorf("%s is not listed", text)
		}
		return false
	})
	if found != len(list) || found == 0 {
		t.Errorf("%d actions, %d listed", found, len(list))
	}
}

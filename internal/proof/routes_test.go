package proof

import (
	"slices"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/internal/api"
	"github.com/coursecrm/coursecrm/internal/web"
)

// counterpart is a line of the table of routes: the operations that serve the same, or why there is none.
type counterpart struct {
	route      string
	operations []string
	reason     string
}

// counterparts reads the table.
func counterparts(t *testing.T) []counterpart {
	t.Helper()
	var out []counterpart
	for line := range strings.Lines(routes) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		route, reason, none := strings.Cut(line, " - ")
		c := counterpart{route: strings.Join(strings.Fields(route), " "), reason: reason}
		if !none {
			left, right, found := strings.Cut(line, " = ")
			if c.route, c.operations = strings.Join(strings.Fields(left), " "), strings.Fields(right); !found || len(c.operations) == 0 {
				t.Fatalf("%s has neither an operation nor a reason", line)
			}
		}
		out = append(out, c)
	}
	return out
}

// TestEveryRouteHasItsOperation holds the JSON API to the panel: whatever a page shows and a form does,
// an operation does too, or the table says why none has to. What only the API has is named as well.
func TestEveryRouteHasItsOperation(t *testing.T) {
	t.Parallel()
	operations, named := map[string]api.Operation{}, map[string]bool{}
	for _, o := range api.Operations() {
		operations[o.ID] = o
	}
	for _, id := range strings.Fields(beyond) {
		named[id] = true
	}
	table := map[string]counterpart{}
	for _, c := range counterparts(t) {
		if _, twice := table[c.route]; twice {
			t.Errorf("%s stands in the table twice", c.route)
		}
		table[c.route] = c
		for _, id := range c.operations {
			named[id] = true
			if _, ok := operations[id]; !ok {
				t.Errorf("%s is served by %s, which is no operation", c.route, id)
			}
		}
	}
	for _, rt := range web.Routes() {
		route := rt.Method + " " + rt.Path
		c, ok := table[route]
		delete(table, route)
		if !ok {
			t.Errorf("the table does not say which operation does what %s does", route)
			continue
		}
		alike := func(id string) bool { return operations[id].Permission == rt.Permission }
		if rt.Method == "POST" && c.reason == "" && !slices.ContainsFunc(c.operations, alike) {
			t.Errorf("%s asks for %s, which none of %v does", route, rt.Permission, c.operations)
		}
	}
	for route := range table {
		t.Errorf("the table has %s, which is not served", route)
	}
	for id := range operations {
		if !named[id] {
			t.Errorf("%s serves no route of the table", id)
		}
	}
}

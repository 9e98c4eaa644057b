package proof

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
	"github.com/coursecrm/coursecrm/internal/web"
)

// allowance is a line of the matrix.
type allowance struct {
	method, path string
	any, all     []hostadapter.Permission // one of these, and each of these
	status       int                      // of a page that one may see; 0: any that is no refusal
}

// page reports whether the matrix says what it answers.
func (a allowance) page() bool { return a.status != 0 }

// admits reports whether someone is let in.
func (a allowance) admits(scope hostadapter.Scope, has []hostadapter.Permission) bool {
	lacks := func(p hostadapter.Permission) bool { return !slices.Contains(has, p) }
	return scope == hostadapter.ScopeAll && !lacks(hostadapter.PermView) && !slices.ContainsFunc(a.all, lacks) &&
		(len(a.any) == 0 || slices.ContainsFunc(a.any, func(p hostadapter.Permission) bool { return !lacks(p) }))
}

// declared is what the router asks for.
func (a allowance) declared() hostadapter.Permission {
	if len(a.any) > 0 {
		return hostadapter.PermView
	}
	return a.all[0]
}

// allowances reads the panel's matrix.
func allowances(t testing.TB) []allowance {
	t.Helper()
	table := readMatrix(t, matrix)
	for i, a := range table {
		if a.method == http.MethodGet && a.status == 0 {
			table[i].status = http.StatusOK
		}
	}
	return table
}

func readMatrix(t testing.TB, table string) []allowance {
	t.Helper()
	var out []allowance
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		a := allowance{method: f[1], path: f[2]}
		list := &a.all
		if strings.Contains(f[0], "|") {
			list = &a.any
		}
		for name := range strings.FieldsFuncSeq(f[0], func(r rune) bool { return strings.ContainsRune("|+", r) }) {
			if !slices.Contains(hostadapter.AllPermissions(), hostadapter.Permission(name)) {
				t.Fatalf("there is no permission %s", name)
			}
			*list = append(*list, hostadapter.Permission(name))
		}
		if len(f) > 3 {
			var err error
			if a.status, err = strconv.Atoi(f[3]); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, a)
	}
	return out
}

// TestTheMatrixListsEveryRoute holds the router to the matrix: no route is missing, none is listed in
// vain, and each asks for what the matrix says.
func TestTheMatrixListsEveryRoute(t *testing.T) {
	t.Parallel()
	served := map[string]hostadapter.Permission{}
	for _, rt := range web.Routes() {
		served[rt.Method+" "+rt.Path] = rt.Permission
	}
	lists(t, allowances(t), served)
}

// lists holds what is served to a matrix, in both directions.
func lists(t *testing.T, table []allowance, served map[string]hostadapter.Permission) {
	t.Helper()
	want := map[string]hostadapter.Permission{}
	for _, a := range table {
		key := a.method + " " + a.path
		if _, twice := want[key]; twice {
			t.Errorf("the matrix has %s twice", key)
		}
		want[key] = a.declared()
		if _, ok := served[key]; !ok {
			t.Errorf("the matrix has %s, which is not served", key)
		}
	}
	for key, permission := range served {
		if said, ok := want[key]; !ok {
			t.Errorf("the matrix does not have %s, which asks for %s", key, permission)
		} else if said != permission {
			t.Errorf("%s asks for %s, the matrix says %s", key, permission, said)
		}
	}
}

// someone is a member of staff who asks for everything.
type someone struct {
	scope hostadapter.Scope
	has   []hostadapter.Permission
}

// everyone lists staff of every sort: nobody's rights, each right alone, with view, and all but it;
// and all rights in every scope.
func everyone() []someone {
	all := hostadapter.AllPermissions()
	list := []someone{{hostadapter.ScopeAll, nil}, {hostadapter.ScopeAll, all},
		{hostadapter.ScopeTeam, all}, {hostadapter.ScopeOwn, all}, {hostadapter.ScopeNone, all}, {"somebody's", all}}
	for _, p := range all {
		list = append(list, someone{hostadapter.ScopeAll, []hostadapter.Permission{p}},
			someone{hostadapter.ScopeAll, slices.DeleteFunc(slices.Clone(all), func(other hostadapter.Permission) bool { return other == p })})
		if p != hostadapter.PermView {
			list = append(list, someone{hostadapter.ScopeAll, []hostadapter.Permission{hostadapter.PermView, p}})
		}
	}
	return list
}

// TestThePermissionMatrix asks the panel of the example school for every page and every action as
// staff of every sort: let in or refused as the matrix says. First all pages and then all actions,
// because one of these may take away what another needs.
func TestThePermissionMatrix(t *testing.T) {
	a, school := academy(t, 300)
	m := newAsker(t, a, school)
	t.Run("pages", func(t *testing.T) { m.matrix(t, http.MethodGet) })
	t.Run("offers", m.offers)
	t.Run("weights", m.weights)
	t.Run("operations", m.operations)
	t.Run("actions", func(t *testing.T) { m.matrix(t, http.MethodPost) })
}

// matrix asks by one method.
func (m *asker) matrix(t *testing.T, method string) {
	var tally tally
	for _, route := range allowances(t) {
		if route.method == method {
			tally.route(t, route, func(who string) int {
				status, _, _ := m.ask(t, route.method, m.at(route.path), who, nil)
				return status
			})
			m.strangers(t, route)
		}
	}
	t.Log(tally)
}

// tally counts what was asked.
type tally struct{ requests, refused int }

func (n tally) String() string {
	return fmt.Sprintf("%d requests, %d of them refused", n.requests, n.refused)
}

// route asks as staff of every sort and compares each answer's status with the matrix.
func (n *tally) route(t *testing.T, route allowance, ask func(who string) (status int)) {
	t.Helper()
	var wrong []string
	for _, who := range everyone() {
		n.requests++
		as := actor(who.scope, who.has...)
		status, in := ask(as), route.admits(who.scope, who.has)
		if !in {
			n.refused++
		}
		switch {
		case !in && status != http.StatusForbidden:
			wrong = append(wrong, fmt.Sprintf("%d to %q, who should be refused", status, as))
		case in && (status == http.StatusForbidden || status == http.StatusUnauthorized):
			wrong = append(wrong, fmt.Sprintf("%d to %q, who should be let in", status, as))
		case in && (status >= 500 || status == http.StatusMethodNotAllowed || route.page() && status != route.status):
			wrong = append(wrong, fmt.Sprintf("%d to %q", status, as))
		}
	}
	if len(wrong) > 0 {
		t.Errorf("%s %s gives %d wrong answers, the first %s", route.method, route.path, len(wrong), wrong[0])
	}
}

// strangers asks without a login: they are sent to the host's, and a form is not taken.
func (m *asker) strangers(t *testing.T, route allowance) {
	t.Helper()
	if status, location, _ := m.ask(t, route.method, m.at(route.path), "", nil); status != http.StatusSeeOther || !strings.HasPrefix(location, "/login") {
		t.Errorf("%s %s answers a stranger with %d and %q", route.method, route.path, status, location)
	}
}

package proof

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/hostadapter"
)

// apiAt is where the JSON API hangs below the panel.
const apiAt = "/api/v1"

// operations holds the JSON API to its matrix: the document lists the same operations with the same
// permissions, and each is allowed or refused to staff of every sort.
func (m *asker) operations(t *testing.T) {
	table := readMatrix(t, apiMatrix)
	lists(t, table, m.documented(t))
	var tally tally
	for _, route := range table {
		body := "{}"
		if route.any != nil { // the handler decides, and reads its input first
			body = `{"name": "回访过"}`
		}
		call := func(who string) int {
			status, _, _ := m.send(t, route.method, apiAt+m.at(route.path), who, "application/json", body)
			return status
		}
		tally.route(t, route, call)
		if status := call(""); status != http.StatusUnauthorized {
			t.Errorf("%s %s answers a stranger with %d", route.method, route.path, status)
		}
	}
	t.Log(tally)
}

// documented reads the API's document: what each operation says that it asks for.
func (m *asker) documented(t *testing.T) map[string]hostadapter.Permission {
	t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			Permission hostadapter.Permission `json:"x-permission"`
		}
	}
	status, _, text := m.ask(t, http.MethodGet, apiAt+"/openapi.json", owner(), nil)
	if status != http.StatusOK {
		t.Fatalf("the document: %d %s", status, text)
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	out := map[string]hostadapter.Permission{}
	for path, item := range document.Paths {
		for method, operation := range item {
			out[strings.ToUpper(method)+" "+path] = operation.Permission
		}
	}
	return out
}

package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// apiClient calls operations of the JSON API as its document says, and holds every answer to it.
type apiClient struct {
	t       *testing.T
	base    string // of the mount
	staff   string // see actorHeader
	doc     map[string]any
	schemas *jsonschema.Compiler
	ops     map[string]apiOperation
	called  map[string]bool
	savedAs string // by the last answer's Content-Disposition; empty: it had none
}

// apiOperation is an operation of the document.
type apiOperation struct {
	id, method, path string
	permission       string
	spec             map[string]any
	pointer          string // to it in the document
}

// documentURL names the document among schemas.
const documentURL = "https://crm.example/openapi.json"

// openAPI reads the document at a mount of the panel, as the member of staff.
func openAPI(t *testing.T, crm, staff string) *apiClient {
	t.Helper()
	x := &apiClient{t: t, base: strings.TrimSuffix(crm, "/") + "/api/v1", staff: staff, ops: map[string]apiOperation{}, called: map[string]bool{}}
	status, kind, text := x.send("GET", "/openapi.json", nil, nil)
	if status != http.StatusOK || kind != "application/openapi+json" {
		t.Fatalf("document: %d %s", status, text)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	x.doc = doc.(map[string]any)
	x.schemas = jsonschema.NewCompiler()
	x.schemas.AssertFormat()
	if err := x.schemas.AddResource(documentURL, doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range x.doc["paths"].(map[string]any) {
		for method, spec := range item.(map[string]any) {
			o := apiOperation{method: strings.ToUpper(method), path: path, spec: spec.(map[string]any), pointer: "/paths/" + escape(path) + "/" + method}
			o.id, _ = o.spec["operationId"].(string)
			o.permission, _ = o.spec["x-permission"].(string)
			x.ops[o.id] = o
		}
	}
	return x
}

// escape writes a part of a JSON pointer in a fragment.
func escape(part string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
}

// input is what an operation is called with: path and query parameters by name, a body, headers.
type input struct {
	path   map[string]any
	query  map[string]any
	body   any
	header map[string]string
	status int // expected; 0: 200 or 204
}

// call calls an operation, holds what is sent and what is answered to the document, and gives the
// answer.
func (x *apiClient) call(id string, in input) any {
	x.t.Helper()
	o, ok := x.ops[id]
	if !ok {
		x.t.Fatalf("the document has no operation %s", id)
	}
	x.called[id] = x.called[id] || in.status == 0 // a refusal proves little
	path := o.path
	for name, v := range in.path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(fmt.Sprint(v)))
	}
	query := url.Values{}
	for name, v := range in.query {
		query.Set(name, fmt.Sprint(v))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if in.body != nil && in.status == 0 {
		x.holds(o.pointer+"/requestBody/content/application~1json/schema", in.body, id+" is called with")
	}
	status, kind, text := x.send(o.method, path, in.body, in.header)
	if in.status == 0 && status/100 != 2 || in.status != 0 && status != in.status {
		x.t.Fatalf("%s: %d %s", id, status, text)
	}
	key := fmt.Sprint(status)
	responses := o.spec["responses"].(map[string]any)
	if _, said := responses[key]; !said {
		key = "default"
	}
	content, _ := responses[key].(map[string]any)["content"].(map[string]any)
	if len(content) == 0 {
		if len(text) != 0 {
			x.t.Errorf("%s: %d answers with %s, the document says with nothing", id, status, text)
		}
		return nil
	}
	if content[kind] == nil {
		x.t.Fatalf("%s: %d answers with %s, which the document does not say: %s", id, status, kind, text)
	}
	if !strings.HasSuffix(kind, "json") {
		x.isFile(id, kind, content[kind], text)
		return string(text)
	}
	answer, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		x.t.Fatalf("%s: %v: %s", id, err, text)
	}
	x.holds(o.pointer+"/responses/"+key+"/content/"+escape(kind)+"/schema", answer, id+" answers")
	return answer
}

// holds holds a value to a schema of the document.
func (x *apiClient) holds(pointer string, v any, what string) {
	x.t.Helper()
	schema, err := x.schemas.Compile(documentURL + "#" + pointer)
	if err != nil {
		x.t.Fatalf("%s: %v", pointer, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		x.t.Fatal(err)
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		x.t.Fatal(err)
	}
	if err := schema.Validate(plain); err != nil {
		x.t.Errorf("%s %.2000s: %v", what, text, err)
	}
}

// send sends a request to a path below the API's.
func (x *apiClient) send(method, path string, body any, header map[string]string) (status int, kind string, text []byte) {
	x.t.Helper()
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			x.t.Fatal(err)
		}
		reader = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(x.t.Context(), method, x.base+path, reader)
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set(actorHeader, x.staff)
	r.Header.Set("Accept-Language", "en")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(answer.Body); err != nil {
		x.t.Fatal(err)
	}
	_, disposition, _ := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
	x.savedAs = disposition["filename"]
	if kind = answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") {
		kind, _, _ = mime.ParseMediaType(kind)
	}
	return answer.StatusCode, kind, text
}

// uncalled lists the operations that no test has called.
func (x *apiClient) uncalled() []string {
	var out []string
	for id := range x.ops {
		if !x.called[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// field reads a part of an answer: "items.0.id".
func field[T any](t *testing.T, v any, path string) T {
	t.Helper()
	at := v
	for part := range strings.SplitSeq(path, ".") {
		switch x := at.(type) {
		case map[string]any:
			at = x[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
				t.Fatalf("no %s in %v", path, v)
			}
			at = x[i]
		}
	}
	if n, ok := at.(json.Number); ok {
		if whole, err := n.Int64(); err == nil {
			at = whole
		}
	}
	out, ok := at.(T)
	if !ok {
		t.Fatalf("%s is %v (%T) in %.500v", path, at, at, v)
	}
	return out
}

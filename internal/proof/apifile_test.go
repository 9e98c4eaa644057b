package proof

import (
	"bytes"
	"encoding/xml"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// isFile holds an answer that is no JSON to what its kind promises, and the document to saying that it
// is binary.
func (x *apiClient) isFile(id, kind string, said any, text []byte) {
	x.t.Helper()
	schema, _ := said.(map[string]any)["schema"].(map[string]any)
	if schema["type"] != "string" || schema["format"] != "binary" {
		x.t.Errorf("%s: the document says %v of %s", id, said, kind)
	}
	begins := map[string]string{"text/csv; charset=utf-8": "\xef\xbb\xbf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "PK\x03\x04", "image/svg+xml": "<svg "}[kind]
	if begins == "" || !bytes.HasPrefix(text, []byte(begins)) || len(text) <= len(begins) {
		x.t.Errorf("%s: %s begins with %.20q", id, kind, text)
	}
	if kind != "image/svg+xml" && x.savedAs == "" {
		x.t.Errorf("%s: a file without a name", id)
	}
}

// apiQR draws the QR code of a link, as the panel does.
func apiQR(x *apiClient, path obj, code string) {
	drawn := x.call("get-link-qr", input{path: path}).(string)
	if x.savedAs != "" || xml.Unmarshal([]byte(drawn), new(struct{})) != nil {
		x.t.Errorf("saved as %q: %s", x.savedAs, drawn)
	}
	saved := x.call("get-link-qr", input{path: path, query: obj{"download": true}}).(string)
	if x.savedAs != "qr-"+code+".svg" || saved != drawn {
		x.t.Errorf("saved as %q: %s", x.savedAs, saved)
	}
	x.call("get-link-qr", input{path: obj{"id": 1 << 40}, status: 404})
}

// panel posts a form to the panel, and gives the file that it answers with.
func (x *apiClient) panel(at string, form url.Values) string {
	x.t.Helper()
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, strings.TrimSuffix(x.base, "/api/v1")+at, strings.NewReader(form.Encode()))
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set(actorHeader, x.staff)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		x.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		x.t.Fatalf("%s answers %d, %v: %.500s", at, answer.StatusCode, err, text)
	}
	_, disposition, _ := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
	x.savedAs = disposition["filename"]
	return string(text)
}

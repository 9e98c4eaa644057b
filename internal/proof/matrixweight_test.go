package proof

import (
	"bytes"
	"compress/gzip"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// What a page may bring along in bytes, compressed as a proxy does it.
const (
	pageBudget  = 60 << 10 // its style sheet, scripts and icons, read once and then kept
	ownBudget   = 60 << 10 // the page itself, with fifty rows
	assetFolder = "/static/"
)

var asset = regexp.MustCompile(`(?:href|src)="([^"#?]*` + assetFolder + `[^"#?]*)`)

// weights reads every page as the owner and weighs it with all that it loads.
func (m *asker) weights(t *testing.T) {
	files, heaviest, page := map[string]int{}, 0, ""
	for _, route := range allowances(t) {
		if route.method != http.MethodGet || route.status != http.StatusOK || notPages.MatchString(route.path) {
			continue
		}
		_, _, text := m.ask(t, http.MethodGet, m.at(route.path), owner(), nil)
		sum, counted := 0, map[string]bool{}
		for _, found := range asset.FindAllStringSubmatch(text, -1) {
			file := strings.TrimPrefix(html.UnescapeString(found[1]), m.mount)
			if counted[file] {
				continue
			}
			counted[file] = true
			if _, known := files[file]; !known {
				_, _, body := m.ask(t, http.MethodGet, file, "", nil)
				files[file] = zipped(t, body)
			}
			sum += files[file]
		}
		if len(counted) < 3 {
			t.Errorf("%s loads %d files: a style sheet, scripts and icons are expected", route.path, len(counted))
		}
		if own := zipped(t, text); own > ownBudget {
			t.Errorf("%s is %d bytes, more than %d", route.path, own, ownBudget)
		}
		if sum > pageBudget {
			t.Errorf("%s loads %d bytes, more than %d", route.path, sum, pageBudget)
		}
		if sum > heaviest {
			heaviest, page = sum, route.path
		}
	}
	t.Logf("at most %d bytes are loaded, by %s; %v", heaviest, page, files)
}

// zipped is how long a text is when it is compressed.
func zipped(t *testing.T, text string) int {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/coursecrm/coursecrm/crm"
)

const root = "../../"

// pages are what a developer of a host reads.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(root + "docs/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal("no guides", err)
	}
	out := map[string]string{}
	for _, name := range append(names, root+"README.md", root+"README.zh-CN.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(filepath.ToSlash(name), root)] = string(text)
	}
	return out
}

// marked finds blocks of code with the mark that says where they come from.
var marked = regexp.MustCompile("(?ms)^<!-- (file|from): (\\S+) -->\n```\\w*\n(.*?)^```$")

// goBlock finds all blocks of Go.
var goBlock = regexp.MustCompile("(?m)^```go$")

// TestGuidesShowWhatIsCompiled: every block of Go in a guide is cut from a file that is compiled and
// tested, to the letter.
func TestGuidesShowWhatIsCompiled(t *testing.T) {
	t.Parallel()
	for page, text := range pages(t) {
		blocks := marked.FindAllStringSubmatch(text, -1)
		cut := 0
		for _, b := range blocks {
			kind, path, code := b[1], b[2], b[3]
			if strings.HasSuffix(path, ".go") {
				cut++
			}
			source, err := os.ReadFile(root + path)
			switch {
			case err != nil:
				t.Errorf("%s: %v", page, err)
			case kind == "file" && code != string(source):
				t.Errorf("%s shows a whole %s, which has changed", page, path)
			case !strings.Contains(string(source), code):
				t.Errorf("%s shows a piece of %s that is not there any more:\n%s", page, path, code)
			}
		}
		if all := len(goBlock.FindAllString(text, -1)); all != cut {
			t.Errorf("%s: %d blocks of Go, of which %d say where they come from", page, all, cut)
		}
	}
}

// TestGuidesNameWhatIsThere: fields of the configuration and files, which get other names over time.
func TestGuidesNameWhatIsThere(t *testing.T) {
	t.Parallel()
	field := regexp.MustCompile(`\bConfig\.([A-Z]\w*)`)
	fenced := regexp.MustCompile("(?ms)^```.*?^```$")
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for page, text := range pages(t) {
		for _, m := range field.FindAllStringSubmatch(text, -1) {
			if _, ok := reflect.TypeFor[crm.Config]().FieldByName(m[1]); !ok {
				t.Errorf("%s: there is no Config.%s", page, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			if _, err := os.Stat(filepath.Join(root, filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestReasonsForDependencies: each module that comes with the library has its reason in both READMEs.
func TestReasonsForDependencies(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile(root + "go.mod")
	if err != nil {
		t.Fatal(err)
	}
	all := pages(t)
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(string(file), -1) {
		short := "…" + strings.TrimPrefix(strings.TrimPrefix(m[1], "github.com/uptrace/bun"), "go.opentelemetry.io/otel")
		for _, page := range []string{"README.md", "README.zh-CN.md"} {
			if !strings.Contains(all[page], "`"+m[1]+"`") && !strings.Contains(all[page], "`"+short+"`") {
				t.Errorf("%s gives no reason for %s", page, m[1])
			}
		}
	}
}

package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var staticFS embed.FS

// assets are the static files under names that carry a hash of the content, so that browsers may
// keep them for ever and still get a new release at once.
type assets struct {
	names map[string]string // crm.css → 1a2b3c4d5e-crm.css
	files map[string]asset  // by hashed name
}

type asset struct {
	body []byte
	kind string
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
}

func newAssets() (*assets, error) {
	a := &assets{names: map[string]string{}, files: map[string]asset{}}
	return a, fs.WalkDir(staticFS, "static", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := staticFS.ReadFile(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		name := path.Base(file)
		a.names[name] = hex.EncodeToString(sum[:5]) + "-" + name
		a.files[a.names[name]] = asset{body, assetKinds[path.Ext(name)]}
		return nil
	})
}

// hashed gives a file's served name. A name that is not there is a bug that every page shows.
func (a *assets) hashed(name string) string {
	if h, ok := a.names[name]; ok {
		return h
	}
	panic("web: no static file " + strconv.Quote(name))
}

// ServeHTTP answers GET and HEAD of …/static/<hashed name>.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("file")]
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if !ok {
		h.Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if strings.HasSuffix(f.kind, "svg+xml") {
		h.Set("Content-Security-Policy", "default-src 'none'")
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.body) // the visitor went away
	}
}

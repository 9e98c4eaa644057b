package desk

import (
	"net/http"
	"time"
)

// stalled is how long a reader may take for a few kilobytes.
const stalled = time.Minute

// FirstByte sets the headers of a file when its first byte is written, and not before: until then the
// answer can still be an error. It serves one request.
type FirstByte struct {
	To      http.ResponseWriter
	Before  func(http.Header)
	Written bool // the file has begun
}

// Write passes a part of the file on. A host's limit on answering is meant for pages, and one that
// cannot be moved stays. Whoever takes nothing for a minute has gone, and must not hold the database
// any longer.
func (f *FirstByte) Write(p []byte) (int, error) {
	_ = http.NewResponseController(f.To).SetWriteDeadline(time.Now().Add(stalled))
	if !f.Written && len(p) > 0 {
		f.Before(f.To.Header())
		f.Written = true
	}
	return f.To.Write(p)
}

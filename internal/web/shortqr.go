package web

import (
	"fmt"
	"net/http"

	"github.com/coursecrm/coursecrm/internal/desk"
)

// shortQR draws a link's QR code, which holds the address by its code: that one never changes.
func (w *Web) shortQR(q *request) error {
	l, _, err := w.findShortLink(q)
	if err != nil {
		return err
	}
	picture, err := desk.QR(w.codeAddress(l))
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "image/svg+xml")
	h.Set("Content-Security-Policy", "default-src 'none'")
	if q.r.URL.Query().Has("download") {
		h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="qr-%s.svg"`, l.Code)) // digits and letters
	}
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(picture) // the visitor went away
	return nil
}

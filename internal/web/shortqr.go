package web

import (
	"bytes"
	"fmt"
	"net/http"

	"rsc.io/qr"
)

// Sizes of a QR code's picture.
const (
	quietZone  = 4 // modules around it, as the standard asks for
	modulePart = 8 // pixels of a module, where nothing scales the picture
)

// shortQR draws a link's QR code, which holds the address by its code: that one never changes.
func (w *Web) shortQR(q *request) error {
	l, _, err := w.findShortLink(q)
	if err != nil {
		return err
	}
	picture, err := qrSVG(w.codeAddress(l))
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

// qrSVG draws a text as a QR code that can lose some 15 % of itself, black on white in any theme.
func qrSVG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	side := code.Size + 2*quietZone
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`,
		side*modulePart, side*modulePart, side, side, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if n := x - from; n > 0 { // the module at x is white or none
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quietZone, y+quietZone, n, n)
			}
		}
	}
	b.WriteString(`"/></svg>` + "\n")
	return b.Bytes(), nil
}

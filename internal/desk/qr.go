package desk

import (
	"bytes"
	"fmt"

	"rsc.io/qr"
)

// Sizes of a QR code's picture.
const (
	quietZone  = 4 // modules around it, as the standard asks for
	modulePart = 8 // pixels of a module, where nothing scales the picture
)

// QR draws a text as a QR code that can lose some 15 % of itself: an SVG document, black on white in
// any theme. A text that is too long for one, some 2,300 bytes, is an error.
func QR(text string) ([]byte, error) {
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

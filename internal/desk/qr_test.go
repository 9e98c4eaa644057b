package desk_test

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"rsc.io/qr"

	"github.com/coursecrm/coursecrm/internal/desk"
)

var runRE = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// modules reads a picture back: which modules are dark, the quiet zone included.
func modules(t *testing.T, picture []byte) [][]bool {
	t.Helper()
	var svg struct {
		ViewBox string `xml:"viewBox,attr"`
		Edges   string `xml:"shape-rendering,attr"`
		Paths   []struct {
			Fill string `xml:"fill,attr"`
			D    string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(picture, &svg); err != nil || len(svg.Paths) != 2 || svg.Edges != "crispEdges" {
		t.Fatalf("%+v, %v", svg, err)
	}
	side, err := strconv.Atoi(svg.ViewBox[strings.LastIndex(svg.ViewBox, " ")+1:])
	if err != nil || svg.Paths[0].Fill != "#fff" || svg.Paths[0].D != fmt.Sprintf("M0 0h%dv%dH0z", side, side) {
		t.Fatalf("ground %+v of %q", svg.Paths[0], svg.ViewBox)
	}
	out := make([][]bool, side)
	for y := range out {
		out[y] = make([]bool, side)
	}
	runs := runRE.FindAllStringSubmatch(svg.Paths[1].D, -1)
	length := 0
	for _, m := range runs {
		length += len(m[0])
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		n, _ := strconv.Atoi(m[3])
		if m[3] != m[4] || n == 0 {
			t.Errorf("run %s", m[0])
		}
		for i := range n {
			if out[y][x+i] {
				t.Errorf("module %d, %d is drawn twice", x+i, y)
			}
			out[y][x+i] = true
		}
	}
	if length != len(svg.Paths[1].D) || svg.Paths[1].Fill != "" {
		t.Errorf("something else is drawn: %s", svg.Paths[1].D)
	}
	return out
}

func TestQRCode(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"https://s.example.com/k7ad2f01", "A", "1", strings.Repeat("https://s.example.com/", 20)} {
		picture, err := desk.QR(text)
		if err != nil {
			t.Fatal(err)
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		got := modules(t, picture)
		if len(got) != code.Size+8 {
			t.Fatalf("%d modules wide, the code has %d", len(got), code.Size)
		}
		for y := range got {
			for x := range got[y] {
				if got[y][x] != code.Black(x-4, y-4) { // outside of the code all is white
					t.Fatalf("%.30s: module %d, %d is wrong", text, x, y)
				}
			}
		}
	}
	if _, err := desk.QR(strings.Repeat("a", 5000)); err == nil {
		t.Error("a text that no code holds was drawn")
	}
}

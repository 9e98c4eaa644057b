package web

import (
	"testing"

	"github.com/coursecrm/coursecrm/internal/desk"
)

func TestQRCodeIsServed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a := s.get("/links/1/qr.svg").want(t, 200)
	want, err := desk.QR("https://s.example.com/k7ad2f01") // not the name, which may change
	if err != nil || a.body != string(want) {
		t.Errorf("another code: %v", err)
	}
	for name, want := range map[string]string{"Content-Type": "image/svg+xml", "Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Content-Disposition": "", "Cache-Control": "no-store"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	a = s.get("/links/1/qr.svg?download=1").want(t, 200)
	if got := a.Header.Get("Content-Disposition"); got != `attachment; filename="qr-k7ad2f01.svg"` || a.body != string(want) {
		t.Errorf("Content-Disposition %q", got)
	}
}

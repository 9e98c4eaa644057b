package desk_test

import (
	"errors"
	"net/http"
	"net/netip"
	"testing"

	"github.com/coursecrm/coursecrm/internal/desk"
	"github.com/coursecrm/coursecrm/internal/fault"
)

func TestSeals(t *testing.T) {
	t.Parallel()
	a, err1 := desk.NewSealer([]byte("a"))
	b, err2 := desk.NewSealer([]byte("b"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	text := "sms 13800135621"
	sealed := a.Seal("use", text)
	if got, err := a.Open("use", sealed); err != nil || got != text {
		t.Errorf("%q, %v", got, err)
	}
	if a.Seal("use", text) == sealed {
		t.Error("the same contact is sealed the same way twice")
	}
	for name, open := range map[string]func() (string, error){
		"another use":    func() (string, error) { return a.Open("other", sealed) },
		"another secret": func() (string, error) { return b.Open("use", sealed) },
		"changed":        func() (string, error) { return a.Open("use", "A"+sealed[1:]) },
		"short":          func() (string, error) { return a.Open("use", "AAAA") },
	} {
		if got, err := open(); !errors.Is(err, fault.ErrInvalid) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := a.Open("use", a.Seal("use", "")); err != nil || got != "" {
		t.Errorf("nothing: %q, %v", got, err)
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"13800135621": "138****5621", "+8613800135621": "+86****5621", "12345678": "****", "": "", "123456789": "123****6789"} {
		if got := desk.MaskMobile(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"lin@example.com": "l***@example.com", "a@b": "a***@b", "@b": "***", "nonsense": "***", "": "", "王@例.cn": "王***@例.cn", `"a@b"@c.d`: `"***@c.d`} {
		if got := desk.MaskEmail(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestRemoteHost(t *testing.T) {
	t.Parallel()
	nobody := func(*http.Request) netip.Addr { return netip.Addr{} }
	for addr, want := range map[string]string{"192.0.2.1:1234": "192.0.2.1", "[2001:db8::1]:80": "2001:db8::1", "@": "@", "": ""} {
		if got := desk.RemoteHost(&http.Request{RemoteAddr: addr}, nobody); got != want {
			t.Errorf("%q: %q", addr, got)
		}
	}
	visitor := func(*http.Request) netip.Addr { return netip.MustParseAddr("203.0.113.9") }
	if got := desk.RemoteHost(&http.Request{RemoteAddr: "10.0.0.1:80"}, visitor); got != "203.0.113.9" {
		t.Errorf("behind a proxy: %q", got)
	}
}

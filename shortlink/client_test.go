package shortlink

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestClient(t *testing.T) {
	t.Parallel()
	edge := Proxies{netip.MustParsePrefix("198.51.100.0/24")}
	for _, c := range []struct {
		name    string
		proxies Proxies
		remote  string
		said    []string
		want    string
	}{
		{"straight", nil, "203.0.113.9:4711", nil, "203.0.113.9"},
		{"nobody may say who they are", nil, "203.0.113.9:4711", []string{"8.8.8.8"}, "203.0.113.9"},
		{"behind a proxy next door", nil, "10.0.0.7:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"what the visitor made up stands before", nil, "127.0.0.1:80", []string{"8.8.8.8, 203.0.113.9"}, "203.0.113.9"},
		{"two proxies", nil, "127.0.0.1:80", []string{"203.0.113.9, 192.168.3.4"}, "203.0.113.9"},
		{"two headers", nil, "127.0.0.1:80", []string{"203.0.113.9", "192.168.3.4"}, "203.0.113.9"},
		{"proxy that says nothing", nil, "127.0.0.1:80", nil, "127.0.0.1"},
		{"proxy that says nonsense", nil, "127.0.0.1:80", []string{"unknown"}, "127.0.0.1"},
		{"proxy of ours", edge, "198.51.100.3:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"stranger's proxy", edge, "10.0.0.7:80", []string{"203.0.113.9"}, "10.0.0.7"},
		{"load balancer in shared space", nil, "100.97.1.2:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"a megabyte of nothing", nil, "127.0.0.1:80", []string{strings.Repeat(",", 1<<20)}, "127.0.0.1"},
		{"a thousand proxies", nil, "127.0.0.1:80", []string{"203.0.113.9" + strings.Repeat(", 10.0.0.1", 1000)}, "10.0.0.1"},
		{"six", nil, "[2001:db8:5:6::7]:80", nil, "2001:db8:5:6::7"},
		{"four in six", nil, "[::ffff:203.0.113.9]:80", nil, "203.0.113.9"},
		{"zone", nil, "[fe80::1%eth0]:80", nil, "fe80::1"},
		{"no address", nil, "@", []string{"203.0.113.9"}, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/go/x", nil)
			r.RemoteAddr = c.remote
			r.Header["X-Forwarded-For"] = c.said
			if got := c.proxies.Client(r).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestAddressesAreCoarse: what is kept of an address tells neither whose it is nor, once the salt
// is gone, which.
func TestAddressesAreCoarse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.9": "203.0.113.0/24", "2001:db8:5:6::7": "2001:db8:5::/48", "127.0.0.1": "", "192.168.1.1": "", "::1": "", "fe80::1": "", "fd00::1": "",
	} {
		a := netip.MustParseAddr(text)
		if got := network(a); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if got := visitor(a, []byte("salt")); (got != 0) != (want != "") {
			t.Errorf("%s: visitor %d", text, got)
		}
	}
	a, b := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("203.0.113.10")
	if visitor(a, []byte("monday")) == visitor(a, []byte("tuesday")) || visitor(a, []byte("monday")) == visitor(b, []byte("monday")) ||
		visitor(a, nil) != 0 {
		t.Error("visitors are not told apart by address and salt, and by nothing else")
	}
}

func TestReferrer(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"": "", "https://Mail.QQ.com/cgi-bin/x?sid=secret": "mail.qq.com", "android-app://com.tencent.mm/": "", "https://user:pass@a.example:8080/": "a.example",
		"http://[::1]/": "::1", "%zz": "", "https://a.example\x00b/": "", "https://" + strings.Repeat("a", 200) + "/": "",
	} {
		r := httptest.NewRequest("GET", "/go/x", nil)
		r.Header.Set("Referer", said)
		if got := referrer(r); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

package email

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

// dnsRecord publishes a public key.
func dnsRecord(t *testing.T, public crypto.PublicKey) string {
	t.Helper()
	kind, raw := "ed25519", []byte(nil)
	switch public := public.(type) {
	case ed25519.PublicKey:
		raw = public
	case *rsa.PublicKey:
		var err error
		if raw, err = x509.MarshalPKIXPublicKey(public); err != nil {
			t.Fatal(err)
		}
		kind = "rsa"
	}
	return "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(raw)
}

// verify checks the signatures of a message as a receiver would.
func verify(t *testing.T, raw, record string) error {
	t.Helper()
	list, err := dkim.VerifyWithOptions(strings.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s1._domainkey.example.com" {
			return nil, errors.New("no such name")
		}
		return []string{record}, nil
	}})
	if err != nil || len(list) != 1 {
		t.Fatalf("%d signatures, %v", len(list), err)
	}
	return list[0].Err
}

func TestDKIM(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"RSA": rsaKey, "Ed25519": edKey} {
		both(t, name, func(t *testing.T, pipelining bool) {
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			read, err := ParseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
			if err != nil {
				t.Fatal(err)
			}
			s := start(t, &server{pipelining: pipelining})
			c := open(t, Config{Addr: s.addr, TLS: TLSNone, DKIM: DKIM{Domain: "example.com", Selector: "s1", Key: read}})
			m := batch(2)
			m[0].Unsubscribe, m[0].ReplyTo = "https://learn.example/go/u/abc", "help@example.com"
			m[1].Text, m[1].HTML = ".\n\n trailing \n\n\n", ""
			if _, err := c.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			record := dnsRecord(t, key.Public())
			for _, raw := range s.taken() {
				if err := verify(t, raw, record); err != nil {
					t.Errorf("%v in\n%s", err, raw)
				}
			}
			raw := s.taken()[0]
			for what, changed := range map[string]string{
				"body":               strings.Replace(raw, "text/html", "text/htm", 1),
				"subject":            strings.Replace(raw, "\r\nSubject: ", "\r\nSubject: x", 1),
				"unsubscribe link":   strings.Replace(raw, "/go/u/abc", "/go/u/abd", 1),
				"one-click":          strings.Replace(raw, "One-Click", "Two-Click", 1),
				"reply address":      strings.Replace(raw, "help@", "hell@", 1),
				"recipient":          strings.Replace(raw, "To: <p0@", "To: <p1@", 1),
				"second From":        "From: x@example.com\r\n" + raw,
				"Message-ID":         strings.Replace(raw, "<c1.0@", "<c1.1@", 1),
				"reply address, new": strings.Replace(s.taken()[1], "\r\nSubject: ", "\r\nReply-To: x@example.com\r\nSubject: ", 1),
			} {
				if changed == raw || verify(t, changed, record) == nil {
					t.Errorf("%s changed and nobody noticed", what)
				}
			}
		})
	}
}

// broken is a key that fails after it was proved.
type broken struct {
	ed25519.PrivateKey
	left int
}

func (b *broken) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if b.left--; b.left < 0 {
		return nil, errors.New("away")
	}
	return b.PrivateKey.Sign(random, digest, opts)
}

// TestKeyAway: nothing goes out unsigned.
func TestKeyAway(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, &server{})
	c := open(t, Config{Addr: s.addr, TLS: TLSNone, DKIM: DKIM{Domain: "example.com", Selector: "s1", Key: &broken{key, 2}}})
	got, err := c.Send(t.Context(), batch(3))
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Kind != accepted || got[1].Kind != temporary || got[2].Kind != temporary || len(s.taken()) != 1 {
		t.Errorf("%+v, %d taken", got, len(s.taken()))
	}
}

func TestBadDKIM(t *testing.T) {
	t.Parallel()
	_, good, _ := ed25519.GenerateKey(rand.Reader)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]DKIM{
		"no key": {Domain: "example.com", Selector: "s1"}, "no domain": {Selector: "s1", Key: good}, "no selector": {Domain: "example.com", Key: good},
		"injection": {Domain: "example.com; l=0", Selector: "s1", Key: good}, "line": {Domain: "example.com", Selector: "s1\r\nX: y", Key: good},
		"kind of key": {Domain: "example.com", Selector: "s1", Key: curve},
		"broken key":  {Domain: "example.com", Selector: "s1", Key: &broken{good, 0}},
	} {
		if _, err := New(Config{Addr: "127.0.0.1:25", From: "a@example.com", DKIM: d}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := ParseKey([]byte("nonsense")); err == nil {
		t.Error("nonsense is a key")
	}
}

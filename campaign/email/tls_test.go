package email

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/coursecrm/coursecrm/campaign"
)

// certificate makes one for 127.0.0.1 and a pool that trusts it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func TestSecured(t *testing.T) {
	t.Parallel()
	secure, trusted := certificate(t)
	for _, c := range []struct {
		name   string
		server *server
		config Config
		want   error
	}{
		{"STARTTLS", &server{secure: secure}, Config{roots: trusted}, nil},
		{"STARTTLS not offered", &server{}, Config{roots: trusted}, campaign.ErrUnreachable},
		{"STARTTLS, certificate not trusted", &server{secure: secure}, Config{}, campaign.ErrUnreachable},
		{"STARTTLS where offered", &server{secure: secure}, Config{TLS: OptionalTLS, roots: trusted}, nil},
		{"STARTTLS where offered, and it is not", &server{}, Config{TLS: OptionalTLS}, nil},
		{"TLS", &server{secure: secure, implicit: true}, Config{TLS: ImplicitTLS, roots: trusted}, nil},
		{"TLS, certificate not trusted", &server{secure: secure, implicit: true}, Config{TLS: ImplicitTLS}, campaign.ErrUnreachable},
		{"STARTTLS and login", &server{secure: secure, password: "p"}, Config{Username: "u", Password: "p", roots: trusted}, nil},
		{"TLS and login", &server{secure: secure, implicit: true, password: "p"}, Config{TLS: ImplicitTLS, Username: "u", Password: "p", roots: trusted}, nil},
		{"login on the same machine", &server{password: "p"}, Config{TLS: TLSNone, Username: "u", Password: "p"}, nil},
		{"wrong password", &server{secure: secure, password: "p"}, Config{Username: "u", Password: "q", roots: trusted}, campaign.ErrRefused},
		{"login not offered", &server{secure: secure}, Config{Username: "u", Password: "p", roots: trusted}, campaign.ErrRefused},
		{"login not given", &server{secure: secure, password: "p"}, Config{roots: trusted}, campaign.ErrRefused},
	} {
		both(t, c.name, func(t *testing.T, pipelining bool) {
			s := start(t, &server{secure: c.server.secure, implicit: c.server.implicit, password: c.server.password, pipelining: pipelining,
				answer: at(".", "p1@", "keep cut")})
			config := c.config
			config.Addr = s.addr
			got, err := open(t, config).Send(t.Context(), batch(3))
			if c.want != nil {
				if !errors.Is(err, c.want) || len(s.taken()) > 0 {
					t.Errorf("got %v, %d taken", err, len(s.taken()))
				}
				select {
				case <-s.ended:
				case <-time.After(time.Minute):
					t.Error("the connection stays open")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got[0].Kind != accepted || got[1].Kind != unknown || got[2].Kind != accepted || len(s.taken()) != 3 {
				t.Errorf("%+v, %d taken", got, len(s.taken()))
			}
		})
	}
}

// TestPasswordStaysHome: to a server elsewhere no password goes out unencrypted.
func TestPasswordStaysHome(t *testing.T) {
	t.Parallel()
	l := &login{username: "u", password: "p"}
	for _, ways := range [][]string{{"PLAIN", "LOGIN"}, {"PLAIN"}, {"XOAUTH2"}, nil} {
		if name, first, err := l.Start(&smtp.ServerInfo{Name: "smtp.example", Auth: ways}); !errors.Is(err, errNoLogin) {
			t.Errorf("%v: %s %q %v", ways, name, first, err)
		}
	}
	for want, ways := range map[string][]string{"PLAIN": {"LOGIN", "PLAIN"}, "LOGIN": {"LOGIN"}, "SCRAM-SHA-256": {"PLAIN", "SCRAM-SHA-256"}} {
		if name, _, err := l.Start(&smtp.ServerInfo{Name: "smtp.example", Auth: ways, TLS: true}); name != want || err != nil {
			t.Errorf("%v: %s %v", ways, name, err)
		}
	}
}

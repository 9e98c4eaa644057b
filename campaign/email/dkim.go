package email

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// DKIM signs messages (RFC 6376), so that receivers know them for the domain's own. The public key
// stands in the domain's DNS, at <Selector>._domainkey.<Domain>.
type DKIM struct {
	Domain   string // usually that of Config.From; empty: messages are not signed
	Selector string
	Key      crypto.Signer // RSA of 1,024 bits or more, or Ed25519; safe for concurrent use
}

// ParseKey reads a private key for [DKIM] from PEM: PKCS #8, or PKCS #1 for RSA.
func ParseKey(pem []byte) (crypto.Signer, error) {
	key, err := gomail.PrivKeyFromPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("reading a DKIM key: %w", err)
	}
	return key, nil
}

// signedHeaders are the headers a signature covers, with RFC 8058's. One that is listed more often
// than it is there cannot be added later: a second From or Subject, another Reply-To.
var signedHeaders = []string{"From", "From", "To", "To", "Subject", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version",
	"Content-Type", "Content-Transfer-Encoding", "List-Unsubscribe", "List-Unsubscribe-Post"}

// signer puts a signature in front of a message.
type signer func(message []byte) ([]byte, error)

// signer makes one, and proves the key by using it; nil for the zero value.
func (d DKIM) signer() (signer, error) {
	if d.Domain == "" && d.Selector == "" && d.Key == nil {
		return nil, nil
	}
	if !isName(d.Domain) || !isName(d.Selector) {
		return nil, errors.New("domain and selector must be names in DNS")
	}
	if d.Key == nil {
		return nil, errors.New("no key")
	}
	switch public := d.Key.Public().(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 1024 {
			return nil, errors.New("RSA key of less than 1,024 bits, which receivers ignore")
		}
	case ed25519.PublicKey:
	default:
		return nil, errors.New("key is neither RSA nor Ed25519")
	}
	options := &dkim.SignOptions{Domain: d.Domain, Selector: d.Selector, Signer: d.Key, HeaderKeys: signedHeaders,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}
	sign := func(message []byte) ([]byte, error) {
		var b bytes.Buffer
		b.Grow(len(message) + 1024)
		if err := dkim.Sign(&b, bytes.NewReader(message), options); err != nil {
			return nil, fmt.Errorf("DKIM signature: %w", err)
		}
		return b.Bytes(), nil
	}
	if _, err := sign([]byte("From: a@example.com\r\n\r\n")); err != nil {
		return nil, err
	}
	return sign, nil
}

// isName tells whether s can be a name in DNS and so in a signature.
func isName(s string) bool {
	return s != "" && len(s) <= 253 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == "" && s[0] != '.'
}

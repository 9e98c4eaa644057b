package desk

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/coursecrm/coursecrm/internal/fault"
)

// Sealer turns a text that may hold a contact into one that says nothing, for addresses and
// hidden fields, and back. What somebody else made does not open.
type Sealer struct{ aead cipher.AEAD }

// NewSealer makes a sealer from the installation's secret.
func NewSealer(secret []byte) (Sealer, error) {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("web seal v1"))
	block, err := aes.NewCipher(m.Sum(nil))
	if err != nil {
		return Sealer{}, err
	}
	aead, err := cipher.NewGCM(block)
	return Sealer{aead}, err
}

// Seal hides a text; the empty one stays empty. use keeps what is made for one thing from being
// taken for another.
func (s Sealer) Seal(use, text string) string {
	if text == "" {
		return ""
	}
	nonce := make([]byte, s.aead.NonceSize())
	rand.Read(nonce) //nolint:errcheck,gosec // never fails
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, []byte(text), []byte(use)))
}

// Open reads what Seal made.
//
// Errors: fault.ErrInvalid.
func (s Sealer) Open(use, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if n := s.aead.NonceSize(); err == nil && len(raw) > n && len(text) < 2000 {
		plain, err := s.aead.Open(nil, raw[:n], raw[n:], []byte(use))
		if err == nil {
			return string(plain), nil
		}
	}
	return "", fault.ErrInvalid
}

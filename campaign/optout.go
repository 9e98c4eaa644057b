package campaign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// OptOutToken names a recipient in the address of the unsubscribe page. Nothing is stored for it
// and nothing about the person can be read from it.
type OptOutToken struct {
	Campaign ID
	Ordinal  int64
}

// ErrOptOutToken says that a text is not one of our tokens.
var ErrOptOutToken = errors.New("campaign: not an unsubscribe token")

// macLen is the length of a token's seal in bytes: 2^80 guesses for one that opens.
const macLen = 10

// Seal writes the token for an address, under the installation's secret.
func (t OptOutToken) Seal(secret []byte) string {
	buf := binary.AppendUvarint(nil, uint64(t.Campaign))
	buf = binary.AppendUvarint(buf, uint64(t.Ordinal))
	return base64.RawURLEncoding.EncodeToString(append(buf, optOutMAC(secret, buf)...))
}

// OpenOptOut reads a sealed token.
//
// Errors: ErrOptOutToken.
func OpenOptOut(secret []byte, text string) (OptOutToken, error) {
	buf, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(buf) <= macLen || len(text) > 64 || strings.ContainsAny(text, "\r\n") { // which the decoder passes over
		return OptOutToken{}, ErrOptOutToken
	}
	body, mac := buf[:len(buf)-macLen], buf[len(buf)-macLen:]
	if !hmac.Equal(mac, optOutMAC(secret, body)) {
		return OptOutToken{}, ErrOptOutToken
	}
	c, n := binary.Uvarint(body)
	if n <= 0 {
		return OptOutToken{}, ErrOptOutToken
	}
	o, m := binary.Uvarint(body[n:])
	if m <= 0 || n+m != len(body) {
		return OptOutToken{}, ErrOptOutToken
	}
	return OptOutToken{Campaign: ID(c), Ordinal: int64(o)}, nil
}

func optOutMAC(secret, body []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte("unsubscribe v1\x00"))
	m.Write(body)
	return m.Sum(nil)[:macLen]
}

package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Headers of a signed request or callback.
const (
	HeaderKey       = "CourseCRM-Key"
	HeaderTime      = "CourseCRM-Time"
	HeaderSignature = "CourseCRM-Signature"
)

// CallbackPath is the path that stands in the signature of every callback, wherever the CRM's
// address for callbacks is.
const CallbackPath = "/callback"

// MaxAge is how far a signed time may be away from now, in either direction.
const MaxAge = 5 * time.Minute

// ErrForged says that a signature is missing, wrong or too old.
var ErrForged = errors.New("not signed by the provider")

// Sign gives the headers of a request to a gateway, or of a callback (method POST, path
// [CallbackPath]). The package comment says what is signed.
func Sign(keyID string, secret []byte, at time.Time, method, path string, body []byte) http.Header {
	unix := strconv.FormatInt(at.Unix(), 10)
	head := http.Header{}
	head.Set(HeaderKey, keyID)
	head.Set(HeaderTime, unix)
	head.Set(HeaderSignature, hex.EncodeToString(seal(secret, unix, method, path, body)))
	return head
}

func seal(secret []byte, unix, method, path string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	io.WriteString(mac, unix+"\n"+method+"\n"+path+"\n") //nolint:errcheck // a hash does not fail
	mac.Write(body)
	return mac.Sum(nil)
}

// Verify returns ErrForged unless whoever holds the secret signed this within MaxAge of now.
func Verify(secret []byte, head http.Header, now time.Time, method, path string, body []byte) error {
	if len(secret) == 0 { // an empty secret is one that everybody knows
		return fmt.Errorf("%w: there is no secret", ErrForged)
	}
	unix := head.Get(HeaderTime)
	given, err := hex.DecodeString(head.Get(HeaderSignature))
	if err != nil || !hmac.Equal(given, seal(secret, unix, method, path, body)) {
		return fmt.Errorf("%w: wrong signature", ErrForged)
	}
	seconds, err := strconv.ParseInt(unix, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: no time", ErrForged)
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > MaxAge || age < -MaxAge {
		return fmt.Errorf("%w: signed too far from now", ErrForged)
	}
	return nil
}

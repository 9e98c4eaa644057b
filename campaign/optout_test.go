package campaign

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

func TestOptOutTokens(t *testing.T) {
	t.Parallel()
	secret := []byte("secret")
	seen := map[string]bool{}
	for _, want := range []OptOutToken{{1, 0}, {1, 1}, {127, 128}, {128, 127}, {1 << 40, 1_000_000}, {1<<63 - 1, 1<<63 - 1}, {0, 0}} {
		text := want.Seal(secret)
		got, err := OpenOptOut(secret, text)
		if err != nil || got != want || seen[text] || len(text) > 64 {
			t.Errorf("%+v opens as %+v, %v from %q", want, got, err, text)
		}
		seen[text] = true
		if text != want.Seal(secret) {
			t.Error("sealed twice it differs")
		}
		if _, err := OpenOptOut([]byte("another"), text); !errors.Is(err, ErrOptOutToken) {
			t.Errorf("another installation opens it: %v", err)
		}
		if strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Errorf("%q does not fit an address", text)
		}
	}
}

// TestOneBitOpensNothing: no token is near another one.
func TestOneBitOpensNothing(t *testing.T) {
	t.Parallel()
	secret := []byte("secret")
	raw, err := base64.RawURLEncoding.DecodeString(OptOutToken{12, 345}.Seal(secret))
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		raw[i/8] ^= 1 << (i % 8)
		if got, err := OpenOptOut(secret, base64.RawURLEncoding.EncodeToString(raw)); err == nil {
			t.Errorf("bit %d changed opens as %+v", i, got)
		}
		raw[i/8] ^= 1 << (i % 8)
	}
	for n := range raw {
		if got, err := OpenOptOut(secret, base64.RawURLEncoding.EncodeToString(raw[:n])); err == nil {
			t.Errorf("%d bytes of it open as %+v", n, got)
		}
	}
}

// FuzzOptOut: what opens was sealed by us, and in no other spelling.
func FuzzOptOut(f *testing.F) {
	secret := []byte("secret")
	f.Add(OptOutToken{12, 345}.Seal(secret))
	f.Add("")
	f.Add("AA\nAA")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := OpenOptOut(secret, text)
		if err != nil {
			if got != (OptOutToken{}) || !errors.Is(err, ErrOptOutToken) {
				t.Errorf("%q: %+v, %v", text, got, err)
			}
			return
		}
		if got.Seal(secret) != text {
			t.Errorf("%q opens as %+v", text, got)
		}
	})
}

// TestNoOtherSpelling: line breaks that decoders of base64 pass over are not part of a token.
func TestNoOtherSpelling(t *testing.T) {
	t.Parallel()
	secret := []byte("secret")
	text := OptOutToken{12, 345}.Seal(secret)
	for _, other := range []string{text[:3] + "\n" + text[3:], text + "\r\n", text + "=", text + " ", " " + text} {
		if got, err := OpenOptOut(secret, other); err == nil {
			t.Errorf("%q opens as %+v", other, got)
		}
	}
}
